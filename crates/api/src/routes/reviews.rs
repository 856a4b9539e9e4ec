//! Owns the routes of the human queue: what no rule could settle, and what somebody did about it.

use std::collections::HashMap;

use axum::Json;
use axum::extract::{Query, State};
use axum::response::{IntoResponse as _, Response};
use domain::review::Review;
use domain::{Action, AttemptId, Payment, PaymentId, RefundId, ResolveReview, ReviewId, TenantId};
use serde::Deserialize;
use store::Store;
use utoipa::IntoParams;

use super::ids::{IdPath, Named};
use super::lists::{self, parameters};
use crate::auth::Caller;
use crate::mutation::{Mutation, derived_from_request};
use crate::problem::Problem;
use crate::state::Api;
use crate::wire;

/// Which reviews, and which page of them.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(crate) struct ReviewQuery {
    /// `open`, which nobody has looked at, or `all`; `open` where it is missing.
    state: Option<String>,
    /// Rows on the page, 1 to 200; 50 where it is missing.
    limit: Option<u64>,
    /// The `next_cursor` of the page before.
    cursor: Option<String>,
}

impl Named for ReviewId {
    const WHAT: &'static str = "review";
}

/// What a person has to look at, the latest first.
#[utoipa::path(get, path = "/api/v1/reviews", tag = "reviews", params(ReviewQuery),
    responses((status = 200, body = wire::List<wire::QueuedReview>, description = "A page"),
        (status = "4XX", body = crate::openapi::Problem, content_type = "application/problem+json"),
        (status = "5XX", body = crate::openapi::Problem, content_type = "application/problem+json")),
    security(("api_key" = []), ("session" = [])))]
pub(crate) async fn list(
    State(api): State<Api>,
    caller: Caller,
    query: Result<Query<ReviewQuery>, axum::extract::rejection::QueryRejection>,
) -> Result<Response, Problem> {
    let query = parameters(query)?;
    let all = match query.state.as_deref() {
        None | Some("open") => false,
        Some("all") => true,
        Some(other) => {
            let detail = format!("state is {other:?}; it is one of open, all");
            return Err(Problem::new("parameter_invalid", detail));
        }
    };
    let (limit, after) = (lists::limit(query.limit)?, lists::cursor(query.cursor.as_deref())?);
    let tenant = caller.tenant;
    let (page, payments) = api
        .ask(|store| async move {
            let page = store.reviews_page(tenant, all, after.as_ref(), limit).await?;
            let payments = behind(&store, tenant, &page.rows).await?;
            Ok((page, payments))
        })
        .await?;
    let row = |review: &Review| wire::QueuedReview::of(review, payments.get(&review.subject).copied());
    Ok(Json(lists::list(page, row)).into_response())
}

/// The payments behind what reviews are about, by their subjects: one question, however many there are.
async fn behind(store: &Store, tenant: TenantId, rows: &[Review]) -> Result<HashMap<String, PaymentId>, store::Error> {
    let subjects = || rows.iter().map(|review| review.subject.as_str());
    let attempts = subjects().filter_map(|subject| subject.parse::<AttemptId>().ok());
    let refunds = subjects().filter_map(|subject| subject.parse::<RefundId>().ok());
    let payments = store.payments_behind(tenant, attempts, refunds).await?;
    let numbers = |payment: &Payment| {
        let attempts = payment.attempts.iter().map(|attempt| attempt.id.to_string());
        let all: Vec<_> = attempts.chain(payment.refunds.iter().map(|refund| refund.id.to_string())).collect();
        (all, payment.id)
    };
    let each = payments.iter().map(numbers).flat_map(|(all, id)| all.into_iter().map(move |number| (number, id)));
    Ok(each.collect())
}

/// Say what was done about it: a note for people, which moves no money. The first word stays, and the audit log has whose it is.
#[utoipa::path(post, path = "/api/v1/reviews/{review_id}/resolve", tag = "reviews", request_body = wire::ResolveReview,
    params(("review_id" = String, Path, description = "The review's id"),
        ("X-Reason" = Option<String>, Header, description = "Why; the audit log keeps it instead of the body's words. Beyond ASCII percent-encoded UTF-8"),
        ("Idempotency-Key" = String, Header, description = "Names this wish of the caller")),
    responses((status = 200, body = wire::Review, description = "Looked at"),
        (status = "4XX", body = crate::openapi::Problem, content_type = "application/problem+json"),
        (status = "5XX", body = crate::openapi::Problem, content_type = "application/problem+json")),
    security(("api_key" = []), ("session" = [])))]
pub(crate) async fn resolve(path: IdPath<ReviewId>, mut request: Mutation) -> Result<Response, Problem> {
    request.require_key()?;
    request.is_audited();
    let resolution = request.json::<wire::ResolveReview>()?.checked()?;
    request.because(resolution.as_str());
    request.submit(Action::ResolveReview(ResolveReview { review: path.0, resolution }), derived_from_request).await
}
