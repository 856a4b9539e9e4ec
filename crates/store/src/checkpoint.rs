//! Owns folding SQLite's write-ahead log into the file beside the commits, so that hardly any of them waits for it.
//!
//! Left alone, SQLite does it inside a commit: every few hundred milliseconds of load one batch waits 30 ms for some
//! thousand pages and their fsync. Here another connection carries most of it over while commits go on, and the
//! writer only the rest, so that the log begins again from its start.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, Ordering};

use engine::Fault;

use crate::{Doing, Error, Store, dialect};

/// How long the log may grow, in pages of 4 KiB, before the writer starts it over.
const LOG_PAGES_MAX: i64 = 16_384;

/// What the writer and the one that folds tell each other.
#[derive(Debug)]
pub(crate) struct Log {
    pages_max: i64,
    /// Something was committed since the last fold.
    written: AtomicBool,
    /// The log is long and all but its end is folded: the writer is to fold the rest.
    long: AtomicBool,
    /// The disk failed while the log was folded, and how.
    failed: OnceLock<String>,
}

impl Default for Log {
    fn default() -> Self {
        Self {
            pages_max: LOG_PAGES_MAX,
            written: AtomicBool::default(),
            long: AtomicBool::default(),
            failed: OnceLock::new(),
        }
    }
}

impl Log {
    /// `Err` once folding failed in a way that makes every later write doubtful. What was acknowledged is in the log;
    /// whether a page of the file is down nobody can say after a failed fsync, and the next one would not tell.
    pub(crate) fn trusted(&self) -> Result<(), Fault> {
        self.failed.get().map_or(Ok(()), |text| Err(Fault::Fatal(text.clone())))
    }

    fn note(&self, error: &sqlx::Error) {
        if let Fault::Fatal(text) = dialect::statement_fault(error) {
            self.failed.get_or_init(|| format!("the log could not be folded into the file: {text}"));
        }
    }
}

impl Store {
    /// Folds what was committed so far into the file. To be called a few times a second by one worker; costs nothing
    /// where nothing was written.
    pub async fn checkpoint(&self) -> Result<(), Error> {
        if !self.log.written.swap(false, Ordering::Relaxed) {
            return Ok(());
        }
        let folded = self.fold_most().await;
        if folded.is_err() {
            self.log.written.store(true, Ordering::Relaxed);
        }
        folded
    }

    async fn fold_most(&self) -> Result<(), Error> {
        if self.fold().await? > self.log.pages_max {
            // Commits came in meanwhile: again, so that little is left for the writer.
            self.fold().await?;
            self.log.long.store(true, Ordering::Relaxed);
        }
        Ok(())
    }

    /// Gives how long the log is, in pages.
    async fn fold(&self) -> Result<i64, Error> {
        let folded = sqlx::query_as(dialect::CHECKPOINT).fetch_one(&self.checkpointer).await;
        let folded = folded.inspect_err(|error| self.log.note(error));
        let (_, pages, _): (i64, i64, i64) = folded.doing("folding the log into the file")?;
        Ok(pages)
    }

    /// For the writer, behind a commit.
    pub(crate) async fn committed(&self) {
        self.log.written.store(true, Ordering::Relaxed);
        if !self.log.long.swap(false, Ordering::Relaxed) {
            return;
        }
        // The commit is durable whether this succeeds or not.
        if let Err(error) = sqlx::query(dialect::CHECKPOINT).execute(&self.writer).await {
            self.log.note(&error);
            tracing::warn!(%error, "the log could not be folded into the file; it goes on growing");
        }
    }
}

#[cfg(test)]
mod tests;
