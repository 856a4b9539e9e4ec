//! Owns what every case needs: requests with names of its own, what a store says to them, and waiting for time to pass.

use std::fmt::Debug;
use std::hash::{BuildHasher as _, RandomState};
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use tokio::time::{Instant, sleep};

use super::Nodes;
use crate::protocol::{Begun, Doubt, Error, Guarantee, Lease, Name, Request, Standing, Store};
use crate::{Answer, Fingerprint, Fingerprints, Key};

/// A lease, or a retention, whose end a case waits for.
pub(super) const SHORT: Duration = Duration::from_millis(300);
/// One that does not end before the case does.
pub(super) const LONG: Duration = Duration::from_mins(10);
/// How often a case asks whether time has passed, and for how long.
const ASK_EVERY: Duration = Duration::from_millis(20);
const ASK_FOR: Duration = Duration::from_secs(20);

/// What went wrong.
#[derive(Debug)]
pub(super) struct Wrong(pub(super) String);

pub(super) type Outcome = Result<(), Wrong>;

/// A store, and a scope that nobody used before.
pub(super) struct Ground {
    pub(super) store: Arc<dyn Store>,
    /// The same records, as another node has them.
    pub(super) there: Arc<dyn Store>,
    pub(super) scope: String,
}

impl From<Error> for Wrong {
    fn from(error: Error) -> Self {
        Self(format!("the store failed: {error}"))
    }
}

impl Ground {
    pub(super) fn new(nodes: &Nodes, case: &str) -> Self {
        // Runs may share a store, so what is picked is random, as a table of hashes begins.
        let scope = format!("{case}-{:016x}", RandomState::new().hash_one(case));
        Self { store: nodes.here.clone(), there: nodes.there.clone(), scope }
    }

    pub(super) fn name(&self, key: &str) -> Name {
        name(&self.scope, key)
    }

    /// A request of a transactional route, with times that do not end.
    pub(super) fn request(&self, key: &str) -> Request {
        Request {
            name: self.name(key),
            fingerprints: prints(1, 1),
            guarantee: Guarantee::Transactional,
            lease: LONG,
            retention: LONG,
        }
    }

    pub(super) fn at_most_once(&self, key: &str) -> Request {
        Request { guarantee: Guarantee::AtMostOnce, ..self.request(key) }
    }

    /// Begins what must be executed.
    pub(super) async fn execute(&self, request: &Request) -> Result<Lease, Wrong> {
        match self.store.begin(request).await? {
            Begun::Execute(lease) => Ok(lease),
            other => Err(Wrong(format!("{:?} was to be executed, and the store said {other:?}", request.name))),
        }
    }

    /// Begins what must be answered in this way.
    pub(super) async fn says(&self, request: &Request, expected: &Begun) -> Outcome {
        same("a request was answered", &self.store.begin(request).await?, expected)
    }

    /// Executes and completes a request.
    pub(super) async fn completed(&self, request: &Request, answer: &Answer) -> Result<Lease, Wrong> {
        let lease = self.execute(request).await?;
        done("completing", self.store.complete(&lease, answer).await?)?;
        Ok(lease)
    }

    /// Executes a request whose effect may have begun.
    pub(super) async fn doubted(&self, request: &Request) -> Result<Lease, Wrong> {
        let lease = self.execute(request).await?;
        done("doubting", self.store.doubt(&lease).await?)?;
        Ok(lease)
    }

    /// Waits until a lease that is begun now, as short as `length`, has ended by the store's clock: what was begun before
    /// it with the same length has ended too.
    pub(super) async fn pass(&self, length: Duration) -> Outcome {
        let mut request = self.request(&format!("pass-{:016x}", RandomState::new().hash_one(length)));
        request.lease = length;
        let first = self.execute(&request).await?;
        self.taken_over(&request, first.fence).await.map(drop)
    }

    /// Waits until somebody else's lease of a transactional record has ended, and has it.
    pub(super) async fn taken_over(&self, request: &Request, fence: i64) -> Result<Lease, Wrong> {
        let until = Instant::now() + ASK_FOR;
        loop {
            match self.store.begin(request).await? {
                Begun::Execute(lease) if lease.fence > fence => return Ok(lease),
                Begun::Execute(lease) => {
                    return Err(Wrong(format!("the fence went from {fence} to {}", lease.fence)));
                }
                Begun::Attach if Instant::now() < until => sleep(ASK_EVERY).await,
                other => return Err(Wrong(format!("a lease was to end, and the store said {other:?}"))),
            }
        }
    }

    /// Waits until what stands under a name is as expected.
    pub(super) async fn stands(&self, name: &Name, expected: Option<&Standing>) -> Outcome {
        let until = Instant::now() + ASK_FOR;
        loop {
            let found = self.store.standing(name).await?;
            if found.as_ref() == expected {
                return Ok(());
            }
            if Instant::now() >= until {
                return same("what stands under the key is", &found.as_ref(), &expected);
            }
            sleep(ASK_EVERY).await;
        }
    }

    /// The doubts of this case, in order.
    pub(super) async fn doubts(&self) -> Result<Vec<Doubt>, Wrong> {
        let mut doubts = self.store.doubts(10_000).await?;
        doubts.retain(|doubt| doubt.name.scope() == self.scope);
        Ok(doubts)
    }
}

pub(super) fn name(scope: &str, key: &str) -> Name {
    Name::new(scope, Key::from_stored(key)).expect("a case's scope is short")
}

/// What a request asks for, by one recipe.
pub(super) const fn prints(version: u8, fill: u8) -> Fingerprints {
    Fingerprints { current: print(version, fill), earlier: None }
}

pub(super) const fn print(version: u8, fill: u8) -> Fingerprint {
    Fingerprint { version, digest: [fill; 32] }
}

pub(super) fn answer(text: &str) -> Answer {
    let headers = vec![("content-type".to_owned(), "text/plain".to_owned())];
    Answer { status: 201, headers, body: Bytes::copy_from_slice(text.as_bytes()) }
}

pub(super) fn same<T: Debug + PartialEq>(what: &str, found: &T, expected: &T) -> Outcome {
    if found == expected { Ok(()) } else { Err(Wrong(format!("{what} {found:?}, and not {expected:?}"))) }
}

pub(super) fn that(holds: bool, otherwise: &str) -> Outcome {
    if holds { Ok(()) } else { Err(Wrong(otherwise.to_owned())) }
}

pub(super) fn done(what: &str, written: crate::protocol::Written) -> Outcome {
    same(what, &written, &crate::protocol::Written::Done)
}

pub(super) fn lost(what: &str, written: crate::protocol::Written) -> Outcome {
    same(what, &written, &crate::protocol::Written::Lost)
}
