//! Owns the stores in SQL: one table, single statements, the database's own clock. What differs between databases is the
//! text of the statements.
//!
//! Every write is one statement that commits by itself, so that there is no transaction of the store's that a dropped
//! future could leave open. **Give the store a pool on which nothing else begins transactions**, or one whose transactions
//! run in tasks that nobody cancels: in sqlx 0.9 a future that is dropped within `pool.begin()` gives a connection back
//! inside an open transaction, and what is written on it afterwards is lost (transact-rs/sqlx#4385).
//!
//! What it takes: SQLite from 3.42, PostgreSQL from 12, MySQL from 8.0.16 or MariaDB from 10.3; a server that waits for its
//! disk at each commit; the primary, never a replica. A pool asks a connection whether it is alive before it gives it away,
//! which is one more round trip for each call: `PoolOptions::test_before_acquire(false)` spares it, and a connection that
//! died meanwhile is then told as an error, which is safe.

mod dialect;
mod fault;
mod ledger;
mod lent;
mod rows;
mod schema;
mod session;
mod statements;
mod transaction;

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;

use self::dialect::{Dialect, Value};
use self::rows::{doubt, kept};
use self::session::Session;
use self::statements::Statements;
use super::claims::{self, Records};
use super::kept::{Claim, Kept};
use super::limits::{ANSWER_BYTES_MAX, check_answer};
use super::stored::{broken, headers_to_bytes, microseconds, number_of};
use crate::Answer;
use crate::protocol::{Begun, Doubt, Error, Finding, Lease, Name, Released, Request, Standing, Store, Written};

pub use ledger::Ledger;
pub use transaction::Transaction;

/// Keeps records in SQLite, on the user's pool.
#[cfg(feature = "sqlite")]
pub type Sqlite = Sql<sqlx::Sqlite>;
/// Keeps records in PostgreSQL, on the user's pool.
#[cfg(feature = "postgres")]
pub type Postgres = Sql<sqlx::Postgres>;
/// Keeps records in MySQL or MariaDB, on the user's pool.
#[cfg(feature = "mysql")]
pub type Mysql = Sql<sqlx::MySql>;

/// How long one call of the store may take, where nothing else is set.
const BOUND: Duration = Duration::from_secs(5);
/// How long it may take at most: a moment further away is none that every clock knows.
const BOUND_MAX: Duration = Duration::from_hours(24);
/// Under which name the table is, where nothing else is set.
const TABLE: &str = "idempotency_keys";

/// Keeps records in a table of a database that other processes share.
#[derive(Debug)]
pub struct Sql<D: Dialect> {
    pool: sqlx::Pool<D>,
    statements: Arc<Statements>,
    ledger: Ledger,
    bound: Duration,
    answer_bytes_max: usize,
}

impl<D: Dialect> Sql<D> {
    /// A store on a pool, in the table `idempotency_keys`, which [`Sql::migrate`] makes.
    pub fn new(pool: sqlx::Pool<D>) -> Self {
        let statements = Arc::new(Statements::new(D::BACKEND, TABLE));
        let ledger = Ledger::new(D::BACKEND, statements.complete.clone(), ANSWER_BYTES_MAX);
        Self { pool, statements, ledger, bound: BOUND, answer_bytes_max: ANSWER_BYTES_MAX }
    }

    /// The same in another table: a plain name of at most 48 letters, digits and underscores, which is no reserved word.
    pub fn with_table(self, table: &str) -> Result<Self, Error> {
        schema::check_name(table)?;
        let statements = Arc::new(Statements::new(D::BACKEND, table));
        let ledger = Ledger::new(D::BACKEND, statements.complete.clone(), self.answer_bytes_max);
        Ok(Self { statements, ledger, ..self })
    }

    /// Keeps answers whose bodies have at most so many bytes. A server takes no more than its `max_allowed_packet`.
    #[must_use]
    pub fn with_answer_bytes_max(self, answer_bytes_max: usize) -> Self {
        let ledger = Ledger::new(D::BACKEND, self.statements.complete.clone(), answer_bytes_max);
        Self { ledger, answer_bytes_max, ..self }
    }

    /// Lets one call take so long, the wait for a connection included; 5 s where nothing else is set. A write that took
    /// longer is [`Error::Unresolved`]. More than a day counts as a day.
    #[must_use]
    pub fn with_bound(self, bound: Duration) -> Self {
        Self { bound: bound.min(BOUND_MAX), ..self }
    }

    /// Makes the table where it is not there. Nodes may do it at the same time.
    pub async fn migrate(&self) -> Result<(), Error> {
        for statement in self.schema() {
            Session::new(self).write(&statement.into(), Vec::new()).await?;
        }
        Ok(())
    }

    /// The statements that [`Sql::migrate`] runs, for those who make their tables themselves.
    pub fn schema(&self) -> Vec<String> {
        schema::statements(D::BACKEND, &self.statements.table)
    }

    /// Moves a record to another state if its fence and state let it.
    async fn step(&self, sql: &Arc<str>, values: Vec<Value>) -> Result<Written, Error> {
        match Session::new(self).write(sql, values).await? {
            0 => Ok(Written::Lost),
            1 => Ok(Written::Done),
            rows => Err(broken(&format!("{rows} rows have one name"))),
        }
    }
}

impl<D: Dialect> Records for Session<'_, D> {
    async fn read(&mut self, name: &Name) -> Result<Option<Kept>, Error> {
        let rows = self.rows(&self.store.statements.read, named(name)).await?;
        rows.first().map(kept::<D>).transpose()
    }

    async fn claim(&mut self, request: &Request, claim: Claim) -> Result<Option<i64>, Error> {
        let statements = &self.store.statements;
        let sql = if claim.from.is_some() { &statements.take_over } else { &statements.insert };
        let given = [
            Value::Int(number_of(request.guarantee)),
            Value::Int(claim.fingerprint.version.into()),
            Value::Bytes(Bytes::copy_from_slice(&claim.fingerprint.digest)),
            Value::Int(microseconds(request.lease)),
        ];
        let name = named(&request.name);
        let values = match claim.from {
            None => name.into_iter().chain(given).collect(),
            Some((state, fence)) => {
                let of = [Value::Int(fence), Value::Int(state.number())];
                given.into_iter().chain(name).chain(of).collect()
            }
        };
        Session::claim(self, sql, values).await
    }
}

#[async_trait]
impl<D: Dialect> Store for Sql<D> {
    async fn begin(&self, request: &Request) -> Result<Begun, Error> {
        claims::begin(&mut Session::new(self), request).await
    }

    async fn look(&self, request: &Request) -> Result<Option<Begun>, Error> {
        claims::look(&mut Session::new(self), request).await
    }

    async fn renew(&self, lease: &Lease) -> Result<Written, Error> {
        let length = microseconds(lease.length);
        self.step(&self.statements.renew, with([Value::Int(length)], &lease.name, lease.fence)).await
    }

    async fn complete(&self, lease: &Lease, answer: &Answer) -> Result<Written, Error> {
        check_answer(answer, self.answer_bytes_max)?;
        self.step(&self.statements.complete, completion(&lease.name, lease.fence, answer, lease.retention)).await
    }

    async fn release(&self, lease: &Lease) -> Result<Released, Error> {
        if self.step(&self.statements.release, with([], &lease.name, lease.fence)).await? == Written::Done {
            return Ok(Released::Free);
        }
        claims::not_released(&mut Session::new(self), lease).await
    }

    async fn doubt(&self, lease: &Lease) -> Result<Written, Error> {
        self.step(&self.statements.doubt, with([], &lease.name, lease.fence)).await
    }

    async fn settle(&self, doubt: &Doubt, finding: &Finding, retention: Duration) -> Result<Written, Error> {
        match finding {
            Finding::Executed(answer) => {
                check_answer(answer, self.answer_bytes_max)?;
                let values = completion(&doubt.name, doubt.fence, answer, retention);
                self.step(&self.statements.settle_executed, values).await
            }
            Finding::NotExecuted => {
                self.step(&self.statements.settle_not_executed, with([], &doubt.name, doubt.fence)).await
            }
        }
    }

    async fn standing(&self, name: &Name) -> Result<Option<Standing>, Error> {
        Session::new(self).read(name).await?.map_or(Ok(None), |kept| kept.standing(name))
    }

    async fn doubts(&self, limit: u32) -> Result<Vec<Doubt>, Error> {
        let rows = Session::new(self).rows(&self.statements.doubts, vec![Value::Int(limit.into())]).await?;
        rows.iter().map(doubt::<D>).collect()
    }

    async fn purge(&self, limit: u32) -> Result<u64, Error> {
        Session::new(self).write(&self.statements.purge, vec![Value::Int(limit.into())]).await
    }

    fn answer_bytes_max(&self) -> usize {
        self.answer_bytes_max
    }

    fn ledger(&self) -> Option<&Ledger> {
        Some(&self.ledger)
    }
}

/// The same pool.
impl<D: Dialect> Clone for Sql<D> {
    fn clone(&self) -> Self {
        Self {
            pool: self.pool.clone(),
            statements: self.statements.clone(),
            ledger: self.ledger.clone(),
            bound: self.bound,
            answer_bytes_max: self.answer_bytes_max,
        }
    }
}

fn named(name: &Name) -> Vec<Value> {
    vec![
        Value::Bytes(Bytes::copy_from_slice(name.scope().as_bytes())),
        Value::Bytes(Bytes::copy_from_slice(name.key().as_str().as_bytes())),
    ]
}

/// Values that are set, and the record in which.
fn with(set: impl IntoIterator<Item = Value>, name: &Name, fence: i64) -> Vec<Value> {
    set.into_iter().chain(named(name)).chain([Value::Int(fence)]).collect()
}

/// The values of a completion, by whom and wherever.
fn completion(name: &Name, fence: i64, answer: &Answer, retention: Duration) -> Vec<Value> {
    let set = [
        Value::Int(answer.status.into()),
        Value::Bytes(headers_to_bytes(&answer.headers).into()),
        Value::Bytes(answer.body.clone()),
        Value::Int(microseconds(retention)),
    ];
    with(set, name, fence)
}

#[cfg(all(test, feature = "sqlite"))]
mod tests;
