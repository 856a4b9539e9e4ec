//! Owns money that is given back, and the table of its states.

use super::{Decision, Event, Party};
use crate::names::names;
use crate::text::{ChannelNo, Code, RefundReason};
use crate::{AttemptId, RefundId, Timestamp};

/// Begins the code of a refund whose money came home again; no provider's own code does.
pub const SENT_BACK: &str = "sent_back: ";

/// Begins the code of a refund that succeeded and of which the channel then said something else; no provider's own code does.
pub const DOUBTED: &str = "doubted: ";

/// Where a refund stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Status {
    /// It is over what one may give back alone: its amount is reserved, and nothing is sent until a second person lets it go.
    AwaitingApproval,
    /// Written down, its amount reserved; not known to have been sent.
    Created,
    /// The channel has it.
    Submitted,
    /// What the channel did is not known, or it said no and was not asked yet whether that holds.
    Unknown,
    /// The money was given back.
    Succeeded,
    /// It was not, and a question to the channel confirmed that. Of one that was sent only this frees the reserved amount.
    Failed,
    /// Nobody let it go: it is not sent, and its amount is free again.
    Rejected,
}

/// Why money is given back.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Cause {
    /// Somebody asked for it.
    Requested,
    /// It came when the order was closed.
    Late,
    /// It came twice.
    Double,
}

/// Units of a line that are given back.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct RefundLine {
    /// Which line of the order.
    pub line: u32,
    /// How many units.
    pub quantity: i64,
    /// Whether they go back into stock: somebody decided that for this line.
    pub restock: bool,
}

/// Money that is given back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refund {
    /// Its id; as text the `out_refund_no`, the same for every try.
    pub id: RefundId,
    /// 1, 2, 3, … within the payment.
    pub number: u32,
    /// Of which attempt's money.
    pub attempt: AttemptId,
    /// What the provider is given as idempotency key.
    pub provider_key: u128,
    /// Minor units.
    pub amount: i64,
    /// Why.
    pub cause: Cause,
    /// Why, in words.
    pub reason: RefundReason,
    /// For which lines; none where an amount is given back and no goods.
    pub lines: Vec<RefundLine>,
    /// Where it stands.
    pub status: Status,
    /// The channel's own number.
    pub channel_no: Option<ChannelNo>,
    /// The channel's word for why it failed. Set while it is unknown: the channel said no. It begins with [`DOUBTED`] where
    /// the channel said so behind its success, and with [`SENT_BACK`] where that was confirmed: the money came home again.
    pub code: Option<Code>,
    /// The number of the last question to the channel. It never goes down, so that an old answer is not taken for a new one;
    /// each time a person has it asked anew it goes on from the next thousand.
    pub queries: u32,
    /// How many calls in a row gave no answer. While it is refused: 1 since the channel knew of none. Of one that failed: 0
    /// where the channel itself said so.
    pub silences: u32,
    /// When it is asked again; none where its end is known, or a person has been called. Of one that succeeded: the channel
    /// then said otherwise, and is asked whether that holds.
    pub query_at: Option<Timestamp>,
    /// Who asked for it; none where nobody did, or a version wrote it that kept no note of that.
    pub requested_by: Option<Party>,
    /// What a second person said to it; none where it did not wait, or still does.
    pub decision: Option<Decision>,
    /// When it was written down.
    pub created_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
}

impl Refund {
    /// A second person let it go.
    pub fn is_approved(&self) -> bool {
        self.decision.as_ref().is_some_and(|decision| decision.is_approved)
    }

    /// From when on its channel could be asked for it: it was written down, or a second person let it go.
    pub fn free_from(&self) -> Timestamp {
        self.decision.as_ref().filter(|decision| decision.is_approved).map_or(self.created_at, |decision| decision.at)
    }

    /// The channel said no, and that is not confirmed yet.
    pub const fn is_refused(&self) -> bool {
        matches!(self.status, Status::Unknown) && self.code.is_some()
    }

    /// It failed for good, and not because the channel knew of none: the channel has it, under this number, as failed.
    pub const fn is_failed_there(&self) -> bool {
        matches!(self.status, Status::Failed) && self.silences == 0
    }

    /// It failed behind its success: what it gave back came home again.
    pub fn is_sent_back(&self) -> bool {
        self.status == Status::Failed && self.code.as_ref().is_some_and(|code| code.as_str().starts_with(SENT_BACK))
    }

    /// Its end is not known, or in doubt: a question about it is to be asked.
    pub const fn is_asked_about(&self) -> bool {
        self.status.is_live() || self.query_at.is_some()
    }

    /// It succeeded, and the channel has once said otherwise since.
    pub fn is_doubted(&self) -> bool {
        self.status == Status::Succeeded && self.code.as_ref().is_some_and(|code| code.as_str().starts_with(DOUBTED))
    }

    /// Nobody asks about it any more, and the channel owes an answer: of one that succeeded, to a doubt. A doubt that it
    /// dispelled is none, though a person may have it asked again.
    pub fn is_unanswered(&self) -> bool {
        self.is_left_alone() && (self.status.is_live() || self.silences >= super::SILENCES_MAX)
    }

    /// Its end is not known, or was in doubt, and nobody asks for it any more: a person was called. Of one that was not sent
    /// yet the message is on its way.
    pub fn is_left_alone(&self) -> bool {
        let is_open = matches!(self.status, Status::Submitted | Status::Unknown) || self.is_doubted();
        is_open && self.query_at.is_none()
    }
}

names!(Status {
    AwaitingApproval = "awaiting_approval",
    Created = "created",
    Submitted = "submitted",
    Unknown = "unknown",
    Succeeded = "succeeded",
    Failed = "failed",
    Rejected = "rejected",
});
names!(Cause { Requested = "requested", Late = "late", Double = "double" });

impl Status {
    /// Every status.
    pub const ALL: [Self; 7] = [
        Self::AwaitingApproval,
        Self::Created,
        Self::Submitted,
        Self::Unknown,
        Self::Succeeded,
        Self::Failed,
        Self::Rejected,
    ];

    /// True while its channel has it, or is about to, and its end is not known.
    pub const fn is_live(self) -> bool {
        matches!(self, Self::Created | Self::Submitted | Self::Unknown)
    }

    /// True while it may yet give something back.
    pub const fn is_under_way(self) -> bool {
        self.is_live() || matches!(self, Self::AwaitingApproval)
    }

    /// True unless it failed for good or was rejected: its amount is not to be given back another time.
    pub const fn reserves(self) -> bool {
        !matches!(self, Self::Failed | Self::Rejected)
    }

    /// Where a refund goes from here; `None` where the table has no such cell.
    pub const fn on(self, event: Event) -> Option<Self> {
        use Event::{Approve, Fail, Hold, LoseSight, Reject, Retry, Submit, Succeed};
        match (self, event) {
            (Self::Created | Self::Unknown, Submit) => Some(Self::Submitted),
            (Self::Created | Self::Submitted, LoseSight) => Some(Self::Unknown),
            // Behind a success: a bank sent it back.
            (Self::Created | Self::Submitted | Self::Unknown | Self::Succeeded, Fail) => Some(Self::Failed),
            (Self::Failed, Retry) | (Self::AwaitingApproval, Approve) => Some(Self::Created),
            (Self::Failed, Hold) => Some(Self::AwaitingApproval),
            (Self::AwaitingApproval, Reject) => Some(Self::Rejected),
            // Behind a failure it is a matter for a person, and the truth all the same; so it is of one that waits to be sent
            // once more.
            (Self::AwaitingApproval | Self::Created | Self::Submitted | Self::Unknown | Self::Failed, Succeed) => {
                Some(Self::Succeeded)
            }
            _ => None,
        }
    }
}
