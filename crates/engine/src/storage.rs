//! Owns what the engine asks of a storage: two calls, one transaction between them, and an honest word on how it
//! ended.

use std::collections::{BTreeSet, HashMap};

use domain::{Change, Needs, Origin, PrincipalId, State, TenantId};
use idempotency::{Fingerprint, Key, Record};
use thiserror::Error;

/// The space in which a key is unique.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Scope {
    /// Whose.
    pub tenant: TenantId,
    /// Who used it.
    pub principal: PrincipalId,
    /// The key.
    pub key: Key,
}

/// What was loaded for a batch, as of one moment, and locked where others could change it.
#[derive(Debug, Default)]
pub struct Snapshot {
    /// The rows.
    pub state: State,
    /// The records of the batch's keys that exist.
    pub records: HashMap<Scope, Record>,
    /// The keys whose order lives and whose answer was purged, each with the fingerprint of its request.
    pub spent: HashMap<Scope, Fingerprint>,
}

/// A record to be stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewRecord {
    /// Under which key.
    pub scope: Scope,
    /// What.
    pub record: Record,
    /// True if an older record under this key is to give way (a derived key whose answer became history).
    pub replaces: bool,
    /// What the row is to its request.
    pub kind: RecordKind,
    /// How the request came in that was executed.
    pub origin: Origin,
}

/// What a record is to its request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RecordKind {
    /// It stands under the request's own key.
    Own,
    /// A copy under another name of the request, which is a name of what it made for as long as that is.
    Name,
    /// A copy under a name that counts for some time.
    PassingName,
}

/// What one transaction writes: all of it or nothing.
#[derive(Debug, Default)]
pub struct Commit {
    /// The records of the keys, each with the outcome.
    pub records: Vec<NewRecord>,
    /// What the commands change, in their order.
    pub changes: Vec<Change>,
}

/// How a transaction went wrong. The text is for the log, never for a client.
#[derive(Debug, Error)]
pub enum Fault {
    /// Nothing was applied and doing it again may help: a conflict, a lock, a lost connection before COMMIT.
    #[error("not applied, may be tried again: {0}")]
    Retry(String),
    /// Nothing was applied: it was too large, or took longer than it may. A part of it may do.
    #[error("not applied, too much at once: {0}")]
    TooMuch(String),
    /// Nothing was applied and nobody is there who could: a server that is down, or a network. Doing less will not help.
    #[error("not applied, the storage does not answer: {0}")]
    Unreachable(String),
    /// Nothing was applied and doing the same again will not help: a constraint said no.
    #[error("not applied, refused by the storage: {0}")]
    Rejected(String),
    /// COMMIT was sent and its answer lost. Resolved by running the same commands again under the same keys.
    #[error("it is not known whether it was applied: {0}")]
    Unknown(String),
    /// The storage cannot be trusted with another write: a failed fsync, a full disk, damage. `applied` may be
    /// unknown too; the keys will tell after a restart.
    #[error("the storage failed for good: {0}")]
    Fatal(String),
}

/// A storage with transactions. SQL, and memory with injected faults.
pub trait Storage: Send + Sync + 'static {
    /// An open transaction; dropped, it is rolled back.
    type Transaction: Send;

    /// Opens a transaction, and loads these rows and the records of these keys.
    fn load(
        &self,
        needs: &Needs,
        scopes: &BTreeSet<Scope>,
    ) -> impl Future<Output = Result<(Self::Transaction, Snapshot), Fault>> + Send;

    /// Writes and commits. On `Ok` it is durable.
    fn commit(&self, transaction: Self::Transaction, commit: &Commit)
    -> impl Future<Output = Result<(), Fault>> + Send;
}
