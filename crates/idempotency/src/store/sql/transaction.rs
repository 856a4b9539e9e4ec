//! Owns what a handler's own transaction may be, and the completion of a record in it.

#[cfg(feature = "sea-orm")]
mod mapper;

use async_trait::async_trait;

use super::completion;
use super::dialect::{Dialect, Value};
use super::fault::{Attempt, told};
use super::ledger::Ledger;
use crate::Answer;
use crate::protocol::{Error, Lease, Written};
use crate::store::limits::check_answer;
use crate::store::stored::broken;

/// Something in which a record can be completed: a transaction that is open. See [`Ledger::complete`].
#[async_trait]
pub trait Transaction: Send {
    /// Writes the answer, where the lease still holds.
    async fn complete(self, ledger: &Ledger, lease: &Lease, answer: &Answer) -> Result<Written, Error>;
}

macro_rules! transaction {
    ($feature:literal, $driver:ident, $connection:ty) => {
        #[cfg(feature = $feature)]
        #[async_trait]
        impl Transaction for &mut $connection {
            async fn complete(self, ledger: &Ledger, lease: &Lease, answer: &Answer) -> Result<Written, Error> {
                complete::<sqlx::$driver>(self, ledger, lease, answer).await
            }
        }

        #[cfg(feature = $feature)]
        #[async_trait]
        impl Transaction for &mut sqlx::Transaction<'_, sqlx::$driver> {
            async fn complete(self, ledger: &Ledger, lease: &Lease, answer: &Answer) -> Result<Written, Error> {
                complete::<sqlx::$driver>(&mut **self, ledger, lease, answer).await
            }
        }
    };
}

transaction!("sqlite", Sqlite, sqlx::SqliteConnection);
transaction!("postgres", Postgres, sqlx::PgConnection);
transaction!("mysql", MySql, sqlx::MySqlConnection);

#[cfg_attr(
    not(any(feature = "sqlite", feature = "postgres", feature = "mysql")),
    expect(dead_code, reason = "there is no driver that has a connection")
)]
async fn complete<D: Dialect>(
    connection: &mut D::Connection,
    ledger: &Ledger,
    lease: &Lease,
    answer: &Answer,
) -> Result<Written, Error> {
    let values = prepared(ledger, D::BACKEND, lease, answer)?;
    if !D::in_transaction(connection) {
        return Err(broken("no transaction is open on the connection: effect and answer would not stand together"));
    }
    // Nothing stands before the caller's commit: what is lost here is not written.
    let rows = D::run(connection, ledger.complete.clone(), values)
        .await
        .map_err(|error| told(Attempt::Read, &error, D::BACKEND.meaning(&error)))?;
    written(rows)
}

/// The values of the statement, where the transaction is on a database of the store's kind.
fn prepared(
    ledger: &Ledger,
    backend: super::dialect::Backend,
    lease: &Lease,
    answer: &Answer,
) -> Result<Vec<Value>, Error> {
    if backend != ledger.backend {
        return Err(broken(&format!("the transaction is on {backend:?}, the store on {:?}", ledger.backend)));
    }
    check_answer(answer, ledger.answer_bytes_max)?;
    Ok(completion(&lease.name, lease.fence, answer, lease.retention))
}

fn written(rows: u64) -> Result<Written, Error> {
    match rows {
        0 => Ok(Written::Lost),
        1 => Ok(Written::Done),
        rows => Err(broken(&format!("{rows} rows have one name"))),
    }
}
