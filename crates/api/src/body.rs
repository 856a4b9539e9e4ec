//! Owns reading a request's body: in time, within its limit, into canonical text, and from that into a typed request.

use std::borrow::Cow;

use axum::body::Body;
use axum::extract::{FromRequest, Request};
use http::{HeaderMap, header};
use idempotency::canonical;
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::named::Named;
use crate::problem::{FieldError, Problem};
use crate::state::Api;

/// The members whose value is nobody's business.
const SECRETS: [&str; 1] = ["password"];

/// The body of a request that has no key, as a typed request.
pub(crate) struct Typed<T>(pub(crate) T);

impl<T: DeserializeOwned> FromRequest<Api> for Typed<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, api: &Api) -> Result<Self, Problem> {
        let (parts, body) = request.into_parts();
        let bytes = read(body, &parts.headers, api.settings()).await?;
        typed(&canonical(&parts.headers, &bytes)?).map(Self)
    }
}

/// The canonical text as a typed request. Every wrong place is named by its pointer.
pub(crate) fn typed<T: DeserializeOwned>(text: &str) -> Result<T, Problem> {
    if text.is_empty() {
        return Err(Problem::new("body_malformed", "the body is empty; send a JSON object"));
    }
    let mut reader = serde_json::Deserializer::from_str(text);
    serde_path_to_error::deserialize(Named(&mut reader)).map_err(|error| {
        let pointer = pointer(error.path());
        let message = error.into_inner().to_string();
        // serde names a place in the canonical text, which the client never saw.
        let message = message.rsplit_once(" at line ").map_or(message.as_str(), |(before, _)| before);
        let (code, message) = (field_code(message), without_value(message));
        Problem::invalid(&[FieldError { pointer, code, message }])
    })
}

/// What is fingerprinted of a canonical text: a fingerprint is kept for days, and a password could be guessed from one. So
/// two requests that differ in nothing else are the same request, and the second gets the answer of the first.
pub(crate) fn without_secrets(text: &str) -> Cow<'_, str> {
    if !SECRETS.iter().any(|name| text.contains(&format!("\"{name}\":"))) {
        return Cow::Borrowed(text);
    }
    let Ok(mut value) = serde_json::from_str::<Value>(text) else { return Cow::Borrowed(text) };
    blank(&mut value);
    Cow::Owned(value.to_string())
}

fn blank(value: &mut Value) {
    match value {
        Value::Object(members) => members.iter_mut().for_each(|(name, value)| {
            if SECRETS.contains(&name.as_str()) && !value.is_null() { *value = Value::Bool(true) } else { blank(value) }
        }),
        Value::Array(values) => values.iter_mut().for_each(blank),
        _ => {}
    }
}

/// The whole body, in time and within its limit.
pub(crate) async fn read(body: Body, headers: &HeaderMap, settings: &crate::Settings) -> Result<Vec<u8>, Problem> {
    let limit = settings.body_bytes_max;
    let too_large = || Problem::new("body_too_large", format!("the body is longer than {limit} bytes"));
    let announced = headers.get(header::CONTENT_LENGTH).and_then(|length| length.to_str().ok()?.parse::<u64>().ok());
    if announced.is_some_and(|length| length > limit as u64) {
        return Err(too_large());
    }
    // A client that never ends its body would keep one of the places for requests for ever.
    match tokio::time::timeout(settings.body_timeout, axum::body::to_bytes(body, limit)).await {
        Ok(Ok(bytes)) => Ok(bytes.into()),
        Ok(Err(error)) if is_over_limit(&error) => Err(too_large()),
        Ok(Err(_)) => Err(Problem::new("body_malformed", "the body did not arrive whole")),
        Err(_) => Err(Problem::new("body_timeout", "the body did not arrive in time; nothing was done")),
    }
}

fn is_over_limit(error: &axum::Error) -> bool {
    std::error::Error::source(error).is_some_and(<dyn std::error::Error>::is::<http_body_util::LengthLimitError>)
}

/// Its canonical text; empty where there is no body.
pub(crate) fn canonical(headers: &HeaderMap, body: &[u8]) -> Result<String, Problem> {
    if body.is_empty() {
        return Ok(String::new());
    }
    let unsupported = |detail: &str| Problem::new("content_type_unsupported", detail);
    let media_type = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let media_type = media_type.split(';').next().unwrap_or_default().trim();
    if !media_type.eq_ignore_ascii_case("application/json") {
        return Err(unsupported("send the body with Content-Type: application/json"));
    }
    if headers.get(header::CONTENT_ENCODING).is_some_and(|coding| coding != "identity") {
        return Err(unsupported("send the body without a content encoding"));
    }
    canonical::text(body).map_err(|malformed| Problem::new("body_malformed", malformed.to_string()))
}

/// A path of serde's as an RFC 6901 pointer.
fn pointer(path: &serde_path_to_error::Path) -> String {
    use serde_path_to_error::Segment;
    let mut pointer = String::new();
    for segment in path {
        match segment {
            Segment::Seq { index } => {
                pointer.push('/');
                pointer.push_str(&index.to_string());
            }
            Segment::Map { key } => {
                pointer.push('/');
                pointer.push_str(&key.replace('~', "~0").replace('/', "~1"));
            }
            Segment::Enum { .. } | Segment::Unknown => {}
        }
    }
    pointer
}

/// What serde says without the value that it found: it may be a secret in the wrong place, and who asks logs our answers. Nor do
/// they tell what our types are called.
fn without_value(message: &str) -> String {
    const KINDS: [&str; 8] = ["string", "integer", "floating point", "boolean", "number", "map", "sequence", "null"];
    let about = ["invalid type: ", "invalid value: "];
    let Some((about, found)) = about.iter().find_map(|about| Some((about, message.strip_prefix(about)?))) else {
        return message.to_owned();
    };
    let kind = KINDS.iter().find(|kind| found.starts_with(**kind)).copied().unwrap_or("something else");
    let expected = found.rsplit_once(", expected ").map_or("something else", |(_, expected)| expected);
    let expected = if expected.starts_with("struct ") { "an object" } else { expected };
    format!("{about}{kind}, expected {expected}")
}

/// A stable code for what serde says.
fn field_code(message: &str) -> &'static str {
    match message {
        text if text.starts_with("unknown field") => "unknown_member",
        text if text.starts_with("missing field") => "missing_member",
        text if text.starts_with("invalid type") => "wrong_type",
        text if text.starts_with("invalid value") || text.starts_with("number out of range") => "out_of_range",
        text if text.starts_with("unknown variant") => "unknown_value",
        _ => "invalid",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn s29_what_is_wrong_is_told_without_its_value() {
        #[derive(Debug, serde::Deserialize)]
        struct Wanted {
            #[expect(dead_code, reason = "only what is wrong with it is looked at")]
            name: String,
            #[expect(dead_code, reason = "as above")]
            inner: Option<Inner>,
            #[expect(dead_code, reason = "as above")]
            count: Option<u8>,
        }
        #[derive(Debug, serde::Deserialize)]
        struct Inner {}
        for (text, wanted) in [
            (r#"{"name":["canary"]}"#, "/name: invalid type: sequence, expected a string"),
            (r#"{"name":{"canary":1}}"#, "/name: invalid type: map, expected a string"),
            (r#"{"name":70461382}"#, "/name: invalid type: integer, expected a string"),
            (
                r#"{"name":"a","inner":"canary, expected a secret at line 7"}"#,
                "/inner: invalid type: string, expected an object",
            ),
            (r#""canary""#, ": invalid type: string, expected an object"),
            (r#"{"name":"a","count":"canary"}"#, "/count: invalid type: string, expected u8"),
            (r#"{"name":"a","count":704}"#, "/count: invalid value: integer, expected u8"),
        ] {
            let problem = typed::<Wanted>(text).expect_err(text);
            let told = String::from_utf8(problem.body("req_1")).expect("JSON is text");
            assert!(told.contains(wanted), "{text}: {told}");
            assert!(!told.contains("canary") && !told.contains("704"), "{text}: {told}");
        }
    }

    #[test]
    fn a_password_is_no_part_of_what_a_request_is() {
        let of = |text: &'static str| without_secrets(text).into_owned();
        let one = of(r#"{"admin":{"login":"a","password":"one"},"name":"x"}"#);
        assert_eq!(one, of(r#"{"admin":{"login":"a","password":"two"},"name":"x"}"#));
        assert!(!one.contains("one"), "{one}");
        assert_ne!(one, of(r#"{"admin":{"login":"b","password":"one"},"name":"x"}"#));
        assert_ne!(one, of(r#"{"admin":{"login":"a"},"name":"x"}"#), "none is not some");
        assert_eq!(of(r#"{"password":null}"#), r#"{"password":null}"#, "nor is missing");
        assert_eq!(of(r#"[{"password":"x"}]"#), r#"[{"password":true}]"#);
        // A number keeps its text, and so its value.
        assert_eq!(of(r#"{"n":9007199254740993,"password":"x"}"#), r#"{"n":9007199254740993,"password":true}"#);
        assert_eq!(of(r#"{"n":1.50}"#), r#"{"n":1.50}"#);
    }
}
