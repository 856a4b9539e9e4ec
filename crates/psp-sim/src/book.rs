//! Owns the provider's own book: what was charged, refunded, answered and told, and when it is safe on the disk. It
//! does not know in which words a provider speaks of it.

mod entries;
mod journal;
mod pages;
mod rules;
#[cfg(test)]
mod tests;

use std::path::Path;
use std::sync::mpsc;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;

use tokio::sync::watch;

use crate::Error;
pub(crate) use entries::{Charge, Letter, Movement, Record, Refund, Saved, Status, Twist};
use journal::{Batch, Standing};
pub(crate) use pages::Pages;
pub(crate) use rules::{Asking, Refusal};

/// The book. Changes are made at once and in order; nobody is told of them before `settled`.
pub(crate) struct Book {
    open: Mutex<Open>,
    durable: watch::Receiver<Standing>,
}

struct Open {
    pages: Pages,
    issued: u64,
    writer: Option<(mpsc::Sender<Batch>, JoinHandle<()>)>,
}

/// The disk did not take what was written. The book is closed; nothing more is answered from it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Broken;

impl Book {
    /// Reads the journal again, drops a torn last line, and writes the ledger anew from it.
    pub(crate) fn open(folder: &Path) -> Result<Self, Error> {
        let mut pages = Pages::default();
        let file = journal::reread(folder, &mut pages)?;
        let ledger = journal::rewrite_ledger(folder, pages.movements())?;
        let (sender, receiver) = mpsc::channel();
        let (standing, durable) = watch::channel(Standing::Durable(0));
        let writer = std::thread::Builder::new()
            .name("psp-sim journal".to_owned())
            .spawn(move || journal::write(&receiver, file, ledger, &standing))
            .map_err(|error| Error::Folder { path: folder.to_owned(), source: error })?;
        Ok(Self { open: Mutex::new(Open { pages, issued: 0, writer: Some((sender, writer)) }), durable })
    }

    /// Changes the book in one step: all of it is in the journal, or nothing.
    pub(crate) fn change<T>(&self, change: impl FnOnce(&mut Pages) -> T) -> T {
        let mut open = self.lock();
        let value = change(&mut open.pages);
        let (records, movements) = open.pages.take_unwritten();
        if !records.is_empty() {
            open.issued += 1;
            let batch = Batch { number: open.issued, records, movements };
            if let Some((sender, _)) = &open.writer {
                // A writer that has ended says so to those who wait.
                let _ = sender.send(batch);
            }
        }
        value
    }

    /// Reads the book.
    pub(crate) fn read<T>(&self, read: impl FnOnce(&Pages) -> T) -> T {
        read(&self.lock().pages)
    }

    /// Waits until all that stood in the book when this was called is on the disk.
    pub(crate) async fn settled(&self) -> Result<(), Broken> {
        let issued = self.lock().issued;
        let mut durable = self.durable.clone();
        let reached = |standing: &Standing| match standing {
            Standing::Durable(number) => *number >= issued,
            Standing::Broken => true,
        };
        match durable.wait_for(reached).await.as_deref() {
            Ok(Standing::Durable(_)) => Ok(()),
            Ok(Standing::Broken) | Err(_) => Err(Broken),
        }
    }

    /// Whether the disk has failed.
    pub(crate) fn is_broken(&self) -> bool {
        matches!(*self.durable.borrow(), Standing::Broken)
    }

    /// Writes what is left and closes the files. It waits for the disk.
    pub(crate) fn close(&self) {
        let writer = self.lock().writer.take();
        if let Some((sender, thread)) = writer {
            drop(sender);
            if thread.join().is_err() {
                tracing::error!("the journal's writer broke off");
            }
        }
    }

    fn lock(&self) -> MutexGuard<'_, Open> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
