//! Owns which databases there are, and how each of them is spoken to. It knows no record.

mod backend;
mod drivers;

use std::fmt::Debug;
use std::pin::Pin;
use std::sync::Arc;

use bytes::Bytes;

use crate::protocol::Error;

pub(super) use backend::Backend;

/// What is to come of a statement.
pub type Answer<'c, T> = Pin<Box<dyn Future<Output = Result<T, sqlx::Error>> + Send + 'c>>;

/// A value that is bound to a statement.
#[derive(Clone, Debug)]
pub enum Value {
    /// A number, or a time in microseconds.
    Int(i64),
    /// Bytes, as they are.
    Bytes(Bytes),
}

/// A database that sqlx speaks with, and in which a store may be. It is implemented for all there are.
pub trait Dialect: sqlx::Database<Connection: Debug> + private::Sealed {
    /// Which it is.
    #[doc(hidden)]
    const BACKEND: Backend;
    /// Whether a connection whose statement nobody waits for any more is of no use to others.
    #[doc(hidden)]
    const CLOSED_IF_UNANSWERED: bool;

    /// Runs a statement; how many rows it touched.
    #[doc(hidden)]
    fn run(connection: &mut Self::Connection, sql: Arc<str>, values: Vec<Value>) -> Answer<'_, u64>;

    /// Runs a statement that gives a record away; its fence, where the record was as it was thought to be.
    #[doc(hidden)]
    fn claim(connection: &mut Self::Connection, sql: Arc<str>, values: Vec<Value>) -> Answer<'_, Option<i64>>;

    /// Runs a query to its end.
    #[doc(hidden)]
    fn rows(connection: &mut Self::Connection, sql: Arc<str>, values: Vec<Value>) -> Answer<'_, Vec<Self::Row>>;

    /// Whether sqlx began a transaction on the connection.
    #[doc(hidden)]
    fn in_transaction(connection: &Self::Connection) -> bool;

    /// A number of a row.
    #[doc(hidden)]
    fn int(row: &Self::Row, at: usize) -> Result<i64, Error>;

    /// Bytes of a row.
    #[doc(hidden)]
    fn bytes(row: &Self::Row, at: usize) -> Result<Option<Vec<u8>>, Error>;
}

mod private {
    /// Nobody else implements a dialect.
    pub trait Sealed {}
}
