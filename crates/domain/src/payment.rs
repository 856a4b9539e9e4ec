//! Owns the payment: one amount owed for one order, every attempt to collect it, and every refund of it.

mod approval;
mod attempt;
mod entry;
mod refund;
mod refusal;

pub use approval::{BadLimits, Decision, Party, RefundLimits, RefundPolicy};
pub use attempt::{Attempt, GIVEN_BACK, SILENCES_MAX, Status as AttemptStatus};
pub use entry::{Entry, Event, Step, Subject, transitions};
pub use refund::{Cause, DOUBTED, Refund, RefundLine, SENT_BACK, Status as RefundStatus};
pub use refusal::Refusal;

use std::collections::BTreeMap;

use crate::names::names;
use crate::order;
use crate::{AttemptId, Money, OrderNo, PaymentId, RefundId, TenantId, Timestamp};

/// The most attempts of one payment.
pub const ATTEMPTS_MAX: usize = 50;

/// Where a payment stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Status {
    /// The amount is still to be collected.
    Open,
    /// It was collected while the order waited for it.
    Paid,
    /// The order was given up first.
    Cancelled,
    /// The order's time ran out first.
    Expired,
}

/// One amount owed for one order. I-3: `refunded <= refund_reserved <= captured`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Payment {
    /// Whose.
    pub tenant: TenantId,
    /// Its id.
    pub id: PaymentId,
    /// For which order; an order has one payment.
    pub order_no: OrderNo,
    /// What is owed.
    pub amount: Money,
    /// Where it stands.
    pub status: Status,
    /// Minor units that all attempts together took.
    pub captured: i64,
    /// Minor units of all refunds that did not fail for good.
    pub refund_reserved: i64,
    /// Minor units that were given back.
    pub refunded: i64,
    /// Raised by each entry of its history.
    pub version: u32,
    /// When it was begun.
    pub created_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
    /// Oldest first.
    pub attempts: Vec<Attempt>,
    /// Oldest first.
    pub refunds: Vec<Refund>,
}

impl Payment {
    /// The attempt of this id.
    pub fn attempt(&self, id: AttemptId) -> Option<&Attempt> {
        self.attempts.iter().find(|attempt| attempt.id == id)
    }

    /// The refund of this id.
    pub fn refund(&self, id: RefundId) -> Option<&Refund> {
        self.refunds.iter().find(|refund| refund.id == id)
    }

    /// The attempts whose end is not known.
    pub fn live(&self) -> impl Iterator<Item = &Attempt> {
        self.attempts.iter().filter(|attempt| attempt.status.is_live())
    }

    /// Whether an attempt's money came late or twice: all of it goes back by itself, and it is nobody's to refund.
    pub fn is_excess(&self, attempt: &Attempt) -> bool {
        self.refunds.iter().any(|refund| refund.attempt == attempt.id && refund.cause != Cause::Requested)
    }

    /// Units of each line that are about to be given back.
    pub fn units_under_way(&self) -> BTreeMap<u32, i64> {
        let mut units = BTreeMap::new();
        for line in self.refunds.iter().filter(|refund| refund.status.is_under_way()).flat_map(|refund| &refund.lines) {
            *units.entry(line.line).or_default() += line.quantity;
        }
        units
    }

    /// What of an attempt's money is not reserved for refunds.
    pub fn refundable(&self, attempt: &Attempt) -> i64 {
        let of_it = self.refunds.iter().filter(|refund| refund.attempt == attempt.id && refund.status.reserves());
        attempt.captured - of_it.map(|refund| refund.amount).sum::<i64>()
    }

    /// Minor units that people asked to be given back, that no second person let go, and that are not free again.
    pub fn asked_alone(&self) -> i64 {
        let alone =
            |refund: &&Refund| refund.cause == Cause::Requested && refund.status.reserves() && !refund.is_approved();
        self.refunds.iter().filter(alone).map(|refund| refund.amount).fold(0, i64::saturating_add)
    }

    /// Writes a step down: the version rises, and the entry is given.
    pub(crate) fn note(&mut self, step: Step, cause: order::Cause<'_>) -> Entry {
        self.version += 1;
        self.updated_at = cause.at;
        Entry {
            tenant: self.tenant,
            payment: self.id,
            version: self.version,
            step,
            at: cause.at,
            principal: cause.principal,
            key: cause.key.clone(),
        }
    }
}

names!(Status { Open = "open", Paid = "paid", Cancelled = "cancelled", Expired = "expired" });

impl Status {
    /// Every status.
    pub const ALL: [Self; 4] = [Self::Open, Self::Paid, Self::Cancelled, Self::Expired];

    /// Where a payment goes from here; `None` where the table has no such cell.
    pub const fn on(self, event: Event) -> Option<Self> {
        match (self, event) {
            (Self::Open, Event::Pay) => Some(Self::Paid),
            (Self::Open, Event::Cancel) => Some(Self::Cancelled),
            (Self::Open, Event::Expire) => Some(Self::Expired),
            _ => None,
        }
    }
}
