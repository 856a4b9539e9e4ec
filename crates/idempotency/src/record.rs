//! Owns what is kept under a key: the request's fingerprint and the answer, byte for byte.

use bytes::Bytes;

use crate::Fingerprint;

/// Names one arrival of a request. Made at intake, before any retry loop, so that a rerun after an unknown
/// commit finds its own record and knows that it was executed, not replayed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct CommandId(pub u128);

/// An answer as it is stored and given again: made before the commit, so that an upgrade does not change it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// The HTTP status code.
    pub status: u16,
    /// The headers that belong to the answer (`content-type`, `location`, `etag`), in order, names in lower
    /// case. Never `set-cookie`, `date`, or anything of the connection. A value's octets are the characters of Latin-1,
    /// so that none is lost (RFC 9110, section 5.5).
    pub headers: Vec<(String, String)>,
    /// The body's bytes, never compressed.
    pub body: Bytes,
}

/// What was decided under a key, and for which request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record {
    /// The arrival that was executed.
    pub command: CommandId,
    /// What it asked for.
    pub fingerprint: Fingerprint,
    /// What it was answered.
    pub answer: Answer,
    /// When, in milliseconds since 1970.
    pub completed_at_ms: i64,
}

impl Answer {
    /// The first header of this name (lower case).
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(other, _)| other == name).map(|(_, value)| value.as_str())
    }
}
