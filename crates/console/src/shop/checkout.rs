//! Owns the checkout: it takes an order number and a one-time token when it opens, and one key names the wish until there is a
//! final answer. With its script it shows what becomes of each press; without it a form does the same.

use axum::Form;
use axum::extract::{Path, Query};
use axum::response::{IntoResponse as _, Redirect, Response};
use http::{HeaderMap, Method};
use maud::{Markup, html};
use serde::Deserialize;
use serde_json::{Value, json};

use super::cart::{self, Cart, Line};
use super::{Shopper, catalogue};
use crate::answers::Order;
use crate::inside::{Change, Inside, part};
use crate::lang::Lang;
use crate::layout;
use crate::refused::{Refused, in_chinese};
use crate::visit::new_key;

/// So many seconds a checkout waits for its answer.
const PATIENCE_S: u32 = 15;

/// Why an order may be refused for good, as the script says it in another language than the API's.
const REFUSALS: [&str; 12] = [
    "stock_insufficient",
    "product_not_found",
    "order_pending",
    "refused_by_rule",
    "operation_too_frequent",
    "order_no_taken",
    "order_no_invalid",
    "token_used",
    "token_expired",
    "token_invalid",
    "idempotency_key_reused",
    "total_too_large",
];

/// How the checkout is opened.
#[derive(Deserialize)]
pub(super) struct Opened {
    /// So that two presses open one checkout.
    key: String,
    /// One product instead of the cart.
    sku: Option<String>,
}

/// What the page's address holds.
#[derive(Default, Deserialize)]
pub(super) struct Asked {
    #[serde(default)]
    token: String,
    /// One product instead of the cart.
    sku: Option<String>,
}

/// What the form says.
#[derive(Deserialize)]
pub(super) struct Filled {
    key: String,
    #[serde(default)]
    token: String,
    #[serde(default)]
    note: String,
    sku: Option<String>,
}

#[derive(Deserialize)]
struct Number {
    order_no: String,
}

#[derive(Deserialize)]
struct Token {
    token: String,
}

/// Takes the number and the token, and goes to the page that is theirs.
pub(super) async fn open(shopper: Shopper, Form(opened): Form<Opened>) -> Response {
    match taken(&shopper, &opened).await {
        Ok(path) => (shopper.kept.clone(), Redirect::to(&path)).into_response(),
        Err(refused) => refused.page(&shopper.visit),
    }
}

async fn taken(shopper: &Shopper, opened: &Opened) -> Result<String, Refused> {
    let inside = &shopper.visit.inside;
    let post = |path: &str, body: Option<Value>| Change {
        method: Method::POST,
        path: path.to_owned(),
        key: Some(&opened.key),
        body,
        ..Change::default()
    };
    let number: Number = inside.send(post("/order-numbers", None)).await?.read()?;
    let subject = json!({"purpose": "order", "subject": shopper.person_id()});
    let token: Token = inside.send(Change { key: None, ..post("/tokens", Some(subject)) }).await?.read()?;
    let sku = opened.sku.as_deref().map(|sku| format!("&sku={}", part(sku))).unwrap_or_default();
    Ok(format!("/shop/checkout/{}?token={}{sku}", part(&number.order_no), part(&token.token)))
}

/// The page.
pub(super) async fn page(
    shopper: Shopper,
    headers: HeaderMap,
    Path(order_no): Path<String>,
    Query(asked): Query<Asked>,
) -> Response {
    // Who comes back to a checkout that is done sees what became of it, and what was ordered is in the cart no more.
    if let Ok(order) = shopper.visit.inside.get::<Order>(&format!("/orders/{}", part(&order_no))).await {
        let ordered = order.lines.iter().map(|line| (line.sku.as_str(), line.quantity));
        let is_over = asked.sku.is_none() && Cart::of(&headers).holds(ordered);
        let kept = if is_over { Cart::default().kept() } else { HeaderMap::new() };
        return (kept, Redirect::to(&format!("/shop/orders/{}", part(&order_no)))).into_response();
    }
    let filled =
        Filled { key: format!("checkout-{order_no}"), token: asked.token, note: String::new(), sku: asked.sku };
    shown(&shopper, &headers, &order_no, (&filled, None)).await
}

/// Places the order, where no script does.
pub(super) async fn place(
    shopper: Shopper,
    headers: HeaderMap,
    Path(order_no): Path<String>,
    Form(filled): Form<Filled>,
) -> Response {
    let placed = async {
        let lines = lines(&shopper.visit.inside, &headers, filled.sku.as_deref()).await?;
        let change = Change {
            method: Method::POST,
            path: "/orders".to_owned(),
            key: Some(&filled.key),
            token: Some(filled.token.as_str()).filter(|token| !token.is_empty()),
            body: Some(body(&order_no, &lines, &filled.note)),
            ..Change::default()
        };
        shopper.visit.inside.send(change).await?.read::<Order>()
    };
    match placed.await {
        Ok(order) => {
            let kept = if filled.sku.is_none() { Cart::default().kept() } else { HeaderMap::new() };
            (kept, Redirect::to(&format!("/shop/orders/{}", part(&order.order_no)))).into_response()
        }
        Err(refused) => shown(&shopper, &headers, &order_no, (&filled, Some(&refused))).await,
    }
}

async fn lines(inside: &Inside, headers: &HeaderMap, only: Option<&str>) -> Result<Vec<Line>, Refused> {
    let cart = only.map_or_else(|| Cart::of(headers), Cart::only);
    Ok(cart.lines(&catalogue::products(inside).await?))
}

/// The request: what is wanted, and no price.
fn body(order_no: &str, lines: &[Line], note: &str) -> Value {
    let lines: Vec<_> = lines.iter().map(|line| json!({"sku": line.product.sku, "quantity": line.quantity})).collect();
    let mut body = json!({"order_no": order_no, "lines": lines});
    if !note.trim().is_empty() {
        body["note"] = json!(note.trim());
    }
    body
}

async fn shown(
    shopper: &Shopper,
    headers: &HeaderMap,
    order_no: &str,
    (filled, refused): (&Filled, Option<&Refused>),
) -> Response {
    let (visit, lang) = (&shopper.visit, shopper.visit.lang());
    let lines = match lines(&visit.inside, headers, filled.sku.as_deref()).await {
        Ok(lines) => lines,
        Err(refused) => return (shopper.kept.clone(), refused.page(visit)).into_response(),
    };
    let title = lang.say("Checkout", "结算");
    let status = refused.map(Refused::status_code).unwrap_or_default();
    let wish = body(order_no, &lines, "");
    let is_guest = visit.me.as_ref().is_some_and(|me| me.kind == "guest");
    let body = html! {
        nav.crumbs { a href="/shop/cart" { (lang.say("Cart", "购物车")) } }
        h1 { (title) }
        @if lines.is_empty() {
            p.empty { (lang.say("There is nothing to order. ", "没有可结算的商品。")) a href="/shop" { (lang.say("To the products", "去逛逛")) } }
        } @else {
            div.checkout {
                section.card {
                    (wanted(&lines, lang))
                    @if let Some(refused) = refused { (refused.notice(lang)) }
                    @if refused.is_some_and(Refused::is_final) { (again(filled, lang)) }
                    @else { (form(order_no, (filled, &wish), is_guest, lang)) }
                    p.fine {
                        (lang.say("Order number ", "订单号 ")) code #order-no { (order_no) } " · "
                        (lang.say("key ", "幂等键 ")) code #key { (filled.key) }
                    }
                }
                (worse(shopper, lang))
            }
        }
    };
    (status, shopper.kept.clone(), layout::page(visit, title, &body)).into_response()
}

fn wanted(lines: &[Line], lang: Lang) -> Markup {
    html! {
        ul.wanted {
            @for line in lines {
                li { span { (line.product.name) " × " (line.quantity) } span.number { (line.product.price.text()) } }
            }
            @if let Some(total) = cart::total(lines) {
                li { strong { (lang.say("Total", "合计")) } strong.number { (total.text()) } }
            }
        }
    }
}

fn form(order_no: &str, (filled, wish): (&Filled, &Value), is_guest: bool, lang: Lang) -> Markup {
    html! {
        form #checkout method="post" action={ "/shop/checkout/" (part(order_no)) } data-wish=(wish) data-order-no=(order_no) data-patience=(PATIENCE_S) {
            input type="hidden" name="key" value=(filled.key);
            input type="hidden" name="token" value=(filled.token);
            @if let Some(sku) = &filled.sku { input type="hidden" name="sku" value=(sku); }
            label {
                (lang.say("A word to the shop", "买家留言"))
                input name="note" maxlength="500" value=(filled.note);
            }
            button #place type="submit" data-over=(lang.say("Order placed", "已下单")) { (lang.say("Place the order", "提交订单")) }
            (told(is_guest, lang))
        }
    }
}

/// What the script says of a press, and where it leads.
fn told(is_guest: bool, lang: Lang) -> Markup {
    html! {
        p {
            span #state role="status" aria-live="polite" data-names=[names(lang)]
                data-sending=(lang.say("Sending…", "正在提交…"))
                data-unknown=(lang.say("We do not know yet whether it arrived. Press again: you will not be charged twice.", "暂时不知道订单是否已提交。请再点一次：不会重复扣款。"))
                data-out=(out(is_guest, lang))
                data-placed=(lang.say("Placed.", "下单成功。"))
                data-refused=(lang.say("The shop said no, for good. Press again for a new try.", "订单被拒绝。再次点击将重新下单。"))
                data-unopened=(lang.say("The shop said no, and a new try could not begin. Press again.", "订单被拒绝，暂时无法重新下单。请再点一次。")) {}
            " " a #see hidden href="/shop/orders" { (lang.say("See the order", "查看订单")) }
            " " a #log-in hidden href="/shop/me" { (lang.say("Log in", "登录")) }
        }
    }
}

/// What refusals are called, by their codes; none where the API speaks the page's language.
fn names(lang: Lang) -> Option<Value> {
    let named = || REFUSALS.iter().map(|code| ((*code).to_owned(), in_chinese(code).into())).collect();
    (lang != Lang::En).then(|| Value::Object(named()))
}

/// What is said to whom the server does not know any more. A member comes back as the same; nobody comes back as that guest.
const fn out(is_guest: bool, lang: Lang) -> &'static str {
    if is_guest {
        return lang.say("Your session is over. As a guest you cannot get back to an order that arrived: unpaid, it lapses by itself. Log in to order.", "会话已失效。访客无法找回已提交的订单，未付款的订单会自动取消。请登录后下单。");
    }
    lang.say(
        "You are logged out. Log in again and come back: if the order arrived, it stays one order.",
        "登录已失效。请重新登录后回到本页：如果订单已提交，也不会重复下单。",
    )
}

/// A refusal ends the wish. The next press is another, with another number.
fn again(filled: &Filled, lang: Lang) -> Markup {
    html! {
        form method="post" action="/shop/checkout" {
            input type="hidden" name="key" value=(new_key());
            @if let Some(sku) = &filled.sku { input type="hidden" name="sku" value=(sku); }
            button type="submit" { (lang.say("Begin anew", "重新下单")) }
        }
    }
}

/// What goes wrong in life, at the press of a button. Each does it to this very order.
fn worse(shopper: &Shopper, lang: Lang) -> Markup {
    let deeds = [
        ("ten", lang.say("Click ten times at once", "同时点击十次")),
        ("drop", lang.say("Lose the reply", "丢失响应")),
        ("late", lang.say("Send it again after 5 s", "5 秒后再发一次")),
        ("tab", lang.say("Send it from a second tab, under another key", "换一个幂等键再发（第二个标签页）")),
        ("other", lang.say("Send another order under the same key", "同一幂等键发送不同内容")),
    ];
    html! {
        section #worse.card hidden {
            h2 { (lang.say("Make it worse", "制造混乱")) }
            p.fine { (lang.say("Whatever you do here, it stays one order. What the server says to each request stands below.", "无论怎样操作，订单只有一个。服务器对每个请求的答复如下。")) }
            div.buttons { @for (name, word) in deeds { button.quiet type="button" data-worse=(name) { (word) } } }
            h3 { (lang.say("What came back to this page", "本页面收到的答复")) }
            ol #log aria-live="polite"
                data-executed=(lang.say("executed", "已执行"))
                data-replayed=(lang.say("replayed: the first answer again", "重放：返回第一次的答复"))
                data-refused=(lang.say("refused", "已拒绝"))
                data-lost=(lang.say("no answer: the line was cut", "无响应：连接已断开")) {}
            h3 { (lang.say("What the server did", "服务器的处理记录")) }
            ol #served {}
            p { a #explore hidden href="/console/keys" target="_blank" rel="noopener" data-who=(shopper.person_id()) { (lang.say("This key, as the operators see it", "在控制台查看这个幂等键")) } }
        }
    }
}
