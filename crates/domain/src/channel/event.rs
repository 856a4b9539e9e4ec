//! Owns what is written down of what channels said: the inbox, once for ever, and answers; and what became of each.

use sha2::{Digest as _, Sha256};

use super::{Fact, RawAnswer, Source, Way};
use crate::names::names;
use crate::{ChannelAccountId, TenantId, Timestamp};

/// Names what was said, however often it was sent: a digest of the account, the fact, and the message's number where the
/// provider gives it one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Digest(pub [u8; 16]);

impl Digest {
    /// Names an answer: who gave it, to what kind of question, and what it says; not in which words, nor how often. It is none
    /// of what came by itself, which is known by it for ever.
    pub fn of_answer(account: ChannelAccountId, source: Source, fact: &Fact) -> Self {
        let Fact { subject, verdict, amount, channel_no, code, stranger } = fact;
        let parts = [
            "answer".to_owned(),
            source.name().to_owned(),
            account.to_string(),
            subject.name().to_owned(),
            subject.reference().to_string(),
            verdict.name().to_owned(),
            amount.map(|amount| format!("{} {}", amount.minor, amount.currency)).unwrap_or_default(),
            channel_no.as_ref().map(ToString::to_string).unwrap_or_default(),
            code.as_ref().map(ToString::to_string).unwrap_or_default(),
            stranger.as_ref().map(ToString::to_string).unwrap_or_default(),
        ];
        // None of them holds a control character.
        let all = Sha256::digest(parts.join("\0"));
        let mut digest = [0; 16];
        digest.copy_from_slice(&all[..16]);
        Self(digest)
    }
}

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

/// Something that a channel said.
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
    /// The way by which it first came; none of what came before that was kept.
    pub source: Option<Way>,
    /// In which words it first came, masked, where they were at hand.
    pub raw: Option<RawAnswer>,
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
