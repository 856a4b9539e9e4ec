//! Owns the table of routes and the layers around them.

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
use axum::routing::{get, post, put};
use tower::ServiceBuilder;
use tower::limit::GlobalConcurrencyLimitLayer;
use tower::load_shed::LoadShedLayer;
use tower_http::catch_panic::CatchPanicLayer;

use crate::state::Api;
use crate::{problem, rates};

/// Every route, with the layers that all of them share.
pub fn router(api: Api) -> Router {
    // One semaphore for all routes: a plain concurrency limit would make one for each, and limit nothing.
    let limited = ServiceBuilder::new()
        .layer(HandleErrorLayer::new(edge::overloaded))
        .layer(LoadShedLayer::new())
        .layer(GlobalConcurrencyLimitLayer::new(api.settings().concurrent_requests_max));
    let business = Router::new()
        .route("/products", get(products::list))
        .route("/products/{sku}", get(products::get).put(products::put))
        .route("/products/{sku}/stock-movements", post(products::move_stock))
        .route("/order-numbers", post(orders::issue_number))
        .route("/tokens", post(tokens::issue))
        .route("/orders", get(orders::list).post(orders::place))
        .route("/orders/{order_no}", get(orders::get))
        .route("/orders/{order_no}/history", get(orders::history))
        .route("/orders/{order_no}/cancel", post(orders::cancel))
        .route("/orders/{order_no}/ship", post(orders::ship))
        .route("/orders/{order_no}/shipment", put(orders::correct_shipment))
        .route("/orders/{order_no}/receive", post(orders::receive))
        .route("/orders/{order_no}/payments", post(payments::start))
        .route("/payments/{payment_id}", get(payments::get))
        .route("/payments/{payment_id}/query", post(payments::query))
        .route("/payments/{payment_id}/refunds", post(payments::refund))
        .route("/refunds/{refund_id}", get(payments::get_refund))
        .route("/refunds/{refund_id}/retry", post(payments::retry))
        .layer(from_fn_with_state(api.clone(), rates::around))
        .layer(limited.clone());
    let notify = Router::new().route("/notify/{channel_account_id}", post(notify::notify)).layer(limited);
    Router::new()
        .nest("/api/v1", business)
        .merge(notify)
        .route("/livez", get(operations::live))
        .route("/readyz", get(operations::ready))
        .route("/metrics", get(operations::metrics))
        .route("/openapi.json", get(operations::openapi))
        .route("/problems", get(problem::index))
        .route("/problems/{code}", get(problem::page))
        .merge(operations::docs())
        .fallback(edge::not_found)
        .method_not_allowed_fallback(edge::method_not_allowed)
        .layer(CatchPanicLayer::custom(edge::panicked))
        .layer(from_fn(edge::around))
        .with_state(api)
}
