//! Owns the form of what the shop asks of a checkout: how orders come in, and who may buy.

use axum::Form;
use axum::extract::Query;
use axum::response::{IntoResponse as _, Response};
use http::Method;
use maud::{Markup, html};
use serde_json::{Value, json};

use crate::answers::CheckoutPolicy;
use crate::form::{self, Draft, Field, Span, Trouble, Typed, span};
use crate::inside::Change;
use crate::lang::Lang;
use crate::layout;
use crate::show;
use crate::visit::{Staff, Visit};

const PAGE: &str = "/console/settings/checkout";
const SAVE: &str = "save";
/// As a form says a switch.
const ON: &str = "on";
const OFF: &str = "off";

/// The page.
pub(super) async fn page(Staff(visit): Staff, Query(asked): Query<Typed>) -> Response {
    shown(&visit, &asked, None).await
}

/// Sets it.
pub(super) async fn put(Staff(visit): Staff, Form(typed): Form<Typed>) -> Response {
    let change = Change {
        method: Method::PUT,
        path: "/policies/checkout".to_owned(),
        key: typed.key(),
        version: typed.given("version"),
        reason: typed.given("why"),
        body: Some(policy(&typed)),
        ..Change::default()
    };
    match form::send(&visit, change, |_| Ok(form::done(PAGE, SAVE))).await {
        Ok(response) => response,
        Err(refused) => {
            let trouble = Trouble { deed: SAVE.to_owned(), typed, refused };
            shown(&visit, &Typed::default(), Some(&trouble)).await
        }
    }
}

/// The policy that a form says.
fn policy(typed: &Typed) -> Value {
    json!({
        "checkout_token": switch(typed, "checkout_token"),
        "order_lock_ms": span::typed(typed, "order_lock", span::MILLISECONDS),
        "pending_limit": typed.said("pending_limit"),
        "same_within_ms": span::typed(typed, "same_within", span::MILLISECONDS),
        "order_units_max": typed.number("order_units_max"),
        "guests": switch(typed, "guests"),
        "registration": switch(typed, "registration"),
    })
}

/// What is neither goes to the API as it is, which says so in its own words.
fn switch(typed: &Typed, name: &str) -> Value {
    match typed.said(name) {
        ON => json!(true),
        OFF => json!(false),
        other => json!(other),
    }
}

async fn shown(visit: &Visit, asked: &Typed, trouble: Option<&Trouble>) -> Response {
    let policy: CheckoutPolicy = match visit.inside.get("/policies/checkout").await {
        Ok(policy) => policy,
        Err(refused) => return form::unseen(visit, &refused, trouble, PAGE),
    };
    let lang = visit.lang();
    let title = lang.say("Checkout", "下单规则");
    let draft = Draft::of(SAVE, trouble, asked);
    let body = html! {
        nav.crumbs { a href="/console/settings" { (lang.say("Settings", "设置")) } }
        h1 { (title) }
        @if asked.said("done") == SAVE {
            (show::done(lang.say("It is set. Every server follows within two seconds.", "已保存，所有服务器将在两秒内生效。")))
        }
        @if let Some(at) = &policy.changed_at { p.fine { (lang.say("Last changed ", "最近变更 ")) (show::time(at)) } }
        section.card {
            (draft.notice(PAGE, SAVE, lang))
            (form::as_it_is(trouble, &as_it_is(&policy, lang), lang))
            (form(&policy, draft, lang))
        }
    };
    let status = trouble.map(|trouble| trouble.refused.status_code()).unwrap_or_default();
    (status, layout::page(visit, title, &body)).into_response()
}

fn form(policy: &CheckoutPolicy, draft: Draft<'_>, lang: Lang) -> Markup {
    html! {
        form method="post" action=(PAGE) {
            (form::held((PAGE, SAVE), Some(policy.version), draft))
            (orders(policy, draft, lang))
            (customers(policy, draft, lang))
            (form::why(draft, lang))
            button type="submit" { (lang.say("Save", "保存")) }
        }
    }
}

/// What is set now, whatever somebody typed.
fn as_it_is(policy: &CheckoutPolicy, lang: Lang) -> Markup {
    let [token, lock, pending, same, units, guests, registration] = labels(lang);
    let on = |is_on| html! { (word(is_on, lang)) };
    let time = |ms| html! { (span::said(ms, span::MILLISECONDS, lang)) };
    let limits = limits(lang);
    let limit = limits.iter().find(|(name, _)| *name == policy.pending_limit).map_or("", |(_, word)| word);
    html! {
        (show::facts(&[
            (token, on(policy.checkout_token)),
            (lock, time(policy.order_lock_ms)),
            (pending, html! { (limit) }),
            (same, time(policy.same_within_ms)),
            (units, html! { (policy.order_units_max) }),
            (guests, on(policy.guests)),
            (registration, on(policy.registration)),
        ]))
    }
}

fn orders(policy: &CheckoutPolicy, draft: Draft<'_>, lang: Lang) -> Markup {
    let [token, lock, pending, same, units, ..] = labels(lang);
    let (most, switches) = (policy.order_units_max.to_string(), switches(lang));
    let lock = Span {
        name: "order_lock",
        label: lock,
        pointer: "/order_lock_ms",
        units: span::MILLISECONDS,
        hint: Some(lang.say(
            "While one order request of a customer is worked on, others are told to come again. A minute at most; 0: they are not.",
            "顾客的一个下单请求处理期间，其他下单请求会被要求稍后重试。最长 1 分钟，0 为不限制。",
        )),
    };
    let same = Span {
        name: "same_within",
        label: same,
        pointer: "/same_within_ms",
        units: span::MILLISECONDS,
        hint: Some(lang.say(
            "Two requests without a key that ask for the same within this time are one order. An hour at most; 0: each order needs a key.",
            "不带幂等键的相同请求，在此时间内只生成一张订单。最长 1 小时，0 表示下单必须带幂等键。",
        )),
    };
    let waits =
        lang.say("A further one is taken once the first is paid or given up.", "前一张付款或取消后才能再下单。");
    let beyond = lang.say("An order for more is refused; 0: any number.", "超出数量的订单会被拒绝，0 为不限。");
    html! {
        fieldset {
            legend { (lang.say("Orders", "订单")) }
            (Field::choice("checkout_token", token, &switches).filled(named(policy.checkout_token)).hint(lang.say(
                "An order is taken only with a token that its page took when it was opened.",
                "下单须携带页面打开时领取的令牌。")).of(draft, "/checkout_token"))
            (lock.filled(policy.order_lock_ms, draft, lang))
            (Field::choice("pending_limit", pending, &limits(lang)).filled(&policy.pending_limit).hint(waits).of(draft, "/pending_limit"))
            (same.filled(policy.same_within_ms, draft, lang))
            (Field::number("order_units_max", units).filled(&most).hint(beyond).of(draft, "/order_units_max"))
        }
    }
}

fn customers(policy: &CheckoutPolicy, draft: Draft<'_>, lang: Lang) -> Markup {
    let [.., guests, registration] = labels(lang);
    let switches = switches(lang);
    html! {
        fieldset {
            legend { (lang.say("Customers", "顾客")) }
            (Field::choice("guests", guests, &switches).filled(named(policy.guests)).hint(lang.say(
                "Whoever comes may buy without a name.", "无需登录即可购买。")).of(draft, "/guests"))
            (Field::choice("registration", registration, &switches).filled(named(policy.registration)).hint(lang.say(
                "Whoever comes may become a member by themselves.", "任何人都可以自行注册为会员。")).of(draft, "/registration"))
        }
    }
}

/// What each setting is called, in the order of the form.
const fn labels(lang: Lang) -> [&'static str; 7] {
    [
        lang.say("One-time token", "一次性令牌"),
        lang.say("Others of the customer wait for", "同一顾客的其他下单请求等待"),
        lang.say("Orders that wait for payment", "待付款订单"),
        lang.say("The same request is one order within", "相同请求合并时间"),
        lang.say("Units of a product in one order", "单笔订单每种商品限购"),
        lang.say("Guests", "访客购买"),
        lang.say("Registration", "自助注册"),
    ]
}

const fn limits(lang: Lang) -> [(&'static str, &'static str); 3] {
    [
        ("unlimited", lang.say("any number", "不限")),
        ("one_per_member", lang.say("one of each customer", "每位顾客一张")),
        ("one_per_product", lang.say("one of each customer with the same product", "每位顾客每种商品一张")),
    ]
}

const fn switches(lang: Lang) -> [(&'static str, &'static str); 2] {
    [(OFF, word(false, lang)), (ON, word(true, lang))]
}

const fn named(is_on: bool) -> &'static str {
    if is_on { ON } else { OFF }
}

const fn word(is_on: bool, lang: Lang) -> &'static str {
    if is_on { lang.say("on", "开启") } else { lang.say("off", "关闭") }
}

#[cfg(test)]
mod tests;
