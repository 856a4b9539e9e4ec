//! Owns the operators' pages: which there are. What each shows and does stands below.

mod api_keys;
mod audit;
mod channels;
mod customer;
mod keys;
mod log_in;
mod me;
mod order;
mod orders;
mod overview;
mod payment;
mod payments;
mod people;
mod products;
mod refund;
mod refunds;
mod reviews;
mod settings;
mod stock;
mod tenants;
#[cfg(test)]
mod visitor;
mod words;

use axum::Router;
use axum::routing::{get, post};

use crate::visit::Pages;

/// Every page, below `/console`.
pub(crate) fn routes() -> Router<Pages> {
    Router::new()
        .route("/", get(overview::page))
        .route("/live", get(overview::live::stream))
        .route("/keys", get(keys::page))
        .route("/log-in", get(log_in::page).post(log_in::log_in))
        .route("/log-out", post(log_in::log_out))
        .route("/me", get(me::page))
        .route("/me/sessions/{session_id}/end", post(me::end))
        .route("/step-up", get(me::proof).post(me::step_up))
        .route("/me/second-factor", post(me::begin))
        .route("/me/second-factor/confirm", post(me::confirm))
        .route("/products", get(products::page))
        .route("/products/{sku}", get(stock::page).post(products::put::add))
        .route("/products/{sku}/change", post(stock::change))
        .route("/products/{sku}/stock", post(stock::by_hand::act))
        .route("/orders", get(orders::page))
        .route("/orders.csv", get(orders::export))
        .route("/orders/{order_no}", get(order::page))
        .route("/orders/{order_no}/{deed}", post(order::act))
        .route("/payments", get(payments::page))
        .route("/payments/{payment_id}", get(payment::page))
        .route("/payments/{payment_id}/{deed}", post(payment::act))
        .route("/refunds", get(refunds::page))
        .route("/refunds/{refund_id}", get(refund::page))
        .route("/refunds/{refund_id}/{deed}", post(refund::act))
        .nest("/members", people::routes(people::Kind::Members))
        .nest("/staff", people::routes(people::Kind::Staff))
        .route("/reviews", get(reviews::page))
        .route("/reviews/{review_id}/resolve", post(reviews::resolve))
        .route("/reviews/{review_id}/{remedy}", post(reviews::act))
        .route("/channels", get(channels::page))
        .route("/channels/{channel_account_id}/{deed}", post(channels::switch))
        .route("/api-keys", get(api_keys::page))
        .route("/api-keys/issue", post(api_keys::issue))
        .route("/api-keys/{api_key_id}/revoke", post(api_keys::revoke))
        .route("/audit", get(audit::page))
        .nest("/settings", settings::routes())
        .route("/tenants", get(tenants::page))
        .route("/tenants/add", post(tenants::add))
        .route("/tenants/{tenant_id}/{step}", post(tenants::step))
}
