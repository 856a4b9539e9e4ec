//! Owns the history of a payment: every step of it, of its attempts and of its refunds, in one gapless row of versions.

use idempotency::Key;

use super::{AttemptStatus, RefundStatus, Status};
use crate::names::names;
use crate::{PaymentId, PrincipalId, TenantId, Timestamp};

/// What can happen to a payment, an attempt or a refund.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Event {
    /// It is written down.
    Begin,
    /// The channel has it.
    Submit,
    /// The channel has it and the payer has to act.
    RequireAction,
    /// No answer came.
    LoseSight,
    /// Money moved.
    Succeed,
    /// It is certain that none does.
    Fail,
    /// It is sent once more.
    Retry,
    /// It is to be sent once more, and waits for a second person.
    Hold,
    /// A second person let it go.
    Approve,
    /// Somebody did not, or whoever asked for it took that back.
    Reject,
    /// It was given up.
    Close,
    /// The amount is collected.
    Pay,
    /// The order was given up.
    Cancel,
    /// The order's time ran out.
    Expire,
}

/// Whose step it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Subject {
    /// The payment's.
    Payment,
    /// That of the attempt of this number.
    Attempt(u32),
    /// That of the refund of this number.
    Refund(u32),
}

/// One step.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Step {
    /// Whose.
    pub subject: Subject,
    /// What happened.
    pub event: Event,
    /// Where it stood; none for the first.
    pub from: Option<&'static str>,
    /// Where it stands behind it.
    pub to: &'static str,
}

/// A step as it is written down.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Whose.
    pub tenant: TenantId,
    /// Of which payment.
    pub payment: PaymentId,
    /// The payment's version behind it; gapless from 1.
    pub version: u32,
    /// What.
    pub step: Step,
    /// When.
    pub at: Timestamp,
    /// Who.
    pub principal: PrincipalId,
    /// Under which key.
    pub key: Key,
}

names!(Event {
    Begin = "begin",
    Submit = "submit",
    RequireAction = "require_action",
    LoseSight = "lose_sight",
    Succeed = "succeed",
    Fail = "fail",
    Retry = "retry",
    Hold = "hold",
    Approve = "approve",
    Reject = "reject",
    Close = "close",
    Pay = "pay",
    Cancel = "cancel",
    Expire = "expire",
});

impl Event {
    /// Every event.
    pub const ALL: [Self; 14] = [
        Self::Begin,
        Self::Submit,
        Self::RequireAction,
        Self::LoseSight,
        Self::Succeed,
        Self::Fail,
        Self::Retry,
        Self::Hold,
        Self::Approve,
        Self::Reject,
        Self::Close,
        Self::Pay,
        Self::Cancel,
        Self::Expire,
    ];
}

impl Subject {
    /// The stable name of its kind.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Payment => "payment",
            Self::Attempt(_) => "attempt",
            Self::Refund(_) => "refund",
        }
    }

    /// Its number within the payment; 0 for the payment itself.
    pub const fn number(self) -> u32 {
        match self {
            Self::Payment => 0,
            Self::Attempt(number) | Self::Refund(number) => number,
        }
    }
}

/// Every legal step as (subject, from, event, to); `from` is empty for the first.
pub fn transitions() -> Vec<(&'static str, &'static str, &'static str, &'static str)> {
    let mut cells = vec![
        ("payment", "", Event::Begin.name(), Status::Open.name()),
        ("attempt", "", Event::Begin.name(), AttemptStatus::Created.name()),
        ("refund", "", Event::Begin.name(), RefundStatus::Created.name()),
        ("refund", "", Event::Begin.name(), RefundStatus::AwaitingApproval.name()),
    ];
    for event in Event::ALL {
        let payment = Status::ALL.into_iter().map(|from| ("payment", from.name(), from.on(event).map(Status::name)));
        let attempt = AttemptStatus::ALL
            .into_iter()
            .map(|from| ("attempt", from.name(), from.on(event).map(AttemptStatus::name)));
        let refund =
            RefundStatus::ALL.into_iter().map(|from| ("refund", from.name(), from.on(event).map(RefundStatus::name)));
        let legal = payment.chain(attempt).chain(refund);
        cells.extend(legal.filter_map(|(subject, from, to)| Some((subject, from, event.name(), to?))));
    }
    cells
}
