//! Owns the routes of payments and refunds.

use axum::Json;
use axum::extract::{Query, State};
use axum::response::{IntoResponse, Response};
use domain::access::Reach;
use domain::payment::Status;
use domain::{Action, AttemptId, OrderNo, PaymentId, RefundId};
use http::header;
use serde::Deserialize;
use store::PaymentFilter;
use utoipa::IntoParams;

use super::ids::IdPath;
use super::lists::{self, parameters};
use super::orders::OrderPath;
use crate::auth::Caller;
use crate::mutation::{Mutation, derived_from_request};
use crate::problem::Problem;
use crate::state::Api;
use crate::token::Purpose;
use crate::{stamp, wire};

/// The longest name of an account.
const CHANNEL_LENGTH_MAX: usize = 64;

/// Which payments, and which page of them.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(crate) struct PaymentQuery {
    /// Only of this status: `open`, `paid`, `cancelled` or `expired`. Those of which something was given back are `paid` here.
    status: Option<String>,
    /// Only those that were tried through the account of this name. Their times are then those of their first attempt there.
    /// With a status a page may be short, and the next one goes on.
    #[param(min_length = 1, max_length = 64)]
    channel: Option<String>,
    /// Only the one for this order.
    order_no: Option<String>,
    /// Only begun at this time or later, RFC 3339.
    #[param(format = DateTime)]
    created_from: Option<String>,
    /// Only begun before this time, RFC 3339.
    #[param(format = DateTime)]
    created_to: Option<String>,
    /// Rows on the page, 1 to 200; 50 where it is missing.
    limit: Option<u64>,
    /// The `next_cursor` of the page before.
    cursor: Option<String>,
}

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

/// Payments with their attempts and refunds, newest first.
#[utoipa::path(get, path = "/api/v1/payments", tag = "payments", params(PaymentQuery),
    responses((status = 200, body = wire::List<wire::Payment>, description = "A page"),
        (status = "4XX", body = crate::openapi::Problem, content_type = "application/problem+json"),
        (status = "5XX", body = crate::openapi::Problem, content_type = "application/problem+json")),
    security(("api_key" = []), ("session" = [])))]
pub(crate) async fn page(
    State(api): State<Api>,
    caller: Caller,
    query: Result<Query<PaymentQuery>, axum::extract::rejection::QueryRejection>,
) -> Result<Response, Problem> {
    if caller.role.reach() == Reach::Own {
        return Err(Problem::new("forbidden", "lists of payments are for those who work for the shop"));
    }
    let query = parameters(query)?;
    let (limit, after) = (lists::limit(query.limit)?, lists::cursor(query.cursor.as_deref())?);
    let filter = filter(&query)?;
    let tenant = caller.tenant;
    let channel = query.channel;
    let page = api.ask(|store| async move {
        let Some(name) = channel else { return store.payments_page(tenant, &filter, after.as_ref(), limit).await };
        let accounts = store.channel_accounts_of(tenant).await?;
        match accounts.into_iter().find(|known| known.account.name == name) {
            None => Ok(store::Page { rows: Vec::new(), next: None }),
            Some(known) => {
                let filter = PaymentFilter { account: Some(known.account.id), ..filter };
                store.payments_page(tenant, &filter, after.as_ref(), limit).await
            }
        }
    });
    Ok(Json(lists::list(page.await?, wire::Payment::of)).into_response())
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

/// The account is looked up by its name.
fn filter(query: &PaymentQuery) -> Result<PaymentFilter, Problem> {
    let invalid = |detail: String| Problem::new("parameter_invalid", detail);
    let status = match &query.status {
        None => None,
        Some(text) => Some(Status::from_name(text).ok_or_else(|| {
            let known = Status::ALL.map(Status::name).join(", ");
            invalid(format!("status is {text:?}; it is one of {known}"))
        })?),
    };
    let is_name = |name: &String| !name.is_empty() && !name.chars().any(char::is_control);
    if let Some(name) = &query.channel
        && (!is_name(name) || name.chars().count() > CHANNEL_LENGTH_MAX)
    {
        return Err(invalid(format!(
            "channel is {name:?}; it is the name of an account, of 1 to {CHANNEL_LENGTH_MAX} characters"
        )));
    }
    let order_no = query.order_no.as_deref().map(str::parse::<OrderNo>).transpose();
    Ok(PaymentFilter {
        status,
        account: None,
        order_no: order_no.map_err(|error| invalid(format!("order_no: {error}")))?,
        created_from: lists::time("created_from", query.created_from.as_deref())?,
        created_to: lists::time("created_to", query.created_to.as_deref())?,
    })
}
