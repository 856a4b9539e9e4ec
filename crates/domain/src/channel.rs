//! Owns what a payment channel is to the rules: which kinds there are, and what one can say of a charge or a refund.
//! How it is said, and signed, is the business of the channels' adapters.

mod account;
mod event;
mod raw;

pub use account::{Account, Conditions, RefundRules, Refusal, Standing};
pub use event::{ChannelEvent, Digest, State};
pub use raw::RawAnswer;

use crate::Money;
use crate::names::names;
use crate::text::{ChannelNo, Code, Reference};

/// A kind of payment provider.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Kind {
    /// The simulator's own protocol.
    Sandbox,
    /// Alipay's open platform.
    Alipay,
    /// WeChat Pay, version 3.
    WechatPay,
    /// Stripe's payment intents.
    Stripe,
}

/// How the payer pays.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Method {
    /// On a page of the channel's, to which the browser is sent.
    Page,
    /// By scanning a code.
    Qr,
    /// By card, in a form of the merchant's page.
    Card,
}

/// What a payer does next.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum NextAction {
    /// Goes to this URL.
    Redirect(String),
    /// Scans this text as a code.
    QrCode(String),
    /// Completes a form that knows this secret.
    ClientSecret(String),
}

/// What a fact is about: our own number, as the channel repeats it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Subject {
    /// A charge, by its `out_trade_no`.
    Charge(Reference),
    /// A refund, by its `out_refund_no`.
    Refund(Reference),
}

/// What a channel says of a charge or a refund.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Verdict {
    /// It knows of none: it never arrived, or is not visible yet.
    NotFound,
    /// Neither money moved nor is it certain that none will.
    Pending,
    /// Money moved.
    Succeeded,
    /// It was refused; of a charge, the payer may still be let try again by the channel.
    Failed,
    /// It was given up before money moved.
    Closed,
    /// A charge succeeded and all of it was given back. Alipay's `TRADE_CLOSED` behind a full refund.
    Reversed,
    /// A charge succeeded, and some or all of it is on its way back: how much, its refunds tell. WeChat Pay's `REFUND`.
    Refunded,
    /// The payer's bank takes a charge back, or wants to. It says which by the channel's own number, and moves nothing here.
    Disputed,
}

/// What a channel said, in an answer, a callback, or a statement.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Fact {
    /// About what.
    pub subject: Subject,
    /// What.
    pub verdict: Verdict,
    /// How much: of a charge what was charged, of a refund what is given back.
    pub amount: Option<Money>,
    /// The channel's own number of it.
    pub channel_no: Option<ChannelNo>,
    /// The channel's own word for why.
    pub code: Option<Code>,
    /// Set where the message is signed well and yet speaks of somebody else's account, with what differs:
    /// `app_id 2014…`. It moves nothing.
    pub stranger: Option<Code>,
}

/// How a fact came to us.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Source {
    /// As the answer when the charge or refund was asked for.
    Answer,
    /// As the answer when the charge was to be closed.
    Closing,
    /// In a message that the channel sent by itself.
    Callback,
    /// As the answer to the question of this number.
    Query(u32),
    /// On a statement.
    Statement,
}

/// The way by which a fact came: its source, without the number of the question.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Way {
    /// See [`Source::Answer`].
    Answer,
    /// See [`Source::Closing`].
    Closing,
    /// See [`Source::Callback`].
    Callback,
    /// See [`Source::Query`].
    Query,
    /// See [`Source::Statement`].
    Statement,
}

impl Source {
    /// The way by which it came.
    pub const fn way(self) -> Way {
        match self {
            Self::Answer => Way::Answer,
            Self::Closing => Way::Closing,
            Self::Callback => Way::Callback,
            Self::Query(_) => Way::Query,
            Self::Statement => Way::Statement,
        }
    }

    /// The stable name.
    pub const fn name(self) -> &'static str {
        self.way().name()
    }

    /// True for what nobody asked for: it comes once for ever, whoever sends it again.
    pub const fn is_from_outside(self) -> bool {
        matches!(self, Self::Callback | Self::Statement)
    }
}

impl Subject {
    /// Our number of it.
    pub const fn reference(&self) -> &Reference {
        match self {
            Self::Charge(reference) | Self::Refund(reference) => reference,
        }
    }

    /// The stable name of what it is.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Charge(_) => "charge",
            Self::Refund(_) => "refund",
        }
    }
}

impl Kind {
    /// Every kind.
    pub const ALL: [Self; 4] = [Self::Sandbox, Self::Alipay, Self::WechatPay, Self::Stripe];
}

impl Verdict {
    /// Every verdict.
    pub const ALL: [Self; 8] = [
        Self::NotFound,
        Self::Pending,
        Self::Succeeded,
        Self::Failed,
        Self::Closed,
        Self::Reversed,
        Self::Refunded,
        Self::Disputed,
    ];
}

names!(Kind { Sandbox = "sandbox", Alipay = "alipay", WechatPay = "wechat_pay", Stripe = "stripe" });
names!(Method { Page = "page", Qr = "qr", Card = "card" });
names!(Way {
    Answer = "answer",
    Closing = "closing",
    Callback = "callback",
    Query = "query",
    Statement = "statement",
});
names!(Verdict {
    NotFound = "not_found",
    Pending = "pending",
    Succeeded = "succeeded",
    Failed = "failed",
    Closed = "closed",
    Reversed = "reversed",
    Refunded = "refunded",
    Disputed = "disputed",
});
