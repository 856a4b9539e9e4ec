//! Owns which database a store is on: whatever differs between them is asked here, and nowhere else.

pub(crate) mod sqlite;

use std::path::Path;
use std::sync::Arc;

use engine::Fault;
use sea_orm::{DatabaseConnection, SqlxSqliteConnector};

use crate::found::{Found, Tables};
use crate::set::{Find, Rows, Value};
use crate::{Address, Error};

pub(crate) use sqlite::Place;
/// What the schema needs to know; SQLite's is the only one yet.
pub(crate) use sqlite::{BINARY_COLLATION, CLUSTERED_TABLE, PARTIAL_INDEXES};

/// An open database. Clones share it.
#[derive(Clone, Debug)]
pub(crate) enum Database {
    Sqlite(Arc<sqlite::Database>),
}

/// A transaction that writes, with its rows locked; dropped, it is rolled back.
#[derive(Debug)]
pub(crate) enum Batch {
    Sqlite(sqlite::Batch),
}

/// The right to write beside the batches; nothing where everybody may.
#[derive(Debug)]
pub(crate) enum Turn {
    Sqlite(#[expect(dead_code, reason = "held, not used")] sqlite::Turn),
}

/// A read as of one moment.
#[derive(Debug)]
pub(crate) enum Reading {
    Sqlite(sqlite::Reading),
}

impl Database {
    /// Opens it; an embedded one is made where there is none.
    pub(crate) async fn open(address: &Address) -> Result<Self, Error> {
        match address {
            Address::Sqlite(file) => Ok(Self::Sqlite(Arc::new(sqlite::Database::open(file).await?))),
        }
    }

    /// For questions through entities.
    pub(crate) fn lister(&self) -> DatabaseConnection {
        match self {
            Self::Sqlite(database) => SqlxSqliteConnector::from_sqlx_sqlite_pool(database.lister.clone()),
        }
    }

    /// For administration. Who writes through it takes the turn first.
    pub(crate) fn administrator(&self) -> DatabaseConnection {
        match self {
            Self::Sqlite(database) => SqlxSqliteConnector::from_sqlx_sqlite_pool(database.administrator.clone()),
        }
    }

    /// Waits until nobody else of this process writes, where only one may.
    pub(crate) async fn turn(&self) -> Result<Turn, Fault> {
        match self {
            Self::Sqlite(database) => database.turn().await.map(Turn::Sqlite),
        }
    }

    /// Opens a transaction that writes. An embedded database works here, on the thread that asks, or aside.
    pub(crate) async fn begin(&self, place: Place) -> Result<Batch, Fault> {
        match self {
            Self::Sqlite(database) => database.begin(place).await.map(Batch::Sqlite),
        }
    }

    /// Begins a read as of one moment.
    pub(crate) async fn read(&self) -> Result<Reading, Fault> {
        match self {
            Self::Sqlite(database) => database.read().await.map(Reading::Sqlite),
        }
    }

    /// See [`crate::Store::is_trusted`].
    pub(crate) fn is_trusted(&self) -> bool {
        match self {
            Self::Sqlite(database) => database.is_trusted(),
        }
    }

    /// See [`crate::Store::checkpoint`].
    pub(crate) async fn checkpoint(&self) -> Result<(), Fault> {
        match self {
            Self::Sqlite(database) => database.checkpoint().await,
        }
    }

    /// See [`crate::Store::backup`].
    pub(crate) async fn backup(&self, to: &Path) -> Result<(), Error> {
        match self {
            Self::Sqlite(database) => database.backup(to).await,
        }
    }

    /// See [`crate::Store::damage`].
    pub(crate) async fn damage(&self) -> Result<Vec<String>, Error> {
        match self {
            Self::Sqlite(database) => database.damage().await,
        }
    }

    /// See [`crate::Store::restore`].
    pub(crate) async fn restore(&self, source: &Path) -> Result<u64, Error> {
        match self {
            Self::Sqlite(database) => database.restore(source).await,
        }
    }

    /// Puts the JSON that stands as bytes in a column into a query: `{name}` is all of it, `{name.member}` a member as
    /// text, and both are null where it is no JSON.
    pub(crate) fn with_json(&self, sql: &str, name: &str, column: &str) -> String {
        match self {
            Self::Sqlite(_) => sqlite::with_json(sql, name, column),
        }
    }

    /// Closes every connection.
    pub(crate) async fn close(&self) {
        match self {
            Self::Sqlite(database) => database.close().await,
        }
    }
}

impl Batch {
    /// Changes the rows; gives how many were touched.
    pub(crate) async fn write(&mut self, rows: Rows) -> Result<u64, Fault> {
        match self {
            Self::Sqlite(batch) => batch.write(rows).await,
        }
    }

    /// Makes all of it durable, or none of it.
    pub(crate) async fn commit(self) -> Result<(), Fault> {
        match self {
            Self::Sqlite(batch) => batch.commit().await,
        }
    }
}

impl Tables for Batch {
    async fn find(&mut self, find: &'static Find, keys: Vec<Value>) -> Result<Found, Fault> {
        match self {
            Self::Sqlite(batch) => batch.find(find, keys).await,
        }
    }
}

impl Tables for Reading {
    async fn find(&mut self, find: &'static Find, keys: Vec<Value>) -> Result<Found, Fault> {
        match self {
            Self::Sqlite(reading) => reading.find(find, keys).await,
        }
    }
}
