//! Owns why a command on a payment is refused, in the order in which the rules are looked at.

use thiserror::Error;

use super::RefundStatus;
use crate::{Money, OrderNo, PaymentId, RefundId};

/// Why a command on a payment is refused. Each depends on state, so each but
/// [`Self::Unavailable`] is stored under the key.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum Refusal {
    /// No such payment.
    #[error("there is no payment {0}")]
    NotFound(PaymentId),
    /// No such refund.
    #[error("there is no refund {0}")]
    RefundNotFound(RefundId),
    /// The order's time to pay is over.
    #[error("the time to pay the order {0} is over")]
    OrderExpired(OrderNo),
    /// No account that is switched on takes this amount this way.
    #[error("no payment channel that is switched on takes {} {} this way", .0.minor, .0.currency)]
    NoChannel(Money),
    /// No account that takes the payment takes the URL that leads the payer back.
    #[error("the return_url has {length} characters, and this channel takes at most {most}")]
    ReturnUrlTooLong {
        /// So many has it, in bytes of its text.
        length: usize,
        /// The most that any of the accounts takes.
        most: usize,
    },
    /// None of the accounts that were asked for can be used now. Not stored: it may pass.
    #[error("no channel of this name or kind can be used; nothing was done")]
    Unavailable,
    /// An attempt through the same account is still running.
    #[error("the payment {0} is already under way; ask what became of it, or choose another channel")]
    InProgress(PaymentId),
    /// Enough was tried.
    #[error("the payment {0} was tried as often as it may be")]
    TooManyAttempts(PaymentId),
    /// Nothing was captured for the order.
    #[error("nothing of the payment {0} was captured that could be given back")]
    NotPaid(PaymentId),
    /// The amount is in another currency.
    #[error("the payment was made in another currency")]
    CurrencyMismatch,
    /// More than is left.
    #[error("{left} minor units are left to give back")]
    ExceedsCaptured {
        /// Minor units that are left.
        left: i64,
    },
    /// It is under way, or went back.
    #[error("the refund {0} did not fail for good")]
    NotFailed(RefundId),
    /// It does not wait for a second person, or does no more.
    #[error("the refund {refund} does not wait for approval: it is {status}")]
    NotAwaiting {
        /// Which.
        refund: RefundId,
        /// Where it stands.
        status: RefundStatus,
    },
    /// Who asked for it wants to let it go.
    #[error("the refund {0} was asked for by you: a second person has to let it go")]
    SecondPersonNeeded(RefundId),
    /// Somebody wants to reject it who neither asked for it nor may decide.
    #[error("the refund {0} was asked for by somebody else: only who may approve refunds rejects it")]
    NotDecider(RefundId),
    /// If-Match named another version of what the shop asks of refunds.
    #[error("what the shop asks of refunds has version {current}, not the one that If-Match names")]
    PolicyChanged {
        /// Its version now.
        current: u32,
    },
    /// The provider allows no more refunds of this charge.
    #[error("the channel allows {0} refunds of one charge, and there were as many")]
    TooManyRefunds(usize),
    /// The provider allows no refunds of a charge so old.
    #[error("the channel gives nothing back of a charge so old")]
    TooOld,
}
