//! Owns folding SQLite's write-ahead log into the file beside the commits, so that hardly any of them waits for it.
//!
//! Left alone, SQLite does it inside a commit: every few hundred milliseconds of load one batch waits 30 ms for some
//! thousand pages and their fsync. Here another connection carries most of it over while commits go on, and the
//! writer only the rest, so that the log begins again from its start.

use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};

use engine::Fault;
use tokio::sync::Mutex;

use super::session::{Folded, Mode, Session};

/// How long the log may grow, in pages of 4 KiB, before the writer starts it over.
pub(super) const LOG_PAGES_MAX: i64 = 32_768;

/// How many pages may be left for the writer, and how often it is tried to leave no more.
const LEFT_PAGES_MAX: i64 = 1_024;
const FOLDS_MAX: usize = 4;

/// What the writer and the one that folds tell each other.
#[derive(Debug)]
pub(crate) struct Log {
    folder: Arc<Mutex<Option<Session>>>,
    pages_max: i64,
    /// Something was committed since the last fold.
    written: AtomicBool,
    /// The log is long and all but its end is folded: the writer is to fold the rest.
    long: AtomicBool,
    /// The disk failed while the log was folded, and how.
    failed: OnceLock<String>,
}

impl Log {
    /// Opens the connection that folds.
    pub(super) fn open(file: &Path, pages_max: i64) -> Result<Self, rusqlite::Error> {
        Ok(Self {
            folder: Arc::new(Mutex::new(Some(Session::open(file, Mode::Write)?))),
            pages_max,
            written: AtomicBool::default(),
            long: AtomicBool::default(),
            failed: OnceLock::new(),
        })
    }

    pub(crate) async fn close(&self) {
        self.folder.lock().await.take();
    }

    /// `Err` once folding failed in a way that makes every later write doubtful. What was acknowledged is in the log;
    /// whether a page of the file is down nobody can say after a failed fsync, and the next one would not tell.
    pub(crate) fn trusted(&self) -> Result<(), Fault> {
        self.failed.get().map_or(Ok(()), |text| Err(Fault::Fatal(text.clone())))
    }

    /// For the writer, behind a commit, which is durable whether folding succeeds or not.
    pub(crate) fn committed(&self, writer: &mut Session) {
        self.written.store(true, Ordering::Relaxed);
        if !self.long.swap(false, Ordering::Relaxed) {
            return;
        }
        if let Err(fault) = writer.fold() {
            tracing::warn!(%fault, "the log could not be folded into the file; it goes on growing");
            self.note(&fault);
        }
    }

    /// Folds what was committed so far into the file. To be called about once a second by one worker; costs nothing
    /// where nothing was written.
    pub(crate) async fn checkpoint(&self) -> Result<(), Fault> {
        self.trusted()?;
        if !self.written.swap(false, Ordering::Relaxed) {
            return Ok(());
        }
        self.fold_most().await.inspect_err(|fault| {
            self.written.store(true, Ordering::Relaxed);
            self.note(fault);
        })
    }

    async fn fold_most(&self) -> Result<(), Fault> {
        let mut folded = self.fold().await?;
        if folded.pages <= self.pages_max {
            return Ok(());
        }
        // Commits came in meanwhile: again, each time fewer, until little is left for the writer.
        for _ in 0..FOLDS_MAX {
            if folded.left < LEFT_PAGES_MAX {
                break;
            }
            folded = self.fold().await?;
        }
        self.long.store(true, Ordering::Relaxed);
        Ok(())
    }

    async fn fold(&self) -> Result<Folded, Fault> {
        let mut folder = self.folder.clone().lock_owned().await;
        let fold = move || folder.as_mut().map_or(Ok(Folded::default()), Session::fold);
        // A panic of it is none of ours.
        tokio::task::spawn_blocking(fold).await.unwrap_or_else(|error| Err(Fault::Retry(error.to_string())))
    }

    fn note(&self, fault: &Fault) {
        if let Fault::Fatal(text) = fault {
            self.failed.get_or_init(|| format!("the log could not be folded into the file: {text}"));
        }
    }
}

#[cfg(test)]
mod tests;
