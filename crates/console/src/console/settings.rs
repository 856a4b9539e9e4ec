//! Owns the shop's settings: which there are, and that each is a form with what the server said at its fields.

mod checkout;
mod refund_limits;
mod session_rules;

use axum::Router;
use axum::response::{IntoResponse as _, Response};
use axum::routing::get;
use domain::access::Permission as P;
use maud::html;

use crate::answers::{List, Tenant};
use crate::layout;
use crate::refused::Refused;
use crate::visit::{Pages, Staff, Visit};

/// The pages, below their own path.
pub(super) fn routes() -> Router<Pages> {
    Router::new()
        .route("/", get(page))
        .route("/checkout", get(checkout::page).post(checkout::put))
        .route("/refunds", get(refund_limits::page).post(refund_limits::put))
        .route("/sessions/{whose}", get(session_rules::page).post(session_rules::put))
}

async fn page(Staff(visit): Staff) -> Response {
    let lang = visit.lang();
    let title = lang.say("Settings", "设置");
    let looks_after_tenants = looks_after_tenants(&visit).await;
    let body = html! {
        h1 { (title) }
        ul.choices {
            @if visit.may(P::PoliciesWrite) {
                li {
                    a href="/console/settings/sessions/members" { (lang.say("Sessions of members", "会员登录规则")) }
                    p.fine { (lang.say("On how many devices they are, and for how long.", "可同时登录的设备数与有效期。")) }
                }
                li {
                    a href="/console/settings/sessions/staff" { (lang.say("Sessions of the staff", "员工登录规则")) }
                    p.fine { (lang.say("The same for those who work here.", "适用于后台员工。")) }
                }
                li {
                    a href="/console/settings/refunds" { (lang.say("Refund limits", "退款额度")) }
                    p.fine { (lang.say("How much one person gives back without a second.", "无需他人复核的退款上限。")) }
                }
                li {
                    a href="/console/settings/checkout" { (lang.say("Checkout", "下单规则")) }
                    p.fine { (lang.say("What an order must be like, and who may buy.", "下单条件，以及谁可以购买。")) }
                }
            }
            @if looks_after_tenants {
                li {
                    a href="/console/tenants" { (lang.say("Tenants", "租户")) }
                    p.fine { (lang.say("The shops of this installation.", "本系统中的各家店铺。")) }
                }
            }
        }
        @if !visit.may(P::PoliciesWrite) && !looks_after_tenants {
            p.empty { (lang.say("There is nothing for your role to set.", "您的角色没有可修改的设置。")) }
        }
    };
    layout::page(&visit, title, &body).into_response()
}

/// Only who is of the installation's first tenant does, which the role does not say: the API is asked. Who has to prove
/// themselves first may turn out to be one of them.
async fn looks_after_tenants(visit: &Visit) -> bool {
    if !visit.may(P::TenantsManage) {
        return false;
    }
    let asked: Result<List<Tenant>, Refused> = visit.inside.get("/tenants?limit=1").await;
    asked.map_or_else(|refused| refused.code != "forbidden", |_| true)
}
