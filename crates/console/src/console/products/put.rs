//! Owns what a form says of a product: one that is made, under a code that is free, or one that is changed as it was seen.

use axum::Form;
use axum::extract::Path;
use axum::response::Response;
use domain::access::Permission;
use domain::text::Sku;
use http::Method;
use maud::{Markup, html};
use serde_json::{Value, json};

use crate::answers::Product;
use crate::form::{self, Deed, Draft, Field, Trouble, Typed};
use crate::inside::{Change, part};
use crate::lang::Lang;
use crate::refused::Refused;
use crate::show::{self, decimal, digits, minor};
use crate::visit::{Staff, Visit};

/// Make one.
pub(super) const ADD: &str = "add";
/// Change it.
pub(in crate::console) const CHANGE: &str = "change";

/// Makes a product. There is one thing that is done below the list; a product's own page is only looked at under this path.
pub(in crate::console) async fn add(
    Staff(visit): Staff,
    Path(deed): Path<String>,
    Form(typed): Form<Typed>,
) -> Response {
    if deed != ADD {
        return Refused::missing(&format!("action {deed}")).page(&visit);
    }
    let sku = typed.said("sku").trim();
    let sent = match Sku::new(sku) {
        // A browser takes them for the page above, and would never come to the product's own.
        Ok(_) if matches!(sku, "." | "..") => {
            let words = visit.lang().say("A code is more than dots.", "商品编码不能只有点号。");
            Err(Refused::invalid("/sku", words.to_owned()))
        }
        Ok(_) => form::send(&visit, made(sku, &typed), |_| Ok(form::done(&page(sku), ADD))).await,
        // It would be a part of the path, and could not be asked for.
        Err(invalid) => Err(Refused::invalid("/sku", invalid.to_string())),
    };
    match sent {
        Ok(response) => response,
        Err(refused) => {
            let refused = in_words(refused, &typed, visit.lang());
            let trouble = Trouble { deed, typed, refused };
            super::shown(&visit, &Typed::default(), Some(&trouble)).await
        }
    }
}

/// What the API is asked to make.
fn made<'a>(sku: &str, typed: &'a Typed) -> Change<'a> {
    let mut body = body(typed);
    if typed.given("initial_stock").is_some() {
        body["initial_stock"] = typed.number("initial_stock");
    }
    Change {
        method: Method::PUT,
        path: path(sku),
        key: typed.key(),
        only_new: true,
        body: Some(body),
        ..Change::default()
    }
}

/// What the API is asked to change.
pub(in crate::console) fn changed<'a>(sku: &str, typed: &'a Typed) -> Change<'a> {
    Change {
        method: Method::PUT,
        path: path(sku),
        key: typed.key(),
        version: typed.given("version"),
        reason: typed.given("why"),
        body: Some(body(typed)),
        ..Change::default()
    }
}

fn path(sku: &str) -> String {
    format!("/products/{}", part(sku))
}

/// A product's own page.
pub(in crate::console) fn page(sku: &str) -> String {
    format!("/console{}", path(sku))
}

fn body(typed: &Typed) -> Value {
    // What is no amount goes as it is: the API refuses it, with whatever else is wrong.
    let amount = amount(typed).map_or_else(|| json!(typed.said("price").trim()), |minor| json!(minor));
    json!({"name": typed.said("name").trim(), "price": {"amount": amount, "currency": currency(typed)}})
}

fn currency(typed: &Typed) -> String {
    typed.said("currency").trim().to_uppercase()
}

fn amount(typed: &Typed) -> Option<i64> {
    minor(typed.said("price"), digits(&currency(typed)))
}

/// What is refused, at its field, in the words of who sells and not of who writes programs.
pub(in crate::console) fn in_words(refused: Refused, typed: &Typed, lang: Lang) -> Refused {
    if refused.code == "product_exists" {
        refused.said_at("/sku", lang.say("This code is taken: look for it above.", "该编码已被使用，可在上方搜索。"))
    } else if refused.at("/price/amount").is_some() && amount(typed).is_none() {
        let words = lang.say(
            "A price is a number such as 19.99, no finer than its currency is.",
            "请填写金额，如 19.99，小数位数不能超出该币种的精度。",
        );
        refused.said_at("/price/amount", words)
    } else {
        refused
    }
}

/// What to say of what was done.
pub(in crate::console) fn done(deed: &str, lang: Lang) -> Option<&'static str> {
    match deed {
        ADD => Some(lang.say("The product is there.", "商品已创建。")),
        CHANGE => Some(lang.say("The product is changed.", "商品已更新。")),
        _ => None,
    }
}

/// The form to make one.
pub(super) fn adding(visit: &Visit, currency: &str, draft: Draft<'_>) -> Markup {
    if !visit.may(Permission::ProductsWrite) && !draft.is_begun() {
        return html! {};
    }
    let lang = visit.lang();
    let word = lang.say("New product", "新建商品");
    let deed = Deed { page: super::PAGE, name: ADD, word, is_danger: false, version: None, says_why: false };
    let stock = Field::number("initial_stock", lang.say("First stock", "初始库存")).filled("0");
    let fields = html! {
        (Field::text("sku", lang.say("Code (SKU)", "商品编码（SKU）")).at_most(64).required()
            .hint(lang.say("It stays as it is; orders name it.", "创建后不可修改。")).of(draft, "/sku"))
        (named(None, draft, lang))
        (priced(None, currency, draft, lang))
        (stock.hint(lang.say("Units in the warehouse now.", "当前仓库中的数量。")).of(draft, "/initial_stock"))
    };
    html! { section.deeds { (form::deed(&deed, draft, &fields, lang)) } }
}

/// The form to change one.
pub(in crate::console) fn changing(
    visit: &Visit,
    product: &Product,
    asked: &Typed,
    trouble: Option<&Trouble>,
) -> Markup {
    let (lang, draft) = (visit.lang(), Draft::of(CHANGE, trouble, asked));
    if !visit.may(Permission::ProductsWrite) && !draft.is_begun() {
        return html! {};
    }
    let (page, word) = (page(&product.sku), lang.say("Edit the product", "编辑商品"));
    let version = Some(product.version);
    let deed = Deed { page: &page, name: CHANGE, word, is_danger: false, version, says_why: true };
    let now = show::facts(&[
        (lang.say("Name", "商品名称"), html! { (product.name) }),
        (lang.say("Price", "价格"), html! { (product.price.text()) }),
    ]);
    let fields = html! {
        (form::as_it_is(trouble, &now, lang))
        (named(Some(product), draft, lang))
        (priced(Some(product), "", draft, lang))
    };
    html! { section.deeds { (form::deed(&deed, draft, &fields, lang)) } }
}

fn named(product: Option<&Product>, draft: Draft<'_>, lang: Lang) -> Markup {
    let name = product.map_or("", |product| product.name.as_str());
    html! { (Field::text("name", lang.say("Name", "商品名称")).filled(name).required().of(draft, "/name")) }
}

fn priced(product: Option<&Product>, currency: &str, draft: Draft<'_>, lang: Lang) -> Markup {
    let currency = product.map_or(currency, |product| product.price.currency.as_str());
    let price = product.map(|product| decimal(product.price.amount, digits(currency)).replace(',', ""));
    let mut amount =
        Field::number("price", lang.say("Price", "价格")).filled(price.as_deref().unwrap_or("")).required();
    if product.is_some() {
        amount = amount.hint(lang.say("Orders keep the price that they were placed at.", "已下单的订单价格不变。"));
    }
    html! {
        div.pair {
            (amount.of(draft, "/price/amount"))
            (Field::text("currency", lang.say("Currency", "币种")).at_most(3).filled(currency).required().of(draft, "/price/currency"))
        }
    }
}

#[cfg(test)]
mod tests;
