//! Owns the frame around every page: head, navigation, preferences, and the headers that say what a page may do.

mod menu;

use std::any::Any;

use axum::response::{Html, IntoResponse, Response};
use http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, HeaderName, HeaderValue, REFERRER_POLICY,
    STRICT_TRANSPORT_SECURITY, X_CONTENT_TYPE_OPTIONS, X_FRAME_OPTIONS,
};
use maud::{DOCTYPE, Markup, html};

use crate::assets;
use crate::form;
use crate::inside::Side;
use crate::lang::Lang;
use crate::look::Theme;
use crate::refused::Refused;
use crate::visit::Visit;

/// All that a page loads comes from here, and nothing in it is a script or a style by itself.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; \
    form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

/// What htmx may do under that policy.
const HTMX: &str = r#"{"includeIndicatorCSS":false,"mode":"same-origin"}"#;

/// A page of the console or the shop.
pub(crate) fn page(visit: &Visit, title: &str, body: &Markup) -> Html<String> {
    let lang = visit.lang();
    let (name, script) = match visit.side {
        Side::Console => (lang.say("Mideng console", "幂等控制台"), assets::SCRIPT),
        Side::Shop => (lang.say("Mideng demo shop", "幂等示例商城"), assets::CHECKOUT),
    };
    let markup = html! {
        (DOCTYPE)
        html lang=(lang.tag()) data-theme=(visit.look.theme.name()) {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                title { (title) " · " (name) }
                link rel="icon" href=(assets::url(assets::ICON)) type="image/svg+xml";
                link rel="stylesheet" href=(assets::url(assets::STYLE));
                @if uses_htmx(body) {
                    meta name="htmx-config" content=(HTMX);
                    script src=(assets::url(assets::HTMX)) defer {}
                }
                script src=(assets::url(script)) defer {}
            }
            body class=(match visit.side { Side::Console => "console", Side::Shop => "shop" }) {
                a.skip href="#main" { (lang.say("To the content", "跳到内容")) }
                @match visit.side {
                    Side::Console => (console_head(visit, name)),
                    Side::Shop => (shop_head(visit, name)),
                }
                main #main tabindex="-1" { (form::again(visit)) (body) }
            }
        }
    };
    Html(markup.into_string())
}

/// It is the largest file there is, so whoever only logs in does not wait for it.
fn uses_htmx(body: &Markup) -> bool {
    body.0.contains(" hx-")
}

fn console_head(visit: &Visit, name: &str) -> Markup {
    let lang = visit.lang();
    html! {
        header.side {
            a.brand href="/console" { span.mark aria-hidden="true" { "幂" } (name) }
            @if let Some(me) = &visit.me {
                (menu::menu(visit))
                div.who {
                    a href="/console/me" { (role(&me.role, lang)) }
                    form method="post" action="/console/log-out" {
                        button.quiet type="submit" { (lang.say("Log out", "退出")) }
                    }
                }
            }
            (preferences(visit))
        }
    }
}

fn shop_head(visit: &Visit, name: &str) -> Markup {
    let lang = visit.lang();
    html! {
        header.top {
            a.brand href="/shop" { span.mark aria-hidden="true" { "幂" } (name) }
            nav aria-label=(lang.say("Shop", "商城")) {
                ul {
                    li { a href="/shop" { (lang.say("Products", "商品")) } }
                    li { a href="/shop/orders" { (lang.say("My orders", "我的订单")) } }
                    li { a href="/shop/cart" { (lang.say("Cart", "购物车")) } }
                    li { a href="/shop/me" { (lang.say("Account", "账户")) } }
                }
            }
            (preferences(visit))
        }
    }
}

/// Language and light, for which no script is needed.
fn preferences(visit: &Visit) -> Markup {
    let lang = visit.lang();
    let to = |theme: Option<Theme>, lang: Option<Lang>| {
        html! {
            input type="hidden" name="to" value=(visit.here);
            @if let Some(theme) = theme { input type="hidden" name="theme" value=(theme.name()); }
            @if let Some(lang) = lang { input type="hidden" name="lang" value=(lang.tag()); }
        }
    };
    let next = match visit.look.theme {
        Theme::Auto => Theme::Light,
        Theme::Light => Theme::Dark,
        Theme::Dark => Theme::Auto,
    };
    html! {
        div.preferences {
            @for (other, name) in Lang::ALL.into_iter().filter(|(other, _)| *other != lang) {
                form method="post" action="/preferences" {
                    (to(None, Some(other)))
                    button.quiet type="submit" lang=(other.tag()) { (name) }
                }
            }
            form method="post" action="/preferences" {
                (to(Some(next), None))
                button.quiet type="submit" {
                    (lang.say("Colours: ", "配色：")) (visit.look.theme.word(lang))
                }
            }
        }
    }
}

/// A role in the page's language.
pub(crate) fn role(name: &str, lang: Lang) -> &str {
    match name {
        "admin" => lang.say("administrator", "管理员"),
        "merchant" => lang.say("merchant", "商家"),
        "support" => lang.say("support", "客服"),
        "auditor" => lang.say("auditor", "审计员"),
        "shopper" => lang.say("member", "会员"),
        "guest" => lang.say("guest", "访客"),
        "service" => lang.say("server", "服务账户"),
        other => other,
    }
}

/// A page's headers. Answers of the API have theirs.
pub(crate) async fn protect(mut response: Response) -> Response {
    let headers = response.headers_mut();
    let is_page = headers.get(CONTENT_TYPE).is_some_and(|kind| kind.as_bytes().starts_with(b"text/html"));
    let lines = [
        (CONTENT_SECURITY_POLICY, POLICY),
        (X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (X_FRAME_OPTIONS, "DENY"),
        // Within this site a form says from which page it was sent; other sites learn nothing.
        (REFERRER_POLICY, "same-origin"),
        (STRICT_TRANSPORT_SECURITY, "max-age=31536000"),
        (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
    ];
    for (name, value) in lines {
        headers.insert(name, HeaderValue::from_static(value));
    }
    if is_page || !headers.contains_key(CACHE_CONTROL) {
        headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    }
    response
}

/// A page panicked: a bug.
#[expect(clippy::needless_pass_by_value, reason = "the layer hands the panic over")]
pub(crate) fn panicked(panic: Box<dyn Any + Send + 'static>) -> Response {
    let text = panic.downcast_ref::<String>().map(String::as_str).or_else(|| panic.downcast_ref::<&str>().copied());
    tracing::error!(panic = text.unwrap_or("no text"), "a page panicked: this is a bug");
    let refused = Refused::broken();
    (refused.status_code(), refused.detail.clone()).into_response()
}
