//! Owns one submission of a payment to a channel, and the table of its states.

use super::Event;
use crate::channel::{Kind, Method, NextAction};
use crate::names::names;
use crate::text::{ChannelNo, Code};
use crate::{AttemptId, ChannelAccountId, Timestamp};

/// Where an attempt stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Status {
    /// Written down, not known to have been sent.
    Created,
    /// The channel has it.
    Submitted,
    /// The channel has it, and the payer is to do something.
    RequiresAction,
    /// It was sent and no answer came: only asking tells.
    Unknown,
    /// Money was taken. Nothing changes that.
    Succeeded,
    /// The channel refused. It may still be found to have succeeded.
    Failed,
    /// It was given up. It may still be found to have succeeded.
    Closed,
}

/// One submission of a payment to a channel. I-1: `0 <= captured <= amount`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attempt {
    /// Its id; as text the `out_trade_no`. Made from the request's key, so that a database put back from a backup asks
    /// under the same number again.
    pub id: AttemptId,
    /// 1, 2, 3, … within the payment.
    pub number: u32,
    /// Through which account.
    pub account: ChannelAccountId,
    /// With which provider.
    pub channel: Kind,
    /// How the payer pays.
    pub method: Method,
    /// What the provider is given as idempotency key; made from the request's key.
    pub provider_key: u128,
    /// Minor units asked for.
    pub amount: i64,
    /// Minor units taken.
    pub captured: i64,
    /// Where it stands.
    pub status: Status,
    /// What the payer does next.
    pub action: Option<NextAction>,
    /// Where the channel sends the payer's browser afterwards.
    pub return_url: Option<String>,
    /// The channel's own number.
    pub channel_no: Option<ChannelNo>,
    /// The channel's word for why it failed.
    pub code: Option<Code>,
    /// How often the channel was, or is about to be, asked; each question has its number.
    pub queries: u32,
    /// How many calls in a row gave no answer.
    pub silences: u32,
    /// When it is asked again; none where its end is known, or a person has been called.
    pub query_at: Option<Timestamp>,
    /// When closing was asked for.
    pub close_asked_at: Option<Timestamp>,
    /// From then on it should not be paid any more.
    pub expires_at: Timestamp,
    /// When it was written down.
    pub created_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
}

names!(Status {
    Created = "created",
    Submitted = "submitted",
    RequiresAction = "requires_action",
    Unknown = "unknown",
    Succeeded = "succeeded",
    Failed = "failed",
    Closed = "closed",
});

impl Status {
    /// Every status.
    pub const ALL: [Self; 7] = [
        Self::Created,
        Self::Submitted,
        Self::RequiresAction,
        Self::Unknown,
        Self::Succeeded,
        Self::Failed,
        Self::Closed,
    ];

    /// True while its end is not known.
    pub const fn is_live(self) -> bool {
        matches!(self, Self::Created | Self::Submitted | Self::RequiresAction | Self::Unknown)
    }

    /// Where an attempt goes from here; `None` where the table has no such cell.
    pub const fn on(self, event: Event) -> Option<Self> {
        use Event::{Close, Fail, LoseSight, RequireAction, Submit, Succeed};
        match (self, event) {
            (Self::Created | Self::Unknown, Submit) => Some(Self::Submitted),
            (Self::Created | Self::Unknown | Self::Submitted, RequireAction) => Some(Self::RequiresAction),
            (Self::Created, LoseSight) => Some(Self::Unknown),
            (Self::Created | Self::Submitted | Self::RequiresAction | Self::Unknown, Fail) => Some(Self::Failed),
            (Self::Created | Self::Submitted | Self::RequiresAction | Self::Unknown | Self::Failed, Close) => {
                Some(Self::Closed)
            }
            // Late truth wins: what was taken was taken.
            (
                Self::Created | Self::Submitted | Self::RequiresAction | Self::Unknown | Self::Failed | Self::Closed,
                Succeed,
            ) => Some(Self::Succeeded),
            _ => None,
        }
    }
}
