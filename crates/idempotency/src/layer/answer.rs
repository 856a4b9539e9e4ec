//! Owns what of a response is kept, and what a kept answer looks like when it is given again.

use std::pin::Pin;
use std::task::{Context, Poll};

use axum::body::Body;
use axum::response::Response;
use bytes::{Bytes, BytesMut};
use http::response::Parts;
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use http_body::{Body as _, Frame, SizeHint};
use http_body_util::{BodyExt as _, Full};

use crate::protocol::Guarantee;
use crate::{Answer, key};

/// Tells a client that the answer had a body which was not kept (B-10).
const BODY_OMITTED: &str = "idempotency-body-omitted";

/// Headers that belong to one delivery of an answer, not to the answer (RFC 9110, section 7.6.1, and RFC 9111), or to one
/// client alone (B-08).
const NEVER_KEPT: &[&str] = &[
    "set-cookie",
    "set-cookie2",
    "date",
    "server",
    "age",
    "connection",
    "keep-alive",
    "proxy-connection",
    "proxy-authenticate",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
    "content-length",
    key::STATUS_HEADER,
    key::REPLAYED_HEADER,
];

/// Those of them that belong to the body of the handler's response, and to no other.
const OF_A_BODY: &[&str] = &["content-length", "transfer-encoding", "trailer"];

const STATUS: HeaderName = HeaderName::from_static(key::STATUS_HEADER);
const REPLAYED: HeaderName = HeaderName::from_static(key::REPLAYED_HEADER);

/// All headers of an answer, names and values, may have so many bytes.
const HEADER_BYTES_MAX: usize = crate::store::HEADER_BYTES_MAX;

/// A response that was read to be kept: what the first client gets, and what is kept.
pub(super) struct Captured {
    pub(super) response: Response,
    pub(super) answer: Answer,
}

/// How an answer came to be, as `Idempotency-Status` says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Status {
    /// It was done for this request, and is kept.
    Executed,
    /// It was done before.
    Replayed,
    /// It was done for another arrival of this request, while this one waited.
    Attached,
    /// The handler ran, and nothing is kept: the next to come is executed.
    NotKept,
    /// The handler ran, and nobody knows what it did.
    Unknown,
    /// It was executed without a record, as the store was not there.
    Unguarded,
}

/// Reads a response, as far as it may be kept. It is never read further than `limit`.
pub(super) async fn capture(response: Response, limit: usize) -> Captured {
    let (parts, body) = response.into_parts();
    let answer = |parts: &Parts, body: Bytes| Answer { status: parts.status.as_u16(), headers: kept(parts), body };
    if is_stream(&parts) || body.size_hint().lower() > limit as u64 || header_bytes(&parts) > HEADER_BYTES_MAX {
        let answer = omitted(&parts);
        return Captured { response: Response::from_parts(parts, body), answer };
    }
    match collect(body, limit).await {
        Collected::Whole(bytes, None) => {
            let answer = answer(&parts, bytes.clone());
            Captured { response: Response::from_parts(parts, Body::from(bytes)), answer }
        }
        Collected::Whole(bytes, Some(trailers)) => {
            let answer = answer(&parts, bytes.clone());
            let body = Full::new(bytes).with_trailers(std::future::ready(Some(Ok(trailers))));
            Captured { response: Response::from_parts(parts, Body::new(body)), answer }
        }
        Collected::TooLong(read, rest) => {
            let answer = omitted(&parts);
            let body = Body::new(Joined { read: Some(read), rest });
            Captured { response: Response::from_parts(parts, body), answer }
        }
        // The handler said what it did, and only telling it broke off.
        Collected::Broken => {
            let answer = omitted(&parts);
            Captured { response: replay(&answer), answer }
        }
    }
}

/// A kept answer as a response: status, headers in their order, body.
pub(super) fn replay(answer: &Answer) -> Response {
    let mut response = Response::new(Body::from(answer.body.clone()));
    *response.status_mut() = StatusCode::from_u16(answer.status).unwrap_or_default();
    for (name, value) in &answer.headers {
        // A value's octets are the characters of Latin-1; one beyond was never written by this layer.
        let octets: Option<Vec<u8>> = value.chars().map(|character| u8::try_from(character).ok()).collect();
        let value = octets.and_then(|octets| HeaderValue::from_bytes(&octets).ok());
        if let (Ok(name), Some(value)) = (HeaderName::try_from(name), value) {
            response.headers_mut().append(name, value);
        }
    }
    response
}

/// A kept answer for the client that it was made for: with what of the handler's response is its own alone.
pub(super) fn replay_to_the_first(answer: &Answer, handlers: Response) -> Response {
    let mut response = replay(answer);
    let (parts, _) = handlers.into_parts();
    for (name, value) in &parts.headers {
        if NEVER_KEPT.contains(&name.as_str()) && !OF_A_BODY.contains(&name.as_str()) {
            response.headers_mut().append(name, value.clone());
        }
    }
    *response.extensions_mut() = parts.extensions;
    response
}

/// Says on a response how it came to be.
pub(super) fn mark(response: &mut Response, status: Status, guarantee: Guarantee) {
    let [transactional, at_most_once] = match status {
        Status::Executed => ["executed; guarantee=transactional", "executed; guarantee=at-most-once"],
        Status::Replayed => ["replayed; guarantee=transactional", "replayed; guarantee=at-most-once"],
        Status::Attached => ["attached; guarantee=transactional", "attached; guarantee=at-most-once"],
        Status::NotKept => ["not-kept; guarantee=transactional", "not-kept; guarantee=at-most-once"],
        Status::Unknown => ["unknown; guarantee=transactional", "unknown; guarantee=at-most-once"],
        Status::Unguarded => ["unguarded; guarantee=transactional", "unguarded; guarantee=at-most-once"],
    };
    let words = if guarantee == Guarantee::Transactional { transactional } else { at_most_once };
    let headers = response.headers_mut();
    headers.insert(STATUS, HeaderValue::from_static(words));
    if matches!(status, Status::Replayed | Status::Attached) {
        headers.insert(REPLAYED, HeaderValue::from_static("true"));
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    }
}

fn is_stream(parts: &Parts) -> bool {
    let media_type = parts.headers.get(header::CONTENT_TYPE).map(HeaderValue::as_bytes).unwrap_or_default();
    let media_type = media_type.split(|&byte| byte == b';').next().unwrap_or_default().trim_ascii();
    media_type.eq_ignore_ascii_case(b"text/event-stream")
}

fn header_bytes(parts: &Parts) -> usize {
    // An octet beyond ASCII takes two where it is kept.
    parts.headers.iter().map(|(name, value)| name.as_str().len() + 2 * value.len()).sum()
}

/// What stands for an answer that is too long, or never ends: what was made can still be found.
fn omitted(parts: &Parts) -> Answer {
    let short = |value: &&HeaderValue| value.len() <= HEADER_BYTES_MAX / 8;
    let named = [header::LOCATION, header::ETAG];
    let found = named.iter().filter_map(|name| Some((name.as_str(), parts.headers.get(name).filter(short)?)));
    let mut headers: Vec<_> = found.map(|(name, value)| (name.to_owned(), latin_1(value))).collect();
    headers.push((BODY_OMITTED.to_owned(), "true".to_owned()));
    Answer { status: parts.status.as_u16(), headers, body: Bytes::new() }
}

fn kept(parts: &Parts) -> Vec<(String, String)> {
    let nominated: Vec<String> = parts
        .headers
        .get_all(header::CONNECTION)
        .iter()
        .flat_map(|value| latin_1(value).split(',').map(|name| name.trim().to_ascii_lowercase()).collect::<Vec<_>>())
        .collect();
    let is_kept = |name: &str| !NEVER_KEPT.contains(&name) && !nominated.iter().any(|other| other == name);
    let kept = parts.headers.iter().filter(|(name, _)| is_kept(name.as_str()));
    kept.map(|(name, value)| (name.as_str().to_owned(), latin_1(value))).collect()
}

fn latin_1(value: &HeaderValue) -> String {
    // Most are ASCII, and copied whole.
    let text = value.to_str().map(str::to_owned);
    text.unwrap_or_else(|_| value.as_bytes().iter().map(|&octet| char::from(octet)).collect())
}

enum Collected {
    Whole(Bytes, Option<HeaderMap>),
    TooLong(Bytes, Body),
    Broken,
}

async fn collect(mut body: Body, limit: usize) -> Collected {
    let mut read = Bytes::new();
    let mut trailers: Option<HeaderMap> = None;
    while let Some(frame) = body.frame().await {
        let Ok(frame) = frame else { return Collected::Broken };
        match frame.into_data() {
            Ok(data) => {
                // Mostly it is one piece, which is kept as it is.
                read = if read.is_empty() { data } else { joined(read, &data) };
                if read.len() > limit {
                    return Collected::TooLong(read, body);
                }
            }
            Err(frame) => {
                if let Ok(more) = frame.into_trailers() {
                    trailers.get_or_insert_default().extend(more);
                }
            }
        }
    }
    Collected::Whole(read, trailers)
}

/// The first piece with the next behind it; the room for it grows by doubling.
fn joined(read: Bytes, next: &Bytes) -> Bytes {
    let mut read = read.try_into_mut().unwrap_or_else(|shared| BytesMut::from(&shared[..]));
    read.extend_from_slice(next);
    read.freeze()
}

/// A body of which a part was read already.
struct Joined {
    read: Option<Bytes>,
    rest: Body,
}

impl http_body::Body for Joined {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        match self.read.take() {
            Some(read) => Poll::Ready(Some(Ok(Frame::data(read)))),
            None => Pin::new(&mut self.rest).poll_frame(context),
        }
    }

    fn is_end_stream(&self) -> bool {
        self.read.is_none() && self.rest.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        let read = self.read.as_ref().map_or(0, |read| read.len() as u64);
        let rest = self.rest.size_hint();
        let mut hint = SizeHint::new();
        if let Some(upper) = rest.upper() {
            hint.set_upper(upper + read);
        }
        hint.set_lower(rest.lower() + read);
        hint
    }
}
