//! Owns the shop window: products, a search among them, and one by itself.

use axum::extract::{Path, Query};
use axum::response::{IntoResponse as _, Response};
use maud::{Markup, html};
use serde::Deserialize;

use super::Shopper;
use crate::answers::{List, Product};
use crate::inside::{Inside, part};
use crate::lang::Lang;
use crate::layout;
use crate::refused::Refused;
use crate::visit::new_key;

/// How many products the window looks through.
const LOOKED_AT_MAX: usize = 200;

/// What somebody looks for.
#[derive(Default, Deserialize)]
pub(super) struct Asked {
    #[serde(default)]
    q: String,
}

/// The window.
pub(super) async fn page(shopper: Shopper, Query(asked): Query<Asked>) -> Response {
    let (visit, lang) = (&shopper.visit, shopper.visit.lang());
    let products = match products(&visit.inside).await {
        Ok(products) => products,
        Err(refused) => return (shopper.kept.clone(), refused.page(visit)).into_response(),
    };
    let wanted = asked.q.trim().to_lowercase();
    let found: Vec<&Product> = products.iter().filter(|product| product.is_like(&wanted)).collect();
    let title = lang.say("Products", "商品");
    let body = html! {
        h1 { (title) }
        form.filters method="get" action="/shop" role="search" {
            label { (lang.say("Search", "搜索")) input type="search" name="q" value=(asked.q) maxlength="64"; }
            button type="submit" { (lang.say("Search", "搜索")) }
        }
        @if found.is_empty() { p.empty { (lang.say("There is nothing like that.", "没有找到相关商品。")) } }
        ul.window { @for product in found { li.card { (tile(product, lang)) } } }
    };
    (shopper.kept.clone(), layout::page(visit, title, &body)).into_response()
}

/// One product.
pub(super) async fn product(shopper: Shopper, Path(sku): Path<String>) -> Response {
    let (visit, lang) = (&shopper.visit, shopper.visit.lang());
    let product: Product = match visit.inside.get(&format!("/products/{}", part(&sku))).await {
        Ok(product) => product,
        Err(refused) => return (shopper.kept.clone(), refused.page(visit)).into_response(),
    };
    let body = html! {
        nav.crumbs { a href="/shop" { (lang.say("Products", "商品")) } }
        h1 { (product.name) }
        section.card { (tile(&product, lang)) p.fine { code { (product.sku) } } }
    };
    (shopper.kept.clone(), layout::page(visit, &product.name, &body)).into_response()
}

/// What the shop sells, as far as the window shows it.
pub(super) async fn products(inside: &Inside) -> Result<Vec<Product>, Refused> {
    let list: List<Product> = inside.get(&format!("/products?limit={LOOKED_AT_MAX}")).await?;
    Ok(list.data)
}

fn tile(product: &Product, lang: Lang) -> Markup {
    let left = product.stock.available;
    html! {
        span.picture aria-hidden="true" { (product.name.chars().next().unwrap_or('·')) }
        h2 { a href={ "/shop/products/" (part(&product.sku)) } { (product.name) } }
        p.price { (product.price.text()) }
        p.fine {
            @if left > 0 { (lang.say("in stock: ", "库存：")) (left) } @else { (lang.say("sold out", "已售罄")) }
        }
        form method="post" action="/shop/cart" {
            input type="hidden" name="sku" value=(product.sku);
            input type="hidden" name="quantity" value="1";
            input type="hidden" name="what" value="add";
            button type="submit" disabled[left <= 0] { (lang.say("Into the cart", "加入购物车")) }
        }
        form method="post" action="/shop/checkout" {
            input type="hidden" name="sku" value=(product.sku);
            input type="hidden" name="key" value=(new_key());
            button.quiet type="submit" disabled[left <= 0] { (lang.say("Buy one now", "立即购买")) }
        }
    }
}
