//! Owns what an error of a database means for who asked: nothing was written, or that is not known, or it is out of order.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::{Instant, sleep, timeout_at};

use super::Sql;
use super::dialect::{self, Dialect, Value};
use super::lent::Lent;
use crate::protocol::Error;

/// Whether a lost answer leaves something open.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Attempt {
    Read,
    Write,
}

/// What an error says of the statement.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Meaning {
    /// It was undone because of others, and may be tried again at once.
    Again,
    /// It was not run, or was undone.
    NotWritten,
    /// The answer was lost.
    Lost,
    /// It cannot be run.
    Broken,
}

/// A way to run a statement.
type Run<D, T> = for<'c> fn(&'c mut <D as sqlx::Database>::Connection, Arc<str>, Vec<Value>) -> dialect::Answer<'c, T>;

/// So often a statement is tried that others undid.
const TRIES_MAX: u32 = 5;

impl<D: Dialect> Sql<D> {
    /// Runs a statement on a connection of the pool's, within the store's bound.
    pub(super) async fn attempt<T>(
        &self,
        kind: Attempt,
        statement: (&Arc<str>, Vec<Value>),
        run: Run<D, T>,
    ) -> Result<T, Error> {
        let (sql, values) = statement;
        let until = Instant::now() + self.bound;
        let mut tries = 1;
        loop {
            let connection = match timeout_at(until, self.pool.acquire()).await {
                Ok(Ok(connection)) => connection,
                Ok(Err(error)) => return Err(not_reached(&error)),
                Err(_) => return Err(Error::Unavailable(format!("no connection within {:?}", self.bound))),
            };
            let mut lent = Lent::<D>::new(connection);
            let answer = timeout_at(until, run(&mut lent, sql.clone(), values.clone())).await;
            let Ok(answer) = answer else {
                return Err(lost(kind, format!("no answer from the database within {:?}", self.bound)));
            };
            lent.answered();
            let Err(error) = answer else {
                return answer.map_err(|error| told(kind, &error, D::BACKEND.meaning(&error)));
            };
            match D::BACKEND.meaning(&error) {
                Meaning::Again if tries < TRIES_MAX => {
                    drop(lent);
                    sleep(Duration::from_millis(u64::from(tries * tries))).await;
                    tries += 1;
                }
                meaning => return Err(told(kind, &error, meaning)),
            }
        }
    }
}

/// The error of a store for that of a database.
pub(super) fn told(kind: Attempt, error: &sqlx::Error, meaning: Meaning) -> Error {
    match meaning {
        Meaning::Again | Meaning::NotWritten => Error::Unavailable(error.to_string()),
        Meaning::Lost => lost(kind, error.to_string()),
        Meaning::Broken => Error::Broken(error.to_string()),
    }
}

fn lost(kind: Attempt, text: String) -> Error {
    match kind {
        Attempt::Read => Error::Unavailable(text),
        Attempt::Write => Error::Unresolved(text),
    }
}

/// No connection could be had. What is wrong with an address or a password is not mended by time, but an operator who
/// mends it need not start the service anew.
fn not_reached(error: &sqlx::Error) -> Error {
    Error::Unavailable(error.to_string())
}
