//! Owns one order: what it is, what happened to it, and what may be done with it now.

mod actions;
mod parcel;
mod timeline;

use axum::Form;
use axum::extract::{Path, Query};
use axum::response::{IntoResponse as _, Response};
use maud::{Markup, html};
use serde::Deserialize as _;
use serde_json::Value;

use super::{customer, keys, payments};
use crate::answers::{HistoryEntry, Line, Order, Payment};
use crate::form::{self, Trouble, Typed};
use crate::inside::part;
use crate::lang::Lang;
use crate::layout;
use crate::list::{self, column, number};
use crate::refused::Refused;
use crate::show;
use crate::visit::{Staff, Visit};
use actions::Deed;

/// The page.
pub(super) async fn page(Staff(visit): Staff, Path(order_no): Path<String>, Query(asked): Query<Typed>) -> Response {
    shown(&visit, &order_no, &asked, None).await
}

/// Does something with it, and shows it anew. Who sends the form twice sends one key twice.
pub(super) async fn act(
    Staff(visit): Staff,
    Path((order_no, name)): Path<(String, String)>,
    Form(typed): Form<Typed>,
) -> Response {
    let Some(deed) = Deed::from_name(&name) else {
        return Refused::missing(&format!("action {name}")).page(&visit);
    };
    let page = format!("/console/orders/{}", part(&order_no));
    match form::send(&visit, deed.change(&order_no, &typed), |_| Ok(form::done(&page, &name))).await {
        Ok(response) => response,
        Err(refused) => {
            let refused = parcel::at_its_field(refused, &typed);
            let trouble = Trouble { deed: name, typed, refused };
            shown(&visit, &order_no, &Typed::default(), Some(&trouble)).await
        }
    }
}

async fn shown(visit: &Visit, order_no: &str, asked: &Typed, trouble: Option<&Trouble>) -> Response {
    let lang = visit.lang();
    let path = format!("/orders/{}", part(order_no));
    let found = async {
        let order: Order = visit.inside.get(&path).await?;
        let events: Value = visit.inside.get(&format!("{path}/history")).await?;
        let payment = payments::of_order(&visit.inside, order_no).await?;
        Ok::<_, Refused>((order, events, payment))
    };
    let (order, events, payment) = match found.await {
        Ok(found) => found,
        Err(refused) => return refused.page(visit),
    };
    let history = Vec::<HistoryEntry>::deserialize(&events).unwrap_or_default();
    let left = parcel::left(&order, payment.as_ref());
    let status = trouble.map(|trouble| trouble.refused.status_code()).unwrap_or_default();
    let title = format!("{} {}", lang.say("Order", "订单"), order.order_no);
    let body = html! {
        nav.crumbs { a href="/console/orders" { (lang.say("Orders", "订单")) } }
        h1 { (lang.say("Order", "订单")) " " code { (order.order_no) } }
        @if let Some(done) = Deed::from_name(asked.said("done")) { (show::done(done.done(lang))) }
        (facts(&order, (history.first(), payment.as_ref()), lang))
        (lines(&order, lang))
        @if let Some(payment) = &payment {
            section {
                h2 { (lang.say("Tries to pay", "支付尝试")) }
                (super::payment::attempts(&payment.attempts, lang))
            }
        }
        (parcel::sent_parcels(&order, lang))
        (actions::forms(visit, (&order, &history, &left), asked, trouble))
        (timeline::section(&history, lang))
        (timeline::raw(&events, lang))
    };
    (status, layout::page(visit, &title, &body)).into_response()
}

fn facts(order: &Order, (placed, payment): (Option<&HistoryEntry>, Option<&Payment>), lang: Lang) -> Markup {
    html! {
        dl.facts {
            div { dt { (lang.say("Status", "状态")) } dd { (show::status(&order.status, lang)) @if let Some(why) = &order.close_reason { " " (close_reason(why, lang)) } } }
            div { dt { (lang.say("Payment", "付款")) } dd {
                (show::status(&order.payment_status, lang))
                @if let Some(payment) = payment { " " a href={ "/console/payments/" (payment.payment_id) } { code { (payment.payment_id) } } }
            } }
            div { dt { (lang.say("Goods", "发货")) } dd { (show::status(&order.fulfillment_status, lang)) } }
            div { dt { (lang.say("Total", "金额")) } dd { (order.total.text()) } }
            div { dt { (lang.say("Customer", "客户")) } dd { (customer::link_and_id(order, lang)) } }
            div { dt { (lang.say("Placed", "下单时间")) } dd { (show::time(&order.created_at)) } }
            div { dt { (lang.say("Last changed", "最近变更")) } dd { (show::time(&order.updated_at)) } }
            @if order.status == "pending_payment" {
                div { dt { (lang.say("To be paid until", "付款截止")) } dd { (show::time(&order.expires_at)) } }
            }
            div { dt { (lang.say("Version", "版本")) } dd { (order.version) } }
            @if let Some(placed) = placed { div { dt { (lang.say("Placed under the key", "下单幂等键")) } dd { (keys::link(&placed.key, &placed.actor)) } } }
            @if let Some(note) = &order.note { div { dt { (lang.say("The buyer's words", "买家留言")) } dd { (note) } } }
        }
    }
}

fn close_reason(why: &str, lang: Lang) -> &str {
    match why {
        "customer" => lang.say("by the customer", "买家取消"),
        "merchant" => lang.say("by the merchant", "商家取消"),
        "timeout" => lang.say("not paid in time", "超时未付款"),
        "refunded" => lang.say("all given back", "已全额退款"),
        other => other,
    }
}

fn lines(order: &Order, lang: Lang) -> Markup {
    let columns = [
        column("#"),
        column(lang.say("Product", "商品")),
        number(lang.say("Price", "单价")),
        number(lang.say("Quantity", "数量")),
        number(lang.say("Sent", "已发货")),
        number(lang.say("Sum", "小计")),
    ];
    let row = |line: &Line| {
        vec![
            html! { (line.line) },
            html! { (line.name) " " code { (line.sku) } },
            html! { (line.unit_price.text()) },
            html! { (show::count(line.quantity)) },
            html! { (show::count(parcel::sent(order, line.line))) },
            html! { (line.total.text()) },
        ]
    };
    html! {
        section {
            h2 { (lang.say("Lines", "商品明细")) }
            (list::table(&columns, &order.lines.iter().map(row).collect::<Vec<_>>()))
        }
    }
}
