//! Owns the protocol between who receives requests and a store of their keys: who executes, who waits, who is answered
//! again, and what may be written by whom. It knows no database and no HTTP library.
//!
//! A record's life:
//!
//! ```text
//!             begin                complete
//!   (nothing) ------> running(n) ------------> answered --- retention ends ---> (nothing)
//!      ^                |   |  \                   ^
//!      |    release     |   |   \ lease ends,      | complete by n, or settle(executed)
//!      +----------------+   |    \ at most once    |
//!                           |     `----------> unknown(n) -- settle(not executed) --> (nothing)
//!        lease ends,        |
//!        transactional      +--> running(n+1), for whoever begins next
//! ```
//!
//! A lease that ended at most once makes the record unknown by itself: nobody need come and see, and its holder cannot
//! renew it. The holder may still complete it, and may still release it until it says [`Store::doubt`]: it knows what it
//! did. A transactional lease that ended, and that nobody took over, may be renewed.
//!
//! Every write names the number of the lease it was given, the *fence*; a store applies it only while that number is
//! the record's. Time is the store's: no clock of a caller is ever compared with another's.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use thiserror::Error;

use crate::{Answer, Fingerprints, Key};

/// A key within its scope. The scope names who asks, so that no caller's key meets another's: an account, a tenant and
/// a user, whatever the service knows its callers by. At most [`Name::SCOPE_BYTES_MAX`] bytes.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Name {
    scope: Arc<str>,
    key: Key,
}

/// What a route promises about a request whose process dies while it is worked on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Guarantee {
    /// The answer is written in the transaction of the effect: who died left nothing behind, and the next to come may
    /// execute.
    Transactional,
    /// The effect stands outside of the store's transaction: who died may have done it, so the record becomes unknown,
    /// and is opened again only on proof.
    AtMostOnce,
}

/// What is asked of a store when a request arrives.
#[derive(Clone, Debug)]
pub struct Request {
    /// Under which key.
    pub name: Name,
    /// What is asked for.
    pub fingerprints: Fingerprints,
    /// What the route promises.
    pub guarantee: Guarantee,
    /// How long the executor may be silent before it counts as dead. It renews its lease while it lives.
    pub lease: Duration,
    /// How long the answer is kept, from when it was given. Another setting than the lease: it must outlive every
    /// retry that a client, or a provider that is asked under a derived key, may send.
    pub retention: Duration,
}

/// What a store says to a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Begun {
    /// Nobody did it: do it, and write under this lease.
    Execute(Lease),
    /// Somebody is doing it: wait, or come again.
    Attach,
    /// It was done: this is the answer.
    Replay(Answer),
    /// The key belongs to another request. Nothing of that one is told.
    KeyReused,
    /// Who did it is gone, and whether it was done is not known.
    Unknown(Doubt),
}

/// The right to execute a request, and to write its answer, while the fence is the record's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lease {
    /// Under which key.
    pub name: Name,
    /// Grows with each lease of a record, as long as the store's clock does not go back. Who passes it to a resource
    /// lets that resource refuse what comes late.
    pub fence: i64,
    /// What the route promises.
    pub guarantee: Guarantee,
    /// How long it lasts without being renewed.
    pub length: Duration,
    /// How long the answer is kept.
    pub retention: Duration,
}

/// A request of which nobody knows whether it was executed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Doubt {
    /// Under which key.
    pub name: Name,
    /// The fence of the lease under which it may have been executed.
    pub fence: i64,
}

/// What became of a write.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Written {
    /// It stands.
    Done,
    /// The record has another fence, or an answer already: nothing was written.
    Lost,
}

/// What became of a lease that was given back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Released {
    /// Nothing is kept: the next to come executes.
    Free,
    /// An answer stands there after all, written under this very lease: its commit succeeded, whoever thought otherwise.
    Answered(Answer),
    /// The record is somebody else's by now.
    Lost,
}

/// What is known of a request in doubt.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Finding {
    /// It was executed, and this is its answer.
    Executed(Answer),
    /// It was not executed, and cannot be any more: whoever asks next may.
    NotExecuted,
}

/// What stands under a key, for operators.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Standing {
    /// Somebody is doing it.
    Running {
        /// The fence of the lease.
        fence: i64,
        /// True if the lease has ended.
        overdue: bool,
    },
    /// It was done.
    Answered(Answer),
    /// Nobody knows.
    Unknown(Doubt),
}

/// Why a store could not do what it was asked.
#[derive(Debug, Error)]
pub enum Error {
    /// It could not be reached, or was too busy to look: nothing was written.
    #[error("the store of keys is not available: {0}")]
    Unavailable(String),
    /// It is there and was looked at, and has no room for the record, or others wrote it all the while: nothing was
    /// written. No outage, so nobody goes on without it.
    #[error("the store of keys could not give the record away: {0}")]
    Busy(String),
    /// The reply to a write was lost: it stands or it does not. Asking again tells.
    #[error("it is not known whether the store of keys wrote: {0}")]
    Unresolved(String),
    /// It answered with what cannot be: a table that is missing, a row that cannot be read, an answer that is too long.
    #[error("the store of keys is not in order: {0}")]
    Broken(String),
}

/// Keeps the records of keys. One store is shared by all nodes of a service.
///
/// Whatever implements this passes the tests of `idempotency::contract`.
#[async_trait]
pub trait Store: Send + Sync + 'static {
    /// Decides what a request is, and for at most one of those that ask at the same time, that it is to execute.
    /// Compares with [`crate::admit`] and nothing else.
    async fn begin(&self, request: &Request) -> Result<Begun, Error>;

    /// What [`Store::begin`] would say, and nothing is written; `None` where it would give the record away. For a request
    /// that may only learn what became of it. A store that cannot look knows of nothing, and such a request is refused.
    async fn look(&self, _request: &Request) -> Result<Option<Begun>, Error> {
        Ok(None)
    }

    /// Prolongs the lease by its length from now. [`Written::Lost`] tells the executor to stop.
    async fn renew(&self, lease: &Lease) -> Result<Written, Error>;

    /// Writes the answer. An executor whose lease ended but whose record nobody took over may still write it: it knows
    /// what others doubt.
    async fn complete(&self, lease: &Lease, answer: &Answer) -> Result<Written, Error>;

    /// Gives the lease back, where no effect began or the transaction of the effect was rolled back. Where an answer of
    /// this lease stands, it is given instead.
    async fn release(&self, lease: &Lease) -> Result<Released, Error>;

    /// Says that the effect may have begun and will not be completed by this executor: nobody executes it again
    /// without a [`Finding`].
    async fn doubt(&self, lease: &Lease) -> Result<Written, Error>;

    /// Ends a doubt with proof: from a resolver that asked whoever holds the effect, or from an operator. An answer is
    /// kept for `retention`.
    async fn settle(&self, doubt: &Doubt, finding: &Finding, retention: Duration) -> Result<Written, Error>;

    /// What stands under a key.
    async fn standing(&self, name: &Name) -> Result<Option<Standing>, Error>;

    /// Doubts that wait for proof, the oldest first, at most so many.
    async fn doubts(&self, limit: u32) -> Result<Vec<Doubt>, Error>;

    /// Removes at most so many records, and tells how many it were: answers whose retention has ended, and transactional
    /// leases that ended a day ago and more, as whoever held them left nothing behind. Doubts, and leases that may become
    /// one, are never removed.
    async fn purge(&self, limit: u32) -> Result<u64, Error>;

    /// The longest answer that it keeps: the body's bytes. A layer refuses to start with a greater limit of its own.
    fn answer_bytes_max(&self) -> usize;

    /// Whether a transaction of a handler's own can complete its records, through a [`CompleteIn`]. A layer refuses
    /// transactional routes where none can. Where nothing is said, those of the store's `ledger` can.
    fn has_transactions(&self) -> bool {
        #[cfg(feature = "sql")]
        return self.ledger().is_some();
        #[cfg(not(feature = "sql"))]
        return false;
    }

    /// Where a transaction of a handler's own can complete a record; `None` where there is no such transaction.
    #[cfg(feature = "sql")]
    fn ledger(&self) -> Option<&crate::store::Ledger> {
        None
    }
}

/// A transaction of a handler's own, in the database of the store: what is written in it stands when it is committed.
/// A store of somebody else's implements it for its own transactions.
pub trait CompleteIn: Send {
    /// As [`Store::complete`], within the transaction. After [`Written::Lost`], and after every error, it must be rolled
    /// back.
    fn complete_in(
        self,
        store: &dyn Store,
        lease: &Lease,
        answer: &Answer,
    ) -> impl Future<Output = Result<Written, Error>> + Send;
}

/// What the stores in SQL take: a `&mut` of sqlx's connection or transaction, or a `&sea_orm::DatabaseTransaction`.
#[cfg(feature = "sql")]
impl<T: crate::store::Transaction> CompleteIn for T {
    async fn complete_in(self, store: &dyn Store, lease: &Lease, answer: &Answer) -> Result<Written, Error> {
        match store.ledger() {
            Some(ledger) => ledger.complete(self, lease, answer).await,
            None => Err(Error::Broken("the store is not where a transaction could complete its records".to_owned())),
        }
    }
}

impl Name {
    /// The longest scope, in bytes: with the key it fits an index of every database.
    pub const SCOPE_BYTES_MAX: usize = 255;

    /// A key within a scope; `None` where the scope is too long.
    pub fn new(scope: &str, key: Key) -> Option<Self> {
        (scope.len() <= Self::SCOPE_BYTES_MAX).then(|| Self { scope: scope.into(), key })
    }

    /// Who asks.
    pub fn scope(&self) -> &str {
        &self.scope
    }

    /// Under which key.
    pub const fn key(&self) -> &Key {
        &self.key
    }
}

impl Guarantee {
    /// As it stands in `Idempotency-Status`, in policies and in records.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Transactional => "transactional",
            Self::AtMostOnce => "at-most-once",
        }
    }
}

impl fmt::Display for Guarantee {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// Whole, so that it can be found: a scope is no place for a secret.
impl fmt::Debug for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}/{}", self.scope, self.key)
    }
}
