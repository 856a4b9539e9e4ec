//! Owns the routes of lists of refunds, and of those that wait for a second person.

use axum::Json;
use axum::extract::{Query, State};
use axum::response::{IntoResponse as _, Response};
use domain::access::{Permission, Reach};
use domain::payment::RefundStatus;
use domain::{Action, ApproveRefund, RefundId, RejectRefund};
use serde::Deserialize;
use utoipa::IntoParams;

use super::ids::IdPath;
use super::lists::{self, parameters};
use crate::auth::Caller;
use crate::mutation::{Mutation, derived_from_request};
use crate::problem::Problem;
use crate::state::Api;
use crate::wire;

/// Which refunds, and which page of them.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(crate) struct RefundQuery {
    /// Only of this status: `awaiting_approval`, `created`, `submitted`, `unknown`, `succeeded`, `failed` or `rejected`. One whose
    /// status changes meanwhile leaves the list, so a page may be short; the next one goes on.
    status: Option<String>,
    /// Rows on the page, 1 to 200; 50 where it is missing.
    limit: Option<u64>,
    /// The `next_cursor` of the page before.
    cursor: Option<String>,
}

/// Refunds, newest first.
#[utoipa::path(get, path = "/api/v1/refunds", tag = "payments", params(RefundQuery),
    responses((status = 200, body = wire::List<wire::Refund>, description = "A page"),
        (status = "4XX", body = crate::openapi::Problem, content_type = "application/problem+json"),
        (status = "5XX", body = crate::openapi::Problem, content_type = "application/problem+json")),
    security(("api_key" = []), ("session" = [])))]
pub(crate) async fn list(
    State(api): State<Api>,
    caller: Caller,
    query: Result<Query<RefundQuery>, axum::extract::rejection::QueryRejection>,
) -> Result<Response, Problem> {
    if caller.role.reach() == Reach::Own {
        return Err(Problem::new("forbidden", "lists of refunds are for those who work for the shop"));
    }
    let query = parameters(query)?;
    let status = query.status.as_deref().map(status).transpose()?;
    let (limit, after) = (lists::limit(query.limit)?, lists::cursor(query.cursor.as_deref())?);
    let tenant = caller.tenant;
    let page = api.ask(|store| async move { store.refunds(tenant, status, after.as_ref(), limit).await }).await?;
    let row = |listed: &store::ListedRefund| {
        let refund = listed.payment.refund(listed.refund);
        refund.map(|refund| wire::Refund::of(&listed.payment, refund))
    };
    Ok(Json(lists::list(page, row)).into_response())
}

fn status(text: &str) -> Result<RefundStatus, Problem> {
    RefundStatus::from_name(text).ok_or_else(|| {
        let known = RefundStatus::ALL.map(RefundStatus::name).join(", ");
        Problem::new("parameter_invalid", format!("status is {text:?}; it is one of {known}"))
    })
}

/// Let a refund go that somebody else asked for. Only people let refunds go, and nobody their own: an API key is refused. Said
/// again by the same person, under whatever key, it is answered with the refund as it is.
#[utoipa::path(post, path = "/api/v1/refunds/{refund_id}/approve", tag = "payments",
    params(("refund_id" = String, Path, description = "The refund's id"),
        ("X-Reason" = Option<String>, Header, description = "Why; the refund and the audit log keep it. Beyond ASCII percent-encoded UTF-8"),
        ("Idempotency-Key" = String, Header, description = "Names this wish of the caller")),
    responses((status = 200, body = wire::Refund, description = "The refund, of which its provider is asked as soon as this is said"),
        (status = "4XX", body = crate::openapi::Problem, content_type = "application/problem+json"),
        (status = "5XX", body = crate::openapi::Problem, content_type = "application/problem+json")),
    security(("api_key" = []), ("session" = [])))]
pub(crate) async fn approve(path: IdPath<RefundId>, mut request: Mutation) -> Result<Response, Problem> {
    request.caller().of_session()?;
    request.require_key()?;
    request.no_body()?;
    request.is_audited();
    let by = request.actor().await?;
    request.submit(Action::ApproveRefund(ApproveRefund { refund: path.0, by }), derived_from_request).await
}

/// Let a refund not go, for good: what it had reserved is free again. Whoever asked for it may take it back so; else it is for
/// those who may approve it.
#[utoipa::path(post, path = "/api/v1/refunds/{refund_id}/reject", tag = "payments",
    params(("refund_id" = String, Path, description = "The refund's id"),
        ("X-Reason" = Option<String>, Header, description = "Why; the refund and the audit log keep it. Beyond ASCII percent-encoded UTF-8"),
        ("Idempotency-Key" = String, Header, description = "Names this wish of the caller")),
    responses((status = 200, body = wire::Refund, description = "The refund, rejected"),
        (status = "4XX", body = crate::openapi::Problem, content_type = "application/problem+json"),
        (status = "5XX", body = crate::openapi::Problem, content_type = "application/problem+json")),
    security(("api_key" = []), ("session" = [])))]
pub(crate) async fn reject(path: IdPath<RefundId>, mut request: Mutation) -> Result<Response, Problem> {
    request.require_key()?;
    request.no_body()?;
    request.is_audited();
    let caller = request.caller();
    let may_decide = caller.session.is_some() && caller.role.may(Permission::RefundsApprove);
    let by = request.actor().await?;
    let action = RejectRefund { refund: path.0, by, may_decide };
    request.submit(Action::RejectRefund(action), derived_from_request).await
}
