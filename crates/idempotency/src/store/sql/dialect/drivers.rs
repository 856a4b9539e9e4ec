//! Owns the three drivers, each bound in the same way.

#![cfg_attr(
    not(any(feature = "sqlite", feature = "postgres", feature = "mysql")),
    expect(unused, reason = "no driver")
)]

use std::sync::Arc;

use sqlx::{Connection as _, Row as _};

use super::{Answer, Backend, Dialect, Value, private};
use crate::protocol::Error;

macro_rules! dialect {
    ($feature:literal, $driver:ident, $backend:ident, closed: $closed:literal, $claim:ident) => {
        #[cfg(feature = $feature)]
        impl private::Sealed for sqlx::$driver {}

        #[cfg(feature = $feature)]
        impl Dialect for sqlx::$driver {
            const BACKEND: Backend = Backend::$backend;
            const CLOSED_IF_UNANSWERED: bool = $closed;

            fn run(connection: &mut Self::Connection, sql: Arc<str>, values: Vec<Value>) -> Answer<'_, u64> {
                Box::pin(async move { Ok(bound!(sql, values).execute(connection).await?.rows_affected()) })
            }

            fn claim(connection: &mut Self::Connection, sql: Arc<str>, values: Vec<Value>) -> Answer<'_, Option<i64>> {
                Box::pin(async move { $claim!(bound!(sql, values), connection) })
            }

            fn rows(
                connection: &mut Self::Connection,
                sql: Arc<str>,
                values: Vec<Value>,
            ) -> Answer<'_, Vec<Self::Row>> {
                Box::pin(bound!(sql, values).fetch_all(connection))
            }

            fn in_transaction(connection: &Self::Connection) -> bool {
                connection.is_in_transaction()
            }

            fn int(row: &Self::Row, at: usize) -> Result<i64, Error> {
                row.try_get(at).map_err(|error| unreadable(&error))
            }

            fn bytes(row: &Self::Row, at: usize) -> Result<Option<Vec<u8>>, Error> {
                row.try_get(at).map_err(|error| unreadable(&error))
            }
        }
    };
}

/// A statement with its values.
macro_rules! bound {
    ($sql:expr, $values:expr) => {
        $values.into_iter().fold(sqlx::query(sqlx::AssertSqlSafe($sql)), |query, value| match value {
            Value::Int(number) => query.bind(number),
            Value::Bytes(bytes) => query.bind(Vec::from(bytes)),
        })
    };
}

/// The fence is what the statement returns. All rows are fetched, though there is one at most: a statement whose end is
/// not waited for may fail at its commit, and nobody would hear of it.
#[cfg(any(feature = "sqlite", feature = "postgres"))]
macro_rules! returned {
    ($query:expr, $connection:expr) => {
        $query.fetch_all($connection).await?.first().map(|row| row.try_get(0)).transpose()
    };
}

/// MySQL returns no rows from a write: the fence is what the statement left with `LAST_INSERT_ID`. A record that somebody
/// else made in between is a duplicate.
#[cfg(feature = "mysql")]
macro_rules! remembered {
    ($query:expr, $connection:expr) => {
        match $query.execute($connection).await {
            Ok(result) if result.rows_affected() == 0 => Ok(None),
            Ok(result) => {
                i64::try_from(result.last_insert_id()).map(Some).map_err(|error| sqlx::Error::Decode(error.into()))
            }
            Err(sqlx::Error::Database(error)) if error.is_unique_violation() => Ok(None),
            Err(error) => Err(error),
        }
    };
}

// A statement of SQLite's goes on in a thread of the connection's own; and a closed one may have been the whole database.
dialect!("sqlite", Sqlite, Sqlite, closed: false, returned);
dialect!("postgres", Postgres, Postgres, closed: true, returned);
dialect!("mysql", MySql, Mysql, closed: true, remembered);

fn unreadable(error: &sqlx::Error) -> Error {
    Error::Broken(format!("a record cannot be read: {error}"))
}
