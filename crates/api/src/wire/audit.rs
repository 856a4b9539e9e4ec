//! Owns the JSON of the audit log: everything that an entry's hash is of, and the hash.

use domain::audit::{Entry, Head};
use serde::Serialize;
use utoipa::ToSchema;

use super::answers::time;

/// An entry of the audit log. The README of the API says of which bytes its hash is.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct AuditEntry {
    /// Its place in the chain, from 1, without gaps.
    place: i64,
    /// When, to the millisecond.
    #[schema(format = DateTime)]
    at: String,
    /// Who did it: a person, `per_…`, or an account of servers, `acc_…`.
    #[schema(example = "per_01KAPF6V7M0QZ4X2N8R5T3W1YB")]
    actor: String,
    /// What was done.
    #[schema(example = "people.change")]
    action: String,
    /// To what, in words; empty where it has no name.
    subject: String,
    /// `done`, or the code of the problem that it was refused with.
    #[schema(example = "done")]
    outcome: String,
    /// Why, if they said so.
    reason: Option<String>,
    /// Of which request.
    request_id: String,
    /// The hash of the entry before, in hexadecimal; zeros in front of the first.
    before_hash: String,
    /// The hash of this one.
    hash: String,
}

/// The end of the audit log.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct AuditHead {
    /// The place of the last entry: how many there are.
    place: i64,
    /// Its hash, in hexadecimal.
    hash: String,
}

impl AuditEntry {
    pub(crate) fn of(entry: &Entry) -> Self {
        Self {
            place: entry.place,
            at: time(entry.at),
            actor: entry.actor.clone(),
            action: entry.action.clone(),
            subject: entry.subject.clone(),
            outcome: entry.outcome.clone(),
            reason: entry.reason.as_ref().map(ToString::to_string),
            request_id: entry.request_id.clone(),
            before_hash: hex(&entry.before),
            hash: hex(&entry.hash),
        }
    }
}

impl AuditHead {
    pub(crate) fn of(head: &Head) -> Self {
        Self { place: head.length, hash: hex(&head.hash) }
    }
}

fn hex(hash: &[u8; 32]) -> String {
    use std::fmt::Write as _;
    hash.iter().fold(String::with_capacity(64), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}
