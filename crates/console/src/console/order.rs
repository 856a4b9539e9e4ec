//! Owns one order: what it is, what happened to it, and what may be done with it now.

mod actions;

use axum::Form;
use axum::extract::{Path, Query};
use axum::response::{IntoResponse as _, Redirect, Response};
use maud::{Markup, html};
use serde::Deserialize;

use crate::answers::{HistoryEntry, Order};
use crate::inside::part;
use crate::lang::Lang;
use crate::layout;
use crate::refused::Refused;
use crate::show;
use crate::visit::{Staff, Visit};
use actions::{Deed, Filled};

/// What was done a moment ago.
#[derive(Default, Deserialize)]
pub(super) struct Asked {
    done: Option<String>,
}

/// A deed that was refused, with what its form said.
struct Trouble {
    deed: Deed,
    filled: Filled,
    refused: Refused,
}

/// The page.
pub(super) async fn page(Staff(visit): Staff, Path(order_no): Path<String>, Query(asked): Query<Asked>) -> Response {
    shown(&visit, &order_no, asked.done.as_deref().and_then(Deed::from_name), None).await
}

/// Does something with it, and shows it anew. Who sends the form twice sends one key twice.
pub(super) async fn act(
    Staff(visit): Staff,
    Path((order_no, what)): Path<(String, String)>,
    Form(filled): Form<Filled>,
) -> Response {
    let Some(deed) = Deed::from_name(&what) else {
        return Refused::missing(&format!("action {what}")).page(&visit);
    };
    match visit.inside.send(deed.change(&order_no, &filled)).await {
        Ok(_) => Redirect::to(&format!("/console/orders/{}?done={}", part(&order_no), deed.name())).into_response(),
        Err(refused) if refused.is_nobody() => refused.page(&visit),
        Err(refused) => shown(&visit, &order_no, None, Some(Trouble { deed, filled, refused })).await,
    }
}

async fn shown(visit: &Visit, order_no: &str, done: Option<Deed>, trouble: Option<Trouble>) -> Response {
    let lang = visit.lang();
    let path = format!("/orders/{}", part(order_no));
    let order: Order = match visit.inside.get(&path).await {
        Ok(order) => order,
        Err(refused) => return refused.page(visit),
    };
    let history: Vec<HistoryEntry> = match visit.inside.get(&format!("{path}/history")).await {
        Ok(history) => history,
        Err(refused) => return refused.page(visit),
    };
    let status = trouble.as_ref().map(|trouble| trouble.refused.status_code());
    let title = format!("{} {}", lang.say("Order", "订单"), order.order_no);
    let body = html! {
        nav.crumbs { a href="/console/orders" { (lang.say("Orders", "订单")) } }
        h1 { (lang.say("Order", "订单")) " " code { (order.order_no) } }
        @if let Some(done) = done { p.notice.good role="status" { (done.done(lang)) } }
        (facts(&order, lang))
        (lines(&order, lang))
        (parcels(&order, lang))
        (actions::forms(visit, &order, trouble.as_ref().map(|it| (it.deed, &it.filled, &it.refused))))
        (timeline(&history, lang))
    };
    (status.unwrap_or_default(), layout::page(visit, &title, &body)).into_response()
}

fn facts(order: &Order, lang: Lang) -> Markup {
    html! {
        dl.facts {
            div { dt { (lang.say("Status", "状态")) } dd { (show::status(&order.status, lang)) @if let Some(why) = &order.close_reason { " " (close_reason(why, lang)) } } }
            div { dt { (lang.say("Payment", "付款")) } dd { (show::status(&order.payment_status, lang)) } }
            div { dt { (lang.say("Goods", "发货")) } dd { (show::status(&order.fulfillment_status, lang)) } }
            div { dt { (lang.say("Total", "金额")) } dd { (order.total.text()) } }
            div { dt { (lang.say("Customer", "客户")) } dd { a href={ "/console/orders?q=" (part(&order.customer_id)) } { (order.customer_id) } } }
            div { dt { (lang.say("Placed", "下单时间")) } dd { (show::time(&order.created_at)) } }
            div { dt { (lang.say("Last changed", "最近变更")) } dd { (show::time(&order.updated_at)) } }
            @if order.status == "pending_payment" {
                div { dt { (lang.say("To be paid until", "付款截止")) } dd { (show::time(&order.expires_at)) } }
            }
            div { dt { (lang.say("Version", "版本")) } dd { (order.version) } }
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
    html! {
        section {
            h2 { (lang.say("Lines", "商品明细")) }
            table.cards {
                thead { tr {
                    th { "#" } th { (lang.say("Product", "商品")) } th.number { (lang.say("Price", "单价")) }
                    th.number { (lang.say("Quantity", "数量")) } th.number { (lang.say("Sum", "小计")) }
                } }
                tbody { @for line in &order.lines { tr {
                    td data-of="#" { (line.line) }
                    td data-of=(lang.say("Product", "商品")) { (line.name) " " code { (line.sku) } }
                    td.number data-of=(lang.say("Price", "单价")) { (line.unit_price.text()) }
                    td.number data-of=(lang.say("Quantity", "数量")) { (show::count(line.quantity)) }
                    td.number data-of=(lang.say("Sum", "小计")) { (line.total.text()) }
                } } }
            }
        }
    }
}

fn parcels(order: &Order, lang: Lang) -> Markup {
    html! {
        @if !order.shipments.is_empty() {
            section {
                h2 { (lang.say("Parcels", "包裹")) }
                ul { @for parcel in &order.shipments {
                    li { (parcel.carrier) " " code { (parcel.tracking_no) } " · " (show::time(&parcel.shipped_at)) }
                } }
            }
        }
    }
}

fn timeline(history: &[HistoryEntry], lang: Lang) -> Markup {
    html! {
        section {
            h2 { (lang.say("What happened", "操作历史")) }
            ol.timeline {
                @for entry in history.iter().rev() {
                    li {
                        span.when { (show::time(&entry.at)) }
                        strong { (event(&entry.event, lang)) }
                        span.steps {
                            @if let Some(from) = &entry.from { (show::status_word(from, lang)) " → " }
                            (show::status_word(&entry.to, lang))
                            " · v" (entry.version)
                        }
                        span.fine { (entry.actor) " · " (lang.say("key ", "幂等键 ")) code { (entry.key) } }
                    }
                }
            }
        }
    }
}

fn event(name: &str, lang: Lang) -> &str {
    match name {
        "place" | "placed" => lang.say("placed", "下单"),
        "pay" | "paid" => lang.say("paid", "付款"),
        "cancel" | "cancelled" => lang.say("cancelled", "取消"),
        "expire" | "expired" => lang.say("ran out of time", "超时关闭"),
        "ship_part" => lang.say("sent in part", "部分发货"),
        "ship_all" => lang.say("sent", "发货"),
        "correct_shipment" => lang.say("parcel corrected", "更正运单"),
        "receive" => lang.say("received", "确认收货"),
        "receive_automatically" => lang.say("received, as nobody said otherwise", "自动确认收货"),
        "refund_part" => lang.say("refunded in part", "部分退款"),
        "refund_all" => lang.say("refunded", "全额退款"),
        "late_payment" => lang.say("paid late", "逾期付款"),
        "overpay" => lang.say("paid twice", "重复付款"),
        "return_excess" => lang.say("excess given back", "退回多付款"),
        "refund_sent_back" => lang.say("refund came back", "退款被退回"),
        other => other,
    }
}
