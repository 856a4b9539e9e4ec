//! Owns how a storage fails: each call has a fate, drawn by whoever tests.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use domain::Needs;
use tokio::sync::Notify;

use super::{Memory, Transaction};
use crate::{Commit, Fault, Scope, Snapshot, Storage};

/// A call to the storage.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Call {
    /// [`Storage::load`].
    Load,
    /// [`Storage::commit`].
    Commit,
}

/// What becomes of a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    /// It is done.
    Fine,
    /// It is done, later.
    Slow(Duration),
    /// It is refused; nothing was applied, and it may be tried again.
    Retry,
    /// It is too much at once; nothing was applied.
    TooMuch,
    /// Nobody is there; nothing was applied.
    Unreachable,
    /// It is refused for good; nothing was applied.
    Rejected,
    /// The reply is lost. A load applies nothing; there it is a [`Fate::Retry`].
    Unknown(Landing),
    /// The storage is broken, its last write made or not.
    Fatal {
        /// True if the write was made.
        applied: bool,
    },
    /// The caller's process dies, its last write made or not. The call does not return.
    Crash {
        /// True if the write was made.
        applied: bool,
    },
}

/// When a commit whose reply was lost reaches the tables.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Landing {
    /// Never.
    Never,
    /// At once.
    Now,
    /// So much later, if nothing overtook it.
    After(Duration),
}

/// Draws fates and is told what came of them.
pub trait Faults: Send + Sync + 'static {
    /// The fate of this call.
    fn next(&self, call: Call) -> Fate;

    /// The call, or its late landing, is over; `applied` is true if a commit was.
    fn ended(&self, _call: Call, _fate: Fate, _applied: bool) {}
}

/// A memory that fails as it is told to.
pub struct Faulty<F> {
    memory: Memory,
    faults: Arc<F>,
    crashed: Arc<Notify>,
}

impl<F: Faults> Faulty<F> {
    /// A memory with these faults. `crashed` is notified when the caller's process is to die.
    pub fn new(memory: Memory, faults: F, crashed: Arc<Notify>) -> Self {
        Self { memory, faults: Arc::new(faults), crashed }
    }

    async fn die<T>(&self) -> T {
        self.crashed.notify_one();
        std::future::pending().await
    }

    fn land(&self, transaction: Transaction, commit: &Commit, fate: Fate) -> Result<(), Fault> {
        let result = self.memory.apply(transaction, commit);
        self.faults.ended(Call::Commit, fate, result.is_ok());
        result
    }

    /// The database goes on with a commit whose caller hears nothing any more.
    fn land_after(&self, pause: Duration, transaction: Transaction, commit: &Commit, fate: Fate) {
        let commit = Commit { records: commit.records.clone(), changes: commit.changes.clone() };
        let (memory, faults) = (self.memory.clone(), self.faults.clone());
        tokio::spawn(async move {
            tokio::time::sleep(pause).await;
            let applied = memory.apply(transaction, &commit).is_ok();
            faults.ended(Call::Commit, fate, applied);
        });
    }
}

impl<F: Faults> Storage for Faulty<F> {
    type Transaction = Transaction;

    async fn load(&self, needs: &Needs, scopes: &BTreeSet<Scope>) -> Result<(Transaction, Snapshot), Fault> {
        let fate = self.faults.next(Call::Load);
        self.faults.ended(Call::Load, fate, false);
        match fate {
            Fate::Fine => {}
            Fate::Slow(pause) => tokio::time::sleep(pause).await,
            Fate::Retry | Fate::Unknown(_) => return Err(Fault::Retry("injected".to_owned())),
            Fate::TooMuch => return Err(Fault::TooMuch("injected".to_owned())),
            Fate::Unreachable => return Err(Fault::Unreachable("injected".to_owned())),
            Fate::Rejected => return Err(Fault::Rejected("injected".to_owned())),
            Fate::Fatal { .. } => return Err(Fault::Fatal("injected".to_owned())),
            Fate::Crash { .. } => return self.die().await,
        }
        Ok(self.memory.open(needs, scopes))
    }

    async fn commit(&self, transaction: Transaction, commit: &Commit) -> Result<(), Fault> {
        let fate = self.faults.next(Call::Commit);
        match fate {
            Fate::Fine => return self.land(transaction, commit, fate),
            Fate::Slow(pause) => {
                tokio::time::sleep(pause).await;
                return self.land(transaction, commit, fate);
            }
            Fate::Unknown(Landing::Now) | Fate::Fatal { applied: true } | Fate::Crash { applied: true } => {
                // Refused or not, the reply does not arrive.
                let _lost = self.land(transaction, commit, fate);
            }
            Fate::Unknown(Landing::After(pause)) => self.land_after(pause, transaction, commit, fate),
            _ => self.faults.ended(Call::Commit, fate, false),
        }
        match fate {
            Fate::TooMuch => Err(Fault::TooMuch("injected".to_owned())),
            Fate::Unreachable => Err(Fault::Unreachable("injected".to_owned())),
            Fate::Rejected => Err(Fault::Rejected("injected".to_owned())),
            Fate::Unknown(_) => Err(Fault::Unknown("injected".to_owned())),
            Fate::Fatal { .. } => Err(Fault::Fatal("injected".to_owned())),
            Fate::Crash { .. } => self.die().await,
            _ => Err(Fault::Retry("injected".to_owned())),
        }
    }
}
