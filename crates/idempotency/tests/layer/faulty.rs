//! Owns a store that fails as it is told to: it knows nothing of the layer.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use idempotency::Answer;
use idempotency::protocol::{Begun, Doubt, Error, Finding, Lease, Name, Released, Request, Standing, Store, Written};
use idempotency::store::Memory;

/// What a store is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Op {
    Begin,
    Look,
    Renew,
    Complete,
    Release,
    Doubt,
    Purge,
}

/// How it fails.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Fault {
    /// Nothing is done.
    Down,
    /// It is done, and nobody learns of it.
    LostReply,
    /// It is done after a while.
    Slow(Duration),
}

/// A store in the process, and what is wrong with it. Its nodes share it.
#[derive(Default)]
pub(crate) struct Faulty {
    pub(crate) memory: Arc<Memory>,
    is_without_transactions: bool,
    faults: Mutex<BTreeMap<Op, (Fault, u32)>>,
    asked: Mutex<BTreeMap<Op, u32>>,
}

impl Faulty {
    pub(crate) fn over(memory: Memory) -> Self {
        Self { memory: Arc::new(memory), ..Self::default() }
    }

    pub(crate) fn without_transactions() -> Self {
        Self { is_without_transactions: true, ..Self::default() }
    }

    /// From now on, so many times.
    pub(crate) fn fails(&self, op: Op, fault: Fault, times: u32) {
        self.faults.lock().expect("nobody panics under it").insert(op, (fault, times));
    }

    /// From now on, until it is mended.
    pub(crate) fn breaks(&self, op: Op, fault: Fault) {
        self.fails(op, fault, u32::MAX);
    }

    pub(crate) fn mend(&self) {
        self.faults.lock().expect("nobody panics under it").clear();
    }

    /// How often it was asked.
    pub(crate) fn asked(&self, op: Op) -> u32 {
        self.asked.lock().expect("nobody panics under it").get(&op).copied().unwrap_or_default()
    }

    fn fault(&self, op: Op) -> Option<Fault> {
        *self.asked.lock().expect("nobody panics under it").entry(op).or_default() += 1;
        let mut faults = self.faults.lock().expect("nobody panics under it");
        let (fault, times) = faults.get_mut(&op)?;
        if *times == 0 {
            return None;
        }
        *times -= 1;
        Some(*fault)
    }

    async fn ask<T>(&self, op: Op, asked: impl Future<Output = Result<T, Error>>) -> Result<T, Error> {
        match self.fault(op) {
            None => asked.await,
            Some(Fault::Down) => Err(Error::Unavailable("down for the test".to_owned())),
            Some(Fault::LostReply) => {
                asked.await?;
                Err(Error::Unresolved("the reply was lost for the test".to_owned()))
            }
            Some(Fault::Slow(time)) => {
                tokio::time::sleep(time).await;
                asked.await
            }
        }
    }
}

#[async_trait]
impl Store for Faulty {
    async fn begin(&self, request: &Request) -> Result<Begun, Error> {
        self.ask(Op::Begin, self.memory.begin(request)).await
    }

    async fn look(&self, request: &Request) -> Result<Option<Begun>, Error> {
        self.ask(Op::Look, self.memory.look(request)).await
    }

    async fn renew(&self, lease: &Lease) -> Result<Written, Error> {
        self.ask(Op::Renew, self.memory.renew(lease)).await
    }

    async fn complete(&self, lease: &Lease, answer: &Answer) -> Result<Written, Error> {
        self.ask(Op::Complete, self.memory.complete(lease, answer)).await
    }

    async fn release(&self, lease: &Lease) -> Result<Released, Error> {
        self.ask(Op::Release, self.memory.release(lease)).await
    }

    async fn doubt(&self, lease: &Lease) -> Result<Written, Error> {
        self.ask(Op::Doubt, self.memory.doubt(lease)).await
    }

    async fn settle(&self, doubt: &Doubt, finding: &Finding, retention: Duration) -> Result<Written, Error> {
        self.memory.settle(doubt, finding, retention).await
    }

    async fn standing(&self, name: &Name) -> Result<Option<Standing>, Error> {
        self.memory.standing(name).await
    }

    async fn doubts(&self, limit: u32) -> Result<Vec<Doubt>, Error> {
        self.memory.doubts(limit).await
    }

    async fn purge(&self, limit: u32) -> Result<u64, Error> {
        self.ask(Op::Purge, self.memory.purge(limit)).await
    }

    fn answer_bytes_max(&self) -> usize {
        self.memory.answer_bytes_max()
    }

    fn has_transactions(&self) -> bool {
        !self.is_without_transactions
    }
}
