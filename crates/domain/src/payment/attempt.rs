//! Owns one submission of a payment to a channel, and the table of its states.

use super::Event;
use crate::channel::{Kind, Method, NextAction};
use crate::names::names;
use crate::text::{ChannelNo, Code};
use crate::{AttemptId, ChannelAccountId, Timestamp};

/// Behind so many calls in a row that gave no answer a channel is asked no more about an attempt, and a person is called.
pub const SILENCES_MAX: u32 = 13;

/// The code of an attempt that was paid and given back at the channel, behind our back and without our seeing either.
pub const GIVEN_BACK: &str = "given_back_there";

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
    /// The channel's word for why it failed; or [`GIVEN_BACK`].
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

impl Attempt {
    /// It was paid and given back at the channel, wholly or in part, and nothing of that is in our books: a person settles it
    /// there. No word of success is believed, and the payer is not charged anew; the order ends by its deadline, or cancelled.
    pub fn is_given_back_there(&self) -> bool {
        self.status != Status::Succeeded && self.code.as_ref().is_some_and(|code| code.as_str() == GIVEN_BACK)
    }

    /// Its end is not known, and nobody asks for it any more: a person was called. Where it is to be closed, that is what is
    /// asked for, and a question may be on its way beside it. Of one that was not sent yet the message is on its way.
    pub const fn is_left_alone(&self) -> bool {
        if !self.status.is_live() {
            return false;
        }
        match self.close_asked_at {
            Some(_) => self.silences >= SILENCES_MAX,
            None => !matches!(self.status, Status::Created) && self.query_at.is_none(),
        }
    }
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

#[cfg(test)]
mod tests {
    use super::{Attempt, SILENCES_MAX, Status};
    use crate::channel::{Kind, Method};
    use crate::{AttemptId, ChannelAccountId, Timestamp};

    fn attempt(status: Status) -> Attempt {
        Attempt {
            id: AttemptId::new(1),
            number: 1,
            account: ChannelAccountId::new(1),
            channel: Kind::Sandbox,
            method: Method::Page,
            provider_key: 1,
            amount: 1,
            captured: 0,
            status,
            action: None,
            return_url: None,
            channel_no: None,
            code: None,
            queries: 0,
            silences: 0,
            query_at: None,
            close_asked_at: None,
            expires_at: Timestamp(9),
            created_at: Timestamp(0),
            updated_at: Timestamp(0),
        }
    }

    fn left_alone(with: impl Fn(Attempt) -> Attempt) -> Vec<Status> {
        Status::ALL.into_iter().filter(|&status| with(attempt(status)).is_left_alone()).collect()
    }

    #[test]
    fn who_is_asked_about_by_nobody() {
        use Status::{Created, RequiresAction, Submitted, Unknown};
        let at = Some(Timestamp(1));
        assert_eq!(left_alone(|attempt| attempt), [Submitted, RequiresAction, Unknown]);
        assert_eq!(left_alone(|attempt| Attempt { query_at: at, ..attempt }), []);
        let closing = |silences| move |attempt| Attempt { close_asked_at: at, silences, ..attempt };
        assert_eq!(left_alone(closing(SILENCES_MAX - 1)), []);
        assert_eq!(left_alone(closing(SILENCES_MAX)), [Created, Submitted, RequiresAction, Unknown]);
        let asked_too = |attempt| Attempt { query_at: at, ..closing(SILENCES_MAX)(attempt) };
        assert_eq!(left_alone(asked_too), [Created, Submitted, RequiresAction, Unknown]);
    }
}
