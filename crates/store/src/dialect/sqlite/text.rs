//! Owns SQLite's statements over many rows, as texts.
//!
//! Each takes its rows as bound values. One text is for 1, 2, 4 … rows, and what is missing to the next of these is
//! bound as nulls, which no statement takes for a row: so there are few texts, each is prepared once, and how many a
//! batch runs does not depend on the number of its commands, up to [`VALUES_MAX`] values. Bound values cost SQLite half
//! of what it costs to take them out of a JSON text. `cross join` makes it walk the values and look up the table, never
//! the other way round.

use super::super::columns::{list, names, was};
use crate::set::{Find, Verb, Write};

/// The most values that one statement takes: SQLite's limit.
const VALUES_MAX: usize = 32_766;

/// For how many rows, of these many columns, the statement is that takes so many.
pub(super) fn room(rows: usize, width: usize) -> usize {
    let most = VALUES_MAX / width;
    let most = if most.is_power_of_two() { most } else { most.next_power_of_two() / 2 };
    rows.next_power_of_two().min(most)
}

/// The question for so many keys.
pub(super) fn find(find: &Find, keys: usize) -> String {
    let Find { table, key, read, .. } = find;
    let values = values(keys, key.len());
    let (named, read) = (list(key, str::to_owned), list(read, |name| format!("t.{name}")));
    let found = names(key, |name| format!("t.{name} = j.{name}")).join(" and ");
    format!("with j ({named}) as (values {values}) select {read} from j cross join {table} t where {found}")
}

/// The change of so many rows.
pub(super) fn write(write: &Write, rows: usize) -> String {
    let Write { table, key, written, expected, .. } = write;
    let (key_columns, values) = (list(key, str::to_owned), values(rows, write.width()));
    match write.verb {
        Verb::Insert => {
            let real = key[0].name;
            format!(
                "with j ({key_columns}) as (values {values}) \
                 insert into {table} ({key_columns}) select {key_columns} from j where {real} is not null"
            )
        }
        Verb::Update => {
            let columns = [names(key, str::to_owned), names(written, str::to_owned), names(expected, was)].concat();
            let (columns, set) = (columns.join(", "), list(written, |name| format!("{name} = j.{name}")));
            let found = names(key, |name| format!("{table}.{name} = j.{name}"));
            let still = names(expected, |name| format!("{table}.{name} = j.was_{name}"));
            let found = [found, still].concat().join(" and ");
            format!("with j ({columns}) as (values {values}) update {table} set {set} from j where {found}")
        }
        Verb::Delete => format!("delete from {table} where ({key_columns}) in (values {values})"),
    }
}

/// So many rows of so many question marks.
fn values(rows: usize, width: usize) -> String {
    let row = format!("({})", vec!["?"; width].join(", "));
    vec![row; rows].join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn few_texts_serve_any_number_of_rows() {
        for (rows, width, room_for) in [(1, 2, 1), (2, 2, 2), (3, 2, 4), (33, 17, 64), (1_024, 17, 1_024)] {
            assert_eq!(room(rows, width), room_for, "{rows} rows of {width}");
        }
        for width in 1..=20 {
            let most = room(usize::MAX / 2, width);
            assert!(most * width <= VALUES_MAX && most * 2 * width > VALUES_MAX, "{most} rows of {width}");
        }
    }
}
