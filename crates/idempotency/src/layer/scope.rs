//! Owns whose key a key is.

use std::fmt::Write as _;
use std::sync::Arc;

use http::request::Parts;
use sha2::{Digest as _, Sha256};

use crate::Key;
use crate::protocol::Name;

type Caller = dyn Fn(&Parts) -> Option<String> + Send + Sync;

/// Names the caller of a request, so that no caller's key meets another's. There is no default: a service whose callers
/// share one scope would show one's answers to another.
#[derive(Clone)]
pub struct Scope(Arc<Caller>);

impl Scope {
    /// The closure names the caller from the head of the request: from an extension that an authenticating layer outside
    /// has put there, never from what a client may write as it likes. Who has no name is refused.
    pub fn of(caller: impl Fn(&Parts) -> Option<String> + Send + Sync + 'static) -> Self {
        Self(Arc::new(caller))
    }

    /// All requests come from one caller: a service behind a single other one.
    pub fn everybody_is_one_caller() -> Self {
        Self::of(|_| Some(String::new()))
    }

    /// The key as this caller's.
    pub(super) fn name(&self, parts: &Parts, key: Key) -> Option<Name> {
        let caller = (self.0)(parts)?;
        Name::new(&caller, key.clone()).or_else(|| Name::new(&shortened(&caller), key))
    }
}

/// A name that is too long for an index is known by its hash.
fn shortened(caller: &str) -> String {
    let mut text = "sha256:".to_owned();
    for byte in Sha256::digest(caller.as_bytes()) {
        let _ = write!(text, "{byte:02x}");
    }
    text
}
