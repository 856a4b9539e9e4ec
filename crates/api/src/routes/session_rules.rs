//! Owns the routes of what a shop asks of sessions.

use std::fmt;
use std::str::FromStr;

use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse as _, Response};
use domain::person::Kind;
use domain::{Action, PutSessionRules};
use http::header;

use super::ids::{IdPath, Named};
use crate::auth::Caller;
use crate::mutation::{Mutation, derived_from_request};
use crate::problem::Problem;
use crate::state::Api;
use crate::wire;

/// Whose sessions a policy is about, as the path has it.
pub(crate) struct Whose(Kind);

impl FromStr for Whose {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        [Kind::Member, Kind::Staff].into_iter().find(|kind| wire::among(*kind) == text).map(Whose).ok_or(())
    }
}

impl fmt::Display for Whose {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(wire::among(self.0))
    }
}

impl Named for Whose {
    const WHAT: &'static str = "policy";
}

/// What the shop asks of the sessions of its members or its staff.
#[utoipa::path(get, path = "/api/v1/policies/sessions/{whose}", tag = "policies",
    params(("whose" = String, Path, description = "`members` or `staff`")),
    responses((status = 200, body = wire::SessionRules, description = "As it is now; what is usual where nobody has said anything"),
        (status = "4XX", body = crate::openapi::Problem, content_type = "application/problem+json"),
        (status = "5XX", body = crate::openapi::Problem, content_type = "application/problem+json")),
    security(("api_key" = []), ("session" = [])))]
pub(crate) async fn get(
    State(api): State<Api>,
    caller: Caller,
    IdPath(Whose(kind)): IdPath<Whose>,
) -> Result<Response, Problem> {
    let tenant = caller.tenant;
    let policy = api.ask(|store| async move { store.session_policy(tenant, kind).await }).await?;
    let tag = [(header::ETAG, wire::entity_tag(policy.version))];
    Ok((tag, Json(wire::SessionRules::of(&policy))).into_response())
}

/// Say what the shop asks of the sessions of its members or its staff. Sessions that are open keep their end; how many there
/// may be is looked at with the next log-in. Every node follows within two seconds.
#[utoipa::path(put, path = "/api/v1/policies/sessions/{whose}", tag = "policies", request_body = wire::PutSessionRules,
    params(("whose" = String, Path, description = "`members` or `staff`"),
        ("X-Reason" = Option<String>, Header, description = "Why; the audit log keeps it. Beyond ASCII percent-encoded UTF-8"),
        ("Idempotency-Key" = Option<String>, Header, description = "Optional: derived from the request where missing"),
        ("If-Match" = Option<String>, Header, description = "The version that the change was made for")),
    responses((status = 200, body = wire::SessionRules, description = "Changed, or already so"),
        (status = "4XX", body = crate::openapi::Problem, content_type = "application/problem+json"),
        (status = "5XX", body = crate::openapi::Problem, content_type = "application/problem+json")),
    security(("api_key" = []), ("session" = [])))]
pub(crate) async fn put(
    State(api): State<Api>,
    IdPath(Whose(kind)): IdPath<Whose>,
    mut request: Mutation,
) -> Result<Response, Problem> {
    request.is_audited();
    let rules = request.json::<wire::PutSessionRules>()?.rules()?;
    let action = PutSessionRules { kind, rules, expected_version: request.expected_version() };
    let (tenant, people) = (request.tenant(), api.people().clone());
    api.finish(async move {
        let answer = request.submit(Action::PutSessionRules(action), derived_from_request).await;
        people.rules_changed(tenant, kind).await;
        answer
    })
    .await
}
