//! Owns the server's own short transactions beside the batches: purges, and counts. None of them is business data.

use engine::Fault;

use crate::Store;
use crate::dialect::Session;
use crate::found::Found;
use crate::load::Tables;
use crate::sessions::Turn;
use crate::set::{Find, Rows, Value};

/// An open transaction; dropped, it is rolled back.
pub(crate) struct Changes<'a> {
    store: &'a Store,
    /// There but while it is at work on another thread.
    turn: Option<Turn>,
}

impl Store {
    /// Waits for its turn, and opens a transaction.
    pub(crate) async fn changes(&self) -> Result<Changes<'_>, Fault> {
        self.log.trusted()?;
        Ok(Changes { store: self, turn: Some(self.writer.begin().await?) })
    }
}

impl Changes<'_> {
    /// Writes the rows; gives how many were there to be touched.
    pub(crate) async fn write(&mut self, changes: Vec<Rows>) -> Result<u64, Fault> {
        self.run(move |session| {
            let changes = changes.into_iter().filter(|rows| rows.len() > 0);
            changes.map(|rows| session.write(rows)).sum()
        })
        .await
    }

    pub(crate) async fn commit(mut self) -> Result<(), Fault> {
        let log = self.store.log.clone();
        self.run(move |session| {
            session.commit()?;
            log.committed(session);
            Ok(())
        })
        .await
    }

    /// Works on a thread that may wait for the disk.
    async fn run<T, F>(&mut self, work: F) -> Result<T, Fault>
    where
        T: Send + 'static,
        F: FnOnce(&mut Session) -> Result<T, Fault> + Send + 'static,
    {
        let mut turn = self.turn.take().ok_or_else(|| Fault::Retry("the transaction was broken off".to_owned()))?;
        let span = tracing::Span::current();
        let work = move || {
            let done = span.in_scope(|| turn.session().and_then(work));
            (turn, done)
        };
        let (turn, done) = tokio::task::spawn_blocking(work).await.map_err(|error| Fault::Retry(error.to_string()))?;
        self.turn = Some(turn);
        done
    }
}

impl Tables for Changes<'_> {
    async fn find(&mut self, find: &'static Find, keys: Vec<Value>) -> Result<Found, Fault> {
        self.run(move |session| session.found(find, &keys)).await
    }
}
