//! Owns the routes of the staff, who work for the shop.

use axum::extract::{Query, State};
use axum::response::Response;
use domain::person::{Kind, Step};
use domain::{PersonId, SessionId};

use super::ids::{IdPath, WithinPath};
use super::lists::parameters;
use super::people;
use crate::auth::Caller;
use crate::mutation::Mutation;
use crate::problem::Problem;
use crate::state::Api;
use crate::wire;

/// Add one of the staff.
#[utoipa::path(post, path = "/api/v1/staff", tag = "people", request_body = wire::AddStaff,
    params(("Idempotency-Key" = String, Header, description = "Names this wish of the caller. The password is no part of what the \
            key is compared with")),
    responses((status = 201, body = wire::Person, description = "Added"),
        (status = "4XX", body = crate::openapi::Problem, content_type = "application/problem+json"),
        (status = "5XX", body = crate::openapi::Problem, content_type = "application/problem+json")),
    security(("api_key" = []), ("session" = [])))]
pub(crate) async fn add(State(api): State<Api>, request: Mutation) -> Result<Response, Problem> {
    let new = request.json::<wire::AddStaff>()?.checked()?;
    people::add(&api, request, new).await
}

/// The staff, by their logins.
#[utoipa::path(get, path = "/api/v1/staff", tag = "people", params(people::PeopleQuery),
    responses((status = 200, body = wire::List<wire::Person>, description = "A page"),
        (status = "4XX", body = crate::openapi::Problem, content_type = "application/problem+json"),
        (status = "5XX", body = crate::openapi::Problem, content_type = "application/problem+json")),
    security(("api_key" = []), ("session" = [])))]
pub(crate) async fn list(
    State(api): State<Api>,
    caller: Caller,
    query: Result<Query<people::PeopleQuery>, axum::extract::rejection::QueryRejection>,
) -> Result<Response, Problem> {
    people::list(&api, &caller, Kind::Staff, parameters(query)?).await
}

/// One of the staff.
#[utoipa::path(get, path = "/api/v1/staff/{person_id}", tag = "people",
    params(("person_id" = String, Path, description = "Their id")),
    responses((status = 200, body = wire::Person, description = "They as they are now"),
        (status = "4XX", body = crate::openapi::Problem, content_type = "application/problem+json"),
        (status = "5XX", body = crate::openapi::Problem, content_type = "application/problem+json")),
    security(("api_key" = []), ("session" = [])))]
pub(crate) async fn get(State(api): State<Api>, caller: Caller, path: IdPath<PersonId>) -> Result<Response, Problem> {
    people::show(&api, &caller, Kind::Staff, path).await
}

/// The sessions of one of the staff, open ones first.
#[utoipa::path(get, path = "/api/v1/staff/{person_id}/sessions", tag = "people",
    params(("person_id" = String, Path, description = "Their id")),
    responses((status = 200, body = Vec<wire::Session>, description = "The last hundred at most"),
        (status = "4XX", body = crate::openapi::Problem, content_type = "application/problem+json"),
        (status = "5XX", body = crate::openapi::Problem, content_type = "application/problem+json")),
    security(("api_key" = []), ("session" = [])))]
pub(crate) async fn sessions(
    State(api): State<Api>,
    caller: Caller,
    path: IdPath<PersonId>,
) -> Result<Response, Problem> {
    people::sessions(&api, &caller, Kind::Staff, path).await
}

/// Put one of the staff out on one device. Where the session is over already, nothing is done, and its reason stays.
#[utoipa::path(delete, path = "/api/v1/staff/{person_id}/sessions/{session_id}", tag = "people",
    params(("person_id" = String, Path, description = "Their id"),
        ("session_id" = String, Path, description = "The session's id"),
        ("X-Reason" = Option<String>, Header, description = "Why; the audit log keeps it. Beyond ASCII percent-encoded UTF-8"),
        ("Idempotency-Key" = Option<String>, Header, description = "Optional: derived from the request where missing")),
    responses((status = 204, description = "It is over: whoever uses it is told `session_kicked`"),
        (status = "4XX", body = crate::openapi::Problem, content_type = "application/problem+json"),
        (status = "5XX", body = crate::openapi::Problem, content_type = "application/problem+json")),
    security(("api_key" = []), ("session" = [])))]
pub(crate) async fn end_session(
    State(api): State<Api>,
    path: WithinPath<PersonId, SessionId>,
    request: Mutation,
) -> Result<Response, Problem> {
    people::end_session(&api, request, (Kind::Staff, path)).await
}

/// Let them in no more. All of their sessions end.
#[utoipa::path(post, path = "/api/v1/staff/{person_id}/disable", tag = "people",
    params(("person_id" = String, Path, description = "Their id"),
        ("X-Reason" = Option<String>, Header, description = "Why; the audit log keeps it. Beyond ASCII percent-encoded UTF-8"),
        ("If-Match" = Option<String>, Header, description = "The version that the change was made for"),
        ("Idempotency-Key" = String, Header, description = "Names this wish of the caller")),
    responses((status = 200, body = wire::Person, description = "They as they are now"),
        (status = "4XX", body = crate::openapi::Problem, content_type = "application/problem+json"),
        (status = "5XX", body = crate::openapi::Problem, content_type = "application/problem+json")),
    security(("api_key" = []), ("session" = [])))]
pub(crate) async fn disable(
    State(api): State<Api>,
    path: IdPath<PersonId>,
    request: Mutation,
) -> Result<Response, Problem> {
    request.no_body()?;
    people::change(&api, request, (Kind::Staff, path), Step::Disable).await
}

/// Let them in again.
#[utoipa::path(post, path = "/api/v1/staff/{person_id}/enable", tag = "people",
    params(("person_id" = String, Path, description = "Their id"),
        ("X-Reason" = Option<String>, Header, description = "Why; the audit log keeps it. Beyond ASCII percent-encoded UTF-8"),
        ("If-Match" = Option<String>, Header, description = "The version that the change was made for"),
        ("Idempotency-Key" = String, Header, description = "Names this wish of the caller")),
    responses((status = 200, body = wire::Person, description = "They as they are now"),
        (status = "4XX", body = crate::openapi::Problem, content_type = "application/problem+json"),
        (status = "5XX", body = crate::openapi::Problem, content_type = "application/problem+json")),
    security(("api_key" = []), ("session" = [])))]
pub(crate) async fn enable(
    State(api): State<Api>,
    path: IdPath<PersonId>,
    request: Mutation,
) -> Result<Response, Problem> {
    request.no_body()?;
    people::change(&api, request, (Kind::Staff, path), Step::Enable).await
}

/// Put them out: all of their sessions end, and they may log in again.
#[utoipa::path(post, path = "/api/v1/staff/{person_id}/sign-out", tag = "people",
    params(("person_id" = String, Path, description = "Their id"),
        ("X-Reason" = Option<String>, Header, description = "Why; the audit log keeps it. Beyond ASCII percent-encoded UTF-8"),
        ("If-Match" = Option<String>, Header, description = "The version that the change was made for"),
        ("Idempotency-Key" = String, Header, description = "Names this wish of the caller")),
    responses((status = 200, body = wire::Person, description = "They as they are now"),
        (status = "4XX", body = crate::openapi::Problem, content_type = "application/problem+json"),
        (status = "5XX", body = crate::openapi::Problem, content_type = "application/problem+json")),
    security(("api_key" = []), ("session" = [])))]
pub(crate) async fn sign_out(
    State(api): State<Api>,
    path: IdPath<PersonId>,
    request: Mutation,
) -> Result<Response, Problem> {
    request.no_body()?;
    people::change(&api, request, (Kind::Staff, path), Step::SignOut).await
}

/// Give them another role. All of their sessions end: who comes back has the new one.
#[utoipa::path(post, path = "/api/v1/staff/{person_id}/role", tag = "people", request_body = wire::SetRole,
    params(("person_id" = String, Path, description = "Their id"),
        ("X-Reason" = Option<String>, Header, description = "Why; the audit log keeps it. Beyond ASCII percent-encoded UTF-8"),
        ("If-Match" = Option<String>, Header, description = "The version that the change was made for"),
        ("Idempotency-Key" = String, Header, description = "Names this wish of the caller")),
    responses((status = 200, body = wire::Person, description = "They as they are now"),
        (status = "4XX", body = crate::openapi::Problem, content_type = "application/problem+json"),
        (status = "5XX", body = crate::openapi::Problem, content_type = "application/problem+json")),
    security(("api_key" = []), ("session" = [])))]
pub(crate) async fn set_role(
    State(api): State<Api>,
    path: IdPath<PersonId>,
    request: Mutation,
) -> Result<Response, Problem> {
    let step = request.json::<wire::SetRole>()?.step()?;
    people::change(&api, request, (Kind::Staff, path), step).await
}

/// Let them set a new password without the one there is. The token is for the person alone: send it where only they read it.
#[utoipa::path(post, path = "/api/v1/staff/{person_id}/password-reset", tag = "people",
    params(("person_id" = String, Path, description = "Their id"),
        ("X-Reason" = Option<String>, Header, description = "Why; the audit log keeps it. Beyond ASCII percent-encoded UTF-8"),
        ("If-Match" = Option<String>, Header, description = "The version that the change was made for"),
        ("Idempotency-Key" = String, Header, description = "Names this wish of the caller")),
    responses((status = 200, body = wire::ResetAllowed, description = "They may, for half an hour"),
        (status = "4XX", body = crate::openapi::Problem, content_type = "application/problem+json"),
        (status = "5XX", body = crate::openapi::Problem, content_type = "application/problem+json")),
    security(("api_key" = []), ("session" = [])))]
pub(crate) async fn let_reset(
    State(api): State<Api>,
    path: IdPath<PersonId>,
    request: Mutation,
) -> Result<Response, Problem> {
    request.no_body()?;
    people::let_reset(&api, request, (Kind::Staff, path)).await
}

/// Their second factor is lost, and counts no more. All of their sessions end.
#[utoipa::path(post, path = "/api/v1/staff/{person_id}/drop-second-factor", tag = "people",
    params(("person_id" = String, Path, description = "Their id"),
        ("X-Reason" = Option<String>, Header, description = "Why; the audit log keeps it. Beyond ASCII percent-encoded UTF-8"),
        ("If-Match" = Option<String>, Header, description = "The version that the change was made for"),
        ("Idempotency-Key" = String, Header, description = "Names this wish of the caller")),
    responses((status = 200, body = wire::Person, description = "They as they are now"),
        (status = "4XX", body = crate::openapi::Problem, content_type = "application/problem+json"),
        (status = "5XX", body = crate::openapi::Problem, content_type = "application/problem+json")),
    security(("api_key" = []), ("session" = [])))]
pub(crate) async fn drop_factor(
    State(api): State<Api>,
    path: IdPath<PersonId>,
    request: Mutation,
) -> Result<Response, Problem> {
    request.no_body()?;
    people::change(&api, request, (Kind::Staff, path), Step::DropFactor).await
}
