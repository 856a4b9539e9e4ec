//! Owns the list of products with their stock, and moving stock by hand.

pub(super) mod put;
mod search;

use axum::Form;
use axum::extract::{Path, Query};
use axum::response::{IntoResponse as _, Response};
use domain::access::Permission;
use http::Method;
use maud::{Markup, html};
use serde_json::json;

use crate::answers::{List, Product};
use crate::form::{self, Deed, Draft, Field, Trouble, Typed};
use crate::inside::{Change, part};
use crate::lang::Lang;
use crate::layout;
use crate::list::{self, Place, SHOWN, column, number};
use crate::refused::Refused;
use crate::show;
use crate::visit::{Staff, Visit};

const PAGE: &str = "/console/products";

/// The page.
pub(super) async fn page(Staff(visit): Staff, Query(asked): Query<Typed>) -> Response {
    shown(&visit, &asked, None).await
}

/// Moves stock: a delivery, a count, a loss.
pub(super) async fn move_stock(Staff(visit): Staff, Path(sku): Path<String>, Form(typed): Form<Typed>) -> Response {
    let body = json!({"quantity": typed.number("quantity"), "reason": typed.said("reason").trim()});
    let change = Change {
        method: Method::POST,
        path: format!("/products/{}/stock-movements", part(&sku)),
        key: typed.key(),
        body: Some(body),
        ..Change::default()
    };
    match form::send(&visit, change, |_| Ok(form::done(PAGE, &sku))).await {
        Ok(response) => response,
        Err(refused) => {
            let trouble = Trouble { deed: moving(&sku), typed, refused };
            shown(&visit, &Typed::default(), Some(&trouble)).await
        }
    }
}

/// The form to move a product's stock.
fn moving(sku: &str) -> String {
    format!("{}/stock", part(sku))
}

async fn shown(visit: &Visit, asked: &Typed, trouble: Option<&Trouble>) -> Response {
    let lang = visit.lang();
    let (word, cursor) = (asked.said("q").trim(), asked.said("cursor"));
    let list = match listed(visit, word, cursor).await {
        Ok(list) => list,
        Err(refused) => return refused.page(visit),
    };
    let title = lang.say("Products", "商品与库存");
    let status = trouble.map(|trouble| trouble.refused.status_code()).unwrap_or_default();
    let place = Place {
        path: PAGE,
        query: &list::query(&[("q", word)]),
        is_behind: !cursor.is_empty(),
        next: list.next_cursor.as_deref(),
        words: [lang.say("From the beginning", "回到开头"), lang.say("More", "更多")],
    };
    let draft = Draft::of(put::ADD, trouble, asked);
    let currency = list.data.first().map_or("", |product| product.price.currency.as_str());
    let body = html! {
        h1 { (title) }
        @if let Some(sku) = asked.given("done") {
            p.notice.good role="status" { (lang.say("The movement is noted: ", "库存变动已记录：")) code { (sku) } }
        }
        (form::lost(trouble, |deed| deed == put::ADD || list.data.iter().any(|product| moving(&product.sku) == deed), lang))
        (search::field(word, lang))
        (put::adding(visit, currency, draft))
        @if list.data.is_empty() { (search::nothing(word, list.next_cursor.is_none(), lang)) }
        @else { (rows(visit, &list.data, (asked, trouble))) }
        (list::pages(&place, lang))
    };
    (status, layout::page(visit, title, &body)).into_response()
}

async fn listed(visit: &Visit, word: &str, cursor: &str) -> Result<List<Product>, Refused> {
    if !word.is_empty() {
        return search::found(&visit.inside, word, cursor).await;
    }
    let limit = SHOWN.to_string();
    visit.inside.get(&format!("/products?{}", list::query(&[("limit", &limit), ("cursor", cursor)]))).await
}

fn rows(visit: &Visit, products: &[Product], (asked, trouble): (&Typed, Option<&Trouble>)) -> Markup {
    let lang = visit.lang();
    let may_move = visit.may(Permission::StockMove);
    let mut columns = vec![
        column(lang.say("Product", "商品")),
        number(lang.say("Price", "价格")),
        number(lang.say("In the warehouse", "在库")),
        number(lang.say("Promised", "已占用")),
        number(lang.say("To be sold", "可售")),
    ];
    if may_move {
        columns.push(column(""));
    }
    let row = |product: &Product| {
        let stock = &product.stock;
        let mut row = vec![
            html! { a href={ (PAGE) "/" (part(&product.sku)) } { (product.name) } " " code { (product.sku) } },
            html! { (product.price.text()) },
            html! { (show::count(stock.on_hand)) },
            html! { (show::count(stock.reserved)) },
            html! { (show::count(stock.available)) },
        ];
        if may_move {
            let name = moving(&product.sku);
            row.push(movement(&name, Draft::of(&name, trouble, asked), lang));
        }
        row
    };
    list::table(&columns, &products.iter().map(row).collect::<Vec<_>>())
}

fn movement(name: &str, draft: Draft<'_>, lang: Lang) -> Markup {
    let word = lang.say("Move stock", "调整库存");
    let deed = Deed { page: PAGE, name, word, is_danger: false, version: None, says_why: false };
    let fields = html! {
        (Field::number("quantity", lang.say("Units, negative for a loss", "数量（减少填负数）")).required().of(draft, "/quantity"))
        (Field::text("reason", lang.say("Why", "原因")).required().of(draft, "/reason"))
    };
    form::deed(&deed, draft, &fields, lang)
}
