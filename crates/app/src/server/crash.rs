//! Owns dying on purpose, at a chosen point: before or behind a commit, before or behind a call to a provider. Tests start
//! a server once for each point there is.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use async_trait::async_trait;
use channels::{
    Acknowledgement, Callback, Channel, Charge, Failure, Heard, Learned, Notice, Opened, Receipt, Rejected, Reversal,
    StatementLine,
};
use domain::Needs;
use domain::channel::{Kind, Method};
use engine::{Commit, Fault, Scope, Snapshot, Storage};

/// Counts points, and dies at one of them.
#[derive(Debug)]
pub(super) struct Points {
    passed: AtomicU64,
    /// The point to die at, counted from one; never, where it is zero.
    last: u64,
}

impl Points {
    pub(super) fn new(last: u64) -> Arc<Self> {
        Arc::new(Self { passed: AtomicU64::new(0), last })
    }

    /// No chance to tidy up, as with SIGKILL.
    fn pass(&self) {
        if self.passed.fetch_add(1, Ordering::SeqCst) + 1 == self.last {
            std::process::abort();
        }
    }
}

/// A storage that may take its process along.
pub(super) struct Mortal<S> {
    pub(super) storage: S,
    pub(super) points: Arc<Points>,
}

impl<S: Storage> Storage for Mortal<S> {
    type Transaction = S::Transaction;

    async fn load(&self, needs: &Needs, scopes: &BTreeSet<Scope>) -> Result<(S::Transaction, Snapshot), Fault> {
        self.storage.load(needs, scopes).await
    }

    async fn commit(&self, transaction: S::Transaction, commit: &Commit) -> Result<(), Fault> {
        self.points.pass();
        let committed = self.storage.commit(transaction, commit).await;
        self.points.pass();
        committed
    }
}

/// A provider's account whose calls may take the process along.
pub(super) struct MortalChannel {
    pub(super) channel: Arc<dyn Channel>,
    pub(super) points: Arc<Points>,
}

impl MortalChannel {
    async fn around<T>(&self, call: impl Future<Output = T>) -> T {
        self.points.pass();
        let answer = call.await;
        self.points.pass();
        answer
    }
}

#[async_trait]
impl Channel for MortalChannel {
    fn kind(&self) -> Kind {
        self.channel.kind()
    }

    fn is_made_here(&self, method: Method) -> bool {
        self.channel.is_made_here(method)
    }

    async fn charge(&self, charge: &Charge) -> Result<Opened, Failure> {
        self.around(self.channel.charge(charge)).await
    }

    async fn query(&self, charge: &Charge) -> Result<Heard, Failure> {
        self.around(self.channel.query(charge)).await
    }

    async fn close(&self, charge: &Charge) -> Result<Heard, Failure> {
        self.around(self.channel.close(charge)).await
    }

    async fn refund(&self, reversal: &Reversal) -> Result<Heard, Failure> {
        self.around(self.channel.refund(reversal)).await
    }

    async fn query_refund(&self, reversal: &Reversal) -> Result<Heard, Failure> {
        self.around(self.channel.query_refund(reversal)).await
    }

    fn read(&self, callback: &Callback<'_>) -> Result<Notice, Rejected> {
        self.channel.read(callback)
    }

    async fn learn(&self, callback: &Callback<'_>) -> Learned {
        self.channel.learn(callback).await
    }

    fn acknowledge(&self, receipt: Receipt) -> Acknowledgement {
        self.channel.acknowledge(receipt)
    }

    async fn statement(&self, day: &str) -> Result<Vec<u8>, Failure> {
        self.channel.statement(day).await
    }

    fn read_statement(&self, file: &[u8]) -> Result<Vec<StatementLine>, Rejected> {
        self.channel.read_statement(file)
    }
}
