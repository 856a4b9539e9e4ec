//! Owns the page on which the staff log in, and how they come back to where they were.

use axum::Form;
use axum::extract::Query;
use axum::response::{IntoResponse as _, Redirect, Response};
use http::{HeaderMap, Method};
use maud::{Markup, html};
use serde::Deserialize;
use serde_json::json;

use crate::inside::{Change, part};
use crate::lang::Lang;
use crate::layout;
use crate::refused::Refused;
use crate::visit::{Me, Staff, Visit, own_path};

/// Where to, and why one is asked.
#[derive(Default, Deserialize)]
pub(super) struct Asked {
    to: Option<String>,
    why: Option<String>,
}

/// What the form says.
#[derive(Default, Deserialize)]
pub(super) struct Filled {
    tenant: Option<String>,
    login: String,
    password: String,
    code: Option<String>,
    /// Who knows the password, where it is not this server.
    provider: Option<String>,
    to: Option<String>,
}

/// The form, empty.
pub(super) async fn page(visit: Visit, Query(asked): Query<Asked>) -> Response {
    let filled = Filled { to: asked.to, ..Filled::default() };
    form(&visit, &filled, asked.why.as_deref().and_then(|why| because(why, visit.lang())), None).into_response()
}

/// Logs in, and goes on to where one wanted.
pub(super) async fn log_in(visit: Visit, Form(filled): Form<Filled>) -> Response {
    let given =
        |text: &Option<String>| text.as_deref().map(str::trim).filter(|text| !text.is_empty()).map(ToOwned::to_owned);
    let body = json!({
        "tenant": given(&filled.tenant),
        "as": "staff",
        "login": filled.login.trim(),
        "password": filled.password,
        "code": given(&filled.code),
        "provider": given(&filled.provider),
        "device": {"type": "web", "name": "console"},
        "keep": "cookie",
    });
    let change = Change { method: Method::POST, path: "/sessions".to_owned(), body: Some(body), ..Change::default() };
    match visit.inside.send(change).await {
        Ok(reply) => {
            let to = own_path(filled.to.as_deref()).unwrap_or("/console");
            (visit.inside.kept(&reply), Redirect::to(to)).into_response()
        }
        Err(refused) => (refused.status_code(), form(&visit, &filled, None, Some(&refused))).into_response(),
    }
}

/// Logs out.
pub(super) async fn log_out(Staff(visit): Staff) -> Response {
    let id = visit.me.as_ref().map(|me: &Me| me.session_id.clone()).unwrap_or_default();
    let change = Change { method: Method::DELETE, path: format!("/sessions/{id}"), ..Change::default() };
    match visit.inside.send(change).await {
        Ok(reply) => (visit.inside.kept(&reply), Redirect::to("/console/log-in")).into_response(),
        Err(refused) if refused.is_nobody() => (HeaderMap::new(), Redirect::to("/console/log-in")).into_response(),
        Err(refused) => refused.page(&visit),
    }
}

/// Why somebody who was here is asked to log in.
fn because(why: &str, lang: Lang) -> Option<&'static str> {
    Some(match why {
        "session_expired" => lang.say(
            "Your session has expired. Log in, and you are back where you were.",
            "登录已过期。登录后将回到原页面。",
        ),
        "session_kicked" => lang.say(
            "Your session was ended by an administrator or from another device.",
            "您的登录已被管理员或其他设备结束。",
        ),
        "session_replaced" => lang.say(
            "You logged in on another device, and the shop allows only so many.",
            "您已在其他设备登录，超过了允许的设备数。",
        ),
        "session_ended" => lang.say("You logged out.", "您已退出登录。"),
        "not_staff" => lang.say("The console is for the staff.", "控制台仅供员工使用。"),
        _ => return None,
    })
}

fn form(
    visit: &Visit,
    filled: &Filled,
    because: Option<&str>,
    refused: Option<&Refused>,
) -> axum::response::Html<String> {
    let lang = visit.lang();
    let title = lang.say("Log in", "登录");
    let asks_code =
        refused.is_some_and(|refused| matches!(refused.code.as_str(), "second_factor_needed" | "code_wrong"));
    let body = html! {
        section.card.narrow {
            h1 { (title) }
            @if let Some(because) = because { p.notice role="status" { (because) } }
            @if let Some(refused) = refused { (refused.notice(lang)) }
            (demo(visit, filled.to.as_deref()))
            (away(visit, filled.to.as_deref()))
            form method="post" action="/console/log-in" {
                input type="hidden" name="to" value=[filled.to.as_deref()];
                label {
                    (lang.say("Shop", "租户"))
                    input name="tenant" value=(filled.tenant.as_deref().unwrap_or("default")) autocomplete="organization" maxlength="64";
                }
                (provider(visit, filled))
                label {
                    (lang.say("Login", "账号"))
                    input name="login" value=(filled.login) autocomplete="username" required autofocus[!asks_code && visit.settings.demo.is_none()] maxlength="64";
                }
                label {
                    (lang.say("Password", "密码"))
                    input name="password" type="password" autocomplete="current-password" required maxlength="512";
                }
                label {
                    (lang.say("Code of the second factor, if you have one", "动态验证码（如已启用）"))
                    input name="code" autocomplete="one-time-code" inputmode="numeric" autofocus[asks_code] maxlength="64";
                }
                button type="submit" { (title) }
            }
        }
    };
    layout::page(visit, title, &body)
}

/// The ways to login providers that a browser is sent to.
fn away(visit: &Visit, to: Option<&str>) -> Markup {
    let (lang, to) = (visit.lang(), own_path(to).unwrap_or("/console"));
    html! {
        @for door in visit.settings.doors.iter().filter(|door| door.is_away) {
            p { a.button.quiet href={ "/api/v1/login/" (part(&door.name)) "?return_to=" (part(to)) } {
                (lang.say("Log in with ", "使用此方式登录：")) (door.name)
            } }
        }
    }
}

/// Who is asked about login and password, where there is more than one who knows.
fn provider(visit: &Visit, filled: &Filled) -> Markup {
    let (lang, chosen) = (visit.lang(), filled.provider.as_deref().unwrap_or_default());
    let doors: Vec<_> = visit.settings.doors.iter().filter(|door| !door.is_away).collect();
    html! {
        @if !doors.is_empty() {
            label {
                (lang.say("Account of", "账号来源"))
                select name="provider" {
                    option value="" { (lang.say("this server", "本系统")) }
                    @for door in doors { option value=(door.name) selected[door.name == chosen] { (door.name) } }
                }
            }
        }
    }
}

/// The log-ins that a demo tells everybody.
fn demo(visit: &Visit, to: Option<&str>) -> Markup {
    let lang = visit.lang();
    let Some(demo) = &visit.settings.demo else { return html! {} };
    html! {
        aside.demo {
            h2 { (lang.say("This is a demo: log in as", "演示环境：可用以下账号登录")) }
            ul {
                @for who in &demo.staff {
                    li {
                        form method="post" action="/console/log-in" {
                            input type="hidden" name="to" value=[to];
                            input type="hidden" name="login" value=(who.login);
                            input type="hidden" name="password" value=(who.password);
                            button.quiet type="submit" { (who.login) " — " (layout::role(&who.role, lang)) }
                        }
                        code { (who.login) " / " (who.password) }
                    }
                }
            }
        }
    }
}
