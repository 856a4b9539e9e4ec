//! Owns the ledger: double entry. Every movement of money is a posting whose entries sum to zero (I-4), append-only.

use crate::names::names;
use crate::{ChannelAccountId, Currency, TenantId, Timestamp};

/// What is kept account of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Account {
    /// Money that lies with a channel. It rises by what is captured and falls by what is given back.
    Channel(ChannelAccountId),
    /// What was sold.
    Sales,
    /// Money that is not ours and goes back: it came late, or twice.
    Owed,
}

/// What moved money.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Kind {
    /// An attempt took it.
    Capture,
    /// A refund gave it back.
    Refund,
    /// What a refund had given back came home again.
    Reversal,
}

/// One movement of money between two accounts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Posting {
    /// Whose.
    pub tenant: TenantId,
    /// What moved it.
    pub kind: Kind,
    /// The text of the attempt's or refund's id: with the kind unique, so that money moves once.
    pub source: String,
    /// What rises by the amount.
    pub to: Account,
    /// What falls by it.
    pub from: Account,
    /// Minor units, over zero.
    pub amount: i64,
    /// The currency.
    pub currency: Currency,
    /// When.
    pub at: Timestamp,
}

names!(Kind { Capture = "capture", Refund = "refund", Reversal = "reversal" });

impl Account {
    /// The name in the books.
    pub fn name(self) -> String {
        match self {
            Self::Channel(id) => format!("channel:{id}"),
            Self::Sales => "sales".to_owned(),
            Self::Owed => "owed".to_owned(),
        }
    }
}
