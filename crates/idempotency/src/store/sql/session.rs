//! Owns the statements of one call: they share a connection, and the time that the call may take.

use std::hash::{BuildHasher as _, RandomState};
use std::sync::Arc;
use std::time::Duration;

use tokio::time::{Instant, sleep, timeout_at};

use super::Sql;
use super::dialect::{self, Dialect, Value};
use super::fault::{Attempt, Meaning, lost, not_reached, told};
use super::lent::Lent;
use crate::protocol::Error;

/// So often a statement is tried that others undid: for half a second, and never longer than the call may take.
const TRIES_MAX: u32 = 12;
/// The longest pause between two tries. They begin at two milliseconds, and double.
const PAUSE_MS_MAX: u64 = 64;

/// A way to run a statement.
type Run<D, T> = for<'c> fn(&'c mut <D as sqlx::Database>::Connection, Arc<str>, Vec<Value>) -> dialect::Answer<'c, T>;

/// One call of a store. The connection goes back when it is dropped.
pub(super) struct Session<'a, D: Dialect> {
    pub(super) store: &'a Sql<D>,
    until: Instant,
    lent: Option<Lent<D>>,
}

impl<'a, D: Dialect> Session<'a, D> {
    pub(super) fn new(store: &'a Sql<D>) -> Self {
        Self { store, until: Instant::now() + store.bound, lent: None }
    }

    /// Runs a statement that writes; how many rows it touched.
    pub(super) async fn write(&mut self, sql: &Arc<str>, values: Vec<Value>) -> Result<u64, Error> {
        self.attempt(Attempt::Write, (sql, values), D::run).await
    }

    /// Runs a statement that gives a record away; its fence.
    pub(super) async fn claim(&mut self, sql: &Arc<str>, values: Vec<Value>) -> Result<Option<i64>, Error> {
        self.attempt(Attempt::Write, (sql, values), D::claim).await
    }

    /// Runs a query.
    pub(super) async fn rows(&mut self, sql: &Arc<str>, values: Vec<Value>) -> Result<Vec<D::Row>, Error> {
        self.attempt(Attempt::Read, (sql, values), D::rows).await
    }

    async fn attempt<T>(
        &mut self,
        kind: Attempt,
        statement: (&Arc<str>, Vec<Value>),
        run: Run<D, T>,
    ) -> Result<T, Error> {
        let (sql, values) = statement;
        let mut tries = 1;
        loop {
            let mut lent = self.connection().await?;
            lent.sends();
            let answer = timeout_at(self.until, run(&mut lent, sql.clone(), values.clone())).await;
            let Ok(answer) = answer else {
                return Err(lost(kind, format!("no answer from the database within {:?}", self.store.bound)));
            };
            lent.answered();
            let error = match answer {
                Ok(answer) => {
                    self.lent = Some(lent);
                    return Ok(answer);
                }
                Err(error) => error,
            };
            match D::BACKEND.meaning(&error) {
                Meaning::Again if tries < TRIES_MAX => {
                    drop(lent);
                    sleep(pause(tries)).await;
                    tries += 1;
                }
                meaning => return Err(told(kind, &error, meaning)),
            }
        }
    }

    async fn connection(&mut self) -> Result<Lent<D>, Error> {
        if let Some(lent) = self.lent.take() {
            return Ok(lent);
        }
        match timeout_at(self.until, self.store.pool.acquire()).await {
            Ok(Ok(connection)) => Ok(Lent::new(connection)),
            Ok(Err(error)) => Err(not_reached(&error)),
            Err(_) => Err(Error::Unavailable(format!("no connection within {:?}", self.store.bound))),
        }
    }
}

/// Two who undid each other do not meet again: what is picked is random, as a table of hashes begins.
fn pause(tries: u32) -> Duration {
    let most = PAUSE_MS_MAX.min(1 << tries);
    Duration::from_millis(most / 2 + RandomState::new().hash_one(tries) % most)
}
