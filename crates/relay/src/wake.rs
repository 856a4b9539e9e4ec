//! Owns the wake-up: a storage that says, behind each commit that left something to be done outside, that there is
//! something. Never before it: what was not committed is not to be done.

use std::collections::BTreeSet;
use std::sync::Arc;

use domain::{Change, Needs};
use engine::{Commit, Fault, Scope, Snapshot, Storage};
use tokio::sync::Notify;

/// Another storage, with a bell.
pub struct Waking<S> {
    /// What stores.
    pub storage: S,
    /// Is rung.
    pub bell: Arc<Notify>,
}

impl<S: Storage> Storage for Waking<S> {
    type Transaction = S::Transaction;

    async fn load(&self, needs: &Needs, scopes: &BTreeSet<Scope>) -> Result<(S::Transaction, Snapshot), Fault> {
        self.storage.load(needs, scopes).await
    }

    async fn commit(&self, transaction: S::Transaction, commit: &Commit) -> Result<(), Fault> {
        let committed = self.storage.commit(transaction, commit).await;
        // A question for later wakes nobody: the poll finds it in its time.
        let now = |change: &Change| match change {
            Change::MessageQueued(message) => message.is_due_at_once(),
            _ => false,
        };
        if committed.is_ok() && commit.changes.iter().any(now) {
            self.bell.notify_one();
        }
        committed
    }
}
