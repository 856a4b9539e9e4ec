//! Owns the page of one member, or of one of the staff: who they are, where they are logged in, and the steps taken with them.

use axum::extract::{Path, Query};
use axum::response::{IntoResponse as _, Redirect, Response};
use axum::{Extension, Form};
use http::Method;
use maud::{Markup, html};

use super::Kind;
use super::deeds::{self, Deed};
use crate::answers::{Person, ResetAllowed, Session};
use crate::form::{self, Trouble, Typed};
use crate::inside::{Change, part};
use crate::lang::Lang;
use crate::layout;
use crate::list::{self, column};
use crate::refused::Refused;
use crate::show;
use crate::visit::{Staff, Visit};

/// A session that is ended.
const END: &str = "end";

/// What the page shows beside what there is.
#[derive(Default)]
struct Beside {
    asked: Typed,
    trouble: Option<Trouble>,
    /// A token to set a password with, which is shown once.
    allowed: Option<ResetAllowed>,
}

/// The page.
pub(super) async fn page(
    Extension(kind): Extension<Kind>,
    Staff(visit): Staff,
    Path(id): Path<String>,
    Query(asked): Query<Typed>,
) -> Response {
    shown(&visit, kind, &id, Beside { asked, ..Beside::default() }).await
}

/// Takes a step with somebody.
pub(super) async fn act(
    Extension(kind): Extension<Kind>,
    Staff(visit): Staff,
    Path((id, deed)): Path<(String, String)>,
    Form(typed): Form<Typed>,
) -> Response {
    let Some(step) = Deed::from_name(&deed) else {
        return Refused::missing(&format!("action {deed}")).page(&visit);
    };
    let change = Change {
        method: Method::POST,
        path: format!("/{}/{}/{deed}", kind.among(), part(&id)),
        key: typed.key(),
        version: typed.given("version"),
        reason: typed.given("why"),
        body: step.body(&typed),
        ..Change::default()
    };
    let done = async {
        let reply = visit.inside.send(change).await?;
        if step == Deed::Reset { reply.read().map(Some) } else { Ok(None) }
    };
    let beside = match done.await {
        Ok(None) => {
            return Redirect::to(&format!("/console/{}/{}?done={deed}", kind.among(), part(&id))).into_response();
        }
        Ok(allowed) => Beside { allowed, ..Beside::default() },
        Err(refused) if refused.is_nobody() => return refused.page(&visit),
        Err(refused) => Beside { trouble: Some(Trouble { deed, typed, refused }), ..Beside::default() },
    };
    shown(&visit, kind, &id, beside).await
}

/// Puts somebody out on one device.
pub(super) async fn end_session(
    Extension(kind): Extension<Kind>,
    Staff(visit): Staff,
    Path((id, session)): Path<(String, String)>,
    Form(typed): Form<Typed>,
) -> Response {
    let change = Change {
        method: Method::DELETE,
        path: format!("/{}/{}/sessions/{}", kind.among(), part(&id), part(&session)),
        key: typed.key(),
        ..Change::default()
    };
    let page = format!("/console/{}/{}", kind.among(), part(&id));
    match form::send(&visit, change, |_| Ok(form::done(&page, END))).await {
        Ok(response) => response,
        Err(refused) => {
            let trouble = Some(Trouble { deed: END.to_owned(), typed, refused });
            shown(&visit, kind, &id, Beside { trouble, ..Beside::default() }).await
        }
    }
}

async fn shown(visit: &Visit, kind: Kind, id: &str, beside: Beside) -> Response {
    let path = format!("/{}/{}", kind.among(), part(id));
    let found = async {
        let person: Person = visit.inside.get(&path).await?;
        let sessions: Vec<Session> = visit.inside.get(&format!("{path}/sessions")).await?;
        Ok::<_, Refused>((person, sessions))
    };
    let (person, sessions) = match found.await {
        Ok(found) => found,
        Err(refused) => return refused.page(visit),
    };
    let lang = visit.lang();
    let Beside { asked, trouble, allowed } = &beside;
    let body = html! {
        nav.crumbs { a href={ "/console/" (kind.among()) } { (kind.word(lang)) } }
        h1 { (person.name) }
        @if let Some(done) = done(asked.said("done"), lang) { (show::done(done)) }
        @if let Some(allowed) = allowed { (token(allowed, lang)) }
        (facts(kind, &person, lang))
        (deeds::forms(visit, (kind, &person), asked, trouble.as_ref()))
        section {
            h2 { (lang.say("Sessions and devices", "登录设备")) }
            @if let Some(trouble) = trouble.as_ref().filter(|trouble| trouble.deed == END) {
                (trouble.refused.notice(lang))
                (trouble.refused.way_out(lang, &format!("/console{path}")))
            }
            (devices(visit, kind, &person, &sessions))
        }
    };
    let status = trouble.as_ref().map(|trouble| trouble.refused.status_code()).unwrap_or_default();
    (status, layout::page(visit, &person.name, &body)).into_response()
}

fn done(name: &str, lang: Lang) -> Option<&'static str> {
    match name {
        "add" => Some(lang.say("They are added.", "已添加。")),
        END => Some(lang.say("They are out on that device.", "该设备已下线。")),
        name => Deed::from_name(name).map(|deed| deed.done(lang)),
    }
}

fn token(allowed: &ResetAllowed, lang: Lang) -> Markup {
    html! {
        div.notice.good role="status" {
            strong { (lang.say("They may set a new password until ", "可重置密码，有效期至 ")) (show::time(&allowed.expires_at)) }
            p { (lang.say("Give them this token where only they read it. It is shown only now.", "请通过只有本人可见的渠道转交此令牌，仅显示这一次。")) }
            p { code.secret { (allowed.reset_token) } }
        }
    }
}

fn facts(kind: Kind, person: &Person, lang: Lang) -> Markup {
    let mut facts = vec![
        (lang.say("Status", "状态"), show::status(&person.status, lang)),
        (lang.say("Login", "账号"), html! { (person.login) }),
        (lang.say("Role", "角色"), html! { (layout::role(&person.role, lang)) }),
        (lang.say("Id", "编号"), html! { code { (person.person_id) } }),
        (lang.say("Added", "添加时间"), show::time(&person.created_at)),
        (lang.say("Last changed", "最近变更"), show::time(&person.updated_at)),
    ];
    if kind == Kind::Members {
        let link = html! {
            a href={ "/console/orders?q=" (person.person_id) } { (lang.say("Their orders", "查看订单")) }
        };
        facts.push((lang.say("Orders", "订单"), link));
    }
    show::facts(&facts)
}

fn devices(visit: &Visit, kind: Kind, person: &Person, sessions: &[Session]) -> Markup {
    let lang = visit.lang();
    if sessions.is_empty() {
        return html! { p.empty { (lang.say("They were never logged in.", "从未登录。")) } };
    }
    let columns = [
        column(lang.say("Device", "设备")),
        column(lang.say("Address", "地址")),
        column(lang.say("Since", "登录时间")),
        column(lang.say("Ends without a request", "无操作到期")),
        column(lang.say("Status", "状态")),
        column(""),
    ];
    let rows: Vec<_> = sessions
        .iter()
        .map(|session| {
            let is_open = session.status == "active";
            let page = format!("/console/{}/{}", kind.among(), person.person_id);
            let end = format!("{page}/sessions/{}/end", session.session_id);
            vec![
                html! {
                    (session.device_name.as_deref().unwrap_or(&session.device_type))
                    @if session.current { " · " (lang.say("this one", "当前")) }
                },
                html! { (session.address.as_deref().unwrap_or_default()) },
                show::time(&session.opened_at),
                html! { @if is_open { (show::time(&session.idle_until)) } },
                show::status(&session.status, lang),
                html! { @if is_open && visit.may(kind.write()) {
                    form.inline method="post" action=(end) {
                        (form::held((&page, ""), None, form::Draft::default()))
                        button.quiet type="submit" { (lang.say("Put out", "下线")) }
                    }
                } },
            ]
        })
        .collect();
    list::table(&columns, &rows)
}
