//! Owns the table of routes, who may call each, and the layers around them.

mod edge;
mod ids;
mod lists;
pub(crate) mod notify;
pub(crate) mod operations;
pub(crate) mod orders;
pub(crate) mod payments;
pub(crate) mod products;
pub(crate) mod tokens;

use axum::Router;
use axum::error_handling::HandleErrorLayer;
use axum::middleware::{from_fn, from_fn_with_state};
use domain::access::Permission as P;
use tower::ServiceBuilder;
use tower::limit::GlobalConcurrencyLimitLayer;
use tower::load_shed::LoadShedLayer;
use tower_http::catch_panic::CatchPanicLayer;

use crate::access::{Access, Line, Table};
use crate::state::Api;
use crate::{problem, rates};

/// Where business routes stand.
const BASE: &str = "/api/v1";

/// Every route of the contract, and who may call it. The reference at `/docs` is files, for everybody.
pub fn lines() -> Vec<Line> {
    let under = |line: Line| Line { path: Box::leak(format!("{BASE}{}", line.path).into_boxed_str()), ..line };
    let business: Vec<_> = business().lines().map(under).collect();
    business.into_iter().chain(notices().lines()).chain(operations().lines()).collect()
}

fn business() -> Table {
    use Access::May;
    Table::default()
        .get("/products", May(P::ProductsRead), products::list)
        .get("/products/{sku}", May(P::ProductsRead), products::get)
        .put("/products/{sku}", May(P::ProductsWrite), products::put)
        .post("/products/{sku}/stock-movements", May(P::StockMove), products::move_stock)
        .post("/order-numbers", May(P::OrdersPlace), orders::issue_number)
        .post("/tokens", May(P::OrdersPlace), tokens::issue)
        .get("/orders", May(P::OrdersRead), orders::list)
        .post("/orders", May(P::OrdersPlace), orders::place)
        .get("/orders/{order_no}", May(P::OrdersRead), orders::get)
        .get("/orders/{order_no}/history", May(P::OrdersRead), orders::history)
        .post("/orders/{order_no}/cancel", May(P::OrdersCancel), orders::cancel)
        .post("/orders/{order_no}/ship", May(P::OrdersShip), orders::ship)
        .put("/orders/{order_no}/shipment", May(P::OrdersShip), orders::correct_shipment)
        .post("/orders/{order_no}/receive", May(P::OrdersReceive), orders::receive)
        .post("/orders/{order_no}/payments", May(P::PaymentsStart), payments::start)
        .get("/payments/{payment_id}", May(P::OrdersRead), payments::get)
        .post("/payments/{payment_id}/query", May(P::PaymentsQuery), payments::query)
        .post("/payments/{payment_id}/refunds", May(P::RefundsStart), payments::refund)
        .get("/refunds/{refund_id}", May(P::OrdersRead), payments::get_refund)
        .post("/refunds/{refund_id}/retry", May(P::RefundsStart), payments::retry)
}

/// What providers call. Their signature is the credential.
fn notices() -> Table {
    Table::default().post("/notify/{channel_account_id}", Access::Open, notify::notify)
}

fn operations() -> Table {
    Table::default()
        .get("/livez", Access::Open, operations::live)
        .get("/readyz", Access::Open, operations::ready)
        .get("/metrics", Access::Local(P::MetricsRead), operations::metrics)
        .get("/openapi.json", Access::Open, operations::openapi)
        .get("/problems", Access::Open, problem::index)
        .get("/problems/{code}", Access::Open, problem::page)
}

/// Every route, with the layers that all of them share.
pub fn router(api: Api) -> Router {
    // One semaphore for all routes: a plain concurrency limit would make one for each, and limit nothing.
    let limited = ServiceBuilder::new()
        .layer(HandleErrorLayer::new(edge::overloaded))
        .layer(LoadShedLayer::new())
        .layer(GlobalConcurrencyLimitLayer::new(api.settings().concurrent_requests_max));
    let business =
        business().guarded(&api).layer(from_fn_with_state(api.clone(), rates::around)).layer(limited.clone());
    let notify = notices().guarded(&api).layer(limited);
    Router::new()
        .nest(BASE, business)
        .merge(notify)
        .merge(operations().guarded(&api))
        .merge(operations::docs())
        .fallback(edge::not_found)
        .method_not_allowed_fallback(edge::method_not_allowed)
        .layer(CatchPanicLayer::custom(edge::panicked))
        .layer(from_fn(edge::around))
        .with_state(api)
}
