//! Owns the route of what providers said of a payment, in their own words, for those who work for the shop.

use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse as _, Response};
use domain::PaymentId;

use super::ids::IdPath;
use crate::auth::Caller;
use crate::problem::Problem;
use crate::state::Api;
use crate::wire;

/// The most statements of one payment that are shown.
const FACTS_MAX: u64 = 200;

/// What the providers said of a payment, its attempts, its refunds and disputes: each different statement once for each way by
/// which it came, the oldest first, and of more than 200 the latest. Their words are there without secrets and without what
/// names the payer. What was said before words were kept is there without them, and answers of then are not.
#[utoipa::path(get, path = "/api/v1/payments/{payment_id}/facts", tag = "payments",
    params(("payment_id" = String, Path, description = "The payment's id")),
    responses((status = 200, body = Vec<wire::Fact>, description = "What was said"),
        (status = "4XX", body = crate::openapi::Problem, content_type = "application/problem+json"),
        (status = "5XX", body = crate::openapi::Problem, content_type = "application/problem+json")),
    security(("api_key" = []), ("session" = [])))]
pub(crate) async fn of_payment(
    State(api): State<Api>,
    caller: Caller,
    path: IdPath<PaymentId>,
) -> Result<Response, Problem> {
    let id = path.0;
    let question = |store: store::Store, tenant| async move {
        let Some(payment) = store.payment(tenant, id).await? else { return Ok(None) };
        store.payment_facts(&payment, FACTS_MAX).await.map(Some)
    };
    let events = api.find(caller.tenant, format!("payment {id}"), question).await?;
    let name = |account| api.directory().find(account).map(|entry| entry.account.name.clone());
    let facts: Vec<_> = events.iter().map(|event| wire::Fact::of(event, name(event.account))).collect();
    Ok(Json(facts).into_response())
}
