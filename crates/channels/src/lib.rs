//! Payment providers: signs and verifies, builds requests, reads answers, callbacks and statements. It decides
//! nothing: what a provider said becomes a [`Fact`], and the rules are asked.

mod alipay;
mod amount;
mod ask;
mod clock;
mod directory;
mod fact;
mod failure;
mod form;
mod health;
mod open;
mod raw;
mod sandbox;
mod secret;
mod settings;
mod sign;
mod stripe;
#[cfg(test)]
mod tests;
mod wechat;

use std::time::Duration;

use async_trait::async_trait;
use domain::channel::{Fact, Kind, Method, NextAction, RawAnswer, Verdict};
use domain::{Money, Timestamp};
use thiserror::Error;

pub use directory::{Directory, Entry, Listed, Wanted};
pub use failure::Failure;
pub use health::{Health, Report};
pub use open::{moved, open};

/// How long a provider has to answer one request.
pub const ANSWER_MAX: Duration = Duration::from_secs(10);

/// What is asked of a channel: let somebody pay so much.
#[derive(Clone, Debug)]
pub struct Charge {
    /// Our number of it; 30 characters. The same charge is always asked for under the same number.
    pub out_trade_no: String,
    /// Derived from the caller's key; 32 hexadecimal characters. Providers with a header for it are sent it.
    pub provider_key: String,
    /// The channel's own number, once it is known.
    pub channel_no: Option<String>,
    /// How much.
    pub amount: Money,
    /// What the payer reads.
    pub subject: String,
    /// How the payer pays.
    pub method: Method,
    /// Where the channel sends its callbacks.
    pub notify_url: String,
    /// Where the channel sends the payer's browser afterwards.
    pub return_url: Option<String>,
    /// From then on it should not be paid any more.
    pub expires_at: Timestamp,
}

/// What is asked of a channel: give so much of a charge back.
#[derive(Clone, Debug)]
pub struct Reversal {
    /// Our number of it; 30 characters. The same refund is always asked for under the same number, also behind a failure.
    pub out_refund_no: String,
    /// Derived from the caller's key; 32 hexadecimal characters.
    pub provider_key: String,
    /// The channel's own number of the refund, once it is known.
    pub channel_no: Option<String>,
    /// Our number of the charge.
    pub out_trade_no: String,
    /// The channel's own number of the charge.
    pub charge_no: Option<String>,
    /// How much is given back.
    pub amount: Money,
    /// How much was charged.
    pub charged: Money,
    /// Why.
    pub reason: String,
    /// Where the channel sends its callbacks.
    pub notify_url: String,
}

/// What a channel answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Heard {
    /// What it said.
    pub fact: Fact,
    /// In which words, masked; none where it was not asked.
    pub raw: Option<RawAnswer>,
}

/// What a channel answered to a charge.
#[derive(Clone, Debug)]
pub struct Opened {
    /// What it said.
    pub heard: Heard,
    /// What the payer does next.
    pub action: Option<NextAction>,
}

/// A callback as it came in.
#[derive(Clone, Debug)]
pub struct Callback<'a> {
    /// Header names in lower case, with their values.
    pub headers: &'a [(String, String)],
    /// The body, byte for byte.
    pub body: &'a [u8],
    /// When it came.
    pub at: Timestamp,
}

/// Why a callback is not believed. Nothing of it may be acted on.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum Rejected {
    /// The signature is missing, of an unknown key, or wrong.
    #[error("the signature does not hold: {0}")]
    Signature(String),
    /// Its time is too far from ours: somebody may play an old message again.
    #[error("the message is of another time: {0}")]
    Stale(String),
    /// Signed or not, it is no message of this channel.
    #[error("not a message of this channel: {0}")]
    Malformed(String),
}

impl Rejected {
    /// The stable name of why.
    pub const fn reason(&self) -> &'static str {
        match self {
            Self::Signature(_) => "signature",
            Self::Stale(_) => "stale",
            Self::Malformed(_) => "malformed",
        }
    }
}

/// What a callback says.
#[derive(Clone, Debug)]
pub enum Notice {
    /// Something of a charge or a refund.
    Fact {
        /// What it says.
        fact: Fact,
        /// In which words, masked.
        raw: RawAnswer,
        /// The provider's own number of the message, where it has one: the same each time that the message is sent, and
        /// another where the same is said anew.
        event: Option<String>,
    },
    /// Well signed and of no concern: an event that is not looked at.
    Ignored(String),
}

/// What came of fetching what may be missing to believe a callback.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Learned {
    /// Nothing is missing, or it is not to be had: the callback is what it is.
    Nothing,
    /// Reading the callback again may end otherwise.
    Something,
    /// Somebody else is fetching it: the callback is to come again.
    Later,
}

/// What a channel is told when its callback was taken, or was not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Receipt {
    /// It is stored; do not send it again.
    Taken,
    /// It could not be stored now; send it again.
    Later,
    /// It is not believed.
    Rejected,
}

/// The answer to a callback.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Acknowledgement {
    /// HTTP status.
    pub status: u16,
    /// Media type of the body, where there is one.
    pub content_type: Option<&'static str>,
    /// The body, byte for byte.
    pub body: &'static str,
}

/// One movement on a provider's statement.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StatementLine {
    /// Our number of the charge.
    pub out_trade_no: String,
    /// Our number of the refund, where the line is one.
    pub out_refund_no: Option<String>,
    /// The channel's own number of the charge, or of the refund.
    pub channel_no: Option<String>,
    /// What was charged, or given back; never negative.
    pub amount: Money,
    /// What became of it.
    pub verdict: Verdict,
}

/// One account with one provider.
#[async_trait]
pub trait Channel: Send + Sync {
    /// Which provider.
    fn kind(&self) -> Kind;

    /// Whether a charge of this method is made without asking the provider: that it is made says nothing of how the
    /// provider does.
    fn is_made_here(&self, _method: Method) -> bool {
        false
    }

    /// Asks that a payer may pay. Asked again with the same number it is the same charge.
    async fn charge(&self, charge: &Charge) -> Result<Opened, Failure>;

    /// Asks what became of a charge.
    async fn query(&self, charge: &Charge) -> Result<Heard, Failure>;

    /// Asks that a charge be not paid any more; where it is too late, the fact says so.
    async fn close(&self, charge: &Charge) -> Result<Heard, Failure>;

    /// Asks that money be given back. Asked again with the same number it is the same refund.
    async fn refund(&self, reversal: &Reversal) -> Result<Heard, Failure>;

    /// Asks what became of a refund.
    async fn query_refund(&self, reversal: &Reversal) -> Result<Heard, Failure>;

    /// Reads a callback, if it is believed.
    fn read(&self, callback: &Callback<'_>) -> Result<Notice, Rejected>;

    /// Fetches what may be missing to believe a callback, such as the provider's next certificate. It waits for nobody else
    /// who does, and may be given up at any time.
    async fn learn(&self, _callback: &Callback<'_>) -> Learned {
        Learned::Nothing
    }

    /// How the provider wants its callback answered.
    fn acknowledge(&self, receipt: Receipt) -> Acknowledgement;

    /// Fetches the statement of a day (`YYYY-MM-DD`, the provider's calendar), as the provider's file.
    async fn statement(&self, day: &str) -> Result<Vec<u8>, Failure>;

    /// Reads a statement's file.
    fn read_statement(&self, file: &[u8]) -> Result<Vec<StatementLine>, Rejected>;
}
