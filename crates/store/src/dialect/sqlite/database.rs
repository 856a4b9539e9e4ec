//! Owns an open SQLite database: a connection on which batches are written, some on which objects are read, one that
//! folds the log, and, for lists and administration, some of sqlx's.

use std::path::Path;
use std::sync::Arc;

use engine::Fault;
use sqlx::SqlitePool;
use sqlx::sqlite::SqlitePoolOptions;

use super::log::{LOG_PAGES_MAX, Log};
use super::session::Mode;
use super::turns::{Batch, Place, Readers, Reading, Turn, Writer};
use crate::{Doing, Error};

/// How many lists are read at once.
const LISTERS: u32 = 4;

#[derive(Debug)]
pub(crate) struct Database {
    pub(super) writer: Writer,
    readers: Arc<Readers>,
    pub(super) log: Arc<Log>,
    pub(crate) administrator: SqlitePool,
    pub(crate) lister: SqlitePool,
}

impl Database {
    /// Opens the file, making it where there is none.
    pub(crate) async fn open(file: &Path) -> Result<Self, Error> {
        Self::open_with(file, LOG_PAGES_MAX).await
    }

    /// The same, with another length of the log.
    pub(super) async fn open_with(file: &Path, log_pages_max: i64) -> Result<Self, Error> {
        const DOING: &str = "opening the database";
        let administrator = SqlitePoolOptions::new()
            .max_connections(1)
            .idle_timeout(None)
            .max_lifetime(None)
            .connect_with(super::options(file, Mode::Write))
            .await
            .doing(DOING)?;
        let lister =
            SqlitePoolOptions::new().max_connections(LISTERS).connect_lazy_with(super::options(file, Mode::Read));
        let log = Arc::new(Log::open(file, log_pages_max).doing(DOING)?);
        let writer = Writer::open(file, log.clone()).doing(DOING)?;
        Ok(Self { writer, readers: Arc::new(Readers::new(file)), log, administrator, lister })
    }

    /// One that reads for as long as it takes.
    pub(crate) fn inspector(&self) -> SqlitePool {
        let options = self.lister.connect_options().as_ref().clone();
        SqlitePoolOptions::new().max_connections(1).connect_lazy_with(options)
    }

    /// Waits for the turn to write on a connection of one's own.
    pub(crate) async fn turn(&self) -> Result<Turn, Fault> {
        self.writer.turn().await
    }

    /// Waits for the turn to write, and opens a transaction.
    pub(crate) async fn begin(&self, place: Place) -> Result<Batch, Fault> {
        Ok(Batch::new(self.writer.begin().await?, place))
    }

    /// Begins a read as of one moment.
    pub(crate) async fn read(&self) -> Result<Reading, Fault> {
        self.readers.begin().await
    }

    /// See [`Log::checkpoint`].
    pub(crate) async fn checkpoint(&self) -> Result<(), Fault> {
        self.log.checkpoint().await
    }

    /// False once the disk failed while the log was folded.
    pub(crate) fn is_trusted(&self) -> bool {
        self.log.trusted().is_ok()
    }

    /// Closes every connection; the last one folds the write-ahead log into the file.
    pub(crate) async fn close(&self) {
        self.lister.close().await;
        self.administrator.close().await;
        self.readers.close().await;
        self.log.close().await;
        self.writer.close().await;
    }
}

#[cfg(test)]
mod tests;
