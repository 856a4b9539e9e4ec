//! Owns a customer's own orders: the list, one of them, and paying it at the provider's own page.

use axum::Form;
use axum::extract::{Path, Query};
use axum::response::{IntoResponse as _, Redirect, Response};
use http::Method;
use maud::{Markup, html};
use serde::Deserialize;
use serde_json::json;

use super::Shopper;
use crate::answers::{List, Order, Payment};
use crate::inside::{Change, part};
use crate::lang::Lang;
use crate::layout;
use crate::show;
use crate::visit::new_key;

/// Which payment the page follows.
#[derive(Default, Deserialize)]
pub(super) struct Asked {
    payment: Option<String>,
}

/// What the form to pay says.
#[derive(Deserialize)]
pub(super) struct Filled {
    key: String,
}

/// The list.
pub(super) async fn page(shopper: Shopper) -> Response {
    let (visit, lang) = (&shopper.visit, shopper.visit.lang());
    let list: List<Order> = match visit.inside.get("/orders?limit=50").await {
        Ok(list) => list,
        Err(refused) => return refused.page(visit),
    };
    let title = lang.say("My orders", "我的订单");
    let body = html! {
        h1 { (title) }
        @if list.data.is_empty() { p.empty { (lang.say("You have ordered nothing yet.", "还没有订单。")) } }
        ul.window { @for order in &list.data {
            li.card {
                h2 { a href={ "/shop/orders/" (order.order_no) } { code { (order.order_no) } } }
                p { (show::status(&order.status, lang)) " " (order.total.text()) }
                p.fine { (show::time(&order.created_at)) }
            }
        } }
    };
    (shopper.kept.clone(), layout::page(visit, title, &body)).into_response()
}

/// One of them.
pub(super) async fn order(shopper: Shopper, Path(order_no): Path<String>, Query(asked): Query<Asked>) -> Response {
    let (visit, lang) = (&shopper.visit, shopper.visit.lang());
    let order: Order = match visit.inside.get(&format!("/orders/{}", part(&order_no))).await {
        Ok(order) => order,
        Err(refused) => return refused.page(visit),
    };
    let payment: Option<Payment> = match &asked.payment {
        None => None,
        Some(id) => visit.inside.get::<Payment>(&format!("/payments/{}", part(id))).await.ok(),
    };
    let body = html! {
        nav.crumbs { a href="/shop/orders" { (lang.say("My orders", "我的订单")) } }
        h1 { (lang.say("Order", "订单")) " " code { (order.order_no) } }
        section.card {
            p { (show::status(&order.status, lang)) " " strong { (order.total.text()) } }
            ul.wanted { @for line in &order.lines {
                li { span { (line.name) " × " (line.quantity) } span.number { (line.total.text()) } }
            } }
            @for parcel in &order.shipments {
                p { (parcel.carrier) " " code { (parcel.tracking_no) } }
            }
            @if order.status == "pending_payment" { (to_pay(&order, payment.as_ref(), lang)) }
        }
        p { a href={ "/console/orders/" (part(&order.order_no)) } { (lang.say("This order, as the operators see it", "在控制台查看此订单")) } }
    };
    (shopper.kept.clone(), layout::page(visit, lang.say("Order", "订单"), &body)).into_response()
}

fn to_pay(order: &Order, payment: Option<&Payment>, lang: Lang) -> Markup {
    let next = payment.and_then(|payment| payment.next_action.as_ref());
    html! {
        @match (payment, next) {
            (Some(_), Some(next)) if next.kind == "redirect" => {
                p { a.button href=[next.url.as_deref()] rel="noreferrer" { (lang.say("To the pay page", "去付款")) } }
                p.fine #follow data-every="2" { (lang.say("When you have paid there, come back: this page shows it.", "付款后回到本页即可看到结果。")) }
            }
            (Some(_), _) => {
                p role="status" #follow data-every="1" { (lang.say("Waiting for the provider…", "等待支付渠道…")) }
                p { a href="" { (lang.say("Look again", "刷新")) } }
            }
            (None, _) => {
                form method="post" action={ "/shop/orders/" (order.order_no) "/pay" } {
                    input type="hidden" name="key" value=(new_key());
                    button type="submit" { (lang.say("Pay", "付款")) }
                }
            }
        }
    }
}

/// Begins a payment. Who has begun one already goes on with it.
pub(super) async fn pay(shopper: Shopper, Path(order_no): Path<String>, Form(filled): Form<Filled>) -> Response {
    let change = Change {
        method: Method::POST,
        path: format!("/orders/{}/payments", part(&order_no)),
        key: Some(&filled.key),
        body: Some(json!({"channel": "any"})),
        ..Change::default()
    };
    let follow = |payment: &str| Redirect::to(&format!("/shop/orders/{}?payment={}", part(&order_no), part(payment)));
    match shopper.visit.inside.send(change).await {
        Ok(reply) => match reply.read::<Payment>() {
            Ok(payment) => follow(&payment.payment_id).into_response(),
            Err(refused) => refused.page(&shopper.visit),
        },
        Err(refused) => match refused.more.get("payment_id").and_then(serde_json::Value::as_str) {
            Some(payment) => follow(payment).into_response(),
            None => refused.page(&shopper.visit),
        },
    }
}
