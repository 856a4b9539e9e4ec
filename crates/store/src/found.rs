//! Owns rows that were found, and taking their values out of them, each as what it must be.

use crate::Error;
use crate::set::{Find, Value};

/// The rows that were found.
#[derive(Debug)]
pub(crate) struct Found {
    pub(crate) of: &'static Find,
    /// Row behind row.
    pub(crate) values: Vec<Value>,
}

impl Found {
    /// The rows, read one by one.
    pub(crate) fn rows<T: Stored>(self) -> Result<Vec<T>, Error> {
        let mut rows = Vec::with_capacity(self.values.len() / self.of.read.len());
        let mut fields = Fields { of: self.of, at: 0, values: self.values.into_iter() };
        while fields.values.len() > 0 {
            rows.push(T::read(&mut fields)?);
        }
        Ok(rows)
    }
}

/// A row that can be found.
pub(crate) trait Stored: Sized {
    /// By what, and what is read of it.
    const FIND: &'static Find;

    /// Takes the columns of [`Self::FIND`], in their order.
    fn read(fields: &mut Fields) -> Result<Self, Error>;
}

/// The values of a row, taken from left to right.
#[derive(Debug)]
pub(crate) struct Fields {
    of: &'static Find,
    at: usize,
    values: std::vec::IntoIter<Value>,
}

impl Fields {
    /// The next value; `Err` where the column holds something else.
    pub(crate) fn take<T: Field>(&mut self) -> Result<T, Error> {
        let column = self.of.read[self.at % self.of.read.len()].name;
        let row = self.at / self.of.read.len() + 1;
        self.at += 1;
        let value = self.values.next().unwrap_or(Value::Null);
        T::of(value).map_err(|value| Error::Unreadable {
            table: self.of.table,
            row: format!("number {row}"),
            column,
            value: format!("{value:?}"),
        })
    }
}

/// What a column's value becomes.
pub(crate) trait Field: Sized {
    /// Gives the value back where it is of another kind.
    fn of(value: Value) -> Result<Self, Value>;
}

impl Field for i64 {
    fn of(value: Value) -> Result<Self, Value> {
        if let Value::Number(number) = value { Ok(number) } else { Err(value) }
    }
}

impl Field for String {
    fn of(value: Value) -> Result<Self, Value> {
        if let Value::Text(text) = value { Ok(text) } else { Err(value) }
    }
}

impl Field for Vec<u8> {
    fn of(value: Value) -> Result<Self, Value> {
        if let Value::Bytes(bytes) = value { Ok(bytes) } else { Err(value) }
    }
}

impl<T: Field> Field for Option<T> {
    fn of(value: Value) -> Result<Self, Value> {
        if value == Value::Null { Ok(None) } else { T::of(value).map(Some) }
    }
}
