//! Owns the common way of every request that changes something: who, under which key, what exactly, as one command.

mod audit;
mod names;
mod turn;

use std::collections::BTreeMap;
use std::time::Duration;

use axum::body::Body;
use axum::extract::{FromRequest, FromRequestParts, MatchedPath, RawPathParams, Request};
use axum::response::Response;
use domain::audit::Note;
use domain::{Action, Alias, Command, TenantId, Timestamp, Token};
use http::{HeaderMap, HeaderValue, StatusCode, header};
use idempotency::{Answer, CommandId, Fingerprints, Key, Target, canonical, key};
use serde::de::DeserializeOwned;
use serde_json::value::RawValue;
use store::Policy;

use crate::auth::Caller;
use crate::named::Named;
use crate::problem::{FieldError, Problem};
use crate::request_id::RequestId;
use crate::stamp;
use crate::state::Api;

/// A request that changes something, read and stamped, not yet understood.
pub(crate) struct Mutation {
    api: Api,
    caller: Caller,
    key: Option<Key>,
    expected_version: Option<u32>,
    /// The one-time token that came along, as it was sent.
    one_time_token: Option<String>,
    aliases: Vec<Alias>,
    token: Token,
    note: Option<Note>,
    fingerprints: Fingerprints,
    request_id: RequestId,
    /// The body's canonical text; empty where there was none.
    body: String,
    /// When it arrived.
    pub(crate) at: Timestamp,
}

impl FromRequest<Api> for Mutation {
    type Rejection = Problem;

    async fn from_request(request: Request, api: &Api) -> Result<Self, Problem> {
        let (mut parts, body) = request.into_parts();
        let caller = Caller::from_request_parts(&mut parts, api).await?;
        // The limit comes before the key: a body that is too large leaves no trace.
        let body = read(body, &parts.headers, api.settings()).await?;
        let key = read_key(&parts.headers)?;
        let (precondition, expected_version) = read_if_match(&parts.headers)?;
        let one_time_token = names::read_token(&parts.headers)?;
        let body = canonical_body(&parts.headers, &body)?;
        let ids = RawPathParams::from_request_parts(&mut parts, api)
            .await
            .map_err(|error| Problem::new("parameter_invalid", error.body_text()))?;
        let ids: Vec<&str> = ids.iter().map(|(_, value)| value).collect();
        let target = Target {
            method: parts.method.as_str(),
            route: parts.extensions.get::<MatchedPath>().map_or("", MatchedPath::as_str),
            ids: &ids,
            query: parts.uri.query().unwrap_or_default(),
            precondition: &precondition,
        };
        let fingerprints = Fingerprints::of(&target, &body);
        let note = audit::note(&caller, &parts.headers)?;
        let request_id = parts.extensions.get::<RequestId>().cloned().unwrap_or_default();
        let at = stamp::now();
        Ok(Self {
            api: api.clone(),
            caller,
            key,
            expected_version,
            one_time_token,
            aliases: Vec::new(),
            token: Token::None,
            note,
            fingerprints,
            request_id,
            body,
            at,
        })
    }
}

impl Mutation {
    /// The settings, for stamping deadlines.
    pub(crate) fn deadline(&self, after: impl FnOnce(&crate::Settings) -> Duration) -> Timestamp {
        let after = after(self.api.settings()).as_millis();
        self.at.plus_ms(i64::try_from(after).unwrap_or(i64::MAX))
    }

    /// Refuses a request without a key.
    pub(crate) fn require_key(&self) -> Result<(), Problem> {
        match self.key {
            Some(_) => Ok(()),
            None => Err(Problem::new(
                "idempotency_key_missing",
                "send the header Idempotency-Key with a new random value, and the same value with every repetition",
            )),
        }
    }

    /// What the caller's shop asks of a checkout.
    pub(crate) async fn policy(&self) -> Result<Policy, Problem> {
        self.api.policy(self.caller.tenant).await
    }

    /// True if the request came without a key.
    pub(crate) const fn is_without_key(&self) -> bool {
        self.key.is_none()
    }

    /// The version that If-Match names, which must be there.
    pub(crate) fn required_version(&self) -> Result<u32, Problem> {
        self.expected_version.ok_or_else(|| {
            Problem::new("precondition_required", "send the header If-Match with the ETag of the order as you read it")
        })
    }

    /// The version that If-Match names, if it is there.
    pub(crate) const fn expected_version(&self) -> Option<u32> {
        self.expected_version
    }

    /// A number for one purpose of this request, the same whenever it is sent.
    pub(crate) fn number(&self, purpose: &str) -> Result<u128, Problem> {
        self.require_key()?;
        let scope = (self.caller.tenant.0, self.caller.principal.0);
        Ok(self.key.as_ref().map_or(0, |key| idempotency::derive(self.api.installation(), purpose, scope, key)))
    }

    /// Whose data is asked for.
    pub(crate) const fn tenant(&self) -> TenantId {
        self.caller.tenant
    }

    /// The body as a typed request. It is read from the canonical text, so that what was fingerprinted and what is
    /// executed are one reading.
    pub(crate) fn json<T: DeserializeOwned>(&self) -> Result<T, Problem> {
        if self.body.is_empty() {
            return Err(Problem::new("body_malformed", "the body is empty; send a JSON object"));
        }
        let mut reader = serde_json::Deserializer::from_str(&self.body);
        serde_path_to_error::deserialize(Named(&mut reader)).map_err(|error| {
            let pointer = pointer(error.path());
            let message = error.into_inner().to_string();
            // serde names a place in the canonical text, which the client never saw.
            let message = message.split(" at line ").next().unwrap_or_default().to_owned();
            let code = field_code(&message);
            Problem::invalid(&[FieldError { pointer, code, message }])
        })
    }

    /// The canonical text of one member of the body; none where it is missing or null.
    pub(crate) fn member(&self, name: &str) -> Option<String> {
        let members: BTreeMap<String, &RawValue> = serde_json::from_str(&self.body).ok()?;
        members.get(name).map(|raw| raw.get().to_owned()).filter(|text| text != "null")
    }

    /// Refuses a body other than none or an empty object.
    pub(crate) fn no_body(&self) -> Result<(), Problem> {
        #[derive(serde::Deserialize)]
        #[serde(deny_unknown_fields)]
        struct Nothing {}
        if self.body.is_empty() { Ok(()) } else { self.json::<Nothing>().map(|_| ()) }
    }

    /// Sends the action to the engine under the request's key, or under one derived where the route allows none.
    pub(crate) async fn submit(
        self,
        action: Action,
        derived: impl FnOnce(&Fingerprints) -> Key,
    ) -> Result<Response, Problem> {
        if self.one_time_token.is_some() {
            return Err(Problem::new("token_invalid", "no one-time token is taken here; send the request without it"));
        }
        let command = Command {
            id: CommandId(stamp::id()),
            tenant: self.caller.tenant,
            principal: self.caller.principal,
            key: self.key.unwrap_or_else(|| derived(&self.fingerprints)),
            fingerprints: self.fingerprints,
            at: self.at,
            request_id: self.request_id.to_string(),
            aliases: self.aliases,
            token: self.token,
            whose: self.caller.whose(),
            note: self.note,
            action,
        };
        let (answer, replayed) = self.api.submit(command).await?;
        Ok(respond(answer, replayed))
    }
}

/// A key for a PUT that came without one: its route, If-Match and body name the wish.
pub(crate) fn derived_from_request(fingerprints: &Fingerprints) -> Key {
    Key::derived("put", &fingerprints.current.to_string())
}

/// A key for a POST whose key is optional and was not sent: each arrival is a wish of its own.
pub(crate) fn derived_from_arrival(_: &Fingerprints) -> Key {
    Key::derived("arrival", &format!("{:032x}", stamp::id()))
}

/// An answer, first or again, as a response.
fn respond(answer: Answer, replayed: bool) -> Response {
    let mut response = Response::new(Body::from(answer.body));
    *response.status_mut() = StatusCode::from_u16(answer.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let headers = response.headers_mut();
    for (name, value) in answer.headers {
        if let (Ok(name), Ok(value)) = (header::HeaderName::try_from(name), HeaderValue::try_from(value)) {
            headers.append(name, value);
        }
    }
    let status = if replayed { "replayed" } else { "executed" };
    headers.insert(key::STATUS_HEADER, HeaderValue::from_static(status));
    if replayed {
        headers.insert(key::REPLAYED_HEADER, HeaderValue::from_static("true"));
    }
    response
}

async fn read(body: Body, headers: &HeaderMap, settings: &crate::Settings) -> Result<Vec<u8>, Problem> {
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

fn read_key(headers: &HeaderMap) -> Result<Option<Key>, Problem> {
    let lines = headers.get_all(key::HEADER).iter().map(HeaderValue::as_bytes);
    Key::from_header_lines(lines, key::Syntax::Either)
        .map_err(|invalid| Problem::new("idempotency_key_invalid", invalid.to_string()))
}

/// The header as it counts for the fingerprint, and the version it names. A tag that is no version of ours, such
/// as one of another system, matches nothing: version 0 does not exist.
fn read_if_match(headers: &HeaderMap) -> Result<(String, Option<u32>), Problem> {
    let mut lines = headers.get_all(header::IF_MATCH).iter();
    let Some(line) = lines.next() else { return Ok((String::new(), None)) };
    let invalid = || Problem::new("if_match_invalid", "send one entity tag as the server gave it, such as \"3\"");
    let text = line.to_str().map_err(|_| invalid())?.trim();
    let tag = text.strip_prefix('"').and_then(|text| text.strip_suffix('"')).ok_or_else(invalid)?;
    if lines.next().is_some() || tag.contains(['"', ',']) {
        return Err(invalid());
    }
    Ok((text.to_owned(), Some(tag.parse().unwrap_or(0))))
}

fn canonical_body(headers: &HeaderMap, body: &[u8]) -> Result<String, Problem> {
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
