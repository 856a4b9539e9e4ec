//! Owns which path leads where. It does not know what happens there.

use std::sync::Arc;

use axum::Router;
use axum::extract::Request;
use axum::routing::{any, get, post, put};

use crate::kind::Kind;
use crate::world::World;
use crate::{desk, gate};

/// Everything that the simulator answers.
pub(crate) fn router(world: &Arc<World>) -> Router {
    let mut router = Router::new()
        .route("/", get(desk::pages::open_charges))
        .route("/pay/{kind}/{out_trade_no}", get(desk::pages::charge))
        .route("/pay/{kind}/{out_trade_no}/{what}", post(desk::pages::pressed))
        .route("/pay/{kind}/{out_trade_no}/worse/{how}", post(desk::pages::pressed_worse))
        .route("/sim/charges", get(desk::charges))
        .route("/sim/charges/{kind}/{out_trade_no}/{what}", post(desk::act))
        .route("/sim/ledger", get(desk::ledger))
        .route("/sim/settings", put(desk::set).get(desk::settings))
        .route("/sim/wechat_pay/certificate", post(desk::certificate))
        .route("/sim/callbacks", get(desk::callbacks))
        .route("/sim/mischief", put(desk::set_mischief).get(desk::mischief).delete(desk::clear_mischief))
        .with_state(Arc::clone(world));
    for (kind, prefix, path) in [
        (Kind::Sandbox, "/sandbox", "/sandbox/{*rest}"),
        (Kind::Alipay, "/alipay", "/alipay/{*rest}"),
        (Kind::WechatPay, "/wechat", "/wechat/{*rest}"),
        (Kind::Stripe, "/stripe", "/stripe/{*rest}"),
    ] {
        let world = Arc::clone(world);
        let pass = move |request: Request| gate::pass(Arc::clone(&world), kind, prefix, request);
        router = router.route(path, any(pass));
    }
    router
}
