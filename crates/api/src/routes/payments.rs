//! Owns the routes of payments and refunds.

use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use domain::access::Reach;
use domain::{Action, AttemptId, OrderNo, PaymentId, RefundId};
use http::header;

use super::ids::IdPath;
use super::orders::OrderPath;
use crate::auth::Caller;
use crate::mutation::{Mutation, derived_from_request};
use crate::problem::Problem;
use crate::state::Api;
use crate::token::Purpose;
use crate::{stamp, wire};

/// Try to collect what an order owes.
#[utoipa::path(post, path = "/api/v1/orders/{order_no}/payments", tag = "payments", request_body = wire::StartPayment,
    params(("order_no" = String, Path, description = "The order's number"),
        ("Idempotency-Key" = String, Header, description = "Names this wish of the caller"),
        ("One-Time-Token" = Option<String>, Header, description = "A token of purpose `payment` for this order")),
    responses((status = 201, body = wire::Payment, description = "An attempt was begun; `next_action` says what the payer does. \
        A repetition is told this first answer again, whatever came since: read the payment for how it stands"),
        (status = "4XX", body = crate::openapi::Problem, content_type = "application/problem+json"),
        (status = "5XX", body = crate::openapi::Problem, content_type = "application/problem+json")),
    security(("api_key" = []), ("session" = [])))]
pub(crate) async fn start(State(api): State<Api>, path: OrderPath, mut request: Mutation) -> Result<Response, Problem> {
    request.require_key()?;
    let wanted = request.json::<wire::StartPayment>()?.checked()?;
    request.take_token(Purpose::Payment, &path.0.to_string(), false)?;
    // None is no refusal yet: the request may have been applied when there was one.
    let candidates = api.directory().candidates(request.tenant(), &wanted.channel);
    let action = Action::StartPayment(domain::StartPayment {
        order_no: path.0,
        payment: PaymentId::new(stamp::id()),
        attempt: AttemptId::new(request.number("charge")?),
        provider_key: request.number("charge key")?,
        candidates,
        method: wanted.method,
        return_url: wanted.return_url,
    });
    request.submit(action, derived_from_request).await
}

/// One payment, with its attempts and refunds.
#[utoipa::path(get, path = "/api/v1/payments/{payment_id}", tag = "payments",
    params(("payment_id" = String, Path, description = "The payment's id")),
    responses((status = 200, body = wire::Payment, description = "The payment"),
        (status = "4XX", body = crate::openapi::Problem, content_type = "application/problem+json"),
        (status = "5XX", body = crate::openapi::Problem, content_type = "application/problem+json")),
    security(("api_key" = []), ("session" = [])))]
pub(crate) async fn get(State(api): State<Api>, caller: Caller, path: IdPath<PaymentId>) -> Result<Response, Problem> {
    let id = path.0;
    let what = format!("payment {id}");
    let payment =
        api.find(caller.tenant, &what, |store, tenant| async move { store.payment(tenant, id).await }).await?;
    is_theirs(&api, &caller, payment.order_no, &what).await?;
    let tag = [(header::ETAG, wire::entity_tag(payment.version))];
    Ok((tag, Json(wire::Payment::of(&payment).told(caller.role.reach()))).into_response())
}

/// Ask the providers anew about every attempt and refund of a payment whose end is not known and which nobody asks about any
/// more, because the provider gave no word for days and a person was called. Where closing such an attempt had been asked for,
/// that is asked for again. Where there is none, nothing is done.
#[utoipa::path(post, path = "/api/v1/payments/{payment_id}/query", tag = "payments",
    params(("payment_id" = String, Path, description = "The payment's id"),
        ("Idempotency-Key" = String, Header, description = "Names this wish of the caller")),
    responses((status = 200, body = wire::Payment, description = "The payment; its providers are asked as soon as this is said"),
        (status = "4XX", body = crate::openapi::Problem, content_type = "application/problem+json"),
        (status = "5XX", body = crate::openapi::Problem, content_type = "application/problem+json")),
    security(("api_key" = []), ("session" = [])))]
pub(crate) async fn query(path: IdPath<PaymentId>, request: Mutation) -> Result<Response, Problem> {
    request.require_key()?;
    request.no_body()?;
    request.submit(Action::QueryPayment(domain::QueryPayment { payment: path.0 }), derived_from_request).await
}

/// Give money back. Where it makes more than the shop lets one give back of a payment alone, it waits for a second person: its
/// status is `awaiting_approval`, its amount is reserved, and its provider is not asked yet.
#[utoipa::path(post, path = "/api/v1/payments/{payment_id}/refunds", tag = "payments", request_body = wire::StartRefund,
    params(("payment_id" = String, Path, description = "The payment's id"),
        ("Idempotency-Key" = String, Header, description = "Names this wish of the caller"),
        ("One-Time-Token" = Option<String>, Header, description = "A token of purpose `refund` for this payment")),
    responses((status = 201, body = wire::Refund, description = "Begun, or waiting for a second person; its amount is reserved"),
        (status = "4XX", body = crate::openapi::Problem, content_type = "application/problem+json"),
        (status = "5XX", body = crate::openapi::Problem, content_type = "application/problem+json")),
    security(("api_key" = []), ("session" = [])))]
pub(crate) async fn refund(path: IdPath<PaymentId>, mut request: Mutation) -> Result<Response, Problem> {
    request.require_key()?;
    let (amount, reason, lines) = request.json::<wire::StartRefund>()?.checked()?;
    request.take_token(Purpose::Refund, &path.0.to_string(), false)?;
    request.is_audited();
    request.because(reason.as_str());
    let asking = request.asking().await?;
    let action = Action::RefundPayment(domain::RefundPayment {
        payment: path.0,
        refund: RefundId::new(request.number("refund")?),
        provider_key: request.number("refund key")?,
        amount,
        reason,
        lines,
        asking,
    });
    request.submit(action, derived_from_request).await
}

/// Send a refund once more that failed for good: so much, of the same attempt, for the same lines. Where its provider has it
/// as failed it is followed by a new one, and by one only, whatever keys ask for that; where its provider knew of none, it is
/// sent again under its own number. Of one whose provider never said what became of it, and was asked for the last time, the
/// provider is asked anew; and of one that succeeded, where its provider has said since that it failed. It waits for a second person
/// where a new one would, unless one let it go before.
#[utoipa::path(post, path = "/api/v1/refunds/{refund_id}/retry", tag = "payments",
    params(("refund_id" = String, Path, description = "The id of the refund that failed"),
        ("Idempotency-Key" = String, Header, description = "Names this wish of the caller")),
    responses((status = 201, body = wire::Refund, description = "The refund that is under way: a new one, or the same"),
        (status = "4XX", body = crate::openapi::Problem, content_type = "application/problem+json"),
        (status = "5XX", body = crate::openapi::Problem, content_type = "application/problem+json")),
    security(("api_key" = []), ("session" = [])))]
pub(crate) async fn retry(path: IdPath<RefundId>, mut request: Mutation) -> Result<Response, Problem> {
    request.require_key()?;
    request.is_audited();
    request.no_body()?;
    let provider_key = request.number("retry key")?;
    let asking = request.asking().await?;
    let action = domain::RetryRefund { failed: path.0, provider_key, asking };
    request.submit(Action::RetryRefund(action), derived_from_request).await
}

/// One refund.
#[utoipa::path(get, path = "/api/v1/refunds/{refund_id}", tag = "payments",
    params(("refund_id" = String, Path, description = "The refund's id")),
    responses((status = 200, body = wire::Refund, description = "The refund"),
        (status = "4XX", body = crate::openapi::Problem, content_type = "application/problem+json"),
        (status = "5XX", body = crate::openapi::Problem, content_type = "application/problem+json")),
    security(("api_key" = []), ("session" = [])))]
pub(crate) async fn get_refund(
    State(api): State<Api>,
    caller: Caller,
    path: IdPath<RefundId>,
) -> Result<Response, Problem> {
    let id = path.0;
    let what = format!("refund {id}");
    let payment = api
        .find(caller.tenant, &what, |store, tenant| async move { store.payment_of_refund(tenant, id).await })
        .await?;
    is_theirs(&api, &caller, payment.order_no, &what).await?;
    let refund = payment.refund(id).map(|refund| wire::Refund::of(&payment, refund).told(caller.role.reach()));
    refund
        .map(|refund| Json(refund).into_response())
        .ok_or_else(|| Problem::new("not_found", format!("there is no {what}")))
}

/// Answers as if there was none, where it is for an order of somebody else.
async fn is_theirs(api: &Api, caller: &Caller, order_no: OrderNo, what: &str) -> Result<(), Problem> {
    if caller.role.reach() == Reach::Tenant {
        return Ok(());
    }
    let order = api.find(caller.tenant, what, |store, tenant| async move { store.order(tenant, order_no).await });
    caller.sees(&order.await?.customer_id, what)
}
