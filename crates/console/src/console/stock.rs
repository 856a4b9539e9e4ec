//! Owns one product: what there is of it, changing it, and each movement that made its stock so.

pub(super) mod by_hand;

use axum::Form;
use axum::extract::{Path, Query};
use axum::response::{IntoResponse as _, Response};
use maud::{Markup, html};
use serde::Deserialize;

use super::products::put;
use crate::answers::{List, Product};
use crate::form::{self, Trouble, Typed};
use crate::inside::part;
use crate::lang::Lang;
use crate::layout;
use crate::list::{self, Place, SHOWN, column, number};
use crate::refused::Refused;
use crate::show;
use crate::visit::{Staff, Visit};

/// What moved the stock of a product.
#[derive(Debug, Deserialize)]
struct Movement {
    quantity: i64,
    source: String,
    order_no: Option<String>,
    refund_id: Option<String>,
    reason: Option<String>,
    actor: Option<String>,
    created_at: String,
}

/// The page.
pub(super) async fn page(Staff(visit): Staff, Path(sku): Path<String>, Query(asked): Query<Typed>) -> Response {
    shown(&visit, &sku, &asked, None).await
}

/// Changes its name or its price.
pub(super) async fn change(Staff(visit): Staff, Path(sku): Path<String>, Form(typed): Form<Typed>) -> Response {
    match form::send(&visit, put::changed(&sku, &typed), |_| Ok(form::done(&put::page(&sku), put::CHANGE))).await {
        Ok(response) => response,
        Err(refused) => {
            let refused = put::in_words(refused, &typed, visit.lang());
            let trouble = Trouble { deed: put::CHANGE.to_owned(), typed, refused };
            shown(&visit, &sku, &Typed::default(), Some(&trouble)).await
        }
    }
}

async fn shown(visit: &Visit, sku: &str, asked: &Typed, trouble: Option<&Trouble>) -> Response {
    let (path, cursor) = (format!("/products/{}", part(sku)), asked.said("cursor"));
    let limit = SHOWN.to_string();
    let query = list::query(&[("limit", &limit), ("cursor", cursor)]);
    let found = async {
        let product: Product = visit.inside.get(&path).await?;
        let movements: List<Movement> = visit.inside.get(&format!("{path}/stock-movements?{query}")).await?;
        Ok::<_, Refused>((product, movements))
    };
    let (product, movements) = match found.await {
        Ok(found) => found,
        Err(refused) => return refused.page(visit),
    };
    let lang = visit.lang();
    let page = format!("/console{path}");
    let place = Place {
        path: &page,
        query: "",
        is_behind: !cursor.is_empty(),
        next: movements.next_cursor.as_deref(),
        words: [lang.say("The newest", "最新"), lang.say("Older movements", "更早的流水")],
    };
    let status = trouble.map(|trouble| trouble.refused.status_code()).unwrap_or_default();
    let body = html! {
        nav.crumbs { a href="/console/products" { (lang.say("Products", "商品与库存")) } }
        h1 { (product.name) " " code { (product.sku) } }
        @if let Some(done) = put::done(asked.said("done"), lang).or_else(|| by_hand::done(asked.said("done"), lang)) { (show::done(done)) }
        (facts(&product, lang))
        (put::changing(visit, &product, asked, trouble))
        (by_hand::moving(visit, &product.sku, asked, trouble))
        section {
            h2 { (lang.say("What moved its stock", "库存流水")) }
            (rows(&movements.data, lang))
            (list::pages(&place, lang))
        }
    };
    (status, layout::page(visit, &product.name, &body)).into_response()
}

fn facts(product: &Product, lang: Lang) -> Markup {
    let stock = &product.stock;
    show::facts(&[
        (lang.say("Price", "价格"), html! { (product.price.text()) }),
        (lang.say("In the warehouse", "在库"), html! { (show::count(stock.on_hand)) }),
        (lang.say("Promised", "已占用"), html! { (show::count(stock.reserved)) }),
        (lang.say("To be sold", "可售"), html! { (show::count(stock.available)) }),
    ])
}

fn rows(movements: &[Movement], lang: Lang) -> Markup {
    let columns = [
        column(lang.say("When", "时间")),
        number(lang.say("Units", "数量")),
        column(lang.say("What", "类型")),
        column(lang.say("Of", "关联")),
        column(lang.say("Who", "操作者")),
    ];
    let row = |movement: &Movement| {
        vec![
            show::time(&movement.created_at),
            html! { @if movement.quantity > 0 { "+" } (show::count(movement.quantity)) },
            html! { (source(&movement.source, lang)) },
            html! {
                @if let Some(order_no) = &movement.order_no { a href={ "/console/orders/" (order_no) } { code { (order_no) } } }
                @if let Some(refund) = &movement.refund_id { a href={ "/console/refunds/" (refund) } { code { (refund) } } }
                @if let Some(reason) = &movement.reason { (reason) }
            },
            html! { (movement.actor.as_deref().unwrap_or("–")) },
        ]
    };
    list::table(&columns, &movements.iter().map(row).collect::<Vec<_>>())
}

fn source(name: &str, lang: Lang) -> &str {
    match name {
        "initial" => lang.say("first stock", "初始入库"),
        "by_hand" => lang.say("by hand", "手动调整"),
        "sale" => lang.say("sold", "销售出库"),
        "return" => lang.say("came back", "退货入库"),
        other => other,
    }
}
