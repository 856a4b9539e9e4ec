//! Owns the routes of what a shop asks of a checkout, and of its staff: so far, how much one may give back alone.

use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse as _, Response};
use domain::{Action, SetCheckoutPolicy, SetRefundLimits};
use http::header;

use crate::auth::Caller;
use crate::mutation::{Mutation, derived_from_request};
use crate::problem::Problem;
use crate::state::Api;
use crate::wire;

/// How much may be given back of one payment without a second person.
#[utoipa::path(get, path = "/api/v1/policies/refunds", tag = "payments",
    responses((status = 200, body = wire::RefundPolicy, description = "What the shop asks; version 1 where nobody has set anything yet"),
        (status = "4XX", body = crate::openapi::Problem, content_type = "application/problem+json"),
        (status = "5XX", body = crate::openapi::Problem, content_type = "application/problem+json")),
    security(("api_key" = []), ("session" = [])))]
pub(crate) async fn refunds(State(api): State<Api>, caller: Caller) -> Result<Response, Problem> {
    let tenant = caller.tenant;
    let policy = api.ask(|store| async move { store.refund_policy(tenant).await }).await?;
    let tag = [(header::ETAG, wire::entity_tag(policy.version))];
    Ok((tag, Json(wire::RefundPolicy::of(&policy))).into_response())
}

/// Change that. Every node follows within two seconds; what waits by then goes on waiting.
#[utoipa::path(put, path = "/api/v1/policies/refunds", tag = "payments", request_body = wire::PutRefundPolicy,
    params(("Idempotency-Key" = Option<String>, Header, description = "Optional: derived from the request where missing"),
        ("If-Match" = Option<String>, Header, description = "The version that the change was made for"),
        ("X-Reason" = Option<String>, Header, description = "Why; the audit log keeps it. Beyond ASCII percent-encoded UTF-8")),
    responses((status = 200, body = wire::RefundPolicy, description = "What the shop asks now"),
        (status = "4XX", body = crate::openapi::Problem, content_type = "application/problem+json"),
        (status = "5XX", body = crate::openapi::Problem, content_type = "application/problem+json")),
    security(("api_key" = []), ("session" = [])))]
pub(crate) async fn put_refunds(State(api): State<Api>, mut request: Mutation) -> Result<Response, Problem> {
    request.is_audited();
    let limits = request.json::<wire::PutRefundPolicy>()?.checked()?;
    let (tenant, expected_version) = (request.tenant(), request.expected_version());
    let action = SetRefundLimits { limits, expected_version };
    let here = api.clone();
    api.finish(async move {
        let answer = request.submit(Action::SetRefundLimits(action), derived_from_request).await;
        here.forget_refund_limits(tenant).await;
        answer
    })
    .await
}

/// What the shop asks of a checkout.
#[utoipa::path(get, path = "/api/v1/policies/checkout", tag = "policies",
    responses((status = 200, body = wire::CheckoutPolicy, description = "As it is now; all of it off where nobody has set anything"),
        (status = "4XX", body = crate::openapi::Problem, content_type = "application/problem+json"),
        (status = "5XX", body = crate::openapi::Problem, content_type = "application/problem+json")),
    security(("api_key" = []), ("session" = [])))]
pub(crate) async fn checkout(State(api): State<Api>, caller: Caller) -> Result<Response, Problem> {
    let tenant = caller.tenant;
    let standing = api.ask(|store| async move { store.checkout_policy(tenant).await }).await?;
    let tag = [(header::ETAG, wire::entity_tag(standing.version))];
    Ok((tag, Json(wire::CheckoutPolicy::of(&standing))).into_response())
}

/// Say what the shop asks of a checkout. Every node follows within two seconds, this one at once; orders that are placed keep
/// what they were placed under.
#[utoipa::path(put, path = "/api/v1/policies/checkout", tag = "policies", request_body = wire::PutCheckoutPolicy,
    params(("Idempotency-Key" = Option<String>, Header, description = "Optional: derived from the request where missing"),
        ("If-Match" = Option<String>, Header, description = "The version that the change was made for"),
        ("X-Reason" = Option<String>, Header, description = "Why; the audit log keeps it. Beyond ASCII percent-encoded UTF-8")),
    responses((status = 200, body = wire::CheckoutPolicy, description = "Changed, or already so"),
        (status = "4XX", body = crate::openapi::Problem, content_type = "application/problem+json"),
        (status = "5XX", body = crate::openapi::Problem, content_type = "application/problem+json")),
    security(("api_key" = []), ("session" = [])))]
pub(crate) async fn put_checkout(State(api): State<Api>, mut request: Mutation) -> Result<Response, Problem> {
    request.is_audited();
    let policy = request.json::<wire::PutCheckoutPolicy>()?.checked()?;
    let (tenant, expected_version) = (request.tenant(), request.expected_version());
    let action = SetCheckoutPolicy { policy, expected_version };
    let here = api.clone();
    api.finish(async move {
        let answer = request.submit(Action::SetCheckoutPolicy(action), derived_from_request).await;
        here.forget_policy(tenant).await;
        answer
    })
    .await
}
