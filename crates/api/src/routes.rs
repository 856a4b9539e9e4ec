//! Owns the table of routes, who may call each, and the layers around them.

pub(crate) mod api_keys;
pub(crate) mod audit;
mod browsers;
pub(crate) mod channels;
mod edge;
pub(crate) mod facts;
pub(crate) mod framing;
mod ids;
pub(crate) mod keys;
mod lists;
pub(crate) mod members;
pub(crate) mod notify;
pub(crate) mod operations;
pub(crate) mod orders;
pub(crate) mod overview;
pub(crate) mod payments;
mod people;
pub(crate) mod policies;
pub(crate) mod products;
pub(crate) mod proofs;
pub(crate) mod providers;
pub(crate) mod refunds;
pub(crate) mod reviews;
pub(crate) mod session_rules;
pub(crate) mod sessions;
pub(crate) mod staff;
pub(crate) mod strangers;
pub(crate) mod tenants;
pub(crate) mod tokens;

use axum::Router;
use axum::error_handling::HandleErrorLayer;
use axum::middleware::from_fn_with_state;
use domain::access::Permission as P;
use tower::ServiceBuilder;
use tower::limit::GlobalConcurrencyLimitLayer;
use tower::load_shed::LoadShedLayer;
use tower_http::catch_panic::CatchPanicLayer;

use crate::access::{Access, Line, Table};
use crate::state::Api;
use crate::{problem, rates};
pub(crate) use lists::LIMIT_MAX;

/// Where business routes stand.
const BASE: &str = "/api/v1";

/// Every route of the contract, and who may call it. The reference at `/docs` is files, for everybody.
pub fn lines() -> Vec<Line> {
    let under = |line: Line| Line { path: Box::leak(format!("{BASE}{}", line.path).into_boxed_str()), ..line };
    let business: Vec<_> = business().lines().map(under).collect();
    business.into_iter().chain(notices().lines()).chain(operations().lines()).collect()
}

fn business() -> Table {
    trade().and(people())
}

/// Products, orders and money.
fn trade() -> Table {
    use Access::May;
    Table::default()
        .get("/products", May(P::ProductsRead), products::list)
        .get("/products/{sku}", May(P::ProductsRead), products::get)
        .put("/products/{sku}", May(P::ProductsWrite), products::put)
        .get("/products/{sku}/stock-movements", May(P::StockRead), products::movements)
        .post("/products/{sku}/stock-movements", May(P::StockMove), products::move_stock)
        .post("/order-numbers", May(P::OrdersPlace), orders::issue_number)
        .post("/tokens", May(P::OrdersPlace), tokens::issue)
        .get("/orders", May(P::OrdersRead), orders::list)
        .post("/orders", May(P::OrdersPlace), orders::place)
        .get("/keys", May(P::KeysRead), keys::list)
        .get("/arrivals", May(P::KeysRead), keys::arrivals)
        .get("/overview", May(P::OverviewRead), overview::get)
        .get("/orders/{order_no}", May(P::OrdersRead), orders::get)
        .get("/orders/{order_no}/history", May(P::OrdersRead), orders::history)
        .post("/orders/{order_no}/cancel", May(P::OrdersCancel), orders::cancel)
        .post("/orders/{order_no}/ship", May(P::OrdersShip), orders::ship)
        .put("/orders/{order_no}/shipment", May(P::OrdersShip), orders::correct_shipment)
        .post("/orders/{order_no}/receive", May(P::OrdersReceive), orders::receive)
        .post("/orders/{order_no}/payments", May(P::PaymentsStart), payments::start)
        .get("/payments", May(P::OrdersRead), payments::page)
        .get("/payments/{payment_id}", May(P::OrdersRead), payments::get)
        .get("/payments/{payment_id}/facts", May(P::ChannelsRead), facts::of_payment)
        .post("/payments/{payment_id}/query", May(P::PaymentsQuery), payments::query)
        .post("/payments/{payment_id}/refunds", May(P::RefundsStart), payments::refund)
        .get("/refunds/{refund_id}", May(P::OrdersRead), payments::get_refund)
        .post("/refunds/{refund_id}/retry", May(P::RefundsStart), payments::retry)
        .get("/refunds", May(P::OrdersRead), refunds::list)
        .post("/refunds/{refund_id}/approve", May(P::RefundsApprove), refunds::approve)
        .post("/refunds/{refund_id}/reject", May(P::RefundsStart), refunds::reject)
        .get("/reviews", May(P::ReviewsRead), reviews::list)
        .post("/reviews/{review_id}/resolve", May(P::ReviewsResolve), reviews::resolve)
        .get("/channels", May(P::ChannelsRead), channels::list)
        .post("/channels/{channel_account_id}/switch", May(P::ChannelsSwitch), channels::switch)
        .get("/policies/refunds", May(P::PoliciesWrite), policies::refunds)
        .put("/policies/refunds", May(P::RefundLimitsSet), policies::put_refunds)
}

/// People, and what they do with their own sessions.
fn people() -> Table {
    use Access::{May, Open, Session};
    Table::default()
        .post("/sessions", Open, sessions::log_in)
        .post("/sessions/refresh", Open, sessions::refresh)
        .post("/sessions/step-up", Session, proofs::step_up)
        .get("/sessions", Session, sessions::list)
        .delete("/sessions", Session, sessions::log_out_everywhere)
        .delete("/sessions/{session_id}", Session, sessions::log_out)
        .get("/me", Session, sessions::me)
        .put("/me/password", Session, sessions::change_password)
        .post("/me/second-factor", Session, proofs::begin)
        .delete("/me/second-factor", Session, proofs::remove)
        .post("/me/second-factor/confirm", Session, proofs::confirm)
        .post("/me/second-factor/recovery-codes", Session, proofs::recovery_codes)
        .get("/login/{provider}", Open, providers::go)
        .get("/login/{provider}/callback", Open, providers::come_back)
        .post("/guests", Open, strangers::be_guest)
        .post("/registrations", Open, strangers::register)
        .post("/password-reset", Open, proofs::reset_password)
        .get("/members", May(P::MembersRead), members::list)
        .post("/members", May(P::MembersWrite), members::add)
        .get("/members/{person_id}", May(P::MembersRead), members::get)
        .get("/members/{person_id}/sessions", May(P::MembersRead), members::sessions)
        .delete("/members/{person_id}/sessions/{session_id}", May(P::MembersWrite), members::end_session)
        .post("/members/{person_id}/disable", May(P::MembersWrite), members::disable)
        .post("/members/{person_id}/enable", May(P::MembersWrite), members::enable)
        .post("/members/{person_id}/sign-out", May(P::MembersWrite), members::sign_out)
        .post("/members/{person_id}/password-reset", May(P::MembersRecover), members::let_reset)
        .post("/members/{person_id}/drop-second-factor", May(P::MembersRecover), members::drop_factor)
        .get("/staff", May(P::StaffRead), staff::list)
        .post("/staff", May(P::StaffWrite), staff::add)
        .get("/staff/{person_id}", May(P::StaffRead), staff::get)
        .get("/staff/{person_id}/sessions", May(P::StaffRead), staff::sessions)
        .post("/staff/{person_id}/role", May(P::StaffWrite), staff::set_role)
        .delete("/staff/{person_id}/sessions/{session_id}", May(P::StaffWrite), staff::end_session)
        .post("/staff/{person_id}/disable", May(P::StaffWrite), staff::disable)
        .post("/staff/{person_id}/enable", May(P::StaffWrite), staff::enable)
        .post("/staff/{person_id}/sign-out", May(P::StaffWrite), staff::sign_out)
        .post("/staff/{person_id}/password-reset", May(P::StaffWrite), staff::let_reset)
        .post("/staff/{person_id}/drop-second-factor", May(P::StaffWrite), staff::drop_factor)
        .get("/api-keys", May(P::ApiKeysRead), api_keys::list)
        .post("/api-keys", May(P::ApiKeysIssue), api_keys::issue)
        .post("/api-keys/{api_key_id}/revoke", May(P::ApiKeysRevoke), api_keys::revoke)
        .get("/audit", May(P::AuditRead), audit::list)
        .get("/audit/head", May(P::AuditRead), audit::head)
        .get("/policies/checkout", May(P::PoliciesWrite), policies::checkout)
        .put("/policies/checkout", May(P::PoliciesWrite), policies::put_checkout)
        .get("/policies/sessions/{whose}", May(P::PoliciesWrite), session_rules::get)
        .put("/policies/sessions/{whose}", May(P::PoliciesWrite), session_rules::put)
        .get("/tenants", May(P::TenantsManage), tenants::list)
        .post("/tenants", May(P::TenantsManage), tenants::add)
        .get("/tenants/{tenant_id}", May(P::TenantsManage), tenants::get)
        .post("/tenants/{tenant_id}/suspend", May(P::TenantsManage), tenants::suspend)
        .post("/tenants/{tenant_id}/resume", May(P::TenantsManage), tenants::resume)
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
    let other_sites = (!api.origins().is_empty()).then(|| browsers::from_other_sites(api.origins()));
    let notify = notices().guarded(&api).layer(limited);
    let router = Router::new()
        .nest(BASE, business)
        .merge(notify)
        .merge(operations().guarded(&api))
        .merge(operations::docs())
        .fallback(edge::not_found)
        .method_not_allowed_fallback(edge::method_not_allowed)
        .layer(CatchPanicLayer::custom(edge::panicked))
        .layer(from_fn_with_state(api.clone(), edge::around))
        .with_state(api);
    // Outermost, so that a problem is told to the page, too.
    match other_sites {
        Some(layer) => router.layer(layer),
        None => router,
    }
}
