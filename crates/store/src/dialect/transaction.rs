//! Owns an open transaction, on whichever database it is.

use engine::Fault;

use super::mysql::MySql;
use super::postgres::Postgres;
use super::{remote, sqlite};
use crate::found::{Found, Intent, Tables};
use crate::set::{Find, Rows, Value};

/// A transaction that writes, with its rows locked; dropped, it is rolled back.
#[derive(Debug)]
pub(crate) enum Batch {
    Sqlite(sqlite::Batch),
    Postgres(remote::Batch<Postgres>),
    MySql(remote::Batch<MySql>),
}

/// The right to write beside the batches.
#[derive(Debug)]
pub(crate) enum Turn {
    Sqlite(#[expect(dead_code, reason = "held, not used")] sqlite::Turn),
    /// Everybody may.
    Anybody,
}

/// A read as of one moment.
#[derive(Debug)]
pub(crate) enum Reading {
    Sqlite(sqlite::Reading),
    Postgres(remote::Reading<Postgres>),
    MySql(remote::Reading<MySql>),
}

impl Batch {
    /// Changes the rows, set behind set; gives how many of each set were touched.
    pub(crate) async fn write(&mut self, sets: Vec<Rows>) -> Result<Vec<u64>, Fault> {
        match self {
            Self::Sqlite(batch) => batch.write(sets).await,
            Self::Postgres(batch) => batch.write(sets).await,
            Self::MySql(batch) => batch.write(sets).await,
        }
    }

    /// Makes all of it durable, or none of it.
    pub(crate) async fn commit(self) -> Result<(), Fault> {
        match self {
            Self::Sqlite(batch) => batch.commit().await,
            Self::Postgres(batch) => batch.commit().await,
            Self::MySql(batch) => batch.commit().await,
        }
    }
}

impl Tables for Batch {
    async fn find(&mut self, find: &'static Find, keys: Vec<Value>, intent: Intent) -> Result<Found, Fault> {
        match self {
            Self::Sqlite(batch) => batch.find(find, keys, intent).await,
            Self::Postgres(batch) => batch.find(find, keys, intent).await,
            Self::MySql(batch) => batch.find(find, keys, intent).await,
        }
    }
}

impl Tables for Reading {
    async fn find(&mut self, find: &'static Find, keys: Vec<Value>, intent: Intent) -> Result<Found, Fault> {
        match self {
            Self::Sqlite(reading) => reading.find(find, keys, intent).await,
            Self::Postgres(reading) => reading.find(find, keys, intent).await,
            Self::MySql(reading) => reading.find(find, keys, intent).await,
        }
    }
}
