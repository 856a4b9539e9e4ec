//! Owns the connections on which batches and single objects go: whose turn it is to write, and who reads.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use engine::Fault;
use tokio::sync::{Mutex as AsyncMutex, OwnedMutexGuard, OwnedSemaphorePermit, Semaphore};

use super::log::Log;
use super::session::{Mode, Session};
use crate::found::{Found, Intent, Tables};
use crate::set::{Find, Rows, Value};

/// How many objects are read at once.
const READERS: usize = 4;

/// The one connection on which batches are written. It is also the turn: who holds it may write, and nobody else of
/// this process, so that a purge waits in line for its transaction instead of asking again and again.
#[derive(Debug)]
pub(super) struct Writer {
    session: Arc<AsyncMutex<Option<Session>>>,
    log: Arc<Log>,
}

/// The turn to write.
#[derive(Debug)]
pub(crate) struct Turn {
    session: OwnedMutexGuard<Option<Session>>,
    log: Arc<Log>,
}

impl Writer {
    pub(super) fn open(file: &Path, log: Arc<Log>) -> Result<Self, rusqlite::Error> {
        Ok(Self { session: Arc::new(AsyncMutex::new(Some(Session::open(file, Mode::Write)?))), log })
    }

    /// Waits for its turn.
    pub(super) async fn turn(&self) -> Result<Turn, Fault> {
        let session = self.session.clone().lock_owned().await;
        self.log.trusted()?;
        Ok(Turn { session, log: self.log.clone() })
    }

    /// Waits for its turn, and opens a transaction.
    pub(super) async fn begin(&self) -> Result<Turn, Fault> {
        let mut turn = self.turn().await?;
        turn.session()?.begin(Mode::Write)?;
        Ok(turn)
    }

    pub(super) async fn close(&self) {
        self.session.lock().await.take();
    }
}

impl Turn {
    pub(crate) fn session(&mut self) -> Result<&mut Session, Fault> {
        self.session.as_mut().ok_or_else(|| Fault::Fatal("the database is closed".to_owned()))
    }

    /// Makes all of it durable, or none of it.
    pub(crate) fn commit(&mut self) -> Result<(), Fault> {
        let log = self.log.clone();
        let session = self.session()?;
        session.commit()?;
        log.committed(session);
        Ok(())
    }
}

/// What was not committed is taken back.
impl Drop for Turn {
    fn drop(&mut self) {
        if let Some(session) = self.session.as_mut() {
            session.rollback();
        }
    }
}

/// The connections that read, opened when they are needed.
#[derive(Debug)]
pub(super) struct Readers {
    file: PathBuf,
    free: Mutex<Vec<Session>>,
    permits: Arc<Semaphore>,
}

impl Readers {
    pub(super) fn new(file: &Path) -> Self {
        let (free, permits) = (Mutex::default(), Arc::new(Semaphore::new(READERS)));
        Self { file: file.to_owned(), free, permits }
    }

    /// Waits for those who read.
    pub(super) async fn close(&self) {
        let everybody = u32::try_from(READERS).unwrap_or(u32::MAX);
        let _all = self.permits.acquire_many(everybody).await;
        self.permits.close();
        self.free().clear();
    }

    fn take(&self) -> Result<Session, rusqlite::Error> {
        let free = self.free().pop();
        free.map_or_else(|| Session::open(&self.file, Mode::Read), Ok)
    }

    fn free(&self) -> std::sync::MutexGuard<'_, Vec<Session>> {
        self.free.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A read as of one moment. Each question is asked on a thread that may wait for the disk.
#[derive(Debug)]
pub(crate) struct Reading {
    readers: Arc<Readers>,
    session: Option<Session>,
    _permit: OwnedSemaphorePermit,
}

impl Readers {
    /// Begins a read, once fewer than all read.
    pub(super) async fn begin(self: &Arc<Self>) -> Result<Reading, Fault> {
        let closed = |_| Fault::Fatal("the database is closed".to_owned());
        let permit = self.permits.clone().acquire_owned().await.map_err(closed)?;
        let mut session = self.take().map_err(|error| Fault::Retry(error.to_string()))?;
        session.begin(Mode::Read)?;
        Ok(Reading { readers: self.clone(), session: Some(session), _permit: permit })
    }
}

impl Tables for Reading {
    async fn find(&mut self, find: &'static Find, keys: Vec<Value>, _intent: Intent) -> Result<Found, Fault> {
        aside(&mut self.session, move |session| session.found(find, &keys)).await
    }
}

/// Nothing is left of it.
impl Drop for Reading {
    fn drop(&mut self) {
        if let Some(mut session) = self.session.take() {
            session.rollback();
            self.readers.free().push(session);
        }
    }
}

/// An open transaction that writes.
#[derive(Debug)]
pub(crate) struct Batch {
    turn: Option<Turn>,
    place: Place,
}

/// Where a transaction works.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Place {
    /// On the thread that asks, which is there for nothing else.
    Here,
    /// On one that may wait for the disk.
    Aside,
}

impl Batch {
    pub(super) const fn new(turn: Turn, place: Place) -> Self {
        Self { turn: Some(turn), place }
    }

    pub(crate) async fn write(&mut self, sets: Vec<Rows>) -> Result<Vec<u64>, Fault> {
        self.run(move |turn| {
            let session = turn.session()?;
            sets.into_iter().map(|rows| session.write(rows)).collect()
        })
        .await
    }

    pub(crate) async fn commit(mut self) -> Result<(), Fault> {
        self.run(Turn::commit).await
    }

    async fn run<T, F>(&mut self, work: F) -> Result<T, Fault>
    where
        T: Send + 'static,
        F: FnOnce(&mut Turn) -> Result<T, Fault> + Send + 'static,
    {
        match self.place {
            Place::Here => work(self.turn.as_mut().ok_or_else(broken)?),
            Place::Aside => aside(&mut self.turn, work).await,
        }
    }
}

impl Tables for Batch {
    async fn find(&mut self, find: &'static Find, keys: Vec<Value>, _intent: Intent) -> Result<Found, Fault> {
        self.run(move |turn| turn.session()?.found(find, &keys)).await
    }
}

/// Works on a thread that may wait for the disk. What it works with is gone if that thread panics.
async fn aside<S, T, F>(with: &mut Option<S>, work: F) -> Result<T, Fault>
where
    S: Send + 'static,
    T: Send + 'static,
    F: FnOnce(&mut S) -> Result<T, Fault> + Send + 'static,
{
    let mut lent = with.take().ok_or_else(broken)?;
    let span = tracing::Span::current();
    let work = move || {
        let done = span.in_scope(|| work(&mut lent));
        (lent, done)
    };
    let (lent, done) = tokio::task::spawn_blocking(work).await.map_err(|_| broken())?;
    *with = Some(lent);
    done
}

fn broken() -> Fault {
    Fault::Retry("the transaction was broken off".to_owned())
}

#[cfg(test)]
mod tests;
