//! Owns a storage that fails when it is told to, around the real one.

use std::collections::{BTreeSet, VecDeque};
use std::sync::{Arc, Mutex, PoisonError};

use domain::Needs;
use engine::{Commit, Fault, Scope, Snapshot, Storage};
use store::Store;
use tokio::sync::watch;

use super::PATIENCE;

/// What becomes of one commit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Step {
    /// It is applied, and so it is told.
    Apply,
    /// It is refused, and may be tried again: a deadlock, a lost connection.
    Conflict,
    /// It is refused for good: a constraint.
    Refuse,
    /// It is applied, and its reply is lost.
    LoseReply,
    /// It is not applied, and nobody is told.
    LoseCommit,
    /// The disk is broken.
    Break,
}

/// The hand on the storage. Clones share it.
#[derive(Clone)]
pub(crate) struct Faults(Arc<Inner>);

struct Inner {
    steps: Mutex<VecDeque<Step>>,
    /// True: commits wait.
    held: watch::Sender<bool>,
    /// How many commits wait.
    waiting: watch::Sender<usize>,
    /// True: nothing can be loaded.
    down: watch::Sender<bool>,
    /// How many transactions were opened.
    loads: watch::Sender<usize>,
}

/// The real storage with faults.
pub(crate) struct Faulty {
    pub(crate) store: Store,
    pub(crate) faults: Faults,
}

impl Faults {
    pub(crate) fn new() -> Self {
        Self(Arc::new(Inner {
            steps: Mutex::default(),
            held: watch::Sender::new(false),
            waiting: watch::Sender::new(0),
            down: watch::Sender::new(false),
            loads: watch::Sender::new(0),
        }))
    }

    /// The next commits go this way, one step each.
    pub(crate) fn next(&self, steps: impl IntoIterator<Item = Step>) {
        self.0.steps.lock().unwrap_or_else(PoisonError::into_inner).extend(steps);
    }

    /// How many of these steps did not come yet.
    pub(crate) fn left(&self) -> usize {
        self.0.steps.lock().unwrap_or_else(PoisonError::into_inner).len()
    }

    /// From now on commits wait.
    pub(crate) fn hold(&self) {
        self.0.held.send_replace(true);
    }

    /// Lets waiting and later commits go on.
    pub(crate) fn release(&self) {
        self.0.held.send_replace(false);
    }

    /// Waits until a commit is held.
    pub(crate) async fn holding(&self) {
        let mut waiting = self.0.waiting.subscribe();
        let held = tokio::time::timeout(PATIENCE, waiting.wait_for(|count| *count > 0)).await;
        held.expect("a commit comes in time").expect("the storage lives");
    }

    /// From now on nothing can be loaded, or everything again.
    pub(crate) fn set_down(&self, down: bool) {
        self.0.down.send_replace(down);
    }

    /// How many transactions were opened so far.
    pub(crate) fn loads(&self) -> usize {
        *self.0.loads.borrow()
    }
}

impl Storage for Faulty {
    type Transaction = store::Transaction;

    async fn load(&self, needs: &Needs, scopes: &BTreeSet<Scope>) -> Result<(Self::Transaction, Snapshot), Fault> {
        self.faults.0.loads.send_modify(|loads| *loads += 1);
        if *self.faults.0.down.borrow() {
            return Err(Fault::Retry("the test took the storage away".to_owned()));
        }
        self.store.load(needs, scopes).await
    }

    async fn commit(&self, transaction: Self::Transaction, commit: &Commit) -> Result<(), Fault> {
        if commit.records.is_empty() {
            return self.store.commit(transaction, commit).await;
        }
        let inner = &self.faults.0;
        inner.waiting.send_modify(|waiting| *waiting += 1);
        let mut held = inner.held.subscribe();
        if held.wait_for(|held| !held).await.is_err() {
            return Err(Fault::Fatal("the test is over".to_owned()));
        }
        inner.waiting.send_modify(|waiting| *waiting -= 1);
        let step = inner.steps.lock().unwrap_or_else(PoisonError::into_inner).pop_front();
        let planned = || "planned by the test".to_owned();
        match step {
            None | Some(Step::Apply) => self.store.commit(transaction, commit).await,
            Some(Step::LoseReply) => {
                self.store.commit(transaction, commit).await?;
                Err(Fault::Unknown(planned()))
            }
            Some(Step::LoseCommit) => Err(Fault::Unknown(planned())),
            Some(Step::Conflict) => Err(Fault::Retry(planned())),
            Some(Step::Refuse) => Err(Fault::Rejected(planned())),
            Some(Step::Break) => Err(Fault::Fatal(planned())),
        }
    }
}
