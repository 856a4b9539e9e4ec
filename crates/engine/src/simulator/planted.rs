//! Owns the planted bugs. Each is a mistake that somebody makes one day; the simulator must find every one of them.
//! The product has no hooks for them: they wrap its storage, or its executor.

mod execute;

use std::collections::BTreeSet;
use std::fmt;

use domain::Needs;

use crate::{Commit, Fault, Scope, Snapshot, Storage};

pub(super) use execute::RiggedExecute;

/// A mistake.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Planted {
    /// The changes are committed without the key's record.
    RecordDropped,
    /// The change is made before the key is looked at.
    AppliedBeforeAdmitted,
    /// A lost reply is taken for a refusal.
    UnknownTakenForFailed,
    /// Cancelling gives the stock back twice.
    StockReleasedTwice,
    /// A rerun stamps new ids on its commands.
    IdsMadeInRetryLoop,
    /// A key is not compared with the request.
    FingerprintSkipped,
    /// A retry is told another answer than the first: made anew, not stored.
    AnswerMadeAnew,
    /// A transaction that was overtaken writes all the same.
    ConflictIgnored,
    /// A one-time token is looked at, and not used up.
    TokenNotClaimed,
    /// Who comes with a token that another request used is served all the same.
    TokenTakenForFree,
    /// Nobody looks when a token ends, or whether there must be one.
    TokenUnchecked,
    /// What is the same for some time has one name, of the time's own piece, and not that of the next as well.
    NextPieceForgotten,
    /// The end of an order's waiting does not free its member's place.
    SlotNotFreed,
    /// A channel is asked for a refund that waits for a second person.
    RefundSentUnapproved,
    /// Who has a member's turn, and found no record in it, does not look at the key any more.
    TurnTrusted,
}

impl Planted {
    /// Every planted bug.
    pub const ALL: [Self; 15] = [
        Self::RecordDropped,
        Self::AppliedBeforeAdmitted,
        Self::UnknownTakenForFailed,
        Self::StockReleasedTwice,
        Self::IdsMadeInRetryLoop,
        Self::FingerprintSkipped,
        Self::AnswerMadeAnew,
        Self::ConflictIgnored,
        Self::TokenNotClaimed,
        Self::TokenTakenForFree,
        Self::TokenUnchecked,
        Self::NextPieceForgotten,
        Self::SlotNotFreed,
        Self::RefundSentUnapproved,
        Self::TurnTrusted,
    ];
}

impl fmt::Display for Planted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self, f)
    }
}

/// A storage, with a bug where one is planted.
pub(super) struct RiggedStorage<S> {
    real: S,
    planted: Option<Planted>,
}

impl<S> RiggedStorage<S> {
    pub(super) const fn new(real: S, planted: Option<Planted>) -> Self {
        Self { real, planted }
    }
}

impl<S: Storage> Storage for RiggedStorage<S> {
    type Transaction = S::Transaction;

    async fn load(&self, needs: &Needs, scopes: &BTreeSet<Scope>) -> Result<(S::Transaction, Snapshot), Fault> {
        self.real.load(needs, scopes).await
    }

    async fn commit(&self, transaction: S::Transaction, commit: &Commit) -> Result<(), Fault> {
        match self.planted {
            Some(Planted::RecordDropped) => {
                let commit = Commit { records: Vec::new(), changes: commit.changes.clone() };
                self.real.commit(transaction, &commit).await
            }
            Some(Planted::UnknownTakenForFailed) => match self.real.commit(transaction, commit).await {
                Err(Fault::Unknown(why)) => Err(Fault::Rejected(why)),
                ended => ended,
            },
            Some(Planted::ConflictIgnored) => {
                drop(transaction);
                let (transaction, _) = self.real.load(&Needs::default(), &BTreeSet::new()).await?;
                self.real.commit(transaction, commit).await
            }
            _ => self.real.commit(transaction, commit).await,
        }
    }
}
