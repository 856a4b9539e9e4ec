//! Owns what can be wanted of an order's money, and what is told of it from outside.

use idempotency::Key;

use crate::channel::{Digest, Fact, Method, NextAction, RawAnswer, Source};
use crate::outbox::Task;
use crate::payment::{RefundLimits, RefundLine};
use crate::text::{ActorId, Code, RefundReason, Resolution};
use crate::{AttemptId, ChannelAccountId, Money, OrderNo, PaymentId, RefundId, ReviewId};

/// Try to collect what an order owes.
#[derive(Clone, Debug)]
pub struct StartPayment {
    /// Which order.
    pub order_no: OrderNo,
    /// The payment's id if it is the order's first attempt, made at intake.
    pub payment: PaymentId,
    /// The attempt's id, made from the request's key.
    pub attempt: AttemptId,
    /// What the provider is given as idempotency key, made from the request's key.
    pub provider_key: u128,
    /// Through which accounts it may go, the best one first; none where none that was asked for can be used now.
    pub candidates: Vec<ChannelAccountId>,
    /// How the payer pays; where it is not said, the usual way of the channel.
    pub method: Option<Method>,
    /// Where the channel sends the payer's browser afterwards.
    pub return_url: Option<String>,
}

/// Give money back.
#[derive(Clone, Debug)]
pub struct RefundPayment {
    /// Of which payment.
    pub payment: PaymentId,
    /// The refund's id, made from the request's key.
    pub refund: RefundId,
    /// What the provider is given as idempotency key, made from the request's key.
    pub provider_key: u128,
    /// How much, over zero; where it is not said, what the lines cost, or all that is left.
    pub amount: Option<Money>,
    /// Why, in words.
    pub reason: RefundReason,
    /// For which lines, each at most once.
    pub lines: Vec<RefundLine>,
    /// Who asks, and what they may ask for alone.
    pub asking: Asking,
}

/// Who asks for money to be given back, and how much they may without a second person, as the shop's policy had it when
/// the request came.
#[derive(Clone, Debug)]
pub struct Asking {
    /// Who, as others name them.
    pub by: ActorId,
    /// How much one may give back of one payment alone.
    pub limits: RefundLimits,
}

/// Let a refund go that somebody else asked for.
#[derive(Clone, Debug)]
pub struct ApproveRefund {
    /// Which.
    pub refund: RefundId,
    /// Who lets it go, as others name them.
    pub by: ActorId,
}

/// Let a refund not go; or take back what one asked for oneself.
#[derive(Clone, Debug)]
pub struct RejectRefund {
    /// Which.
    pub refund: RefundId,
    /// Who rejects it, as others name them.
    pub by: ActorId,
    /// Whether they may decide on what others asked for.
    pub may_decide: bool,
}

/// Change what the shop asks of refunds.
#[derive(Clone, Debug)]
pub struct SetRefundLimits {
    /// From now on.
    pub limits: RefundLimits,
    /// The version that If-Match names.
    pub expected_version: Option<u32>,
}

/// Give money back of which a refund failed for good: for the same reason, of the same attempt, so much and for the same
/// lines. Where the channel knew of none it is sent again under its own number, for what was sent before may yet arrive; where
/// the channel has it as failed, under a new one, for a failed one stays so. Of one that nobody asks about any more, or that
/// succeeded and was said to have failed since, the channel is asked anew. It waits for a second person where a new one would,
/// unless one let it go before.
#[derive(Clone, Debug)]
pub struct RetryRefund {
    /// The one that failed.
    pub failed: RefundId,
    /// What the provider is given as idempotency key where it is sent again under its own number; made from the request's key.
    pub provider_key: u128,
    /// Who asks, and what they may ask for alone.
    pub asking: Asking,
}

/// Ask the channels of a payment anew: about every attempt and refund of it whose end is not known and which nobody asks
/// about any more; or once more that such an attempt be closed, where that was asked for.
#[derive(Clone, Copy, Debug)]
pub struct QueryPayment {
    /// Which payment.
    pub payment: PaymentId,
}

/// Take note of what a channel said.
#[derive(Clone, Debug)]
pub struct ApplyChannelFact {
    /// Through which account.
    pub account: ChannelAccountId,
    /// How it came.
    pub source: Source,
    /// What.
    pub fact: Fact,
    /// What names it.
    pub digest: Digest,
    /// In which words, masked; none where the channel was not asked, or they are not at hand.
    pub raw: Option<RawAnswer>,
    /// What the payer does next, where the channel said so.
    pub action: Option<NextAction>,
    /// True where it was kept because nobody knew its number, and is tried again.
    pub is_again: bool,
}

impl ApplyChannelFact {
    /// Whether it is written down: what came by itself always, an answer where its words are there to be shown.
    pub fn is_kept(&self) -> bool {
        self.source.is_from_outside() || self.raw.is_some()
    }
}

impl RetryRefund {
    /// The new one's id: made from the one that failed, so that one failure is followed by one, however often and under
    /// whatever keys that is asked for.
    pub fn refund(&self) -> RefundId {
        RefundId::new(self.number("retry"))
    }

    /// What the provider is given as the new one's idempotency key.
    pub fn next_provider_key(&self) -> u128 {
        self.number("retry key")
    }

    /// The number of the one that failed is of its installation and tenant, and so is what is made from it.
    fn number(&self, purpose: &str) -> u128 {
        idempotency::derive(0, purpose, (0, 0), &Key::derived("retry", &self.failed.to_string()))
    }
}

/// Say what was done about something that a person had to look at. It moves no money and changes nothing else.
#[derive(Clone, Debug)]
pub struct ResolveReview {
    /// Which.
    pub review: ReviewId,
    /// What was done, in words.
    pub resolution: Resolution,
}

/// Switch an account with a provider on or off. What was begun there goes on.
#[derive(Clone, Copy, Debug)]
pub struct SwitchChannel {
    /// Which.
    pub account: ChannelAccountId,
    /// Whether new attempts go there.
    pub is_enabled: bool,
}

/// Take note that a channel gave no answer.
#[derive(Clone, Debug)]
pub struct NoteSilence {
    /// To which task.
    pub task: Task,
    /// Why, in a word.
    pub code: Option<Code>,
}
