//! Owns the cart: what somebody wants, kept by their browser until it is an order. It has no prices: those are the shop's.

use std::collections::BTreeSet;

use axum::Form;
use axum::response::{IntoResponse as _, Redirect, Response};
use http::header::SET_COOKIE;
use http::{HeaderMap, HeaderValue};
use maud::{Markup, html};

use super::{Shopper, catalogue};
use crate::answers::Product;
use crate::form::Typed;
use crate::inside::part;
use crate::lang::Lang;
use crate::layout;
use crate::look::cookie;
use crate::refused::Refused;
use crate::show::{self, Money};
use crate::visit::{Visit, new_key};

const NAME: &str = "mideng-cart";
/// How long a browser keeps it, in seconds: a week.
const MAX_AGE_S: u32 = 604_800;
const LINES_MAX: usize = 50;
const QUANTITY_MAX: i64 = 999;

/// What is wanted: skus and how many of each.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Cart(Vec<(String, i64)>);

/// What a form of the cart wants.
struct Wanted {
    sku: String,
    quantity: i64,
    /// To what there is, instead of in its place.
    adds: bool,
}

/// A quantity that is none, as it was typed, and of what.
struct Wrong<'a> {
    sku: &'a str,
    typed: &'a str,
    refused: Refused,
}

/// A line of the cart, as the shop has it.
pub(super) struct Line {
    pub(super) product: Product,
    pub(super) quantity: i64,
}

impl Cart {
    /// The cart that the browser brought.
    pub(super) fn of(headers: &HeaderMap) -> Self {
        Self::read(cookie(headers, NAME).unwrap_or_default())
    }

    /// A cart of one product.
    pub(super) fn only(sku: &str) -> Self {
        Self(vec![(sku.to_owned(), 1)])
    }

    fn read(text: &str) -> Self {
        let line = |pair: &str| {
            let (sku, quantity) = pair.rsplit_once(':')?;
            let sku = percent_encoding::percent_decode_str(sku).decode_utf8().ok()?.into_owned();
            let quantity = quantity.parse().ok().filter(|quantity| (1..=QUANTITY_MAX).contains(quantity))?;
            Some((sku, quantity))
        };
        Self(text.split('+').filter_map(line).take(LINES_MAX).collect())
    }

    fn text(&self) -> String {
        self.0.iter().map(|(sku, quantity)| format!("{}:{quantity}", part(sku))).collect::<Vec<_>>().join("+")
    }

    /// The header that has the browser keep it.
    pub(super) fn kept(&self) -> HeaderMap {
        let line = format!("{NAME}={}; Path=/shop; Max-Age={MAX_AGE_S}; SameSite=Lax; HttpOnly", self.text());
        HeaderValue::try_from(line).map_or_else(|_| HeaderMap::new(), |line| HeaderMap::from_iter([(SET_COOKIE, line)]))
    }

    fn changed(mut self, wanted: &Wanted) -> Self {
        let there = self.0.iter().position(|(sku, _)| *sku == wanted.sku);
        let before = if wanted.adds { there.map_or(0, |at| self.0[at].1) } else { 0 };
        let quantity = before.saturating_add(wanted.quantity).clamp(0, QUANTITY_MAX);
        match there {
            Some(at) => self.0[at].1 = quantity,
            None if self.0.len() < LINES_MAX => self.0.push((wanted.sku.clone(), quantity)),
            None => {}
        }
        self.0.retain(|(_, quantity)| *quantity > 0);
        self
    }

    /// Whether it holds these, and nothing else.
    pub(super) fn holds<'a>(&self, lines: impl Iterator<Item = (&'a str, i64)>) -> bool {
        let held: BTreeSet<_> = self.0.iter().map(|(sku, quantity)| (sku.as_str(), *quantity)).collect();
        held == lines.collect()
    }

    /// The lines of which the shop has the product.
    pub(super) fn lines(&self, products: &[Product]) -> Vec<Line> {
        let line = |(sku, quantity): &(String, i64)| {
            let product = products.iter().find(|product| product.sku == *sku)?;
            Some(Line { product: product.clone(), quantity: *quantity })
        };
        self.0.iter().filter_map(line).collect()
    }
}

/// What all of it costs now, where it is of one currency.
pub(super) fn total(lines: &[Line]) -> Option<Money> {
    let currency = lines.first()?.product.price.currency.clone();
    let amount = lines.iter().try_fold(0_i64, |sum, line| {
        let is_same = line.product.price.currency == currency;
        line.product.price.amount.checked_mul(line.quantity).filter(|_| is_same)?.checked_add(sum)
    })?;
    Some(Money { amount, currency })
}

impl Wanted {
    fn read(typed: &Typed) -> Option<Self> {
        let quantity = typed.said("quantity").trim().parse().ok();
        let quantity = quantity.filter(|quantity| (0..=QUANTITY_MAX).contains(quantity))?;
        Some(Self { sku: typed.said("sku").to_owned(), quantity, adds: typed.said("what") == "add" })
    }
}

/// The cart.
pub(super) async fn page(shopper: Shopper, headers: HeaderMap) -> Response {
    (shopper.kept, shown(&shopper.visit, &headers, None).await).into_response()
}

async fn shown(visit: &Visit, headers: &HeaderMap, wrong: Option<&Wrong<'_>>) -> Response {
    let lang = visit.lang();
    let products = match catalogue::products(&visit.inside).await {
        Ok(products) => products,
        Err(refused) => return refused.page(visit),
    };
    let lines = Cart::of(headers).lines(&products);
    let elsewhere = wrong.filter(|wrong| lines.iter().all(|line| line.product.sku != wrong.sku));
    let title = lang.say("Cart", "购物车");
    let body = html! {
        h1 { (title) }
        @if let Some(wrong) = elsewhere { (wrong.refused.notice(lang)) }
        @if lines.is_empty() {
            p.empty { (lang.say("It is empty. ", "购物车是空的。")) a href="/shop" { (lang.say("To the products", "去逛逛")) } }
        } @else {
            (table(&lines, wrong, lang))
            form method="post" action="/shop/checkout" {
                input type="hidden" name="key" value=(new_key());
                button type="submit" { (lang.say("To the checkout", "去结算")) }
            }
        }
    };
    let status = wrong.map(|wrong| wrong.refused.status_code()).unwrap_or_default();
    (status, layout::page(visit, title, &body)).into_response()
}

fn table(lines: &[Line], wrong: Option<&Wrong<'_>>, lang: Lang) -> Markup {
    html! {
        table.cards {
            thead { tr {
                th { (lang.say("Product", "商品")) } th.number { (lang.say("Price", "单价")) } th { (lang.say("Quantity", "数量")) }
            } }
            tbody { @for line in lines { tr {
                td data-of=(lang.say("Product", "商品")) { (line.product.name) }
                td.number data-of=(lang.say("Price", "单价")) { (line.product.price.text()) }
                td data-of=(lang.say("Quantity", "数量")) {
                    (quantity(line, wrong.filter(|wrong| wrong.sku == line.product.sku), lang))
                }
            } } }
            @if let Some(total) = total(lines) {
                tfoot { tr { td { (lang.say("Total", "合计")) } td.number colspan="2" { (total.text()) } } }
            }
        }
        p.fine { (show::count(i64::try_from(lines.len()).unwrap_or(i64::MAX))) (lang.say(" products", " 种商品")) }
    }
}

fn quantity(line: &Line, wrong: Option<&Wrong<'_>>, lang: Lang) -> Markup {
    let value = wrong.map_or_else(|| line.quantity.to_string(), |wrong| wrong.typed.to_owned());
    html! {
        form.inline method="post" action="/shop/cart" {
            input type="hidden" name="sku" value=(line.product.sku);
            input type="hidden" name="what" value="set";
            input type="number" name="quantity" value=(value) min="0" max=(QUANTITY_MAX) aria-invalid=[wrong.map(|_| "true")]
                aria-label={ (lang.say("Quantity of ", "数量：")) (line.product.name) };
            button.quiet type="submit" { (lang.say("Change", "修改")) }
            @if let Some(wrong) = wrong { span.wrong role="alert" { (wrong.refused.detail) } }
        }
    }
}

/// Changes it.
pub(super) async fn change(visit: Visit, headers: HeaderMap, Form(typed): Form<Typed>) -> Response {
    let Some(wanted) = Wanted::read(&typed) else {
        let words = visit.lang().say("A quantity is a number from 0 to 999.", "数量应为 0 至 999 的整数。");
        let refused = Refused::invalid("/quantity", words);
        let wrong = Wrong { sku: typed.said("sku"), typed: typed.said("quantity"), refused };
        return shown(&visit, &headers, Some(&wrong)).await;
    };
    (Cart::of(&headers).changed(&wanted).kept(), Redirect::to("/shop/cart")).into_response()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_ordered_is_all_of_the_cart_or_it_stays() {
        let cart = Cart::read("tea:2+kite:1");
        for (ordered, is_all) in [
            (vec![("kite", 1), ("tea", 2)], true),
            (vec![("tea", 2)], false),
            (vec![("kite", 1), ("tea", 1)], false),
            (vec![("kite", 1), ("tea", 2), ("cup", 1)], false),
        ] {
            assert_eq!(cart.holds(ordered.iter().copied()), is_all, "{ordered:?}");
        }
    }

    #[test]
    fn a_cart_is_read_as_it_was_written() {
        let add = |sku: &str, quantity| Wanted { sku: sku.to_owned(), quantity, adds: true };
        let cart = Cart::default().changed(&add("tea:1+x", 2)).changed(&add("乌龙", 1)).changed(&add("tea:1+x", 3));
        assert_eq!(cart.0, [("tea:1+x".to_owned(), 5), ("乌龙".to_owned(), 1)]);
        assert_eq!(Cart::read(&cart.text()), cart);
        let none = cart.changed(&Wanted { sku: "乌龙".to_owned(), quantity: 0, adds: false });
        assert_eq!(none.0.len(), 1);
        for bad in ["", ":", "a", "a:0", "a:-1", "a:1000", "%FF:1", "a:x"] {
            assert_eq!(Cart::read(bad), Cart::default(), "{bad:?}");
        }
    }

    #[test]
    fn a_quantity_is_a_number_that_a_cart_holds() {
        for (quantity, read) in [
            ("0", Some(0)),
            (" 7 ", Some(7)),
            ("999", Some(999)),
            ("1000", None),
            ("-1", None),
            ("", None),
            ("1.5", None),
        ] {
            let form = serde_json::json!({"sku": "tea", "quantity": quantity, "what": "set"});
            let typed: Typed = serde_json::from_value(form).expect("it is JSON");
            assert_eq!(Wanted::read(&typed).map(|wanted| wanted.quantity), read, "{quantity:?}");
        }
        assert!(Wanted::read(&Typed::default()).is_none());
    }
}
