//! Owns who a customer is to the shop: logging in and out, and on which devices they are.

use axum::Form;
use axum::extract::{Path, Query};
use axum::response::{IntoResponse as _, Redirect, Response};
use http::Method;
use maud::{Markup, html};
use serde::Deserialize;
use serde_json::json;

use super::Shopper;
use crate::answers::Session;
use crate::inside::{Change, part};
use crate::lang::Lang;
use crate::layout;
use crate::refused::Refused;
use crate::show;
use crate::visit::{Me, own_path};

/// Why one is here.
#[derive(Default, Deserialize)]
pub(super) struct Asked {
    done: Option<String>,
    /// The page of the shop that sent them here, and has them back.
    to: Option<String>,
}

/// What the form says.
#[derive(Deserialize)]
pub(super) struct Filled {
    login: String,
    password: String,
    to: Option<String>,
}

/// The page.
pub(super) async fn page(shopper: Shopper, Query(asked): Query<Asked>) -> Response {
    shown(&shopper, &asked, None).await
}

/// Logs in. Who was a guest keeps what they began.
pub(super) async fn log_in(shopper: Shopper, Form(filled): Form<Filled>) -> Response {
    let body = json!({
        "login": filled.login.trim(), "password": filled.password, "device": {"type": "web", "name": "demo shop"},
        "keep": "cookie",
    });
    let change = Change { method: Method::POST, path: "/sessions".to_owned(), body: Some(body), ..Change::default() };
    match shopper.visit.inside.send(change).await {
        Ok(reply) => {
            let to = back(filled.to.as_deref()).unwrap_or("/shop/me?done=in");
            (shopper.visit.inside.kept(&reply), Redirect::to(to)).into_response()
        }
        Err(refused) => shown(&shopper, &Asked { to: filled.to, ..Asked::default() }, Some(&refused)).await,
    }
}

/// A page of the shop, and no other.
fn back(to: Option<&str>) -> Option<&str> {
    own_path(to).filter(|to| to.starts_with("/shop/"))
}

/// Logs out.
pub(super) async fn log_out(shopper: Shopper) -> Response {
    let id = shopper.visit.me.as_ref().map(|me: &Me| me.session_id.clone()).unwrap_or_default();
    ended(shopper, &id, "/shop/me?done=out").await
}

/// Ends a session on another device.
pub(super) async fn end(shopper: Shopper, Path(id): Path<String>) -> Response {
    ended(shopper, &id, "/shop/me?done=ended").await
}

async fn ended(shopper: Shopper, id: &str, to: &str) -> Response {
    let change = Change { method: Method::DELETE, path: format!("/sessions/{}", part(id)), ..Change::default() };
    match shopper.visit.inside.send(change).await {
        Ok(reply) => (shopper.visit.inside.kept(&reply), Redirect::to(to)).into_response(),
        Err(refused) => refused.page(&shopper.visit),
    }
}

async fn shown(shopper: &Shopper, asked: &Asked, refused: Option<&Refused>) -> Response {
    let (visit, lang) = (&shopper.visit, shopper.visit.lang());
    let is_member = visit.me.as_ref().is_some_and(|me| me.kind == "member");
    let sessions: Vec<Session> = match visit.inside.get("/sessions").await {
        Ok(sessions) => sessions,
        Err(refused) => return (shopper.kept.clone(), refused.page(visit)).into_response(),
    };
    let status = refused.map(Refused::status_code).unwrap_or_default();
    let to = back(asked.to.as_deref());
    let title = lang.say("Account", "账户");
    let body = html! {
        h1 { (title) }
        @if let Some(word) = asked.done.as_deref().and_then(|done| word(done, lang)) { p.notice.good role="status" { (word) } }
        @if is_member {
            @if let Some(to) = to { p { a.button href=(to) { (lang.say("Back to where you were", "返回刚才的页面")) } } }
            form method="post" action="/shop/log-out" { button.quiet type="submit" { (lang.say("Log out", "退出")) } }
        } @else {
            section.card.narrow {
                h2 { (lang.say("You are a guest. Log in, and what you began stays yours.", "您是访客。登录后，已开始的订单仍属于您。")) }
                @if let Some(refused) = refused { (refused.notice(lang)) }
                form method="post" action="/shop/log-in" {
                    @if let Some(to) = to { input type="hidden" name="to" value=(to); }
                    label { (lang.say("Login", "账号")) input name="login" required autocomplete="username" maxlength="64"; }
                    label { (lang.say("Password", "密码")) input name="password" type="password" required autocomplete="current-password" maxlength="512"; }
                    button type="submit" { (lang.say("Log in", "登录")) }
                }
                @for who in visit.settings.demo.iter().flat_map(|demo| &demo.members) {
                    p.fine { code { (who.login) " / " (who.password) } }
                }
            }
        }
        (devices(&sessions, lang))
    };
    (status, shopper.kept.clone(), layout::page(visit, title, &body)).into_response()
}

fn word(done: &str, lang: Lang) -> Option<&'static str> {
    Some(match done {
        "in" => lang.say("You are logged in.", "已登录。"),
        "out" => lang.say("You are logged out, and a guest.", "已退出，现在是访客。"),
        "ended" => lang.say("That device is logged out.", "该设备已下线。"),
        _ => return None,
    })
}

fn devices(sessions: &[Session], lang: Lang) -> Markup {
    html! {
        section {
            h2 { (lang.say("Your devices", "登录设备")) }
            ul.window { @for session in sessions.iter().take(20) {
                li.card {
                    p { strong { (session.device_name.as_deref().unwrap_or(&session.device_type)) } " " (show::status(&session.status, lang)) }
                    p.fine { (show::time(&session.opened_at)) @if let Some(address) = &session.address { " · " (address) } }
                    @if session.current { p.fine { (lang.say("this device", "当前设备")) } }
                    @else if session.status == "active" {
                        form method="post" action={ "/shop/sessions/" (session.session_id) "/end" } {
                            button.quiet type="submit" { (lang.say("Log it out", "下线")) }
                        }
                    }
                }
            } }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_log_in_leads_back_within_the_shop() {
        for (to, is_led) in [
            ("/shop/checkout/ord_1?token=t", true),
            ("/shop/orders", true),
            ("/console/orders", false),
            ("/shopping", false),
            ("//evil.example/shop/", false),
            ("https://evil.example/shop/", false),
        ] {
            assert_eq!(back(Some(to)), is_led.then_some(to), "{to}");
        }
        assert_eq!(back(None), None);
    }
}
