//! Owns an answer as the client sees it, and the form in which snapshots show it.

use bytes::Bytes;
use http::{HeaderMap, StatusCode};
use serde_json::Value;

/// What every answer tells browsers, beside `nosniff`.
pub(crate) const FOR_BROWSERS: [&str; 5] = [
    "content-security-policy",
    "cross-origin-opener-policy",
    "referrer-policy",
    "strict-transport-security",
    "x-frame-options",
];

/// One whole answer.
#[derive(Clone, Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

impl Answer {
    pub(crate) fn text(&self) -> &str {
        std::str::from_utf8(&self.body).expect("bodies are UTF-8")
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|_| panic!("not JSON: {:?}", self.text()))
    }

    /// A member of the body, by pointer.
    pub(crate) fn at(&self, pointer: &str) -> Value {
        self.json().pointer(pointer).unwrap_or_else(|| panic!("no {pointer} in {}", self.text())).clone()
    }

    /// A member of the body that is text.
    pub(crate) fn str(&self, pointer: &str) -> String {
        self.at(pointer).as_str().unwrap_or_else(|| panic!("{pointer} is no text in {}", self.text())).to_owned()
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(|value| value.to_str().expect("headers are ASCII"))
    }

    pub(crate) fn order_no(&self) -> String {
        self.str("/order_no")
    }

    pub(crate) fn is_created(&self) -> bool {
        self.status == 201
    }

    pub(crate) fn is_replay(&self) -> bool {
        self.header("idempotent-replayed") == Some("true")
    }

    /// The answer, which must have this status.
    #[track_caller]
    pub(crate) fn expect(self, status: u16) -> Self {
        assert_eq!(self.status, status, "{}", self.shown());
        self
    }

    /// The answer, which must be a well-formed problem with this status and code.
    #[track_caller]
    pub(crate) fn problem(self, status: u16, code: &str) -> Self {
        assert_eq!(self.status, status, "{}", self.shown());
        self.well_formed_problem();
        assert_eq!(self.str("/code"), code, "{}", self.shown());
        self
    }

    /// What every problem must have.
    #[track_caller]
    pub(crate) fn well_formed_problem(&self) {
        assert_eq!(self.header("content-type"), Some("application/problem+json"), "{}", self.shown());
        assert_eq!(self.at("/status"), self.status, "{}", self.shown());
        let code = self.str("/code");
        assert_eq!(self.str("/type"), format!("/problems/{code}"));
        assert!(!self.str("/title").is_empty() && !self.str("/detail").is_empty(), "{}", self.shown());
        assert!(!self.str("/request_id").is_empty(), "{}", self.shown());
        let later = matches!(self.status, 429 | 503) || code == "request_in_flight";
        assert_eq!(self.header("retry-after").is_some(), later, "{}", self.shown());
    }

    /// The first answer again: same status, bytes, Location and `ETag`, and marked.
    #[track_caller]
    pub(crate) fn replays(&self, first: &Self) {
        assert!(self.is_replay(), "not marked as a replay: {}", self.shown());
        self.same_as(first);
    }

    /// The same status, bytes and headers of meaning, marked as a replay or not.
    #[track_caller]
    pub(crate) fn same_as(&self, first: &Self) {
        assert_eq!(self.status, first.status, "{} after {}", self.shown(), first.shown());
        assert_eq!(self.body, first.body, "{} after {}", self.shown(), first.shown());
        for name in ["location", "etag", "content-type", "link", "content-length", "retry-after"] {
            assert_eq!(self.headers.get(name), first.headers.get(name), "the header {name}");
        }
    }

    /// Status, headers in order of their names, body; ids and times redacted.
    pub(crate) fn shown(&self) -> String {
        let status = StatusCode::from_u16(self.status).expect("a status");
        let mut lines: Vec<_> = self
            .headers
            .iter()
            .filter(|(name, _)| !matches!(name.as_str(), "date" | "content-length"))
            // The same in every answer; the tests of the door look at them.
            .filter(|(name, _)| !FOR_BROWSERS.contains(&name.as_str()))
            .map(|(name, value)| format!("{name}: {}", String::from_utf8_lossy(value.as_bytes())))
            .collect();
        lines.sort();
        redacted(&format!("{status}\n{}\n\n{}", lines.join("\n"), String::from_utf8_lossy(&self.body)))
    }
}

/// A text with made ids and times replaced, everything else as it is.
pub(crate) fn redacted(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(next) = rest.chars().next() {
        let found = [("ord_", 26), ("mov_", 26), ("shp_", 26), ("req_", 32), ("put:", 64)]
            .into_iter()
            .find(|(prefix, length)| rest.starts_with(prefix) && is_id(&rest[prefix.len()..], *length));
        if let Some((prefix, length)) = found {
            out.push_str(prefix);
            out.push('…');
            rest = &rest[prefix.len() + length..];
        } else if is_time(rest) {
            out.push_str("<time>");
            rest = &rest[24..];
        } else {
            out.push(next);
            rest = &rest[next.len_utf8()..];
        }
    }
    out
}

fn is_id(text: &str, length: usize) -> bool {
    text.bytes().take(length).filter(u8::is_ascii_alphanumeric).count() == length
}

/// `2026-05-01T00:00:00.000Z`
fn is_time(text: &str) -> bool {
    const SHAPE: &[u8] = b"dddd-dd-ddTdd:dd:dd.dddZ";
    let shape = |(byte, wanted): (u8, &u8)| if *wanted == b'd' { byte.is_ascii_digit() } else { byte == *wanted };
    text.len() >= SHAPE.len() && text.bytes().zip(SHAPE).all(shape)
}
