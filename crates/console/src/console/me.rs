//! Owns what one of the staff does for themselves: proving anew who they are, a second factor, and their own sessions.

use axum::Form;
use axum::extract::{Path, Query};
use axum::response::{IntoResponse as _, Redirect, Response};
use http::Method;
use maud::{Markup, html};
use serde::Deserialize;
use serde_json::json;

use crate::answers::Session;
use crate::inside::{Change, Reply, part};
use crate::lang::Lang;
use crate::layout;
use crate::refused::Refused;
use crate::show;
use crate::visit::{Me, Staff, Visit, own_path};

/// Where to go on.
#[derive(Default, Deserialize)]
pub(super) struct Asked {
    to: Option<String>,
}

/// What the form to prove oneself says.
#[derive(Default, Deserialize)]
pub(super) struct Proof {
    #[serde(default)]
    password: String,
    #[serde(default)]
    code: String,
    to: Option<String>,
}

/// What the form to confirm a second factor says: the code, and for another try what the app was set up with.
#[derive(Deserialize)]
pub(super) struct Code {
    code: String,
    #[serde(flatten)]
    enrolment: Enrolment,
}

/// What an app is set up with.
#[derive(Deserialize)]
struct Enrolment {
    #[serde(default)]
    secret: String,
    #[serde(default)]
    uri: String,
}

#[derive(Deserialize)]
struct Recovery {
    recovery_codes: Vec<String>,
}

/// The page.
pub(super) async fn page(Staff(visit): Staff) -> Response {
    let lang = visit.lang();
    let sessions: Vec<Session> = match visit.inside.get("/sessions").await {
        Ok(sessions) => sessions,
        Err(refused) => return refused.page(&visit),
    };
    let title = lang.say("You", "我的账户");
    let body = html! {
        h1 { (title) }
        @if let Some(me) = &visit.me { (facts(me, lang)) }
        section.card {
            h2 { (lang.say("Second factor", "双重验证")) }
            p { (lang.say("Who gives money back, and who decides on it, proves it with two factors: the password, and a code that an app shows.",
                "退款及复核需要双重验证：密码和验证器应用显示的动态码。")) }
            form method="post" action="/console/me/second-factor" {
                button type="submit" { (lang.say("Set one up", "设置")) }
            }
        }
        section {
            h2 { (lang.say("Your sessions", "登录设备")) }
            table.cards { tbody { @for session in &sessions { tr {
                td { (session.device_name.as_deref().unwrap_or(&session.device_type)) @if session.current { " · " (lang.say("this one", "当前")) } }
                td { (session.address.as_deref().unwrap_or_default()) }
                td { (show::time(&session.opened_at)) }
                td { (show::status(&session.status, lang)) }
                td {
                    @if !session.current && session.status == "active" {
                        form method="post" action={ "/console/me/sessions/" (part(&session.session_id)) "/end" } {
                            button.quiet type="submit" { (lang.say("Log it out", "下线")) }
                        }
                    }
                }
            } } } }
        }
    };
    layout::page(&visit, title, &body).into_response()
}

fn facts(me: &Me, lang: Lang) -> Markup {
    html! {
        dl.facts {
            div { dt { (lang.say("Role", "角色")) } dd { (layout::role(&me.role, lang)) } }
            div { dt { (lang.say("Id", "编号")) } dd { code { (me.person_id) } } }
            div {
                dt { (lang.say("Proved with", "验证方式")) }
                dd { @if me.two_factors { (lang.say("two factors", "双重验证")) } @else { (lang.say("the password", "密码")) } }
            }
        }
    }
}

/// Ends one of one's own sessions on another device. One that is over stays over, however often that is asked for.
pub(super) async fn end(Staff(visit): Staff, Path(id): Path<String>) -> Response {
    let change = Change { method: Method::DELETE, path: format!("/sessions/{}", part(&id)), ..Change::default() };
    match visit.inside.send(change).await {
        Ok(_) => Redirect::to("/console/me").into_response(),
        Err(refused) => refused.page(&visit),
    }
}

/// Begins a second factor, and shows what the app is set up with.
pub(super) async fn begin(Staff(visit): Staff) -> Response {
    let change = Change { method: Method::POST, path: "/me/second-factor".to_owned(), ..Change::default() };
    let begun = async { visit.inside.send(change).await?.read::<Enrolment>() };
    match begun.await {
        Ok(enrolment) => setting_up(&visit, &enrolment, None),
        Err(refused) => refused.page(&visit),
    }
}

fn setting_up(visit: &Visit, enrolment: &Enrolment, refused: Option<&Refused>) -> Response {
    let lang = visit.lang();
    let title = lang.say("Second factor", "双重验证");
    let body = html! {
        section.card.narrow {
            h1 { (title) }
            p { (lang.say("Add this to your app for codes, then type the code that it shows.", "将以下密钥添加到验证器应用，然后输入显示的验证码。")) }
            // It may come back from a form: an address of an app and of nothing else.
            @if enrolment.uri.starts_with("otpauth://") { p { a href=(enrolment.uri) { (lang.say("Open the app", "打开验证器应用")) } } }
            p { code.secret { (enrolment.secret) } }
            @if let Some(refused) = refused { (refused.notice(lang)) }
            form method="post" action="/console/me/second-factor/confirm" {
                input type="hidden" name="secret" value=(enrolment.secret);
                input type="hidden" name="uri" value=(enrolment.uri);
                label { (lang.say("Code", "验证码")) input name="code" required inputmode="numeric" autocomplete="one-time-code" maxlength="6" autofocus aria-invalid=[refused.map(|_| "true")]; }
                button type="submit" { (lang.say("Confirm", "确认")) }
            }
        }
    };
    let status = refused.map(Refused::status_code).unwrap_or_default();
    (status, layout::page(visit, title, &body)).into_response()
}

/// Confirms it, and shows the recovery codes, once.
pub(super) async fn confirm(Staff(visit): Staff, Form(filled): Form<Code>) -> Response {
    let lang = visit.lang();
    let change = Change {
        method: Method::POST,
        path: "/me/second-factor/confirm".to_owned(),
        body: Some(json!({"code": filled.code.trim()})),
        ..Change::default()
    };
    let confirmed = async { visit.inside.send(change).await?.read::<Recovery>() };
    let codes = match confirmed.await {
        Ok(recovery) => recovery.recovery_codes,
        // Begun anew it would be another secret, and what the app was given just now would be for nothing.
        Err(refused) if refused.code == "code_wrong" || refused.status == 422 => {
            return setting_up(&visit, &filled.enrolment, Some(&refused));
        }
        Err(refused) => return refused.page(&visit),
    };
    let title = lang.say("Recovery codes", "恢复码");
    let body = html! {
        section.card.narrow {
            h1 { (title) }
            p { (lang.say("Each stands in for the app once. They are shown only now: write them down.", "每个恢复码可代替验证器使用一次，仅显示这一次，请妥善保存。")) }
            ul { @for code in &codes { li { code { (code) } } } }
            p { a.button href="/console/step-up" { (lang.say("Prove it once, with a code", "使用验证码完成验证")) } }
        }
    };
    layout::page(&visit, title, &body).into_response()
}

/// The form to prove anew who one is.
pub(super) async fn proof(Staff(visit): Staff, Query(asked): Query<Asked>) -> Response {
    let proof = Proof { to: asked.to.or_else(|| visit.before.clone()), ..Proof::default() };
    proving(&visit, &proof, None)
}

fn proving(visit: &Visit, proof: &Proof, refused: Option<&Refused>) -> Response {
    let lang = visit.lang();
    let title = lang.say("Prove who you are", "验证身份");
    let body = html! {
        section.card.narrow {
            h1 { (title) }
            p { (lang.say("This is asked of no session that lies open somewhere. It holds for a quarter of an hour.", "为防止他人使用您打开的会话，请重新验证。十五分钟内有效。")) }
            @if let Some(refused) = refused { (refused.notice(lang)) }
            form method="post" action="/console/step-up" {
                input type="hidden" name="to" value=[proof.to.as_deref()];
                label { (lang.say("Code of your app, or a recovery code", "验证码或恢复码")) input name="code" autocomplete="one-time-code" maxlength="64" autofocus; }
                label { (lang.say("Password, where you have no second factor", "密码（未设置双重验证时）")) input name="password" type="password" autocomplete="current-password" maxlength="512"; }
                button type="submit" { (title) }
            }
        }
    };
    let status = refused.map(Refused::status_code).unwrap_or_default();
    (status, layout::page(visit, title, &body)).into_response()
}

/// Proves it. The browser gets another cookie.
pub(super) async fn step_up(Staff(visit): Staff, Form(proof): Form<Proof>) -> Response {
    let given = |text: &str| Some(text.trim().to_owned()).filter(|text| !text.is_empty());
    let body = json!({"code": given(&proof.code), "password": given(&proof.password)});
    let change =
        Change { method: Method::POST, path: "/sessions/step-up".to_owned(), body: Some(body), ..Change::default() };
    match visit.inside.send(change).await {
        Ok(reply) => gone_on(&visit, &reply, proof.to.as_deref()),
        // What is wrong with the proof is told here; a session that is over is not.
        Err(refused) if refused.is_nobody() && !refused.is_about_proof() => refused.page(&visit),
        Err(refused) => proving(&visit, &proof, Some(&refused)),
    }
}

fn gone_on(visit: &Visit, reply: &Reply, to: Option<&str>) -> Response {
    (visit.inside.kept(reply), Redirect::to(own_path(to).unwrap_or("/console"))).into_response()
}
