//! Owns the reading of a request: its key, its caller, its body, and the fingerprint of it all. Nothing is looked up yet.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::{OriginalUri, Request};
use bytes::Bytes;
use http::request::Parts;
use http::{HeaderName, HeaderValue, header};

use super::execution::at_once;
use super::refusal::Refusal;
use super::{Route, Site};
use crate::{Fingerprints, Key, Target, key, problem, protocol};

const KEY: HeaderName = HeaderName::from_static(key::HEADER);
/// Keys shorter than this are weak where a policy asks how strong they are (H-11).
const STRONG_KEY_CHARACTERS_MIN: usize = 16;

/// A request that was read whole.
pub(super) struct Arrival {
    pub(super) asked: Asked,
    pub(super) request: Request,
}

/// What the store is asked about a request, and what it has said so far.
#[derive(Clone)]
pub(super) struct Asked {
    pub(super) request: Arc<protocol::Request>,
    /// Somebody was doing it, or may have done it: nobody can say any more that nothing was done.
    pub(super) was_begun: bool,
    /// It ran here without a record: it is not executed again, whatever the store knows of it.
    pub(super) ran_unguarded: bool,
    /// Why it is not executed: its body has no meaning by today's reading, only by the one before. It may learn what became
    /// of it, and that is all.
    pub(super) unreadable: Option<Refusal>,
}

impl Site {
    /// The key of a request; `None` where it needs none and has none.
    pub(super) fn key(&self, request: &Request) -> Result<Option<Key>, Refusal> {
        let policy = &self.route.policy;
        let lines = request.headers().get_all(KEY).iter().map(HeaderValue::as_bytes);
        let key = Key::from_header_lines(lines, policy.syntax)
            .map_err(|invalid| Refusal::new(&problem::KEY_INVALID, invalid.to_string()))?;
        match key {
            None if policy.required => Err(Refusal::new(
                &problem::KEY_MISSING,
                "send the header Idempotency-Key with a new random value, and the same value with every repetition",
            )),
            Some(key) if policy.key_bits_min.is_some_and(|bits| is_weak(key.as_str(), bits)) => Err(Refusal::new(
                &problem::KEY_INVALID,
                "the key is too easily guessed, or used twice by chance; send a random UUID",
            )),
            key => Ok(key),
        }
    }

    /// Reads the rest of a request. Its body is over the limit, or cannot be read, before the key is looked up.
    pub(super) async fn read(&self, key: Key, request: Request) -> Result<Arrival, Refusal> {
        let policy = &self.route.policy;
        let (mut parts, body) = request.into_parts();
        let name = policy.scope.name(&parts, key).ok_or_else(|| {
            Refusal::new(&problem::CALLER_UNKNOWN, "the request does not say whose it is; send it with a credential")
        })?;
        let body = self.body(body, &parts).await?;
        let (fingerprints, unreadable) = fingerprints(&self.route, &parts, &body)?;
        let asked = protocol::Request {
            name,
            fingerprints,
            guarantee: policy.guarantee,
            lease: policy.lease,
            retention: policy.retention,
        };
        // What is kept is not encoded for one client: a layer outside of this one encodes it for each (B-09).
        parts.headers.remove(header::ACCEPT_ENCODING);
        let asked = Asked { request: Arc::new(asked), was_begun: false, ran_unguarded: false, unreadable };
        Ok(Arrival { asked, request: Request::from_parts(parts, Body::from(body)) })
    }

    async fn body(&self, body: Body, parts: &Parts) -> Result<Bytes, Refusal> {
        let policy = &self.route.policy;
        let limit = policy.body_bytes_max;
        let too_large = || Refusal::new(&problem::BODY_TOO_LARGE, format!("the body is longer than {limit} bytes"));
        let announced = parts.headers.get(header::CONTENT_LENGTH).and_then(|it| it.to_str().ok()?.parse::<u64>().ok());
        if announced.is_some_and(|length| length > limit as u64) {
            return Err(too_large());
        }
        let mut read = std::pin::pin!(axum::body::to_bytes(body, limit));
        let read = match at_once(&mut read).await {
            Some(read) => Ok(read),
            None => tokio::time::timeout(policy.body_timeout, read).await,
        };
        match read {
            Ok(Ok(bytes)) => Ok(bytes),
            Ok(Err(error)) if is_over_limit(&error) => Err(too_large()),
            Ok(Err(_)) => Err(Refusal::new(&problem::BODY_MALFORMED, "the body did not arrive whole")),
            Err(_) => {
                Err(Refusal::new(&problem::BODY_TIMEOUT, "the body did not arrive in time; this arrival began nothing"))
            }
        }
    }
}

fn is_over_limit(error: &axum::Error) -> bool {
    std::error::Error::source(error).is_some_and(<dyn std::error::Error>::is::<http_body_util::LengthLimitError>)
}

/// The fingerprints, and why the request is not executed where only the reading before could read it.
fn fingerprints(route: &Route, parts: &Parts, body: &[u8]) -> Result<(Fingerprints, Option<Refusal>), Refusal> {
    // The path as the client sent it: a router that nests this one has cut its prefix off.
    let uri = parts.extensions.get::<OriginalUri>().map_or(&parts.uri, |original| &original.0);
    let mut precondition = String::new();
    for value in parts.headers.get_all(header::IF_MATCH) {
        precondition.push_str(if precondition.is_empty() { "" } else { ", " });
        precondition.extend(value.as_bytes().iter().map(|&octet| char::from(octet)));
    }
    let target = Target {
        method: parts.method.as_str(),
        route: uri.path(),
        ids: &[],
        query: uri.query().unwrap_or_default(),
        precondition: &precondition,
    };
    let malformed = |detail| Refusal::new(&problem::BODY_MALFORMED, detail);
    let fingerprints = route.policy.reading.fingerprints(parts, &target, body).map_err(malformed);
    // What could not be read before has no record either.
    let before = route.policy.reading_before.as_ref().and_then(|it| it.fingerprints(parts, &target, body).ok());
    match (fingerprints, before) {
        (Ok(fingerprints), None) => Ok((fingerprints, None)),
        (Ok(fingerprints), Some(before)) => Ok((fingerprints.or_earlier(before.current), None)),
        (Err(refusal), Some(before)) => Ok((before, Some(refusal))),
        (Err(refusal), None) => Err(refusal),
    }
}

/// Shannon's measure over the key's own characters: an upper bound of what a guesser has to try.
fn is_weak(key: &str, bits_min: u32) -> bool {
    let mut counts = [0_u32; 128];
    for byte in key.bytes() {
        counts[usize::from(byte & 127)] += 1;
    }
    let length = f64::from(counts.iter().sum::<u32>());
    let bits: f64 = counts
        .iter()
        .filter(|&&count| count > 0)
        .map(|&count| f64::from(count) * (length / f64::from(count)).log2())
        .sum();
    key.len() < STRONG_KEY_CHARACTERS_MIN || bits < f64::from(bits_min)
}

#[cfg(test)]
mod tests {
    use super::is_weak;

    #[test]
    fn h_11_what_is_easily_guessed() {
        for weak in ["order-1", "aaaaaaaaaaaaaaaaaaaaaaaa", "1111111111111112", "ababababababababab"] {
            assert!(is_weak(weak, 50), "{weak}");
        }
        for strong in ["8e03978e-40d5-43e8-bc93-6894a57f9324", "01JCZ8Q3V5X2M4K7N9P0R6T1WA"] {
            assert!(!is_weak(strong, 80), "{strong}");
        }
    }
}
