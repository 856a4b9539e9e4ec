//! Owns the routes of orders and their numbers.

mod search;

use std::time::Duration;

use axum::Json;
use axum::extract::{Path, Query, State};
use axum::response::{IntoResponse, Response};
use domain::access::Reach;
use domain::{Action, OrderNo, OrderNumberSource, ShipmentId};
use http::header;
use tokio::time::timeout;

use search::OrderQuery;

use super::lists::{self, parameters};
use crate::auth::Caller;
use crate::mutation::{Mutation, derived_from_arrival, derived_from_request};
use crate::problem::Problem;
use crate::state::Api;
use crate::token::Purpose;
use crate::{stamp, wire};

/// How long the end of a member's turn is waited for.
const TURN_END: Duration = Duration::from_millis(500);

/// Take an order number, when the checkout page opens.
#[utoipa::path(post, path = "/api/v1/order-numbers", tag = "orders",
    params(("Idempotency-Key" = Option<String>, Header, description = "Optional here: each request without one takes a number")),
    responses((status = 201, body = wire::OrderNumber, description = "Issued to the caller"),
        (status = "4XX", body = crate::openapi::Problem, content_type = "application/problem+json"),
        (status = "5XX", body = crate::openapi::Problem, content_type = "application/problem+json")),
    security(("api_key" = []), ("session" = [])))]
pub(crate) async fn issue_number(request: Mutation) -> Result<Response, Problem> {
    request.no_body()?;
    let expires_at = request.deadline(|settings| settings.order_number_validity);
    let action = Action::IssueOrderNumber { order_no: OrderNo::new(stamp::id()), expires_at };
    request.submit(action, derived_from_arrival).await
}

/// Place an order.
#[utoipa::path(post, path = "/api/v1/orders", tag = "orders", request_body = wire::PlaceOrder,
    params(("Idempotency-Key" = String, Header, description = "Names this wish of the caller. A shop may let it be missing: then \
            requests that ask for the same within some time are one"),
        ("One-Time-Token" = Option<String>, Header, description = "A token of purpose `order` for this customer; a shop may require one")),
    responses((status = 201, body = wire::Order, description = "Placed"),
        (status = 200, body = wire::Order, description = "This request had made this order before, under another key or a purged one"),
        (status = "4XX", body = crate::openapi::Problem, content_type = "application/problem+json"),
        (status = "5XX", body = crate::openapi::Problem, content_type = "application/problem+json")),
    security(("api_key" = []), ("session" = [])))]
pub(crate) async fn place(mut request: Mutation) -> Result<Response, Problem> {
    let policy = request.policy().await?;
    if request.is_without_key() && policy.same_within_ms > 0 {
        request.same_within(policy.same_within_ms);
    } else {
        request.require_key()?;
    }
    let named = request.json::<wire::PlaceOrder>()?.order_no();
    let mut request = request.resumed_as_issued(named).await?;
    let wanted = request.json::<wire::PlaceOrder>()?.checked(&request.buyer())?;
    request.take_token(Purpose::Order, wanted.customer_id.as_str(), policy.checkout_token)?;
    let turn = request.turn(&policy, &wanted.customer_id).await?;
    let number = match wanted.order_no {
        Some(order_no) => OrderNumberSource::Issued(order_no),
        None => OrderNumberSource::Made(OrderNo::new(stamp::id())),
    };
    let action = Action::PlaceOrder(domain::PlaceOrder {
        number,
        customer_id: wanted.customer_id,
        lines: wanted.lines,
        note: wanted.note,
        expires_at: request.deadline(|settings| settings.payment_timeout),
        pending_limit: policy.pending_limit,
    });
    let answer = request.submit(action, derived_from_arrival).await;
    if let Some(turn) = turn {
        // Before the answer leaves: the member's next request may be here at once. If nobody hears it, the lease ends it.
        let _ended = timeout(TURN_END, turn.release()).await;
    }
    answer
}

/// One order.
#[utoipa::path(get, path = "/api/v1/orders/{order_no}", tag = "orders",
    params(("order_no" = String, Path, description = "The order's number")),
    responses((status = 200, body = wire::Order, description = "The order"),
        (status = "4XX", body = crate::openapi::Problem, content_type = "application/problem+json"),
        (status = "5XX", body = crate::openapi::Problem, content_type = "application/problem+json")),
    security(("api_key" = []), ("session" = [])))]
pub(crate) async fn get(State(api): State<Api>, caller: Caller, path: OrderPath) -> Result<Response, Problem> {
    let order_no = path.0;
    let what = format!("order {order_no}");
    let order =
        api.find(caller.tenant, &what, |store, tenant| async move { store.order(tenant, order_no).await }).await?;
    caller.sees(&order.customer_id, &what)?;
    let names = search::names(&api, &caller, std::slice::from_ref(&order)).await?;
    let tag = [(header::ETAG, wire::entity_tag(order.version))];
    Ok((tag, Json(wire::Order::named(&order, &names))).into_response())
}

/// Orders, newest first.
#[utoipa::path(get, path = "/api/v1/orders", tag = "orders", params(OrderQuery),
    responses((status = 200, body = wire::List<wire::Order>, description = "A page"),
        (status = "4XX", body = crate::openapi::Problem, content_type = "application/problem+json"),
        (status = "5XX", body = crate::openapi::Problem, content_type = "application/problem+json")),
    security(("api_key" = []), ("session" = [])))]
pub(crate) async fn list(
    State(api): State<Api>,
    caller: Caller,
    query: Result<Query<OrderQuery>, axum::extract::rejection::QueryRejection>,
) -> Result<Response, Problem> {
    let query = parameters(query)?;
    let (limit, after) = (lists::limit(query.limit)?, lists::cursor(query.cursor.as_deref())?);
    let mut filter = query.filter(&caller)?;
    let tenant = caller.tenant;
    let mut found = None;
    if let Some(word) = query.word()? {
        let mut named = search::named(&api, &caller, &word).await?;
        named.retain(|order| search::is_in(&filter, order));
        named.truncate(usize::try_from(limit).unwrap_or(usize::MAX));
        // What names no order and no parcel may name a customer; nobody has no orders.
        if named.is_empty() {
            filter.customers = search::customers(&api, &caller, &filter, &word).await?;
        }
        if !named.is_empty() || filter.customers.is_empty() {
            found = Some(store::Page { rows: named, next: None });
        }
    }
    let page = match found {
        Some(page) => page,
        None => api.ask(|store| async move { store.orders(tenant, &filter, after.as_ref(), limit).await }).await?,
    };
    let names = search::names(&api, &caller, &page.rows).await?;
    Ok(Json(lists::list(page, |order| wire::Order::named(order, &names))).into_response())
}

/// An order's history, oldest first.
#[utoipa::path(get, path = "/api/v1/orders/{order_no}/history", tag = "orders",
    params(("order_no" = String, Path, description = "The order's number")),
    responses((status = 200, body = Vec<wire::HistoryEntry>, description = "Every step"),
        (status = "4XX", body = crate::openapi::Problem, content_type = "application/problem+json"),
        (status = "5XX", body = crate::openapi::Problem, content_type = "application/problem+json")),
    security(("api_key" = []), ("session" = [])))]
pub(crate) async fn history(State(api): State<Api>, caller: Caller, path: OrderPath) -> Result<Response, Problem> {
    let (tenant, order_no) = (caller.tenant, path.0);
    if caller.role.reach() == Reach::Own {
        let what = format!("order {order_no}");
        let order = api.find(tenant, &what, |store, tenant| async move { store.order(tenant, order_no).await }).await?;
        caller.sees(&order.customer_id, &what)?;
    }
    let rows = api.ask(|store| async move { store.history(tenant, order_no).await }).await?;
    if rows.is_empty() {
        return Err(Problem::new("not_found", format!("there is no order {order_no}")));
    }
    Ok(Json(rows.into_iter().map(wire::HistoryEntry::of).collect::<Vec<_>>()).into_response())
}

/// Give an order up before it is paid.
#[utoipa::path(post, path = "/api/v1/orders/{order_no}/cancel", tag = "orders", request_body = wire::CancelOrder,
    params(("order_no" = String, Path, description = "The order's number"),
        ("Idempotency-Key" = String, Header, description = "Names this wish of the caller")),
    responses((status = 200, body = wire::Order, description = "Closed"),
        (status = "4XX", body = crate::openapi::Problem, content_type = "application/problem+json"),
        (status = "5XX", body = crate::openapi::Problem, content_type = "application/problem+json")),
    security(("api_key" = []), ("session" = [])))]
pub(crate) async fn cancel(path: OrderPath, request: Mutation) -> Result<Response, Problem> {
    request.require_key()?;
    let reason = request.json::<wire::CancelOrder>()?.reason();
    request.may_say(reason)?;
    request.submit(Action::CancelOrder { order_no: path.0, reason }, derived_from_request).await
}

/// Send some or all of a paid order.
#[utoipa::path(post, path = "/api/v1/orders/{order_no}/ship", tag = "orders", request_body = wire::ShipOrder,
    params(("order_no" = String, Path, description = "The order's number"),
        ("Idempotency-Key" = String, Header, description = "Names this wish of the caller"),
        ("If-Match" = String, Header, description = "The version that the parcel was packed for")),
    responses((status = 200, body = wire::Order, description = "Sent"),
        (status = "4XX", body = crate::openapi::Problem, content_type = "application/problem+json"),
        (status = "5XX", body = crate::openapi::Problem, content_type = "application/problem+json")),
    security(("api_key" = []), ("session" = [])))]
pub(crate) async fn ship(path: OrderPath, request: Mutation) -> Result<Response, Problem> {
    request.require_key()?;
    let expected_version = request.required_version()?;
    let (carrier, tracking_no, lines) = request.json::<wire::ShipOrder>()?.checked()?;
    let shipment = ShipmentId::new(stamp::id());
    let action = Action::ShipOrder(domain::ShipOrder {
        order_no: path.0,
        shipment,
        expected_version,
        carrier,
        tracking_no,
        lines,
    });
    request.submit(action, derived_from_request).await
}

/// Correct the carrier and tracking number of the latest parcel.
#[utoipa::path(put, path = "/api/v1/orders/{order_no}/shipment", tag = "orders", request_body = wire::CorrectShipment,
    params(("order_no" = String, Path, description = "The order's number"),
        ("Idempotency-Key" = Option<String>, Header, description = "Optional: derived from the request where missing"),
        ("If-Match" = String, Header, description = "The version that the correction was made for")),
    responses((status = 200, body = wire::Order, description = "Corrected"),
        (status = "4XX", body = crate::openapi::Problem, content_type = "application/problem+json"),
        (status = "5XX", body = crate::openapi::Problem, content_type = "application/problem+json")),
    security(("api_key" = []), ("session" = [])))]
pub(crate) async fn correct_shipment(path: OrderPath, request: Mutation) -> Result<Response, Problem> {
    let expected_version = request.required_version()?;
    let (carrier, tracking_no) = request.json::<wire::CorrectShipment>()?.checked()?;
    let correction = domain::CorrectShipment { order_no: path.0, expected_version, carrier, tracking_no };
    request.submit(Action::CorrectShipment(correction), derived_from_request).await
}

/// Take note that an order arrived.
#[utoipa::path(post, path = "/api/v1/orders/{order_no}/receive", tag = "orders",
    params(("order_no" = String, Path, description = "The order's number"),
        ("Idempotency-Key" = String, Header, description = "Names this wish of the caller")),
    responses((status = 200, body = wire::Order, description = "Completed"),
        (status = "4XX", body = crate::openapi::Problem, content_type = "application/problem+json"),
        (status = "5XX", body = crate::openapi::Problem, content_type = "application/problem+json")),
    security(("api_key" = []), ("session" = [])))]
pub(crate) async fn receive(path: OrderPath, request: Mutation) -> Result<Response, Problem> {
    request.require_key()?;
    request.no_body()?;
    request.submit(Action::ReceiveOrder { order_no: path.0, automatic: false }, derived_from_request).await
}

/// The order number in the path. One that cannot be a number names nothing.
pub(crate) struct OrderPath(pub(crate) OrderNo);

impl axum::extract::FromRequestParts<Api> for OrderPath {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut http::request::Parts, api: &Api) -> Result<Self, Problem> {
        let text = Path::<String>::from_request_parts(parts, api).await;
        let number = text.as_ref().ok().and_then(|Path(text)| text.parse().ok());
        number.map(OrderPath).ok_or_else(|| Problem::new("not_found", "there is no such order"))
    }
}
