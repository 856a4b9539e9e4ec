//! Owns what browsers are told: what they may do with an answer, and which other sites may read one.
//!
//! OWASP ASVS 5.0, 3.4.1 to 3.4.8 and 14.3.2; the HTTP Headers Cheat Sheet.

use std::time::Duration;

use http::header::{
    AUTHORIZATION, CONTENT_SECURITY_POLICY, CONTENT_TYPE, ETAG, IF_MATCH, IF_NONE_MATCH, LOCATION, REFERRER_POLICY,
    RETRY_AFTER, STRICT_TRANSPORT_SECURITY, X_CONTENT_TYPE_OPTIONS, X_FRAME_OPTIONS,
};
use http::{HeaderMap, HeaderName, HeaderValue, Method};
use idempotency::key;
use tower_http::cors::{AllowOrigin, CorsLayer};

use crate::rates::{RATE_LIMIT, RATE_LIMIT_POLICY};
use crate::request_id::X_REQUEST_ID;

/// How long a browser remembers which requests another site may make.
const PREFLIGHT_FOR: Duration = Duration::from_mins(10);

/// An answer for programs is no page: it loads nothing and stands in no frame.
const DATA: &str = "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";
/// The pages for people, of which the reference has scripts: all of it comes from here.
const PAGE: &str = "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; \
    connect-src 'self'; font-src 'self'; object-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/// Puts in every answer what protects who reads it in a browser.
pub(super) fn protect(headers: &mut HeaderMap) {
    let text =
        |name: &HeaderMap| name.get(CONTENT_TYPE).is_some_and(|value| value.as_bytes().starts_with(b"text/html"));
    let policy = if text(headers) { PAGE } else { DATA };
    let lines = [
        (CONTENT_SECURITY_POLICY, policy),
        (X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (X_FRAME_OPTIONS, "DENY"),
        (REFERRER_POLICY, "no-referrer"),
        // Browsers heed it only where it came over TLS.
        (STRICT_TRANSPORT_SECURITY, "max-age=31536000"),
        (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
    ];
    for (name, value) in lines {
        headers.insert(name, HeaderValue::from_static(value));
    }
}

/// Lets pages of these sites ask with a token, never with the cookie: that is for pages of this site.
pub(super) fn from_other_sites(origins: &[HeaderValue]) -> CorsLayer {
    let sent = [
        AUTHORIZATION,
        CONTENT_TYPE,
        IF_MATCH,
        IF_NONE_MATCH,
        X_REQUEST_ID,
        HeaderName::from_static("idempotency-key"),
        HeaderName::from_static("one-time-token"),
        HeaderName::from_static("x-reason"),
    ];
    let read = [ETAG, LOCATION, RETRY_AFTER, X_REQUEST_ID, RATE_LIMIT, RATE_LIMIT_POLICY];
    let told = [key::REPLAYED_HEADER, key::STATUS_HEADER].map(HeaderName::from_static);
    CorsLayer::new()
        .allow_origin(AllowOrigin::list(origins.iter().cloned()))
        .allow_methods([Method::GET, Method::POST, Method::PUT, Method::DELETE])
        .allow_headers(sent)
        .expose_headers(read.into_iter().chain(told).collect::<Vec<_>>())
        .max_age(PREFLIGHT_FOR)
}
