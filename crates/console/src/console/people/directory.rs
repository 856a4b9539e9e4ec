//! Owns the list of members or of staff, and adding one.

use axum::extract::Query;
use axum::response::{IntoResponse as _, Redirect, Response};
use axum::{Extension, Form};
use domain::PersonId;
use domain::access::Role;
use http::Method;
use maud::{Markup, html};
use serde_json::json;

use super::{Kind, roles};
use crate::answers::{List, Person};
use crate::form::{self, Deed, Draft, Field, Trouble, Typed};
use crate::inside::{Change, Reply, part};
use crate::lang::Lang;
use crate::layout;
use crate::list::{self, Place, SHOWN, column};
use crate::show;
use crate::visit::{Staff, Visit};

const ADD: &str = "add";

/// The page.
pub(super) async fn page(
    Extension(kind): Extension<Kind>,
    Staff(visit): Staff,
    Query(asked): Query<Typed>,
) -> Response {
    // An id is of one person, and begins as no list of logins does.
    if let Some(id) = asked.given("q").filter(|word| word.trim().parse::<PersonId>().is_ok()) {
        return Redirect::to(&format!("/console/{}/{}", kind.among(), part(id))).into_response();
    }
    shown(&visit, kind, &asked, None).await
}

/// Adds somebody.
pub(super) async fn add(Extension(kind): Extension<Kind>, Staff(visit): Staff, Form(typed): Form<Typed>) -> Response {
    let mut body = json!({
        "login": typed.said("login").trim(), "name": typed.said("name").trim(),
        "password": Some(typed.said("password")).filter(|password| !password.is_empty()),
    });
    if kind == Kind::Staff {
        body["role"] = json!(typed.said("role"));
    }
    let among = kind.among();
    let change = Change {
        method: Method::POST,
        path: format!("/{among}"),
        key: typed.key(),
        reason: typed.given("why"),
        body: Some(body),
        ..Change::default()
    };
    let to = |reply: &Reply| Ok(form::done(&format!("/console/{among}/{}", reply.read::<Person>()?.person_id), ADD));
    match form::send(&visit, change, to).await {
        Ok(response) => response,
        Err(refused) => {
            let trouble = Trouble { deed: ADD.to_owned(), typed, refused };
            shown(&visit, kind, &Typed::default(), Some(&trouble)).await
        }
    }
}

async fn shown(visit: &Visit, kind: Kind, asked: &Typed, trouble: Option<&Trouble>) -> Response {
    let (limit, cursor, login) = (SHOWN.to_string(), asked.said("cursor"), asked.said("q"));
    let query = list::query(&[("limit", &limit), ("cursor", cursor), ("login", login)]);
    let found: List<Person> = match visit.inside.get(&format!("/{}?{query}", kind.among())).await {
        Ok(list) => list,
        Err(refused) => return refused.page(visit),
    };
    let lang = visit.lang();
    let path = format!("/console/{}", kind.among());
    let place = Place {
        path: &path,
        query: &list::query(&[("q", login)]),
        is_behind: !cursor.is_empty(),
        next: found.next_cursor.as_deref(),
        words: [lang.say("From the beginning", "回到开头"), lang.say("More", "更多")],
    };
    let draft = Draft::of(ADD, trouble, asked);
    let body = html! {
        h1 { (kind.word(lang)) }
        (look_up(kind, &path, login, lang))
        @if found.data.is_empty() { p.empty {
            @if login.is_empty() { (lang.say("There is nobody yet.", "暂无人员。")) }
            @else { (lang.say("Nobody's login begins so.", "没有以此开头的账号。")) }
        } }
        @else { (rows(kind, &path, &found.data, lang)) }
        (list::pages(&place, lang))
        @if visit.may(kind.write()) || draft.is_begun() { (adding(kind, &path, draft, lang)) }
        @if kind == Kind::Staff { (roles::table(lang)) }
    };
    let status = trouble.map(|trouble| trouble.refused.status_code()).unwrap_or_default();
    (status, layout::page(visit, kind.word(lang), &body)).into_response()
}

fn look_up(kind: Kind, path: &str, word: &str, lang: Lang) -> Markup {
    let label = match kind {
        Kind::Members => {
            lang.say("How the login begins, or an id as orders have it", "账号开头，或会员编号（订单中的客户）")
        }
        Kind::Staff => {
            lang.say("How the login begins, or an id as the audit log has it", "账号开头，或员工编号（见审计日志）")
        }
    };
    html! {
        form.filters method="get" action=(path) role="search" {
            label { (label) input type="search" name="q" value=(word) maxlength="64"; }
            button.quiet type="submit" { (lang.say("Search", "查询")) }
        }
    }
}

fn rows(kind: Kind, path: &str, people: &[Person], lang: Lang) -> Markup {
    let mut columns = vec![
        column(lang.say("Login", "账号")),
        column(lang.say("Name", "姓名")),
        column(lang.say("Role", "角色")),
        column(lang.say("Status", "状态")),
        column(lang.say("Added", "添加时间")),
    ];
    if kind == Kind::Members {
        columns.remove(2);
    }
    let rows: Vec<_> = people
        .iter()
        .map(|person| {
            let mut row = vec![
                html! { a href={ (path) "/" (person.person_id) } { (person.login) } },
                html! { (person.name) },
                html! { (layout::role(&person.role, lang)) },
                show::status(&person.status, lang),
                show::time(&person.created_at),
            ];
            if kind == Kind::Members {
                row.remove(2);
            }
            row
        })
        .collect();
    list::table(&columns, &rows)
}

fn adding(kind: Kind, path: &str, draft: Draft<'_>, lang: Lang) -> Markup {
    let word = match kind {
        Kind::Members => lang.say("Add a member", "添加会员"),
        Kind::Staff => lang.say("Add one of the staff", "添加员工"),
    };
    let deed = Deed { page: path, name: ADD, word, is_danger: false, version: None, says_why: true };
    let roles = roles::choices(lang);
    let role = Field::choice("role", lang.say("Role", "角色"), &roles).filled(Role::Support.name());
    let fields = html! {
        (Field::text("login", lang.say("Login", "账号")).at_most(64).required().of(draft, "/login"))
        (Field::text("name", lang.say("Name", "姓名")).at_most(100).required().of(draft, "/name"))
        @if kind == Kind::Staff { (role.of(draft, "/role")) }
        (Field::password("password", lang.say("First password", "初始密码"))
            .hint(lang.say("Without one they log in by another way only, or set one when you let them.", "留空则无法用密码登录，可稍后允许其设置密码。"))
            .of(draft, "/password"))
    };
    html! { section.deeds { (form::deed(&deed, draft, &fields, lang)) } }
}
