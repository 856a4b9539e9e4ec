//! Owns what of a request's body makes it another request.

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;

use http::header;
use http::request::Parts;
use serde_json::{Value, json};

use super::multipart;
use crate::canonical::{self, BadPointer, Pointer};
use crate::{Fingerprints, Target};

type BusinessKey = dyn Fn(&Parts, &[u8]) -> Result<String, String> + Send + Sync;

/// How a body is read for the fingerprint. The handler always gets the bytes as they came.
#[derive(Clone)]
pub struct Reading {
    what: What,
    /// The first pointer that was none, reported when the route is set up.
    bad: Option<BadPointer>,
}

#[derive(Clone)]
enum What {
    Bytes,
    Json { without: Vec<Pointer> },
    Chosen(Vec<Pointer>),
    Multipart,
    Business(Arc<BusinessKey>),
}

impl Reading {
    /// Every byte counts, and the media type.
    pub fn bytes() -> Self {
        What::Bytes.into()
    }

    /// The meaning of a JSON text counts: the order of members, blanks and the spelling of numbers do not. What is not
    /// JSON, or has a member twice, is refused.
    pub fn json() -> Self {
        What::Json { without: Vec::new() }.into()
    }

    /// As [`Reading::json`], but for what stands at these RFC 6901 pointers: what a client makes anew for each attempt, such
    /// as its clock.
    pub fn json_without(pointers: &[&str]) -> Self {
        Self::pointing(pointers, |without| What::Json { without })
    }

    /// Of a JSON text, only what stands at these RFC 6901 pointers counts.
    pub fn json_at(pointers: &[&str]) -> Self {
        Self::pointing(pointers, What::Chosen)
    }

    /// The parts of a `multipart/form-data` body count, in their order; the boundary between them does not.
    pub fn multipart() -> Self {
        What::Multipart.into()
    }

    /// What the closure says counts, a business number for example; or why the body cannot be read, for the client.
    pub fn business_key(key: impl Fn(&Parts, &[u8]) -> Result<String, String> + Send + Sync + 'static) -> Self {
        What::Business(Arc::new(key)).into()
    }

    fn pointing(pointers: &[&str], what: impl FnOnce(Vec<Pointer>) -> What) -> Self {
        match pointers.iter().map(|text| Pointer::new(text)).collect() {
            Ok(pointers) => what(pointers).into(),
            Err(bad) => Self { what: What::Bytes, bad: Some(bad) },
        }
    }

    pub(super) fn check(&self) -> Result<(), BadPointer> {
        self.bad.clone().map_or(Ok(()), Err)
    }

    /// The fingerprint of a request, or why its body cannot be read.
    pub(super) fn fingerprints(&self, parts: &Parts, target: &Target<'_>, body: &[u8]) -> Result<Fingerprints, String> {
        let of_parts = |reading: &str, parts: &[&[u8]]| Fingerprints::of_parts(target, reading, parts);
        match &self.what {
            What::Bytes => Ok(of_parts("bytes", &[&media_type(parts), body])),
            What::Json { without } => {
                let text = without.iter().fold(json_text(body)?, |text, pointer| pointer.without(&text));
                Ok(Fingerprints::of(target, &text))
            }
            What::Chosen(pointers) => {
                let text = json_text(body)?;
                // A value is never empty, so what is not there is told apart from whatever may be there.
                let found = pointers.iter().flat_map(|it| [it.as_str(), it.find(&text).unwrap_or_default()]);
                Ok(of_parts("chosen", &found.map(str::as_bytes).collect::<Vec<_>>()))
            }
            What::Multipart => {
                let parts_of_body = multipart::parts(content_type(parts), body)?;
                let parts_of_body: Vec<&[u8]> = parts_of_body.iter().map(AsRef::as_ref).collect();
                Ok(of_parts("multipart", &parts_of_body))
            }
            What::Business(key) => Ok(of_parts("business", &[key(parts, body)?.as_bytes()])),
        }
    }

    /// As it stands in the published policy.
    pub(super) fn described(&self) -> Value {
        let texts = |pointers: &[Pointer]| pointers.iter().map(|it| it.as_str().to_owned()).collect::<Vec<_>>();
        match &self.what {
            What::Bytes => json!({"body": "bytes"}),
            What::Json { without } if without.is_empty() => json!({"body": "json"}),
            What::Json { without } => json!({"body": "json", "without": texts(without)}),
            What::Chosen(pointers) => json!({"body": "json", "only": texts(pointers)}),
            What::Multipart => json!({"body": "multipart"}),
            What::Business(_) => json!({"body": "business-key"}),
        }
    }
}

impl From<What> for Reading {
    fn from(what: What) -> Self {
        Self { what, bad: None }
    }
}

impl fmt::Debug for Reading {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Reading({})", self.described())
    }
}

/// No body is no JSON, and means nothing more than itself.
fn json_text(body: &[u8]) -> Result<String, String> {
    if body.is_empty() { Ok(String::new()) } else { canonical::text(body).map_err(|malformed| malformed.to_string()) }
}

fn content_type(parts: &Parts) -> &[u8] {
    parts.headers.get(header::CONTENT_TYPE).map(http::HeaderValue::as_bytes).unwrap_or_default()
}

/// In lower case, without its parameters.
fn media_type(parts: &Parts) -> Cow<'_, [u8]> {
    let bytes = content_type(parts).split(|&byte| byte == b';').next().unwrap_or_default().trim_ascii();
    if bytes.iter().any(u8::is_ascii_uppercase) { Cow::Owned(bytes.to_ascii_lowercase()) } else { Cow::Borrowed(bytes) }
}
