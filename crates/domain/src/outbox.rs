//! Owns what is to be done outside once a change is committed: effects are data, and whoever performs them brings the
//! answer back as a command.

use crate::{AttemptId, ChannelAccountId, PaymentId, RefundId, TenantId, Timestamp};

/// What is to be done.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Task {
    /// Ask the channel to let the payer pay.
    Charge(AttemptId),
    /// Ask what became of an attempt, for the so-many-th time.
    QueryCharge(AttemptId, u32),
    /// Ask the channel to take an attempt back.
    CloseCharge(AttemptId),
    /// Ask the channel to give money back.
    Refund(RefundId),
    /// Ask what became of a refund, for the so-many-th time.
    QueryRefund(RefundId, u32),
}

/// A message to a channel. Those of one payment are performed in the order in which they were written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Message {
    /// Whose.
    pub tenant: TenantId,
    /// Of which payment; what orders messages.
    pub payment: PaymentId,
    /// To which account.
    pub account: ChannelAccountId,
    /// What.
    pub task: Task,
    /// Not before.
    pub due_at: Timestamp,
    /// When it was written.
    pub created_at: Timestamp,
}

impl Message {
    /// Whether it is due as soon as it is committed, whatever any clock says: whoever wrote it may be ahead of whoever
    /// performs it.
    pub fn is_due_at_once(&self) -> bool {
        self.due_at <= self.created_at
    }
}

impl Task {
    /// The stable name of its kind.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Charge(_) => "charge",
            Self::QueryCharge(..) => "query_charge",
            Self::CloseCharge(_) => "close_charge",
            Self::Refund(_) => "refund",
            Self::QueryRefund(..) => "query_refund",
        }
    }

    /// The text of the id that it is about.
    pub fn subject(self) -> String {
        match self {
            Self::Charge(id) | Self::QueryCharge(id, _) | Self::CloseCharge(id) => id.to_string(),
            Self::Refund(id) | Self::QueryRefund(id, _) => id.to_string(),
        }
    }

    /// The number of the question; 0 where it is none.
    pub const fn number(self) -> u32 {
        match self {
            Self::QueryCharge(_, number) | Self::QueryRefund(_, number) => number,
            Self::Charge(_) | Self::CloseCharge(_) | Self::Refund(_) => 0,
        }
    }

    /// The task of these three; `None` where they make none.
    pub fn from_parts(name: &str, subject: &str, number: u32) -> Option<Self> {
        Some(match name {
            "charge" => Self::Charge(subject.parse().ok()?),
            "query_charge" => Self::QueryCharge(subject.parse().ok()?, number),
            "close_charge" => Self::CloseCharge(subject.parse().ok()?),
            "refund" => Self::Refund(subject.parse().ok()?),
            "query_refund" => Self::QueryRefund(subject.parse().ok()?, number),
            _ => return None,
        })
    }
}
