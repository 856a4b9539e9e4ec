//! Owns what is told of what happened, and where: the side of the protocols that a turn needs. It does not know which protocols
//! there are.

use crate::book::{Charge, Letter, Refund};
use crate::settings::Settings;

/// What happened, and is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Change {
    Paid,
    PaymentRefused,
    Closed,
    RefundTaken,
    /// At once true where it never was pending.
    Refunded {
        at_once: bool,
    },
    RefundFailed,
}

/// What the protocols know of callbacks, and a turn needs: it writes them, in their words.
pub(crate) trait Teller: Send + Sync {
    /// Where the callbacks of a charge or a refund go.
    fn address(&self, settings: &Settings, charge: &Charge, refund: Option<&Refund>) -> Option<String>;

    /// The names of the events that tell of a change.
    fn events(&self, charge: &Charge, news: Change) -> &'static [&'static str];

    /// A letter that says of a paid charge that it failed, behind the one that says it was paid.
    fn contradiction(&self, letter: Letter, follows: u64) -> Letter;
}
