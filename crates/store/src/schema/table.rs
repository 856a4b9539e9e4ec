//! Owns the kinds of table and column that the schema is made of, so that a key or an amount looks the same everywhere,
//! and how each is written in each database.

use sea_orm_migration::prelude::*;

use crate::dialect::Flavour;
use crate::set;

/// A table.
pub(crate) struct Table {
    name: &'static str,
    columns: Vec<Column>,
    /// Empty: a counter named `id`.
    key: &'static [&'static str],
    checks: Vec<&'static str>,
}

/// A column.
#[derive(Clone, Copy)]
pub(super) struct Column {
    name: &'static str,
    kind: Kind,
    null: bool,
    rule: Option<&'static str>,
    /// What stands in it where a row was there before it.
    default: Option<i64>,
}

#[derive(Clone, Copy)]
enum Kind {
    Text { length_max: u32 },
    LongText,
    Number,
    Bytes { length_max: Option<u32> },
}

/// A table whose rows are kept in the order of its primary key.
pub(super) const fn clustered(name: &'static str, columns: Vec<Column>, key: &'static [&'static str]) -> Table {
    Table { name, columns, key, checks: Vec::new() }
}

/// A table whose rows are kept in the order in which they came, under a counter named `id`.
pub(super) const fn appended(name: &'static str, columns: Vec<Column>) -> Table {
    Table { name, columns, key: &[], checks: Vec::new() }
}

/// A text of at most so many characters that is compared byte by byte.
pub(super) const fn text(name: &'static str, length_max: u32) -> Column {
    Column { name, kind: Kind::Text { length_max }, null: false, rule: None, default: None }
}

/// A text without a length.
pub(super) const fn long_text(name: &'static str) -> Column {
    Column { name, kind: Kind::LongText, null: false, rule: None, default: None }
}

/// A whole number: an id, a quantity, minor units, or milliseconds since 1970.
pub(super) const fn number(name: &'static str) -> Column {
    Column { name, kind: Kind::Number, null: false, rule: None, default: None }
}

/// A whole number that keeps a rule.
pub(super) const fn number_where(name: &'static str, rule: &'static str) -> Column {
    Column { name, kind: Kind::Number, null: false, rule: Some(rule), default: None }
}

/// A whole number that keeps a rule, in a table that has rows already: zero in those.
pub(super) const fn added(name: &'static str, rule: &'static str) -> Column {
    Column { name, kind: Kind::Number, null: false, rule: Some(rule), default: Some(0) }
}

/// A version, in a table that has rows already: the first in those.
pub(super) const fn version(name: &'static str, rule: &'static str) -> Column {
    Column { name, kind: Kind::Number, null: false, rule: Some(rule), default: Some(1) }
}

/// At most so many bytes.
pub(super) const fn bytes(name: &'static str, length_max: u32) -> Column {
    Column { name, kind: Kind::Bytes { length_max: Some(length_max) }, null: false, rule: None, default: None }
}

/// Any number of bytes.
pub(super) const fn long_bytes(name: &'static str) -> Column {
    Column { name, kind: Kind::Bytes { length_max: None }, null: false, rule: None, default: None }
}

/// An index over some columns of a table.
pub(super) struct TableIndex {
    table: &'static str,
    columns: &'static [&'static str],
    is_unique: bool,
}

/// An index that holds each combination once.
pub(super) const fn unique(table: &'static str, columns: &'static [&'static str]) -> TableIndex {
    TableIndex { table, columns, is_unique: true }
}

/// An index.
pub(super) const fn index(table: &'static str, columns: &'static [&'static str]) -> TableIndex {
    TableIndex { table, columns, is_unique: false }
}

impl TableIndex {
    fn name(&self) -> String {
        format!("{}_{}", self.table, self.columns.join("_"))
    }

    fn create(&self) -> IndexCreateStatement {
        let mut index = Index::create();
        index.name(self.name()).table(self.table);
        for column in self.columns {
            index.col(*column);
        }
        if self.is_unique {
            index.unique();
        }
        index
    }
}

/// Makes tables and their indexes, but for those that a try before this one has made, and for indexes that an operator built
/// before: of a large table that is done without holding up those who write it.
pub(super) async fn create(
    manager: &SchemaManager<'_>,
    flavour: Flavour,
    tables: &[Table],
    indexes: Vec<TableIndex>,
) -> Result<(), DbErr> {
    let again = !flavour.takes_schema_back();
    for table in tables {
        if !(again && manager.has_table(table.name).await?) {
            manager.create_table(table.create(flavour)).await?;
        }
    }
    for index in indexes {
        if !manager.has_index(index.table, index.name()).await? {
            manager.create_index(index.create()).await?;
        }
    }
    Ok(())
}

impl Table {
    /// Adds a rule that each row keeps.
    pub(super) fn check(mut self, rule: &'static str) -> Self {
        self.checks.push(rule);
        self
    }

    /// Adds a column at the end.
    pub(super) fn with(mut self, column: Column) -> Self {
        self.columns.push(column);
        self
    }

    pub(crate) const fn name(&self) -> &'static str {
        self.name
    }

    /// What finds a row.
    pub(crate) const fn key(&self) -> &'static [&'static str] {
        if self.key.is_empty() { &["id"] } else { self.key }
    }

    /// Whether the database counts its rows up.
    pub(crate) const fn is_counted(&self) -> bool {
        self.key.is_empty()
    }

    /// All of its columns, a counter first.
    pub(crate) fn columns(&self) -> Vec<set::Column> {
        let counter = self.is_counted().then(|| set::number("id"));
        let others = self.columns.iter().map(|column| match column.kind {
            Kind::Text { .. } | Kind::LongText => set::text(column.name),
            Kind::Number => set::number(column.name),
            Kind::Bytes { .. } => set::bytes(column.name),
        });
        counter.into_iter().chain(others).collect()
    }

    /// A table of the same columns under another name, whose rows keep the numbers that they were counted by.
    pub(super) fn archived(&self, name: &'static str) -> Self {
        let counter = self.is_counted().then(|| number("id"));
        let columns = counter.into_iter().chain(self.columns.iter().copied()).collect();
        Self { name, columns, key: self.key(), checks: self.checks.clone() }
    }

    /// The statement that makes it.
    pub(super) fn create(&self, flavour: Flavour) -> TableCreateStatement {
        let mut table = sea_orm_migration::prelude::Table::create();
        table.table(self.name);
        if self.key.is_empty() {
            table.col(ColumnDef::new("id").big_integer().not_null().auto_increment().primary_key());
        } else {
            let mut primary = Index::create();
            for column in self.key {
                primary.col(*column);
            }
            table.primary_key(&mut primary);
        }
        for column in &self.columns {
            table.col(column.definition(flavour));
        }
        for rule in &self.checks {
            table.check(Expr::cust(*rule));
        }
        flavour.table(&mut table, !self.key.is_empty());
        table
    }
}

impl Column {
    /// The same, where it may be missing.
    pub(super) const fn or_null(self) -> Self {
        Self { null: true, ..self }
    }

    pub(super) const fn name(&self) -> &'static str {
        self.name
    }

    /// The statement that adds it to a table.
    pub(super) fn add_to(&self, table: &'static str, flavour: Flavour) -> TableAlterStatement {
        sea_orm_migration::prelude::Table::alter().table(table).add_column(self.definition(flavour)).to_owned()
    }

    fn definition(&self, flavour: Flavour) -> ColumnDef {
        let mut column = ColumnDef::new(self.name);
        match self.kind {
            Kind::Text { length_max } => {
                column.string_len(length_max);
                flavour.text(&mut column);
            }
            Kind::LongText => {
                flavour.long_text(&mut column);
                flavour.text(&mut column);
            }
            Kind::Number => {
                column.big_integer();
            }
            Kind::Bytes { length_max } => flavour.bytes(&mut column, length_max),
        }
        if self.null {
            column.null()
        } else {
            column.not_null()
        };
        if let Some(default) = self.default {
            column.default(default);
        }
        if let Some(rule) = self.rule {
            column.check(Expr::cust(rule));
        }
        column
    }
}
