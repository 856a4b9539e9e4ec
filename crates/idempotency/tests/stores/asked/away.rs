//! Owns a store that is away for as long as a file says so. It knows nothing of what is behind it.

use std::path::PathBuf;
use std::time::Duration;

use async_trait::async_trait;
use idempotency::Answer;
use idempotency::protocol::{Begun, Doubt, Error, Finding, Lease, Name, Released, Request, Standing, Store, Written};
use idempotency::store::Ledger;

/// A store, and the file.
pub struct Away<S> {
    pub store: S,
    pub file: PathBuf,
}

impl<S: Store> Away<S> {
    fn here(&self) -> Result<&S, Error> {
        if self.file.exists() { Err(Error::Unavailable("it is away".to_owned())) } else { Ok(&self.store) }
    }
}

#[async_trait]
impl<S: Store> Store for Away<S> {
    async fn begin(&self, request: &Request) -> Result<Begun, Error> {
        self.here()?.begin(request).await
    }

    async fn renew(&self, lease: &Lease) -> Result<Written, Error> {
        self.here()?.renew(lease).await
    }

    async fn complete(&self, lease: &Lease, answer: &Answer) -> Result<Written, Error> {
        self.here()?.complete(lease, answer).await
    }

    async fn release(&self, lease: &Lease) -> Result<Released, Error> {
        self.here()?.release(lease).await
    }

    async fn doubt(&self, lease: &Lease) -> Result<Written, Error> {
        self.here()?.doubt(lease).await
    }

    async fn settle(&self, doubt: &Doubt, finding: &Finding, retention: Duration) -> Result<Written, Error> {
        self.here()?.settle(doubt, finding, retention).await
    }

    async fn standing(&self, name: &Name) -> Result<Option<Standing>, Error> {
        self.here()?.standing(name).await
    }

    async fn doubts(&self, limit: u32) -> Result<Vec<Doubt>, Error> {
        self.here()?.doubts(limit).await
    }

    async fn purge(&self, limit: u32) -> Result<u64, Error> {
        self.here()?.purge(limit).await
    }

    fn answer_bytes_max(&self) -> usize {
        self.store.answer_bytes_max()
    }

    fn ledger(&self) -> Option<&Ledger> {
        self.store.ledger()
    }
}
