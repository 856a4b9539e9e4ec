//! Owns the human queue: what no rule can settle, and a person has to look at.

use crate::names::names;
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
