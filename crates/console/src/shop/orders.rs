//! Owns a customer's own orders: the list, one of them, and paying it at the provider's own page.

use axum::Form;
use axum::extract::{Path, Query};
use axum::response::{IntoResponse as _, Redirect, Response};
use http::header::{HOST, ORIGIN};
use http::uri::Authority;
use http::{HeaderMap, Method};
use maud::{Markup, html};
use serde::Deserialize;
use serde_json::json;

use super::Shopper;
use crate::answers::{HistoryEntry, List, Order, Payment};
use crate::inside::{Change, part};
use crate::lang::Lang;
use crate::layout;
use crate::show;
use crate::visit::new_key;

/// Which payment the page follows.
#[derive(Default, Deserialize)]
pub(super) struct Asked {
    payment: Option<String>,
    /// Whether they come back from the provider's page.
    back: Option<String>,
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
        Err(refused) => return (shopper.kept.clone(), refused.page(visit)).into_response(),
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
        Err(refused) => return (shopper.kept.clone(), refused.page(visit)).into_response(),
    };
    let payment: Option<Payment> = match &asked.payment {
        None => None,
        Some(id) => visit.inside.get::<Payment>(&format!("/payments/{}", part(id))).await.ok(),
    };
    let path = format!("/orders/{}/history", part(&order.order_no));
    let history = visit.inside.get::<Vec<HistoryEntry>>(&path).await.unwrap_or_default();
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
            @if order.status == "pending_payment" { (to_pay(&order, (payment.as_ref(), asked.back.is_some()), lang)) }
        }
        p { a href={ "/console/orders/" (part(&order.order_no)) } { (lang.say("This order, as the operators see it", "在控制台查看此订单")) } }
        @if let Some(placed) = history.first() { p { a href=(explored(placed)) { (lang.say("This order's key, as the operators see it", "在控制台查看此订单的幂等键")) } } }
    };
    (shopper.kept.clone(), layout::page(visit, lang.say("Order", "订单"), &body)).into_response()
}

/// Where the console shows what stands under the key that placed an order.
fn explored(placed: &HistoryEntry) -> String {
    format!("/console/keys?key={}&account={}", part(&placed.key), part(&placed.actor))
}

fn to_pay(order: &Order, (payment, is_back): (Option<&Payment>, bool), lang: Lang) -> Markup {
    let next = payment.and_then(|payment| payment.next_action.as_ref());
    html! {
        @match (payment, next) {
            (Some(_), Some(next)) if next.kind == "redirect" => {
                p { a.button href=[next.url.as_deref()] rel="noreferrer" { (lang.say("To the pay page", "去付款")) } }
                p.fine #follow data-every="2" data-state=[next.url.as_deref()] { (lang.say("When you have paid there, come back: this page shows it.", "付款后回到本页即可看到结果。")) }
            }
            (Some(_), _) => {
                p role="status" #follow data-every="1" data-state="waiting" { (lang.say("Waiting for the provider…", "等待支付渠道…")) }
                p { a href="" { (lang.say("Look again", "刷新")) } }
            }
            (None, _) => {
                @if is_back {
                    p role="status" #follow data-every="2" data-state="back" { (lang.say("If you have paid, this page shows it in a moment. If not, go on here.", "如果已付款，本页稍后会显示结果；如果还没有，请继续付款。")) }
                }
                form method="post" action={ "/shop/orders/" (order.order_no) "/pay" } {
                    input type="hidden" name="key" value=(new_key());
                    button type="submit" { (lang.say("Pay", "付款")) }
                }
            }
        }
    }
}

/// Begins a payment. Who has begun one already goes on with it.
pub(super) async fn pay(
    shopper: Shopper,
    headers: HeaderMap,
    Path(order_no): Path<String>,
    Form(filled): Form<Filled>,
) -> Response {
    let change = Change {
        method: Method::POST,
        path: format!("/orders/{}/payments", part(&order_no)),
        key: Some(&filled.key),
        body: Some(json!({"channel": "any", "return_url": way_back(&headers, &order_no)})),
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

/// Where the provider sends the payer back to: the order's page, at the site that their browser has named. Without a name that can
/// stand in an address they are told no way, and come back by themselves.
fn way_back(headers: &HeaderMap, order_no: &str) -> Option<String> {
    let host: Authority = headers.get(HOST)?.to_str().ok()?.parse().ok()?;
    if host.as_str().contains('@') {
        return None;
    }
    // A proxy in front may speak TLS for us: then the browser says so of its form, and it is believed of this host only.
    let is_secure = headers.get(ORIGIN).is_some_and(|origin| *origin == *format!("https://{host}"));
    let scheme = if is_secure { "https" } else { "http" };
    Some(format!("{scheme}://{host}/shop/orders/{}?back=yes", part(order_no)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_way_back_is_to_where_the_browser_was() {
        for (host, origin, back) in [
            ("127.0.0.1:4700", "http://127.0.0.1:4700", Some("http://127.0.0.1:4700/shop/orders/ord_1%2F?back=yes")),
            ("shop.example", "https://shop.example", Some("https://shop.example/shop/orders/ord_1%2F?back=yes")),
            ("shop.example", "https://evil.example", Some("http://shop.example/shop/orders/ord_1%2F?back=yes")),
            ("[::1]:80", "javascript:alert(1)", Some("http://[::1]:80/shop/orders/ord_1%2F?back=yes")),
            ("shop.example@evil.example", "null", None),
            ("evil.example/x?", "null", None),
            ("", "null", None),
        ] {
            let mut headers = HeaderMap::new();
            headers.insert(HOST, host.parse().expect("a header"));
            headers.insert(ORIGIN, origin.parse().expect("a header"));
            assert_eq!(way_back(&headers, "ord_1/").as_deref(), back, "{host} {origin}");
        }
        assert_eq!(way_back(&HeaderMap::new(), "ord_1"), None);
    }
}
