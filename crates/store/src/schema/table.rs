//! Owns the kinds of column that the tables are made of, so that a key or an amount looks the same everywhere.

use sea_orm_migration::prelude::*;

use crate::dialect;

/// A text of at most so many characters that is compared byte by byte.
pub(super) fn text(name: &'static str, length_max: u32) -> ColumnDef {
    let mut column = ColumnDef::new(name);
    column.string_len(length_max).not_null();
    if let Some(collation) = dialect::BINARY_COLLATION {
        column.extra(collation);
    }
    column
}

/// The same, where it may be missing.
pub(super) fn text_or_null(name: &'static str, length_max: u32) -> ColumnDef {
    let mut column = ColumnDef::new(name);
    column.string_len(length_max).null();
    if let Some(collation) = dialect::BINARY_COLLATION {
        column.extra(collation);
    }
    column
}

/// A whole number: an id, a quantity, minor units, or milliseconds since 1970.
pub(super) fn number(name: &'static str) -> ColumnDef {
    let mut column = ColumnDef::new(name);
    column.big_integer().not_null();
    column
}

/// The same, where it may be missing.
pub(super) fn number_or_null(name: &'static str) -> ColumnDef {
    let mut column = ColumnDef::new(name);
    column.big_integer().null();
    column
}

/// A whole number that keeps a rule.
pub(super) fn number_where(name: &'static str, rule: &'static str) -> ColumnDef {
    let mut column = number(name);
    column.check(Expr::cust(rule));
    column
}

/// Bytes.
pub(super) fn bytes(name: &'static str) -> ColumnDef {
    let mut column = ColumnDef::new(name);
    column.blob().not_null();
    column
}

/// A number that the database counts up.
pub(super) fn counter(name: &'static str) -> ColumnDef {
    let mut column = ColumnDef::new(name);
    column.big_integer().not_null().auto_increment().primary_key();
    column
}

/// A table whose rows are kept in the order of its primary key.
pub(super) fn clustered(name: &'static str, columns: Vec<ColumnDef>, key: &[&'static str]) -> TableCreateStatement {
    let mut primary = Index::create();
    for column in key {
        primary.col(*column);
    }
    let mut table = Table::create();
    table.table(name).primary_key(&mut primary);
    for mut column in columns {
        table.col(&mut column);
    }
    if let Some(extra) = dialect::CLUSTERED_TABLE {
        table.extra(extra);
    }
    table
}

/// A table whose rows are kept in the order in which they came, under a counter named `id`.
pub(super) fn appended(name: &'static str, columns: Vec<ColumnDef>) -> TableCreateStatement {
    let mut table = Table::create();
    table.table(name).col(counter("id"));
    for mut column in columns {
        table.col(&mut column);
    }
    table
}

/// An index that holds each combination once.
pub(super) fn unique(table: &'static str, columns: &[&'static str]) -> IndexCreateStatement {
    let mut index = index(table, columns);
    index.unique();
    index
}

/// An index.
pub(super) fn index(table: &'static str, columns: &[&'static str]) -> IndexCreateStatement {
    let mut index = Index::create();
    index.name(format!("{table}_{}", columns.join("_"))).table(table);
    for column in columns {
        index.col(*column);
    }
    index
}
