//! Owns the id of one request: from the client or made here; in every answer, problem and log line of it.

use std::fmt;
use std::sync::Arc;

use http::{HeaderMap, HeaderName};

use crate::stamp;

/// The header that carries it, in and out.
pub(crate) const X_REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
/// The longest one that is taken over from outside.
const LENGTH_MAX: usize = 64;

/// See the module.
#[derive(Clone, Default)]
pub(crate) struct RequestId(Arc<str>);

impl RequestId {
    /// The client's, where it is short and plain, or a new one.
    pub(crate) fn of(headers: &HeaderMap) -> Self {
        let given = headers.get(&X_REQUEST_ID).and_then(|value| value.to_str().ok());
        let usable = given
            .filter(|text| (1..=LENGTH_MAX).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_graphic()));
        usable.map_or_else(Self::made, |text| Self(text.into()))
    }

    /// A new one.
    pub(crate) fn made() -> Self {
        Self(format!("req_{:032x}", stamp::id()).into())
    }

    /// Its characters.
    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for RequestId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
