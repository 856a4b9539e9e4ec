//! Owns the list of tenants, for who is of the installation's first: creating one, and letting its people in or not.

use axum::Form;
use axum::extract::{Path, Query};
use axum::response::{IntoResponse as _, Response};
use http::Method;
use maud::{Markup, html};
use serde_json::{Value, json};

use crate::answers::{List, Tenant};
use crate::form::{self, Deed, Draft, Field, Trouble, Typed};
use crate::inside::{Change, part};
use crate::lang::Lang;
use crate::layout;
use crate::list::{self, Place, SHOWN, column};
use crate::refused::Refused;
use crate::show;
use crate::visit::{Staff, Visit};

const PAGE: &str = "/console/tenants";
const ADD: &str = "add";

/// The page.
pub(super) async fn page(Staff(visit): Staff, Query(asked): Query<Typed>) -> Response {
    shown(&visit, &asked, None).await
}

/// Creates one with its first administrator.
pub(super) async fn add(Staff(visit): Staff, Form(typed): Form<Typed>) -> Response {
    let admin = json!({
        "login": typed.said("login").trim(), "name": typed.said("person").trim(), "password": typed.said("password"),
    });
    let body = json!({"name": typed.said("name").trim(), "admin": admin});
    changed(&visit, (ADD.to_owned(), typed), "/tenants".to_owned(), Some(body)).await
}

/// Lets its people in no more, or again.
pub(super) async fn step(
    Staff(visit): Staff,
    Path((id, step)): Path<(String, String)>,
    Form(typed): Form<Typed>,
) -> Response {
    let path = format!("/tenants/{}/{}", part(&id), part(&step));
    changed(&visit, (format!("{id}/{step}"), typed), path, None).await
}

async fn changed(visit: &Visit, (deed, typed): (String, Typed), path: String, body: Option<Value>) -> Response {
    let change =
        Change { method: Method::POST, path, key: typed.key(), reason: typed.given("why"), body, ..Change::default() };
    let word = deed.rsplit('/').next().unwrap_or_default();
    match form::send(visit, change, |_| Ok(form::done(PAGE, word))).await {
        Ok(response) => response,
        Err(refused) => shown(visit, &Typed::default(), Some(&Trouble { deed, typed, refused })).await,
    }
}

async fn shown(visit: &Visit, asked: &Typed, trouble: Option<&Trouble>) -> Response {
    let (limit, cursor) = (SHOWN.to_string(), asked.said("cursor"));
    let query = list::query(&[("limit", &limit), ("cursor", cursor)]);
    let found: Result<List<Tenant>, Refused> = visit.inside.get(&format!("/tenants?{query}")).await;
    let found = match found {
        Ok(list) => list,
        Err(refused) => return form::unseen(visit, &refused, trouble, PAGE),
    };
    let lang = visit.lang();
    let title = lang.say("Tenants", "租户");
    let done = match asked.said("done") {
        ADD => {
            lang.say("The tenant is open: its administrator logs in by its name.", "租户已创建，管理员可凭租户名登录。")
        }
        "suspend" => lang.say("Nobody of the tenant is let in any more.", "租户已暂停。"),
        "resume" => lang.say("The tenant's people are let in again.", "租户已恢复。"),
        _ => "",
    };
    let place = Place {
        path: PAGE,
        query: "",
        is_behind: !cursor.is_empty(),
        next: found.next_cursor.as_deref(),
        words: [lang.say("The oldest", "最早"), lang.say("More", "更多")],
    };
    let body = html! {
        nav.crumbs { a href="/console/settings" { (lang.say("Settings", "设置")) } }
        h1 { (title) }
        @if !done.is_empty() { (show::done(done)) }
        (rows(&found.data, (asked, trouble), lang))
        (list::pages(&place, lang))
        (adding(Draft::of(ADD, trouble, asked), lang))
    };
    let status = trouble.map(|trouble| trouble.refused.status_code()).unwrap_or_default();
    (status, layout::page(visit, title, &body)).into_response()
}

fn rows(tenants: &[Tenant], (asked, trouble): (&Typed, Option<&Trouble>), lang: Lang) -> Markup {
    let columns = [
        column(lang.say("Name", "名称")),
        column(lang.say("Id", "编号")),
        column(lang.say("Created", "创建时间")),
        column(lang.say("Status", "状态")),
        column(""),
    ];
    let rows: Vec<_> = tenants
        .iter()
        .map(|tenant| {
            let is_open = tenant.status == "active";
            let (step, word) = if is_open {
                ("suspend", lang.say("Suspend", "暂停"))
            } else {
                ("resume", lang.say("Resume", "恢复"))
            };
            let name = format!("{}/{step}", tenant.tenant_id);
            let deed = Deed { page: PAGE, name: &name, word, is_danger: is_open, version: None, says_why: true };
            vec![
                html! { (tenant.name) },
                html! { code { (tenant.tenant_id) } },
                show::time(&tenant.created_at),
                show::status(&tenant.status, lang),
                form::deed(&deed, Draft::of(&name, trouble, asked), &html! {}, lang),
            ]
        })
        .collect();
    list::table(&columns, &rows)
}

fn adding(draft: Draft<'_>, lang: Lang) -> Markup {
    let word = lang.say("Create a tenant", "创建租户");
    let deed = Deed { page: PAGE, name: ADD, word, is_danger: false, version: None, says_why: true };
    let named = lang.say("Whoever logs in names it.", "登录时需填写。");
    let fields = html! {
        (Field::text("name", lang.say("Name of the tenant", "租户名称")).hint(named).at_most(64).required().of(draft, "/name"))
        (Field::text("login", lang.say("Login of its first administrator", "首位管理员账号")).at_most(64).required().of(draft, "/admin/login"))
        (Field::text("person", lang.say("What they are called", "管理员姓名")).at_most(100).required().of(draft, "/admin/name"))
        (Field::password("password", lang.say("Their first password", "初始密码")).required().of(draft, "/admin/password"))
    };
    html! { section.deeds { (form::deed(&deed, draft, &fields, lang)) } }
}
