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
/// How the code, or the type, of a problem ends that says that nobody knows.
const OUTCOME_UNKNOWN: &str = "outcome_unknown";

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
    /// What is taken but not known is no success: nobody may count on it.
    pub(crate) fn is_success(&self) -> bool {
        self.status / 100 == 2 && !self.tells_unknown()
    }

    /// Nothing that is sent again under its key changes it: what is not an error of the service, nor a request to wait.
    pub(crate) fn is_final(&self) -> bool {
        self.status < 500 && !self.asks_to_wait()
    }

    /// The same request is being worked on, or cannot be now: it is to be sent again.
    pub(crate) fn asks_to_wait(&self) -> bool {
        matches!(self.status, 409 | 425 | 429 | 503)
            && self.headers.contains_key(header::RETRY_AFTER)
            && !self.says_unknown()
    }

    /// Nobody knows whether it was done. Who has no word for that answers without Retry-After, as no waiting helps; a
    /// business says 409 once and marks it when it says it again.
    pub(crate) fn tells_unknown(&self) -> bool {
        let is_problem = self.text("content-type").is_some_and(|media_type| media_type.contains("problem"));
        match self.status {
            _ if self.says_unknown() => true,
            _ if self.status_word().is_some() => false,
            202 => is_problem,
            409 => !self.is_marked() && !self.asks_to_wait(),
            _ => false,
        }
    }

    /// The same in words that a program can read: Idempotency-Status, or the problem's code or type. It may say when to come
    /// again: by then somebody may have found out.
    pub(crate) fn says_unknown(&self) -> bool {
        if !matches!(self.status, 202 | 409) {
            return false;
        }
        if let Some(word) = self.status_word() {
            return word == "unknown";
        }
        let Some(body) = self.json() else { return false };
        let names =
            |member: &str| body.get(member).and_then(Value::as_str).is_some_and(|it| it.ends_with(OUTCOME_UNKNOWN));
        names("code") || names("type")
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

    /// What a duplicate of a request in flight is told where it is not told the answer.
    pub(crate) fn in_flight(&self, what: &str) -> Result<(), Finding> {
        self.problem(409, what)?;
        if self.asks_to_wait() {
            return Ok(());
        }
        let seen = if self.says_unknown() { "409, and that nobody knows" } else { "409 without" };
        Err(Finding::failed("409 with Retry-After", seen))
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

#[cfg(test)]
mod tests {
    use http::{HeaderName, HeaderValue};

    use super::*;

    const PROBLEM: (&str, &str) = ("content-type", "application/problem+json");
    const LATER: (&str, &str) = ("retry-after", "30");

    fn answer(status: u16, headers: &[(&'static str, &'static str)], body: &'static str) -> Answer {
        let pair = |(name, value): &(&'static str, &'static str)| {
            (HeaderName::from_static(name), HeaderValue::from_static(value))
        };
        let headers = headers.iter().map(pair).collect();
        Answer { status, headers, body: Bytes::from_static(body.as_bytes()), done_at: Instant::now() }
    }

    #[tokio::test]
    async fn what_is_not_known_is_neither_in_flight_nor_done() {
        let named = r#"{"type": "https://example.com/problems/outcome_unknown"}"#;
        let unknown = [
            answer(409, &[("idempotency-status", "unknown; guarantee=at-most-once"), LATER], ""),
            answer(409, &[("idempotency-status", "Unknown")], ""),
            answer(202, &[("idempotency-status", "unknown"), LATER], "{}"),
            answer(409, &[PROBLEM, LATER], named),
            answer(202, &[PROBLEM, LATER], named),
            answer(409, &[PROBLEM, LATER], r#"{"type": "about:blank", "code": "outcome_unknown"}"#),
            // Without a word for it: no waiting helps, and nobody marked it.
            answer(409, &[PROBLEM], "{}"),
            answer(202, &[PROBLEM], "{}"),
        ];
        for answer in unknown {
            let told = (answer.tells_unknown(), answer.asks_to_wait(), answer.is_success(), answer.is_final());
            assert_eq!(told, (true, false, false, true), "{answer:?}");
        }
        let in_flight = [
            answer(409, &[PROBLEM, LATER], r#"{"type": "/problems/in_flight", "code": "request_in_flight"}"#),
            answer(409, &[PROBLEM, LATER, ("idempotency-status", "in-flight")], named),
            answer(409, &[LATER], "outcome_unknown"),
        ];
        for answer in in_flight {
            let told = (answer.tells_unknown(), answer.asks_to_wait(), answer.is_final());
            assert_eq!(told, (false, true, false), "{answer:?}");
        }
        let done = [
            answer(202, &[PROBLEM, ("idempotency-status", "executed")], "{}"),
            answer(409, &[PROBLEM, ("idempotency-status", "executed")], "{}"),
            answer(409, &[PROBLEM, ("idempotent-replayed", "true")], "{}"),
            answer(422, &[PROBLEM], named),
        ];
        for answer in done {
            assert!(!answer.tells_unknown() && !answer.asks_to_wait() && answer.is_final(), "{answer:?}");
        }
    }
}
