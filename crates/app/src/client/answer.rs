//! Owns an answer that came back whole, and what a client may read from it.

use std::fmt;
use std::time::Duration;

use anyhow::{Context as _, bail};
use bytes::Bytes;
use http::header::RETRY_AFTER;
use http::{HeaderMap, StatusCode};
use serde::Deserialize;
use serde::de::DeserializeOwned;

/// A whole answer.
#[derive(Clone, Debug)]
pub struct Answer {
    /// Its status.
    pub status: StatusCode,
    /// Its headers.
    pub headers: HeaderMap,
    /// Its body.
    pub body: Bytes,
}

/// What is read of a problem document, RFC 9457.
#[derive(Deserialize)]
struct Problem {
    code: Option<String>,
    detail: Option<String>,
}

impl Answer {
    /// True where the server says that it gave this answer before.
    pub fn is_replay(&self) -> bool {
        self.headers.get("idempotent-replayed").is_some_and(|value| value == "true")
    }

    /// True where both are one answer: the same status and the same bytes. Only what is not stored under the key, such
    /// as a body that can never be right, may differ in its request's id.
    pub fn agrees(&self, other: &Self) -> bool {
        let stored = self.status.is_success() || self.is_replay() || other.is_replay();
        self.status == other.status && (self.body == other.body || !stored)
    }

    /// How long the server asks to wait.
    pub fn retry_after(&self) -> Option<Duration> {
        let seconds = self.headers.get(RETRY_AFTER)?.to_str().ok()?.trim().parse().ok()?;
        Some(Duration::from_secs(seconds))
    }

    /// The code of a problem; `http_…` where the body is none.
    pub fn code(&self) -> String {
        self.problem().and_then(|problem| problem.code).unwrap_or_else(|| format!("http_{}", self.status.as_u16()))
    }

    /// The body of a 2xx answer.
    pub fn read<T: DeserializeOwned>(&self) -> anyhow::Result<T> {
        if !self.status.is_success() {
            bail!("{self}");
        }
        serde_json::from_slice(&self.body).with_context(|| format!("an answer with an unexpected body: {self}"))
    }

    fn problem(&self) -> Option<Problem> {
        if self.status.is_success() { None } else { serde_json::from_slice(&self.body).ok() }
    }
}

/// For people: the status, and what the problem says or how the body begins.
impl fmt::Display for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.status.as_u16())?;
        if let Some(Problem { code: Some(code), detail }) = self.problem() {
            write!(f, " {code}")?;
            detail.map_or(Ok(()), |detail| write!(f, ": {detail}"))
        } else {
            let text: String = String::from_utf8_lossy(&self.body).chars().take(200).collect();
            write!(f, " {text}")
        }
    }
}
