//! Owns the statements of MySQL and MariaDB over many rows, as texts, in forms that TiDB has too.
//!
//! One text is for 1, 2, 4 … rows, so that there are few of them and each is prepared once. Where rows are looked up or
//! changed, what is missing to the next of these is filled with rows that change nothing; where they are inserted, there
//! are no such rows, and the rows go in portions: eleven as eight, two and one.

use super::super::columns::{list, names, was};
use crate::found::Intent;
use crate::set::{Column, Find, Kind, Verb, Write};

/// The most values that one statement takes: the protocol counts them in 16 bits.
const VALUES_MAX: usize = 65_535;

/// For how many of these rows the next statement is.
pub(super) fn room(rows: usize, width: usize, verb: Option<Verb>) -> usize {
    let most = VALUES_MAX / width;
    let most = if most.is_power_of_two() { most } else { most.next_power_of_two() / 2 };
    let fitting = match verb {
        Some(Verb::Insert) if !rows.is_power_of_two() => rows.next_power_of_two() / 2,
        // MariaDB takes a list of one row for no list, and walks the whole table.
        Some(Verb::Delete) => rows.next_power_of_two().max(2),
        _ => rows.next_power_of_two(),
    };
    fitting.min(most)
}

/// The question for so many keys, by the index that knows them. It is named, because over a small table the server would
/// rather walk all of it and compare each row with each key: slower by far, and rows that are to be changed would be
/// locked another way round.
pub(super) fn find(find: &Find, keys: usize, intent: Intent) -> String {
    let Find { table, key, unique, read } = find;
    let (read, named) = (list(read, str::to_owned), list(key, str::to_owned));
    let index = unique.unwrap_or("PRIMARY");
    let lock = match intent {
        Intent::Read => "",
        Intent::Change => " for update",
    };
    format!("select {read} from {table} force index ({index}) where ({named}) in ({}){lock}", marks(keys, key.len()))
}

/// The change of so many rows.
pub(super) fn write(write: &Write, rows: usize) -> String {
    let Write { table, key, written, expected, .. } = write;
    let named = list(key, str::to_owned);
    match write.verb {
        Verb::Insert => format!("insert into {table} ({named}) values {}", marks(rows, key.len())),
        Verb::Delete => format!("delete from {table} where ({named}) in ({})", marks(rows, key.len())),
        Verb::Update => {
            let columns = || {
                let plain = key.iter().chain(*written).map(|column| (column, column.name.to_owned()));
                plain.chain(expected.iter().map(|column| (column, was(column.name))))
            };
            let row = |named: bool| {
                let cells = columns().map(|(column, name)| {
                    let cell = cell(column);
                    if named { format!("{cell} {name}") } else { cell.to_owned() }
                });
                format!("select {}", cells.collect::<Vec<_>>().join(", "))
            };
            let given = (0..rows).map(|at| row(at == 0)).collect::<Vec<_>>().join(" union all ");
            let found = names(key, |name| format!("t.{name} = j.{name}"));
            let still = names(expected, |name| format!("t.{name} = j.{}", was(name)));
            let (found, set) =
                ([found, still].concat().join(" and "), list(written, |name| format!("t.{name} = j.{name}")));
            format!("update ({given}) j straight_join {table} t on {found} set {set}")
        }
    }
}

/// A value whose type does not hang on what is bound first: compared as a text, a number finds no index.
const fn cell(column: &Column) -> &'static str {
    match column.kind {
        Kind::Number => "cast(? as signed)",
        Kind::Text => "cast(? as char)",
        Kind::Bytes => "cast(? as binary)",
    }
}

/// So many rows of so many question marks.
fn marks(rows: usize, width: usize) -> String {
    let row = format!("({})", vec!["?"; width].join(", "));
    vec![row; rows].join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::set::number;

    /// The portions in which so many rows go.
    fn portions(mut rows: usize, width: usize, verb: Verb) -> Vec<usize> {
        let mut portions = Vec::new();
        while rows > 0 {
            let room = room(rows, width, Some(verb));
            portions.push(room);
            rows = rows.saturating_sub(room);
        }
        portions
    }

    /// Left to itself, the server walks a table of a thousand rows and compares each with each key.
    #[test]
    fn rows_are_found_by_the_index_that_is_named_whether_they_are_locked_or_not() {
        const ID: &[Column] = &[number("id")];
        let by_primary = Find { table: "t", key: ID, unique: None, read: ID };
        let by_unique = Find { unique: Some("t_id"), ..by_primary };
        for (of, index) in [(&by_primary, "PRIMARY"), (&by_unique, "t_id")] {
            let read = format!("select id from t force index ({index}) where (id) in ((?), (?))");
            assert_eq!(find(of, 2, Intent::Read), read);
            assert_eq!(find(of, 2, Intent::Change), format!("{read} for update"));
        }
    }

    #[test]
    fn inserted_rows_go_in_portions_that_are_filled() {
        for (rows, width, expected) in
            [(1, 3, vec![1]), (11, 3, vec![8, 2, 1]), (512, 12, vec![512]), (16_384, 9, vec![4_096; 4])]
        {
            assert_eq!(portions(rows, width, Verb::Insert), expected, "{rows} rows of {width}");
        }
    }

    #[test]
    fn other_rows_go_at_once() {
        assert_eq!(portions(11, 3, Verb::Update), [16]);
        assert_eq!(portions(1, 3, Verb::Delete), [2]);
        assert_eq!(portions(5_000, 9, Verb::Update), [4_096, 1_024]);
    }

    #[test]
    fn no_statement_has_too_many_values() {
        for width in 1..=20 {
            for verb in [Verb::Insert, Verb::Update, Verb::Delete] {
                assert!(room(1 << 20, width, Some(verb)) * width <= VALUES_MAX, "{verb:?} of {width}");
            }
        }
    }
}
