//! Owns one whole answer, and in which ways it can be that of another request again.

use std::fmt::Write as _;

use bytes::Bytes;
use http::{HeaderMap, header};
use serde_json::Value;
use tokio::time::Instant;

use crate::report::Finding;

/// The header that marks a replay.
const REPLAYED: &str = "idempotent-replayed";
/// The header that says what happened to a request.
const STATUS: &str = "idempotency-status";

/// One whole answer.
#[derive(Clone, Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
    /// When its last byte was there.
    pub(crate) done_at: Instant,
}

impl Answer {
    pub(crate) const fn is_success(&self) -> bool {
        self.status / 100 == 2
    }

    /// Nothing that is sent again under its key changes it: what is not an error of the service, nor a request to wait.
    pub(crate) fn is_final(&self) -> bool {
        self.status < 500 && !self.asks_to_wait()
    }

    /// The same request is being worked on, or nobody knows yet: it is to be sent again.
    pub(crate) fn asks_to_wait(&self) -> bool {
        matches!(self.status, 409 | 425 | 429 | 503) && self.headers.contains_key(header::RETRY_AFTER)
    }

    /// Nobody knows whether it was done, and no waiting helps. A business says 409 once and marks it when it says it again.
    pub(crate) fn tells_unknown(&self) -> bool {
        let is_problem = self.text("content-type").is_some_and(|media_type| media_type.contains("problem"));
        match self.status {
            202 => is_problem,
            409 => !self.is_marked() && !self.asks_to_wait(),
            _ => false,
        }
    }

    /// Marked as the answer of an earlier request, or of one that it waited for.
    pub(crate) fn is_marked(&self) -> bool {
        self.is_marked_replayed() || self.status_word().is_some_and(|word| word == "attached")
    }

    pub(crate) fn is_marked_replayed(&self) -> bool {
        self.text(REPLAYED).is_some_and(|value| value.eq_ignore_ascii_case("true"))
    }

    /// The first word of Idempotency-Status.
    pub(crate) fn status_word(&self) -> Option<String> {
        let text = self.text(STATUS)?;
        text.split([';', ' ', ',']).next().map(str::to_ascii_lowercase)
    }

    /// A header, where it is text.
    pub(crate) fn text(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }

    pub(crate) fn json(&self) -> Option<Value> {
        serde_json::from_slice(&self.body).ok()
    }

    /// In a few words, for people.
    pub(crate) fn shown(&self) -> String {
        let mut shown = self.status.to_string();
        if let Some(code) = self.json().as_ref().and_then(|body| body.get("code")?.as_str().map(str::to_owned)) {
            let _written = write!(shown, " {code}");
        }
        if self.is_marked() {
            shown.push_str(", marked as a replay");
        }
        shown
    }

    /// This status.
    pub(crate) fn is(&self, status: u16, what: &str) -> Result<(), Finding> {
        if self.status == status {
            return Ok(());
        }
        Err(Finding::failed(format!("{status} {what}"), self.shown()))
    }

    /// A problem as RFC 9457 has it, with this status.
    pub(crate) fn problem(&self, status: u16, what: &str) -> Result<(), Finding> {
        self.is(status, what)?;
        let media_type = self.text(header::CONTENT_TYPE.as_str()).unwrap_or("none");
        let wrong = |seen: String| Err(Finding::failed(format!("{status} as application/problem+json"), seen));
        if !media_type.starts_with("application/problem+json") {
            return wrong(format!("{status} with the content type {media_type}"));
        }
        let Some(body) = self.json() else { return wrong("a body that is not JSON".to_owned()) };
        for member in ["type", "title"] {
            if !body.get(member).is_some_and(Value::is_string) {
                return wrong(format!("a problem without {member}"));
            }
        }
        if body.get("status").and_then(Value::as_u64) != Some(u64::from(status)) {
            return wrong("a problem with another status inside".to_owned());
        }
        Ok(())
    }

    /// A success that nobody had before.
    pub(crate) fn fresh(&self, what: &str) -> Result<(), Finding> {
        if self.is_success() && !self.is_marked() {
            return Ok(());
        }
        Err(Finding::failed(format!("{what} to be executed (2xx, no replay)"), self.shown()))
    }

    /// Where it differs from this one in what a replay must keep: status, body bytes, and the headers that mean something.
    pub(crate) fn difference(&self, first: &Self) -> Option<String> {
        if self.status != first.status {
            return Some(format!("{} after {}", self.shown(), first.status));
        }
        for name in [header::LOCATION, header::ETAG, header::CONTENT_TYPE] {
            let (now, then) = (self.headers.get(&name), first.headers.get(&name));
            if now != then {
                return Some(format!("the header {name} was {then:?} and is {now:?}"));
            }
        }
        if self.body != first.body {
            let at = self.body.iter().zip(&first.body).take_while(|(one, other)| one == other).count();
            return Some(format!(
                "another body: {} bytes after {}, the first difference at byte {at}",
                self.body.len(),
                first.body.len()
            ));
        }
        None
    }

    /// The first answer again in every respect, and marked.
    pub(crate) fn replays(&self, first: &Self) -> Result<(), Finding> {
        let expected = "the first answer again, byte by byte, with Idempotent-Replayed: true";
        if let Some(difference) = self.difference(first) {
            return Err(Finding::failed(expected, difference));
        }
        if self.is_marked() { Ok(()) } else { Err(Finding::failed(expected, "the same answer without the mark")) }
    }
}
