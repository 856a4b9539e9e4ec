//! Owns the keys by which the shop's servers prove who they are: which there are, issuing one and revoking one.

use axum::Form;
use axum::extract::{Path, Query};
use axum::response::{IntoResponse as _, Response};
use domain::access::{Permission, Role};
use http::Method;
use maud::{Markup, html};
use serde::Deserialize;
use serde_json::json;

use crate::form::{self, Deed, Draft, Field, Trouble, Typed};
use crate::inside::{Change, part};
use crate::lang::Lang;
use crate::layout;
use crate::list::{self, column};
use crate::show;
use crate::visit::{Staff, Visit};

const PAGE: &str = "/console/api-keys";
const ISSUE: &str = "issue";

/// A key.
#[derive(Debug, Deserialize)]
struct Key {
    api_key_id: String,
    account: String,
    role: String,
    shown_prefix: String,
    created_at: String,
    revoked_at: Option<String>,
}

/// A key that was issued just now. Its secret is on no other page than the answer to its form.
#[derive(Deserialize)]
struct Issued {
    account: String,
    role: String,
    secret: String,
}

/// What the page shows beside what there is.
#[derive(Default)]
struct Beside {
    asked: Typed,
    trouble: Option<Trouble>,
    issued: Option<Issued>,
}

/// The page.
pub(super) async fn page(Staff(visit): Staff, Query(asked): Query<Typed>) -> Response {
    shown(&visit, Beside { asked, ..Beside::default() }).await
}

/// Issues a key. The form that is sent again is the same wish, and shows the same secret.
pub(super) async fn issue(Staff(visit): Staff, Form(typed): Form<Typed>) -> Response {
    let change = Change {
        method: Method::POST,
        path: "/api-keys".to_owned(),
        key: typed.key(),
        reason: typed.given("why"),
        body: Some(json!({"account": typed.said("account").trim(), "role": typed.said("role")})),
        ..Change::default()
    };
    let issued = async { visit.inside.send(change).await?.read::<Issued>() };
    let beside = match issued.await {
        Ok(issued) => Beside { issued: Some(issued), ..Beside::default() },
        Err(refused) if refused.is_nobody() => return refused.page(&visit),
        Err(refused) => {
            Beside { trouble: Some(Trouble { deed: ISSUE.to_owned(), typed, refused }), ..Beside::default() }
        }
    };
    shown(&visit, beside).await
}

/// Revokes a key.
pub(super) async fn revoke(Staff(visit): Staff, Path(id): Path<String>, Form(typed): Form<Typed>) -> Response {
    let change = Change {
        method: Method::POST,
        path: format!("/api-keys/{}/revoke", part(&id)),
        key: typed.key(),
        reason: typed.given("why"),
        ..Change::default()
    };
    match form::send(&visit, change, |_| Ok(form::done(PAGE, "revoked"))).await {
        Ok(response) => response,
        Err(refused) => {
            let trouble = Some(Trouble { deed: revoking(&id), typed, refused });
            shown(&visit, Beside { trouble, ..Beside::default() }).await
        }
    }
}

/// The form that revokes one.
fn revoking(id: &str) -> String {
    format!("{}/revoke", part(id))
}

async fn shown(visit: &Visit, beside: Beside) -> Response {
    let lang = visit.lang();
    let Beside { asked, trouble, issued } = &beside;
    let trouble = trouble.as_ref();
    let keys: Vec<Key> = match visit.inside.get("/api-keys").await {
        Ok(keys) => keys,
        Err(refused) => return form::unseen(visit, &refused, trouble, PAGE),
    };
    let title = lang.say("API keys", "API 密钥");
    let draft = Draft::of(ISSUE, trouble, asked);
    let may_issue = visit.may(Permission::ApiKeysIssue) || draft.is_begun();
    let is_there = |deed: &str| {
        deed == ISSUE || keys.iter().any(|key| may_revoke(visit, key) && revoking(&key.api_key_id) == deed)
    };
    let body = html! {
        h1 { (title) }
        @if asked.said("done") == "revoked" {
            (show::done(lang.say("The key is revoked: within two seconds no server is let in with it.", "密钥已吊销，两秒内所有节点都不再接受。")))
        }
        (form::lost(trouble, is_there, lang))
        @if let Some(issued) = issued { (secret(issued, lang)) }
        p.fine { (lang.say(
            "By such a key a server proves who it is. Keys of one account share a space of idempotency keys: a server that changes its key goes on where it was.",
            "服务端程序凭密钥访问接口。同一账户的密钥共用幂等键空间，更换密钥后重试仍然有效。",
        )) }
        @if keys.is_empty() { p.empty { (lang.say("There is none yet.", "暂无密钥。")) } }
        @else { (rows(visit, &keys, (asked, trouble))) }
        @if may_issue { (issuing(draft, lang)) }
    };
    let status = trouble.map(|trouble| trouble.refused.status_code()).unwrap_or_default();
    (status, layout::page(visit, title, &body)).into_response()
}

fn secret(issued: &Issued, lang: Lang) -> Markup {
    html! {
        div.notice.good role="status" {
            strong {
                (lang.say("A new key of the account ", "已为账户 ")) (issued.account)
                (lang.say(", role ", " 签发密钥，角色：")) (layout::role(&issued.role, lang))
            }
            p { (lang.say(
                "This is its secret. Copy it to where the server reads it: it is shown only now, and kept nowhere.",
                "请立即复制到服务端的配置中。密钥只在此时显示。",
            )) }
            p { code.secret { (issued.secret) } }
        }
    }
}

fn may_revoke(visit: &Visit, key: &Key) -> bool {
    key.revoked_at.is_none() && visit.may(Permission::ApiKeysRevoke)
}

fn rows(visit: &Visit, keys: &[Key], (asked, trouble): (&Typed, Option<&Trouble>)) -> Markup {
    let lang = visit.lang();
    let mut columns = vec![
        column(lang.say("Account", "账户")),
        column(lang.say("Role", "角色")),
        column(lang.say("Secret begins with", "密钥开头")),
        column(lang.say("Issued", "签发时间")),
        column(lang.say("State", "状态")),
    ];
    if visit.may(Permission::ApiKeysRevoke) {
        columns.push(column(""));
    }
    let row = |key: &Key| {
        let mut row = vec![
            html! { strong { (key.account) } div.fine { code { (key.api_key_id) } } },
            html! { (layout::role(&key.role, lang)) },
            html! { code { (key.shown_prefix) "…" } },
            show::time(&key.created_at),
            state(key, lang),
        ];
        if visit.may(Permission::ApiKeysRevoke) {
            let name = revoking(&key.api_key_id);
            row.push(html! {
                @if may_revoke(visit, key) { (revoke_form(&name, Draft::of(&name, trouble, asked), lang)) }
            });
        }
        row
    };
    list::table(&columns, &keys.iter().map(row).collect::<Vec<_>>())
}

fn state(key: &Key, lang: Lang) -> Markup {
    html! {
        @match &key.revoked_at {
            Some(at) => { span.status.over { (lang.say("revoked", "已吊销")) } div.fine { (show::time(at)) } },
            None => span.status.good { (lang.say("good", "有效")) },
        }
    }
}

fn revoke_form(name: &str, draft: Draft<'_>, lang: Lang) -> Markup {
    let word = lang.say("Revoke", "吊销");
    let deed = Deed { page: PAGE, name, word, is_danger: true, version: None, says_why: true };
    let hint = lang
        .say("No server gets in with it any more. It does not come back.", "吊销后无法恢复，使用它的服务将无法访问。");
    form::deed(&deed, draft, &html! { p.fine { (hint) } }, lang)
}

fn issuing(draft: Draft<'_>, lang: Lang) -> Markup {
    let word = lang.say("Issue a key", "签发密钥");
    let deed = Deed { page: PAGE, name: ISSUE, word, is_danger: false, version: None, says_why: true };
    let roles = Role::KEYS.map(|role| (role.name(), can(role, lang)));
    let role = Field::choice("role", lang.say("What it may do", "权限"), &roles).filled(Role::Service.name());
    let account = Field::text("account", lang.say("Account", "账户")).at_most(64).required();
    let hint = lang.say("Such as checkout. It is made if it is new.", "例如 checkout；不存在时自动创建。");
    let fields = html! { (account.hint(hint).of(draft, "/account")) (role.of(draft, "/role")) };
    html! { section.deeds { (form::deed(&deed, draft, &fields, lang)) } }
}

/// What a key of this role is for.
const fn can(role: Role, lang: Lang) -> &'static str {
    match role {
        Role::Admin => lang.say("everything", "全部权限（管理员）"),
        Role::Auditor => lang.say("look, and read the metrics", "只读（审计员）"),
        _ => lang.say("the trade: products, stock, orders", "交易：商品、库存、订单"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The page of the answer shows the secret, in a text that is marked whole with one press.
    #[test]
    fn a_secret_is_shown_whole() {
        for lang in [Lang::En, Lang::Zh] {
            let issued = Issued { account: "a<b".to_owned(), role: "service".to_owned(), secret: "mk_0-_9".to_owned() };
            let shown = secret(&issued, lang).into_string();
            assert!(shown.contains(r#"<code class="secret">mk_0-_9</code>"#), "{shown}");
            assert!(shown.contains("a&lt;b"), "{shown}");
        }
    }

    #[test]
    fn each_role_of_a_key_has_a_word_of_its_own() {
        let mut words = Role::KEYS.map(|role| can(role, Lang::En)).to_vec();
        words.dedup();
        assert_eq!(words.len(), Role::KEYS.len());
    }
}
