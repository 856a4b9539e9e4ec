//! Owns the human queue: what no rule can settle, and a person has to look at.

use thiserror::Error;

use crate::names::names;
use crate::text::Resolution;
use crate::{ReviewId, TenantId, Timestamp};

/// Why a person has to look.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    /// A well-signed message whose amount, currency or account is not ours.
    Quarantined,
    /// An attempt or a refund of which the channel gave no word for as long as it is asked.
    Stuck,
    /// Money came when the order was closed; it is given back by itself.
    LatePayment,
    /// Money came twice; the second is given back by itself.
    DoublePayment,
    /// A refund that nobody asked for by hand failed.
    RefundFailed,
    /// A refund was found to have succeeded behind a failure that a question had confirmed.
    RefundRevived,
    /// Money moved under a number that nobody here knows.
    Unmatched,
    /// A payer's bank takes money back, or wants to: it is answered at the provider, in time.
    Disputed,
    /// The statement and our books differ.
    Difference,
    /// A message that cannot be performed, or an account whose charges are denied.
    Parked,
}

/// Something that a person has to look at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Review {
    /// Its id.
    pub id: ReviewId,
    /// Whose.
    pub tenant: TenantId,
    /// Why.
    pub kind: Kind,
    /// The id of what it is about, or the name of an account.
    pub subject: String,
    /// What was found, in words.
    pub detail: String,
    /// When.
    pub at: Timestamp,
    /// What was done about it, if anybody has looked.
    pub resolved: Option<Resolved>,
}

/// That somebody looked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Resolved {
    /// When.
    pub at: Timestamp,
    /// What they did, in their words.
    pub resolution: Resolution,
}

/// Why a review is not resolved.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum Refusal {
    /// No such review.
    #[error("there is no review {0}")]
    NotFound(ReviewId),
    /// Somebody was there before, and what they said stays.
    #[error("the review {0} was resolved before; what was said then stays")]
    Resolved(ReviewId),
}

impl Kind {
    /// Every reason.
    pub const ALL: [Self; 10] = [
        Self::Quarantined,
        Self::Stuck,
        Self::LatePayment,
        Self::DoublePayment,
        Self::RefundFailed,
        Self::RefundRevived,
        Self::Unmatched,
        Self::Disputed,
        Self::Difference,
        Self::Parked,
    ];
}

names!(Kind {
    Quarantined = "quarantined",
    Stuck = "stuck",
    LatePayment = "late_payment",
    DoublePayment = "double_payment",
    RefundFailed = "refund_failed",
    RefundRevived = "refund_revived",
    Unmatched = "unmatched",
    Disputed = "disputed",
    Difference = "difference",
    Parked = "parked",
});
