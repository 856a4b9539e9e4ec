//! Owns the inbox: what came from outside, once for ever, and what became of it.

use super::Fact;
use crate::names::names;
use crate::{ChannelAccountId, TenantId, Timestamp};

/// Names what was said, however often it was sent: a digest of the account, the fact, and the message's number where the
/// provider gives it one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Digest(pub [u8; 16]);

/// What became of an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum State {
    /// It changed something.
    Applied,
    /// All of it was known.
    Duplicate,
    /// The truth had moved on: a failure behind a success.
    Stale,
    /// Nobody knows its number yet. Kept, and tried again when the number appears.
    Unmatched,
    /// Amount, currency or account differ: somebody has to look.
    Quarantined,
}

/// Something that came from outside.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChannelEvent {
    /// Whose.
    pub tenant: TenantId,
    /// Through which account.
    pub account: ChannelAccountId,
    /// What names it.
    pub digest: Digest,
    /// What it says.
    pub fact: Fact,
    /// What became of it.
    pub state: State,
    /// When it first came.
    pub received_at: Timestamp,
    /// When its state last changed.
    pub updated_at: Timestamp,
}

names!(State {
    Applied = "applied",
    Duplicate = "duplicate",
    Stale = "stale",
    Unmatched = "unmatched",
    Quarantined = "quarantined",
});
