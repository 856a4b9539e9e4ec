//! Owns what stands in the book. It does not know what may follow on what.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::clock;
use crate::kind::Kind;

/// Where a charge or a refund is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Status {
    Pending,
    Succeeded,
    Failed,
    Closed,
}

/// What a payer may pay, or has paid.
#[expect(clippy::struct_field_names, reason = "the number is called so in the trade")]
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Charge {
    pub(crate) kind: Kind,
    /// The provider's own number.
    pub(crate) charge_no: String,
    pub(crate) out_trade_no: String,
    pub(crate) status: Status,
    /// In the currency's minor unit.
    pub(crate) amount: i64,
    pub(crate) currency: String,
    /// What of it was given back.
    pub(crate) refunded: i64,
    pub(crate) subject: String,
    pub(crate) method: String,
    pub(crate) notify_url: Option<String>,
    pub(crate) return_url: Option<String>,
    pub(crate) created_at: i64,
    pub(crate) expires_at: Option<i64>,
    pub(crate) paid_at: Option<i64>,
    pub(crate) closed_at: Option<i64>,
    /// The provider's word for why it failed, or the last attempt did.
    pub(crate) code: Option<String>,
    /// Whether the payer has seen it.
    pub(crate) seen: bool,
    pub(crate) metadata: BTreeMap<String, String>,
}

/// What is given back of a charge.
#[expect(clippy::struct_field_names, reason = "the number is called so in the trade")]
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Refund {
    pub(crate) kind: Kind,
    /// The provider's own number.
    pub(crate) refund_no: String,
    pub(crate) out_refund_no: String,
    pub(crate) charge_no: String,
    pub(crate) out_trade_no: String,
    pub(crate) status: Status,
    pub(crate) amount: i64,
    pub(crate) currency: String,
    pub(crate) reason: String,
    pub(crate) notify_url: Option<String>,
    pub(crate) created_at: i64,
    pub(crate) done_at: Option<i64>,
    pub(crate) code: Option<String>,
    /// It will fail with this code, because a tester wants it so.
    pub(crate) fails: Option<String>,
    pub(crate) metadata: BTreeMap<String, String>,
}

/// Money that moved: a line of the ledger.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Movement {
    pub(crate) at: String,
    pub(crate) account: &'static str,
    /// `charge` or `refund`.
    pub(crate) kind: &'static str,
    pub(crate) out_trade_no: String,
    pub(crate) out_refund_no: Option<String>,
    pub(crate) amount: i64,
    pub(crate) currency: String,
    #[serde(skip)]
    pub(crate) of: Kind,
    #[serde(skip)]
    pub(crate) moved_at: i64,
    /// The provider's own number of the charge or the refund.
    #[serde(skip)]
    pub(crate) channel_no: String,
}

/// An answer that is given again under its key.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Saved {
    pub(crate) key: String,
    pub(crate) fingerprint: String,
    pub(crate) status: u16,
    pub(crate) body: String,
    pub(crate) at: i64,
}

/// What of a callback is wrong, on purpose.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Twist {
    Amount,
    Currency,
    App,
    Seller,
    Signature,
    /// Signed an hour ago.
    Time,
    /// The answer to its first delivery is read with a byte more.
    Answer,
}

/// A callback that is on its way until it is acknowledged.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Letter {
    pub(crate) number: u64,
    /// The event's number; repetitions share it.
    pub(crate) event: u64,
    pub(crate) kind: Kind,
    /// The provider's name of the event.
    pub(crate) name: String,
    pub(crate) url: String,
    /// As things were when it happened.
    pub(crate) charge: Charge,
    pub(crate) refund: Option<Refund>,
    pub(crate) twists: Vec<Twist>,
    pub(crate) at: i64,
    pub(crate) due: i64,
    /// It leaves after this one is done with.
    pub(crate) follows: Option<u64>,
    /// It leaves after the next one of its provider.
    pub(crate) held: bool,
    pub(crate) attempts: u32,
}

/// A line of the journal is a list of these.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Record {
    Charge(Charge),
    Refund(Refund),
    Saved(Saved),
    Letter(Box<Letter>),
    /// A letter was tried so often, and perhaps is done with.
    Sent {
        number: u64,
        attempts: u32,
        done: bool,
    },
}

impl Charge {
    /// Paid, and all of it given back.
    pub(crate) fn is_reversed(&self) -> bool {
        self.status == Status::Succeeded && self.refunded == self.amount
    }
}

impl Letter {
    /// The time that a signature of it has, now or an hour ago.
    pub(crate) fn signed_at(&self) -> i64 {
        clock::now() - if self.is(Twist::Time) { 3_600_000 } else { 0 }
    }

    pub(crate) fn is(&self, twist: Twist) -> bool {
        self.twists.contains(&twist)
    }
}
