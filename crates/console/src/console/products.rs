//! Owns the list of products with their stock, and moving stock by hand.

use axum::Form;
use axum::extract::{Path, Query};
use axum::response::{IntoResponse as _, Redirect, Response};
use domain::access::Permission;
use http::Method;
use maud::{Markup, html};
use serde::Deserialize;
use serde_json::json;

use crate::answers::{List, Product};
use crate::inside::{Change, part};
use crate::lang::Lang;
use crate::layout;
use crate::refused::Refused;
use crate::show;
use crate::visit::{Staff, Visit, new_key};

/// What the page is asked for.
#[derive(Default, Deserialize)]
pub(super) struct Asked {
    cursor: Option<String>,
    done: Option<String>,
}

/// What the form to move stock says.
#[derive(Deserialize)]
pub(super) struct Filled {
    key: String,
    quantity: String,
    reason: String,
}

/// A movement that was refused.
struct Trouble<'a> {
    sku: &'a str,
    filled: &'a Filled,
    refused: &'a Refused,
}

/// The page.
pub(super) async fn page(Staff(visit): Staff, Query(asked): Query<Asked>) -> Response {
    shown(&visit, &asked, None).await
}

/// Moves stock: a delivery, a count, a loss.
pub(super) async fn move_stock(Staff(visit): Staff, Path(sku): Path<String>, Form(filled): Form<Filled>) -> Response {
    // What is no number is told by the API, in its words, as what it is.
    let quantity =
        filled.quantity.trim().parse::<i64>().map_or_else(|_| json!(filled.quantity), |number| json!(number));
    let change = Change {
        method: Method::POST,
        path: format!("/products/{}/stock-movements", part(&sku)),
        key: Some(&filled.key),
        body: Some(json!({"quantity": quantity, "reason": filled.reason.trim()})),
        ..Change::default()
    };
    match visit.inside.send(change).await {
        Ok(_) => Redirect::to(&format!("/console/products?done={}", part(&sku))).into_response(),
        Err(refused) if refused.is_nobody() => refused.page(&visit),
        Err(refused) => {
            shown(&visit, &Asked::default(), Some(Trouble { sku: &sku, filled: &filled, refused: &refused })).await
        }
    }
}

async fn shown(visit: &Visit, asked: &Asked, trouble: Option<Trouble<'_>>) -> Response {
    let lang = visit.lang();
    let cursor = asked.cursor.as_deref().map(|cursor| format!("&cursor={}", part(cursor))).unwrap_or_default();
    let list: List<Product> = match visit.inside.get(&format!("/products?limit=50{cursor}")).await {
        Ok(list) => list,
        Err(refused) => return refused.page(visit),
    };
    let title = lang.say("Products", "商品与库存");
    let status = trouble.as_ref().map(|trouble| trouble.refused.status_code());
    let body = html! {
        h1 { (title) }
        @if let Some(sku) = &asked.done {
            p.notice.good role="status" { (lang.say("The movement is noted: ", "库存变动已记录：")) code { (sku) } }
        }
        @if let Some(trouble) = &trouble { (trouble.refused.notice(lang)) }
        table.cards {
            thead { tr {
                th { (lang.say("Product", "商品")) }
                th.number { (lang.say("Price", "价格")) }
                th.number { (lang.say("In the warehouse", "在库")) }
                th.number { (lang.say("Promised", "已占用")) }
                th.number { (lang.say("To be sold", "可售")) }
                @if visit.may(Permission::StockMove) { th { (lang.say("Move stock", "调整库存")) } }
            } }
            tbody { @for product in &list.data { (row(visit, product, trouble.as_ref().filter(|it| it.sku == product.sku), lang)) } }
        }
        @if let Some(cursor) = &list.next_cursor {
            nav.pages { a rel="next" href={ "/console/products?cursor=" (part(cursor)) } { (lang.say("More", "更多")) } }
        }
    };
    (status.unwrap_or_default(), layout::page(visit, title, &body)).into_response()
}

fn row(visit: &Visit, product: &Product, trouble: Option<&Trouble<'_>>, lang: Lang) -> Markup {
    let said = |pick: fn(&Filled) -> &str| trouble.map_or("", |trouble| pick(trouble.filled));
    let wrong = |pointer: &str| trouble.and_then(|trouble| trouble.refused.at(pointer));
    let stock = &product.stock;
    html! {
        tr {
            td data-of=(lang.say("Product", "商品")) { (product.name) " " code { (product.sku) } }
            td.number data-of=(lang.say("Price", "价格")) { (product.price.text()) }
            td.number data-of=(lang.say("In the warehouse", "在库")) { (show::count(stock.on_hand)) }
            td.number data-of=(lang.say("Promised", "已占用")) { (show::count(stock.reserved)) }
            td.number data-of=(lang.say("To be sold", "可售")) { (show::count(stock.available)) }
            @if visit.may(Permission::StockMove) {
                td {
                    details open[trouble.is_some()] {
                        summary { (lang.say("Move", "调整")) }
                        form method="post" action={ "/console/products/" (part(&product.sku)) "/stock" } {
                            input type="hidden" name="key" value=(new_key());
                            label {
                                (lang.say("Units, negative for a loss", "数量（减少填负数）"))
                                input name="quantity" inputmode="numeric" required value=(said(|filled| &filled.quantity)) aria-invalid[wrong("/quantity").is_some()];
                                @if let Some(wrong) = wrong("/quantity") { span.wrong { (wrong) } }
                            }
                            label {
                                (lang.say("Why", "原因"))
                                input name="reason" required maxlength="200" value=(said(|filled| &filled.reason)) aria-invalid[wrong("/reason").is_some()];
                                @if let Some(wrong) = wrong("/reason") { span.wrong { (wrong) } }
                            }
                            button.quiet type="submit" { (lang.say("Note it", "提交")) }
                        }
                    }
                }
            }
        }
    }
}
