//! Owns the list of products with their stock.

pub(super) mod put;
mod search;

use axum::extract::Query;
use axum::response::{IntoResponse as _, Response};
use maud::{Markup, html};

use crate::answers::{List, Product};
use crate::form::{Draft, Trouble, Typed};
use crate::inside::part;
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
        (search::field(word, lang))
        (put::adding(visit, currency, draft))
        @if list.data.is_empty() { (search::nothing(word, list.next_cursor.is_none(), lang)) }
        @else { (rows(&list.data, lang)) }
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

fn rows(products: &[Product], lang: Lang) -> Markup {
    let columns = [
        column(lang.say("Product", "商品")),
        number(lang.say("Price", "价格")),
        number(lang.say("In the warehouse", "在库")),
        number(lang.say("Promised", "已占用")),
        number(lang.say("To be sold", "可售")),
    ];
    let row = |product: &Product| {
        let stock = &product.stock;
        vec![
            html! { a href={ (PAGE) "/" (part(&product.sku)) } { (product.name) } " " code { (product.sku) } },
            html! { (product.price.text()) },
            html! { (show::count(stock.on_hand)) },
            html! { (show::count(stock.reserved)) },
            html! { (show::count(stock.available)) },
        ]
    };
    list::table(&columns, &products.iter().map(row).collect::<Vec<_>>())
}
