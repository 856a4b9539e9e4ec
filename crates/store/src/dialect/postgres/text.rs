//! Owns PostgreSQL's statements over many rows, as texts: each takes one array for each column, so that there is one
//! text for any number of rows.

use super::super::columns::{list, names, was};
use crate::found::Intent;
use crate::set::{Column, Find, Kind, Verb, Write};

/// The question. Rows that are to be changed are locked in the order of their keys.
pub(super) fn find(find: &Find, intent: Intent) -> String {
    let Find { table, key, read, .. } = find;
    let read = list(read, |name| format!("t.{name}"));
    let found = names(key, |name| format!("t.{name} = j.{name}")).join(" and ");
    let given = given(1, key.iter().map(|column| (column.kind, column.name.to_owned())));
    let question = format!("select {read} from {given} join {table} t on {found}");
    if intent == Intent::Read {
        return question;
    }
    format!("{question} order by {} for update of t", list(key, |name| format!("t.{name}")))
}

/// The changes of different tables, in one statement that says of each how many rows it touched.
pub(super) fn write(writes: &[&Write]) -> String {
    let mut first = 1;
    let mut parts = Vec::with_capacity(writes.len());
    for (at, write) in writes.iter().enumerate() {
        parts.push(format!("w{at} as ({} returning 1)", change(write, first)));
        first += write.width();
    }
    let counts: Vec<_> = (0..writes.len()).map(|at| format!("(select count(*) from w{at})")).collect();
    format!("with {} select {}", parts.join(", "), counts.join(", "))
}

/// One of them; its arrays begin with this parameter.
fn change(write: &Write, first: usize) -> String {
    let Write { table, key, written, expected, .. } = write;
    let columns = |columns: &'static [Column], form: fn(&str) -> String| {
        columns.iter().map(move |column| (column.kind, form(column.name)))
    };
    let given =
        given(first, columns(key, str::to_owned).chain(columns(written, str::to_owned)).chain(columns(expected, was)));
    let found = names(key, |name| format!("t.{name} = j.{name}"));
    match write.verb {
        Verb::Insert => {
            let columns = list(key, str::to_owned);
            format!("insert into {table} ({columns}) select {columns} from {given}")
        }
        Verb::Update => {
            let set = list(written, |name| format!("{name} = j.{name}"));
            let still = names(expected, |name| format!("t.{name} = j.was_{name}"));
            let found = [found, still].concat().join(" and ");
            format!("update {table} t set {set} from {given} where {found}")
        }
        Verb::Delete => format!("delete from {table} t using {given} where {}", found.join(" and ")),
    }
}

/// The rows that are given, as a table named `j`: the first column's array is the parameter of this number.
fn given(first: usize, columns: impl Iterator<Item = (Kind, String)>) -> String {
    let (arrays, names): (Vec<_>, Vec<_>) =
        columns.enumerate().map(|(at, (kind, name))| (format!("${}::{}[]", first + at, type_name(kind)), name)).unzip();
    format!("unnest({}) j ({})", arrays.join(", "), names.join(", "))
}

const fn type_name(kind: Kind) -> &'static str {
    match kind {
        Kind::Number => "bigint",
        Kind::Text => "text",
        Kind::Bytes => "bytea",
    }
}
