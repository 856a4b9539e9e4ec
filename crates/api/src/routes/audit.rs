//! Owns the routes of the audit log: who has done what, as a chain that its readers can compute themselves.

use axum::Json;
use axum::extract::{Query, State};
use axum::response::{IntoResponse as _, Response};
use domain::audit::Head;
use serde::Deserialize;
use store::AuditFilter;
use utoipa::IntoParams;

use super::lists::{self, parameters};
use crate::auth::Caller;
use crate::problem::Problem;
use crate::state::Api;
use crate::wire;

/// Names that are longer are nobody's.
const NAME_MAX: usize = 100;

/// The parameters of the log.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(crate) struct AuditQuery {
    /// Only of this person or account, `per_…` or `acc_…`.
    #[param(max_length = 100)]
    actor: Option<String>,
    /// Only of this action, such as `people.change`.
    #[param(max_length = 100)]
    action: Option<String>,
    /// Only of this time or later, RFC 3339.
    #[param(format = DateTime)]
    from: Option<String>,
    /// Only of before this time, RFC 3339.
    #[param(format = DateTime)]
    to: Option<String>,
    /// Instead: behind this place, in the order of the chain; 0 for the whole of it. No other filter goes with it.
    #[param(minimum = 0)]
    after: Option<i64>,
    /// Rows on the page, 1 to 200; 50 where it is missing.
    limit: Option<u64>,
    /// The `next_cursor` of the page before.
    cursor: Option<String>,
}

/// What was done, the latest first; or, with `after`, in the order of the chain.
#[utoipa::path(get, path = "/api/v1/audit", tag = "audit", params(AuditQuery),
    responses((status = 200, body = wire::List<wire::AuditEntry>, description = "A page"),
        (status = "4XX", body = crate::openapi::Problem, content_type = "application/problem+json"),
        (status = "5XX", body = crate::openapi::Problem, content_type = "application/problem+json")),
    security(("api_key" = []), ("session" = [])))]
pub(crate) async fn list(
    State(api): State<Api>,
    caller: Caller,
    query: Result<Query<AuditQuery>, axum::extract::rejection::QueryRejection>,
) -> Result<Response, Problem> {
    let query = parameters(query)?;
    let (limit, cursor) = (lists::limit(query.limit)?, lists::cursor(query.cursor.as_deref())?);
    let tenant = caller.tenant;
    let page = if let Some(after) = query.after {
        if after < 0 || [&query.actor, &query.action, &query.from, &query.to].into_iter().any(Option::is_some) {
            let detail = "after is a place of the chain, 0 or more, and goes with no filter: the chain has all entries";
            return Err(Problem::new("parameter_invalid", detail));
        }
        let place = cursor.and_then(|cursor| cursor.id.parse().ok()).unwrap_or(after);
        api.ask(|store| async move { store.audit_behind(tenant, place, limit).await }).await?
    } else {
        let filter = AuditFilter {
            actor: lists::word("actor", query.actor, NAME_MAX)?,
            action: lists::word("action", query.action, NAME_MAX)?,
            from: lists::time("from", query.from.as_deref())?,
            to: lists::time("to", query.to.as_deref())?,
        };
        api.ask(|store| async move { store.audit(tenant, &filter, cursor.as_ref(), limit).await }).await?
    };
    Ok(Json(lists::list(page, wire::AuditEntry::of)).into_response())
}

/// The end of the log. Who keeps it elsewhere can tell later whether anybody has changed what was there.
#[utoipa::path(get, path = "/api/v1/audit/head", tag = "audit",
    responses((status = 200, body = wire::AuditHead, description = "The place and hash of the last entry; 0 and zeros where there is none"),
        (status = "4XX", body = crate::openapi::Problem, content_type = "application/problem+json"),
        (status = "5XX", body = crate::openapi::Problem, content_type = "application/problem+json")),
    security(("api_key" = []), ("session" = [])))]
pub(crate) async fn head(State(api): State<Api>, caller: Caller) -> Result<Response, Problem> {
    let tenant = caller.tenant;
    let head = api.ask(|store| async move { store.audit_head(tenant).await }).await?;
    Ok(Json(wire::AuditHead::of(&head.unwrap_or(Head::first(tenant)))).into_response())
}
