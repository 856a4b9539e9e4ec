//! Owns rows that were found, and taking their values out of them, each as what it must be.

use engine::Fault;

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
        let width = self.of.read.len();
        for row in self.values.chunks(width) {
            self.check(row)?;
        }
        let mut rows = Vec::with_capacity(self.values.len() / width);
        let mut fields = Fields { of: self.of, at: 0, values: self.values.into_iter() };
        while fields.values.len() > 0 {
            rows.push(T::read(&mut fields)?);
        }
        Ok(rows)
    }

    /// A column may hold what it should not: SQLite takes anything, and files are damaged.
    fn check(&self, row: &[Value]) -> Result<(), Error> {
        let odd = row.iter().zip(self.of.read).find(|(value, column)| !value.fits(column.kind));
        let Some((value, column)) = odd else { return Ok(()) };
        // Whatever text comes first is what people call the row: a number, a sku, a key.
        let named = row.iter().zip(self.of.read).filter(|(_, column)| !is_secret(column.name));
        let name = named.map(|(value, _)| value).find_map(|value| match value {
            Value::Text(text) => Some(text.clone()),
            _ => None,
        });
        let name = name.unwrap_or_else(|| "without a name".to_owned());
        let (table, row, value) = (self.of.table, name, shown(column.name, value));
        Err(Error::Unreadable { table, row, column: column.name, value })
    }
}

/// What an error says of a value that it found.
fn shown(column: &str, value: &Value) -> String {
    if is_secret(column) { "what is not shown".to_owned() } else { value.to_string() }
}

/// Columns of which no error tells what stands in them.
fn is_secret(column: &str) -> bool {
    let secrets = ["secret", "password_hash", "cookie_hash", "refresh_nonce", "recovery", "secret_hash"];
    // A provider's words are for whoever may read the payment.
    secrets.contains(&column) || column == "raw"
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
            value: shown(column, &value),
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

/// What rows are found for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Intent {
    /// To be changed: nobody else may meanwhile. Their keys are given in order, so that two nodes that want the same
    /// rows wait for each other, and never each for the other.
    Change,
    /// To be looked at.
    Read,
}

/// Something in which rows are found: an open transaction.
pub(crate) trait Tables {
    /// The rows of these keys, key behind key. No order is promised.
    fn find(
        &mut self,
        find: &'static Find,
        keys: Vec<Value>,
        intent: Intent,
    ) -> impl Future<Output = Result<Found, Fault>> + Send;
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::set::{bytes, text};

    const FACTORS: &Find = &Find {
        table: "second_factors",
        key: &[],
        unique: None,
        read: &[bytes("secret"), text("recovery"), text("name"), bytes("picture")],
    };

    /// Secrets stand in damaged rows, too.
    #[test]
    fn s29_an_error_names_the_column_of_a_secret_and_not_what_stands_there() {
        let row = |secret: &str, picture: &str| {
            let texts = [secret, "hash of a code", "anna", picture].map(|text| Value::Text(text.to_owned()));
            Found { of: FACTORS, values: texts.to_vec() }
        };
        let mut damaged = row("canary", "x");
        let told = damaged.check(&damaged.values).expect_err("a text is no bytes");
        assert_eq!(
            told.to_string(),
            "the row anna of second_factors has a secret that this version cannot read: \"what is not shown\""
        );
        damaged.values[0] = Value::Bytes(vec![7]);
        let told = damaged.check(&damaged.values).expect_err("a text is no bytes").to_string();
        assert!(told.ends_with("has a picture that this version cannot read: \"x\""), "{told}");
    }
}
