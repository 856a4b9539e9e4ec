//! Owns the common way of every request that changes something: who, under which key, what exactly, as one command.

mod asking;
mod audit;
mod begun;
mod names;
mod precondition;
mod turn;

use std::collections::BTreeMap;
use std::time::Duration;

use axum::body::Body;
use axum::extract::{FromRequest, FromRequestParts, MatchedPath, RawPathParams, Request};
use axum::response::Response;
use domain::access::{Permission, Reach};
use domain::audit::Note;
use domain::order::CloseReason;
use domain::text::Reason;
use domain::{Action, Alias, CheckoutPolicy, Command, PrincipalId, TenantId, Timestamp, Token};
use http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use idempotency::{Answer, CommandId, Fingerprints, Key, Target, key};
use serde::de::DeserializeOwned;
use serde_json::value::RawValue;
use tokio::time::Instant;

use crate::auth::Caller;
use crate::body;
use crate::problem::{FieldError, Problem};
use crate::request_id::RequestId;
use crate::state::{Api, Peer};
use crate::watch::{Begun, Origin};
use crate::{stamp, wire};
use precondition::Precondition;

/// A request that changes something, read and stamped, not yet understood.
pub(crate) struct Mutation {
    api: Api,
    caller: Caller,
    key: Option<Key>,
    precondition: Precondition,
    /// The one-time token that came along, as it was sent.
    one_time_token: Option<String>,
    aliases: Vec<Alias>,
    token: Token,
    note: Option<Note>,
    fingerprints: Fingerprints,
    request_id: RequestId,
    origin: Origin,
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
        let request = Self::read(Request::from_parts(parts, body), api, Some(caller)).await?;
        request.resumed().await
    }
}

impl Mutation {
    /// Reads a request; `None` stands for somebody who is nobody yet.
    pub(crate) async fn read(request: Request, api: &Api, caller: Option<Caller>) -> Result<Self, Problem> {
        let begun = Instant::now();
        let (mut parts, body) = request.into_parts();
        let origin = Origin {
            method: parts.method.clone(),
            route: parts.extensions.get::<MatchedPath>().cloned(),
            from: parts.extensions.get::<Peer>().map(|peer| peer.address),
            begun,
        };
        // The limit comes before the key: a body that is too large leaves no trace.
        let bytes = body::read(body, &parts.headers, api.settings()).await?;
        let key = read_key(&parts.headers)?;
        let route = origin.route.as_ref().map_or("", MatchedPath::as_str);
        let precondition = Precondition::read(&parts.headers, route)?;
        let one_time_token = names::read_token(&parts.headers)?;
        let body = body::canonical(&parts.headers, &bytes)?;
        let ids = RawPathParams::from_request_parts(&mut parts, api)
            .await
            .map_err(|error| Problem::new("parameter_invalid", error.body_text()))?;
        let ids: Vec<&str> = ids.iter().map(|(_, value)| value).collect();
        let target = Target {
            method: parts.method.as_str(),
            route: origin.route.as_ref().map_or("", MatchedPath::as_str),
            ids: &ids,
            query: parts.uri.query().unwrap_or_default(),
            precondition: precondition.text(),
        };
        let fingerprints = Fingerprints::of(&target, &body::without_secrets(&body));
        // Whoever is nobody writes nothing into the log.
        let note = caller.as_ref().map(|caller| audit::note(caller, &parts.headers)).transpose()?.flatten();
        let caller = caller.unwrap_or_else(|| Caller::themselves(TenantId(0), PrincipalId(0)));
        let request_id = parts.extensions.get::<RequestId>().cloned().unwrap_or_default();
        let at = stamp::now();
        Ok(Self {
            api: api.clone(),
            caller,
            key,
            precondition,
            one_time_token,
            aliases: Vec::new(),
            token: Token::None,
            note,
            fingerprints,
            request_id,
            origin,
            body,
            at,
        })
    }

    /// A change that the platform makes by itself, which the log has.
    pub(crate) fn of_platform(api: &Api, caller: Caller, note: Note) -> Self {
        let target = Target { method: "", route: "", ids: &[], query: "", precondition: "" };
        Self {
            api: api.clone(),
            caller,
            key: None,
            precondition: Precondition::default(),
            one_time_token: None,
            aliases: Vec::new(),
            token: Token::None,
            note: Some(note),
            fingerprints: Fingerprints::of(&target, ""),
            request_id: RequestId::made(),
            origin: Origin { method: Method::POST, route: None, from: None, begun: Instant::now() },
            body: String::new(),
            at: stamp::now(),
        }
    }

    /// The same request with its key as one of this purpose alone.
    pub(crate) fn under(self, purpose: &str) -> Self {
        let key = self.key.map(|key| Key::derived(purpose, key.as_str()));
        Self { key, ..self }
    }

    /// The same request by somebody else: the one whom its body names, or who its sender was before.
    pub(crate) fn by(self, caller: Caller) -> Self {
        Self { caller, ..self }
    }

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

    /// What the sender of an order's request may say.
    pub(crate) fn buyer(&self) -> wire::Buyer {
        let own = (self.caller.role.reach() == Reach::Own).then(|| self.caller.customers());
        let may_price = self.caller.session.is_none() && self.caller.role.may(Permission::PricesSet);
        wire::Buyer { own, may_price }
    }

    /// Refuses who buys for themselves to speak for the merchant.
    pub(crate) fn may_say(&self, reason: CloseReason) -> Result<(), Problem> {
        if reason == CloseReason::Merchant && self.caller.role.reach() == Reach::Own {
            let message = "it is the customer who gives the order up".to_owned();
            return Err(Problem::invalid(&[FieldError {
                pointer: "/reason".to_owned(),
                code: "not_allowed",
                message,
            }]));
        }
        Ok(())
    }

    /// What the caller's shop asks of a checkout.
    pub(crate) async fn policy(&self) -> Result<CheckoutPolicy, Problem> {
        self.api.policy(self.caller.tenant).await
    }

    /// True if the request came without a key.
    pub(crate) const fn is_without_key(&self) -> bool {
        self.key.is_none()
    }

    /// The reason that the body gives is the log's, where the header gave none.
    pub(crate) fn because(&mut self, reason: &str) {
        if let Some(note) = &mut self.note
            && note.reason.is_none()
        {
            note.reason = Reason::new(reason).ok();
        }
    }

    /// From now on the audit log has it, whoever sent it.
    pub(crate) fn is_audited(&mut self) {
        self.note.get_or_insert_default();
    }

    /// The version that If-Match names, which must be there.
    pub(crate) fn required_version(&self) -> Result<u32, Problem> {
        self.expected_version().ok_or_else(|| {
            Problem::new("precondition_required", "send the header If-Match with the ETag of the order as you read it")
        })
    }

    /// The version that If-Match names, if it is there.
    pub(crate) const fn expected_version(&self) -> Option<u32> {
        self.precondition.version()
    }

    /// Whether If-None-Match wants none to be there yet.
    pub(crate) const fn must_be_new(&self) -> bool {
        self.precondition.must_be_new()
    }

    /// A number for one purpose of this request, the same whenever it is sent.
    pub(crate) fn number(&self, purpose: &str) -> Result<u128, Problem> {
        self.require_key()?;
        let scope = (self.caller.tenant.0, self.caller.principal.0);
        Ok(self.key.as_ref().map_or(0, |key| idempotency::derive(self.api.installation(), purpose, scope, key)))
    }

    /// Who sent it.
    pub(crate) const fn caller(&self) -> &Caller {
        &self.caller
    }

    /// Whose data is asked for.
    pub(crate) const fn tenant(&self) -> TenantId {
        self.caller.tenant
    }

    /// The body as a typed request. It is read from the canonical text, so that what was fingerprinted and what is
    /// executed are one reading.
    pub(crate) fn json<T: DeserializeOwned>(&self) -> Result<T, Problem> {
        body::typed(&self.body)
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
        let (answer, replayed) = self.answered(action, derived).await?;
        Ok(respond(answer, replayed))
    }

    /// As [`Self::submit`]; the answer as it is stored, and whether it was there before.
    pub(crate) async fn answered(
        self,
        action: Action,
        derived: impl FnOnce(&Fingerprints) -> Key,
    ) -> Result<(Answer, bool), Problem> {
        if self.one_time_token.is_some() {
            return Err(Problem::new("token_invalid", "no one-time token is taken here; send the request without it"));
        }
        let note = match &self.note {
            None => None,
            Some(note) => Some(Note { actor: self.actor().await?.to_string(), ..note.clone() }),
        };
        let command = Command {
            id: CommandId(stamp::id()),
            tenant: self.caller.tenant,
            principal: self.caller.principal,
            key: self.key.clone().unwrap_or_else(|| derived(&self.fingerprints)),
            fingerprints: self.fingerprints,
            at: self.at,
            request_id: self.request_id.to_string(),
            origin: self.origin.kept(),
            aliases: self.aliases.clone(),
            token: self.token,
            whose: self.caller.whose(),
            note,
            action,
        };
        // Who is known gets their answer, whatever the shop's rules say by now.
        if let Err(objection) = self.api.check(&command).await?
            && !self.is_repetition().await?
        {
            let problem = Problem::from(objection);
            self.api.refused(&command, self.origin.from, problem.code());
            let refused = Err(problem);
            self.api.watch().note(Begun::of(&command, self.origin), &refused);
            return refused;
        }
        self.api.submit(command, Some(self.origin)).await
    }
}

/// A key for a PUT that came without one: its route, precondition and body name the wish.
pub(crate) fn derived_from_request(fingerprints: &Fingerprints) -> Key {
    Key::derived("put", &fingerprints.current.to_string())
}

/// A key for a POST whose key is optional and was not sent: each arrival is a wish of its own.
pub(crate) fn derived_from_arrival(_: &Fingerprints) -> Key {
    Key::derived("arrival", &format!("{:032x}", stamp::id()))
}

/// An answer, first or again, as a response.
pub(crate) fn respond(answer: Answer, replayed: bool) -> Response {
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

fn read_key(headers: &HeaderMap) -> Result<Option<Key>, Problem> {
    let lines = headers.get_all(key::HEADER).iter().map(HeaderValue::as_bytes);
    Key::from_header_lines(lines, key::Syntax::Either)
        .map_err(|invalid| Problem::new("idempotency_key_invalid", invalid.to_string()))
}
