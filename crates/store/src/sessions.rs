//! Owns the connections on which batches and single objects go: whose turn it is to write, and who reads.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use engine::Fault;
use tokio::sync::{Mutex as AsyncMutex, MutexGuard, OwnedMutexGuard, Semaphore};

use crate::dialect::{Mode, Session};
use crate::load::LoadError;
use crate::{Doing, Error, Store};

/// How many objects are read at once.
const READERS: usize = 4;

/// The one connection on which batches are written. It is also the turn: who holds it may write, and nobody else of
/// this process, so that a purge waits in line for its transaction instead of asking again and again.
#[derive(Debug)]
pub(crate) struct Writer(Arc<AsyncMutex<Option<Session>>>);

/// The turn to write.
#[derive(Debug)]
pub(crate) struct Turn(OwnedMutexGuard<Option<Session>>);

impl Writer {
    pub(crate) fn open(file: &Path) -> Result<Self, rusqlite::Error> {
        Ok(Self(Arc::new(AsyncMutex::new(Some(Session::open(file, Mode::Write)?)))))
    }

    /// Waits for its turn, and opens a transaction.
    pub(crate) async fn begin(&self) -> Result<Turn, Fault> {
        let mut turn = Turn(self.0.clone().lock_owned().await);
        turn.session()?.begin(Mode::Write)?;
        Ok(turn)
    }

    pub(crate) async fn close(&self) {
        self.0.lock().await.take();
    }
}

impl Turn {
    pub(crate) fn session(&mut self) -> Result<&mut Session, Fault> {
        self.0.as_mut().ok_or_else(|| Fault::Fatal("the database is closed".to_owned()))
    }
}

/// What was not committed is taken back.
impl Drop for Turn {
    fn drop(&mut self) {
        if let Some(session) = self.0.as_mut() {
            session.rollback();
        }
    }
}

/// The connections that read, opened when they are needed.
#[derive(Debug)]
pub(crate) struct Readers {
    file: PathBuf,
    free: Mutex<Vec<Session>>,
    permits: Arc<Semaphore>,
}

impl Readers {
    pub(crate) fn new(file: &Path) -> Self {
        let (free, permits) = (Mutex::default(), Arc::new(Semaphore::new(READERS)));
        Self { file: file.to_owned(), free, permits }
    }

    /// Waits for those who read.
    pub(crate) async fn close(&self) {
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

impl Store {
    /// Waits for its turn to write, on a connection of its own.
    pub(crate) async fn turn(&self) -> Result<MutexGuard<'_, Option<Session>>, Error> {
        let turn = self.writer.0.lock().await;
        self.log.trusted().doing("writing")?;
        Ok(turn)
    }

    /// Reads as of one moment, on a thread that may wait for the disk.
    pub(crate) async fn read<T, F>(&self, read: F) -> Result<T, Error>
    where
        T: Send + 'static,
        F: AsyncFnOnce(&mut Session) -> Result<T, LoadError> + Send + 'static,
    {
        const DOING: &str = "reading rows";
        let permit = self.readers.permits.clone().acquire_owned().await.doing(DOING)?;
        let (readers, here, span) = (self.readers.clone(), tokio::runtime::Handle::current(), tracing::Span::current());
        let work = move || {
            let (_permit, _span) = (permit, span.entered());
            let mut session = readers.take().doing(DOING)?;
            session.begin(Mode::Read).doing(DOING)?;
            let found = here.block_on(read(&mut session));
            session.rollback();
            readers.free().push(session);
            found.map_err(|error| match error {
                LoadError::Fault(fault) => Error::database(DOING)(Box::new(fault)),
                LoadError::Row(error) => error,
            })
        };
        tokio::task::spawn_blocking(work).await.doing(DOING)?
    }
}

#[cfg(test)]
mod tests;
