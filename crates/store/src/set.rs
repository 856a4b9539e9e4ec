//! Owns what a question or a change over many rows of one table is, without a word of SQL: which columns find a row,
//! which are read or written, which must still be as they were loaded, and the rows themselves.

use std::fmt;

/// What a column holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Number,
    Text,
    Bytes,
}

/// A column of a table.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Column {
    pub(crate) name: &'static str,
    pub(crate) kind: Kind,
}

pub(crate) const fn number(name: &'static str) -> Column {
    Column { name, kind: Kind::Number }
}

pub(crate) const fn text(name: &'static str) -> Column {
    Column { name, kind: Kind::Text }
}

pub(crate) const fn bytes(name: &'static str) -> Column {
    Column { name, kind: Kind::Bytes }
}

/// What happens to each row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verb {
    Insert,
    Update,
    Delete,
}

/// A kind of change. A row of it holds the key's columns, then those that are written, then those that are expected.
#[derive(Debug)]
pub(crate) struct Write {
    pub(crate) table: &'static str,
    pub(crate) verb: Verb,
    /// What finds the row. First and never null; where a row is inserted, all of it.
    pub(crate) key: &'static [Column],
    pub(crate) written: &'static [Column],
    /// What must stand in the row still, or another writer was faster.
    pub(crate) expected: &'static [Column],
}

impl Write {
    pub(crate) const fn insert(table: &'static str, columns: &'static [Column]) -> Self {
        Self { table, verb: Verb::Insert, key: columns, written: &[], expected: &[] }
    }

    pub(crate) const fn update(
        table: &'static str,
        key: &'static [Column],
        written: &'static [Column],
        expected: &'static [Column],
    ) -> Self {
        Self { table, verb: Verb::Update, key, written, expected }
    }

    pub(crate) const fn delete(table: &'static str, key: &'static [Column]) -> Self {
        Self { table, verb: Verb::Delete, key, written: &[], expected: &[] }
    }

    /// The columns of one row of parameters.
    pub(crate) fn columns(&self) -> impl Iterator<Item = &'static Column> {
        self.key.iter().chain(self.written).chain(self.expected)
    }

    /// How many they are.
    pub(crate) const fn width(&self) -> usize {
        self.key.len() + self.written.len() + self.expected.len()
    }
}

/// A kind of question: the rows whose key's columns are as given, each once, in any order.
#[derive(Debug)]
pub(crate) struct Find {
    pub(crate) table: &'static str,
    pub(crate) key: &'static [Column],
    /// The name of the index over the key, where that is not the primary key.
    pub(crate) unique: Option<&'static str>,
    /// What is read of each.
    pub(crate) read: &'static [Column],
}

/// What stands in one column of one row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Value {
    Null,
    Number(i64),
    Text(String),
    Bytes(Vec<u8>),
}

impl Value {
    /// Whether a column of this kind may hold it.
    pub(crate) const fn fits(&self, kind: Kind) -> bool {
        match self {
            Self::Null => true,
            Self::Number(_) => matches!(kind, Kind::Number),
            Self::Text(_) => matches!(kind, Kind::Text),
            Self::Bytes(_) => matches!(kind, Kind::Bytes),
        }
    }
}

/// As an error shows it.
impl fmt::Display for Value {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Null => out.write_str("null"),
            Self::Number(number) => number.fmt(out),
            Self::Text(text) => text.fmt(out),
            Self::Bytes(bytes) => write!(out, "{} bytes, {:?}", bytes.len(), String::from_utf8_lossy(bytes)),
        }
    }
}

impl From<i64> for Value {
    fn from(number: i64) -> Self {
        Self::Number(number)
    }
}

impl From<u32> for Value {
    fn from(number: u32) -> Self {
        Self::Number(number.into())
    }
}

impl From<&str> for Value {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

impl From<String> for Value {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}

impl From<&[u8]> for Value {
    fn from(bytes: &[u8]) -> Self {
        Self::Bytes(bytes.to_vec())
    }
}

impl<T: Into<Self>> From<Option<T>> for Value {
    fn from(value: Option<T>) -> Self {
        value.map_or(Self::Null, Into::into)
    }
}

/// One kind of change with its rows.
#[derive(Clone, Debug)]
pub(crate) struct Rows {
    pub(crate) of: &'static Write,
    /// Row behind row.
    pub(crate) values: Vec<Value>,
}

impl Rows {
    pub(crate) const fn of(of: &'static Write) -> Self {
        Self { of, values: Vec::new() }
    }

    /// The change of one row.
    pub(crate) fn one<const N: usize>(of: &'static Write, row: [Value; N]) -> Self {
        let mut rows = Self::of(of);
        rows.add(row);
        rows
    }

    /// Adds a row: a value for each of the change's columns.
    pub(crate) fn add<const N: usize>(&mut self, row: [Value; N]) {
        debug_assert!(self.fits(&row), "no row of {:?}: {row:?}", self.of);
        self.values.extend(row);
    }

    fn fits(&self, row: &[Value]) -> bool {
        row.len() == self.of.width()
            && row[0] != Value::Null
            && row.iter().zip(self.of.columns()).all(|(value, column)| value.fits(column.kind))
    }

    pub(crate) fn len(&self) -> usize {
        self.values.len() / self.of.width()
    }
}

/// A row of values that are each turned into what a column holds.
macro_rules! row {
    ($($value:expr),+ $(,)?) => {
        [$($crate::set::Value::from($value)),+]
    };
}

pub(crate) use row;
