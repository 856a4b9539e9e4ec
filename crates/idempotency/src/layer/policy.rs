//! Owns what is promised on a route, and under which conditions.

mod check;

use std::sync::Arc;
use std::time::Duration;

use http::StatusCode;

use super::{Guarantee, Reading, Resolver, Scope, Syntax};

pub use check::Misconfigured;

type FateOf = dyn Fn(StatusCode) -> Fate + Send + Sync;

/// What is promised on a route. Two constructors say the two things that have no default: the guarantee, and whose key a
/// key is.
#[derive(Clone)]
#[must_use]
pub struct Policy {
    pub(super) guarantee: Guarantee,
    pub(super) scope: Scope,
    pub(super) required: bool,
    pub(super) syntax: Syntax,
    pub(super) key_bits_min: Option<u32>,
    pub(super) reading: Reading,
    pub(super) reading_before: Option<Reading>,
    pub(super) lease: Duration,
    pub(super) handler_timeout: Duration,
    pub(super) retention: Duration,
    pub(super) windows: Vec<(String, Duration)>,
    pub(super) body_bytes_max: usize,
    pub(super) body_timeout: Duration,
    pub(super) answer_bytes_max: Option<usize>,
    pub(super) duplicates: Duplicates,
    pub(super) retry_after: Option<Duration>,
    pub(super) outage: Outage,
    pub(super) fate: Arc<FateOf>,
    pub(super) resolver: Option<Arc<dyn Resolver>>,
    pub(super) resolver_timeout: Duration,
    pub(super) streams: bool,
}

/// What becomes of a request that arrives while the same is running.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Duplicates {
    /// It waits so long for the answer of the one that runs, then it is told to come again. It holds no connection of the
    /// store's meanwhile.
    Attach {
        /// How long.
        wait: Duration,
    },
    /// It is told at once to come again.
    Refuse,
}

/// What becomes of requests while the store is not there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outage {
    /// They are refused; nothing is executed.
    Refuse,
    /// They are executed without a record: a repetition is executed again. Only for effects that bear it.
    Execute,
}

/// What becomes of an answer that the handler of an at-most-once route gave. A handler that says
/// [`NotStarted`](super::NotStarted) has decided itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    /// It is final: repetitions are answered the same.
    Keep,
    /// Nothing was done: the next to come is executed.
    Release,
    /// It may have been done, and the answer does not say so: nobody executes it again without proof.
    Doubt,
}

impl Policy {
    /// The handler writes the answer in the transaction of its effect, with [`Claim::complete`](super::Claim::complete):
    /// whoever dies leaves nothing behind, and the next to come may execute.
    pub fn transactional(scope: Scope) -> Self {
        Self::with(Guarantee::Transactional, scope)
    }

    /// The effect stands outside of the store's database. Who died may have done it, so it is not done again before
    /// somebody knows that it was not: see [`Policy::resolver`].
    pub fn at_most_once(scope: Scope) -> Self {
        Self::with(Guarantee::AtMostOnce, scope)
    }

    fn with(guarantee: Guarantee, scope: Scope) -> Self {
        Self {
            guarantee,
            scope,
            required: true,
            syntax: Syntax::Either,
            key_bits_min: None,
            reading: Reading::bytes(),
            reading_before: None,
            lease: Duration::from_mins(1),
            handler_timeout: Duration::from_secs(30),
            retention: Duration::from_hours(24),
            windows: Vec::new(),
            body_bytes_max: 1 << 20,
            body_timeout: Duration::from_secs(30),
            answer_bytes_max: None,
            duplicates: Duplicates::Attach { wait: Duration::from_secs(10) },
            retry_after: None,
            outage: Outage::Refuse,
            fate: Arc::new(fate),
            resolver: None,
            resolver_timeout: Duration::from_secs(10),
            streams: false,
        }
    }

    /// Requests without a key are executed, each for itself and without a record. A handler then asks for
    /// `Option<Claim>`.
    pub fn key_optional(self) -> Self {
        Self { required: false, ..self }
    }

    /// Which forms of the header are taken; both where nothing is set.
    pub fn syntax(self, syntax: Syntax) -> Self {
        Self { syntax, ..self }
    }

    /// Refuses keys of fewer than 16 characters, and those whose characters carry fewer bits than these: a key that is
    /// easily guessed, or used twice by chance, is none. A random UUID has about 130.
    pub fn min_entropy(self, bits: u32) -> Self {
        Self { key_bits_min: Some(bits), ..self }
    }

    /// What of the body makes a request another one; its bytes where nothing is set. Method, path, query and If-Match
    /// always do.
    pub fn fingerprint(self, reading: Reading) -> Self {
        Self { reading, ..self }
    }

    /// How the body was read before the last change of [`Policy::fingerprint`]: records of that time are recognised.
    /// Leave it there for one retention.
    pub fn fingerprint_before(self, reading: Reading) -> Self {
        Self { reading_before: Some(reading), ..self }
    }

    /// How long an executor may be silent before it counts as dead; one minute where nothing is set. At least the
    /// handler's time-out, so that nobody takes over from a handler that is within its time.
    pub fn lease(self, lease: Duration) -> Self {
        Self { lease, ..self }
    }

    /// After how long a handler is told to stop, and its client that the outcome is not known yet; 30 s where nothing is
    /// set. The handler is not cut off: a transaction that is dropped half-way is worse than one that is late.
    pub fn handler_timeout(self, limit: Duration) -> Self {
        Self { handler_timeout: limit, ..self }
    }

    /// How long an answer is kept; a day where nothing is set.
    pub fn retention(self, retention: Duration) -> Self {
        Self { retention, ..self }
    }

    /// The handler asks this provider under numbers of [`Claim::derive`](super::Claim::derive), which the provider
    /// remembers for `window`. The route is refused at set-up if its answers are not kept longer: a key forgotten here
    /// but known there would be another's.
    pub fn outlives(mut self, provider: &str, window: Duration) -> Self {
        self.windows.push((provider.to_owned(), window));
        self
    }

    /// The longest body of a request; 1 MiB where nothing is set. It is read whole before the handler runs.
    pub fn body_bytes_max(self, limit: usize) -> Self {
        Self { body_bytes_max: limit, ..self }
    }

    /// How long a body may take to arrive; 30 s where nothing is set.
    pub fn body_timeout(self, limit: Duration) -> Self {
        Self { body_timeout: limit, ..self }
    }

    /// The longest body of an answer that is kept; as long as the store keeps where nothing is set. Of a longer one,
    /// status, `Location` and `ETag` are kept, and it is never executed again.
    pub fn answer_bytes_max(self, limit: usize) -> Self {
        Self { answer_bytes_max: Some(limit), ..self }
    }

    /// What becomes of a duplicate of a running request; it waits for 10 s where nothing is set.
    pub fn duplicates(self, duplicates: Duplicates) -> Self {
        Self { duplicates, ..self }
    }

    /// The `Retry-After` of refused duplicates and unknown outcomes, in whole seconds; that of the problem where nothing is
    /// set.
    pub fn retry_after(self, after: Duration) -> Self {
        Self { retry_after: Some(after), ..self }
    }

    /// What becomes of requests while the store is not there; they are refused where nothing is set.
    pub fn outage(self, outage: Outage) -> Self {
        Self { outage, ..self }
    }

    /// Which answers are kept. Where nothing is set: 2xx to 4xx are kept but 401, 403 and 429, of which nothing is kept;
    /// after a 408 or a 5xx it is not known what was done. Whatever is set, a 5xx is never kept.
    pub fn fate(self, fate: impl Fn(StatusCode) -> Fate + Send + Sync + 'static) -> Self {
        Self { fate: Arc::new(fate), ..self }
    }

    /// Whom to ask what became of a request whose executor is gone. Without, only an operator ends a doubt.
    pub fn resolver(self, resolver: Arc<dyn Resolver>) -> Self {
        Self { resolver: Some(resolver), ..self }
    }

    /// How long the resolver may take; 10 s where nothing is set.
    pub fn resolver_timeout(self, limit: Duration) -> Self {
        Self { resolver_timeout: limit, ..self }
    }

    /// Says that the route answers with a stream: such a route is refused at set-up, as a stream cannot be given again.
    pub fn streams(self) -> Self {
        Self { streams: true, ..self }
    }

    /// What becomes of an answer with this status.
    pub(super) fn fate_of(&self, status: StatusCode) -> Fate {
        match (self.fate)(status) {
            Fate::Keep if status.is_server_error() || status.is_informational() => Fate::Doubt,
            fate => fate,
        }
    }
}

/// Who may not ask, or not now, has done nothing yet; who failed may have, and who was cut off by a time-out within too.
fn fate(status: StatusCode) -> Fate {
    match status.as_u16() {
        401 | 403 | 429 => Fate::Release,
        408 => Fate::Doubt,
        200..=499 => Fate::Keep,
        _ => Fate::Doubt,
    }
}
