//! Owns the accounts with payment providers: how each does, and the switch.

use axum::Form;
use axum::extract::{Path, Query};
use axum::response::{IntoResponse as _, Response};
use domain::access::Permission;
use http::Method;
use maud::{Markup, html};
use serde::Deserialize;
use serde_json::json;

use super::payment::{channel, method};
use crate::form::{self, Deed, Draft, Trouble, Typed};
use crate::inside::{Change, part};
use crate::lang::Lang;
use crate::layout;
use crate::list::{self, column, number};
use crate::refused::Refused;
use crate::show;
use crate::visit::{Staff, Visit};

const PAGE: &str = "/console/channels";
/// What is done with one.
const ON: &str = "switch-on";
const OFF: &str = "switch-off";

/// An account with a provider.
#[derive(Debug, Deserialize)]
#[expect(clippy::struct_field_names, reason = "the contract names the member")]
struct Channel {
    channel_account_id: String,
    name: String,
    kind: String,
    is_enabled: bool,
    priority: i64,
    conditions: Conditions,
    health: Health,
    last_hour: Rates,
    last_day: Rates,
}

#[derive(Debug, Deserialize)]
struct Conditions {
    currency: Option<String>,
    method: Option<String>,
}

#[derive(Debug, Deserialize)]
struct Health {
    is_well: bool,
    closed_for_ms: Option<i64>,
}

#[derive(Clone, Copy, Debug, Deserialize)]
struct Rates {
    attempts: i64,
    succeeded: i64,
    failed: i64,
    unknown: i64,
}

/// The page.
pub(super) async fn page(Staff(visit): Staff, Query(asked): Query<Typed>) -> Response {
    shown(&visit, &asked, None).await
}

/// Switches an account on or off: no new payment goes there, what was begun goes on.
pub(super) async fn switch(
    Staff(visit): Staff,
    Path((id, deed)): Path<(String, String)>,
    Form(typed): Form<Typed>,
) -> Response {
    let enabled = match deed.as_str() {
        ON => true,
        OFF => false,
        other => return Refused::missing(&format!("action {other}")).page(&visit),
    };
    let change = Change {
        method: Method::POST,
        path: format!("/channels/{}/switch", part(&id)),
        key: typed.key(),
        reason: typed.given("why"),
        body: Some(json!({"enabled": enabled})),
        ..Change::default()
    };
    match form::send(&visit, change, |_| Ok(form::done(PAGE, if enabled { "on" } else { "off" }))).await {
        Ok(response) => response,
        Err(refused) => {
            let trouble = Trouble { deed: switching(&id, &deed), typed, refused };
            shown(&visit, &Typed::default(), Some(&trouble)).await
        }
    }
}

/// The form that switches one in that direction: the other is another wish.
fn switching(id: &str, deed: &str) -> String {
    format!("{}/{deed}", part(id))
}

/// What can be done with one that is on or off.
const fn other(is_enabled: bool) -> &'static str {
    if is_enabled { OFF } else { ON }
}

async fn shown(visit: &Visit, asked: &Typed, trouble: Option<&Trouble>) -> Response {
    let lang = visit.lang();
    let found: Vec<Channel> = match visit.inside.get("/channels").await {
        Ok(found) => found,
        Err(refused) => return form::unseen(visit, &refused, trouble, PAGE),
    };
    let title = lang.say("Payment channels", "支付渠道");
    let status = trouble.map(|trouble| trouble.refused.status_code()).unwrap_or_default();
    let done = match asked.said("done") {
        "on" => lang.say("New payments may go there.", "已启用，新的付款可走该渠道。"),
        "off" => lang.say(
            "No new payment goes there; what was begun goes on.",
            "已停用，新的付款不再走该渠道；进行中的不受影响。",
        ),
        _ => "",
    };
    let body = html! {
        h1 { (title) }
        @if !done.is_empty() { (show::done(done)) }
        (form::lost(trouble, |deed| found.iter().any(|one| switching(&one.channel_account_id, other(one.is_enabled)) == deed), lang))
        @if found.is_empty() {
            p.empty { (lang.say("There is none. `mideng channel add` sets one up, with its secrets.", "尚未配置渠道。请用 mideng channel add 添加（含密钥）。")) }
        } @else { (rows(visit, &found, (asked, trouble))) }
    };
    (status, layout::page(visit, title, &body)).into_response()
}

fn rows(visit: &Visit, channels: &[Channel], (asked, trouble): (&Typed, Option<&Trouble>)) -> Markup {
    let lang = visit.lang();
    let mut columns = vec![
        column(lang.say("Account", "渠道账户")),
        column(lang.say("Takes", "适用条件")),
        number(lang.say("Order of trial", "优先级")),
        column(lang.say("State", "状态")),
        column(lang.say("Last hour", "近一小时")),
        column(lang.say("Last day", "近一天")),
    ];
    let may_switch = visit.may(Permission::ChannelsSwitch);
    if may_switch {
        columns.push(column(""));
    }
    let row = |one: &Channel| {
        let mut row = vec![
            html! { strong { (one.name) } " " (channel(&one.kind, lang)) div.fine { code { (one.channel_account_id) } } },
            conditions(&one.conditions, lang),
            html! { (one.priority) },
            state(one, lang),
            rates(one.last_hour, lang),
            rates(one.last_day, lang),
        ];
        if may_switch {
            let name = switching(&one.channel_account_id, other(one.is_enabled));
            row.push(switch_form(&name, one.is_enabled, Draft::of(&name, trouble, asked), lang));
        }
        row
    };
    list::table(&columns, &channels.iter().map(row).collect::<Vec<_>>())
}

fn conditions(conditions: &Conditions, lang: Lang) -> Markup {
    html! {
        (conditions.currency.as_deref().unwrap_or_else(|| lang.say("every currency", "所有币种")))
        @if let Some(name) = &conditions.method { " · " (method(name, lang)) }
    }
}

fn state(one: &Channel, lang: Lang) -> Markup {
    html! {
        @if !one.is_enabled { span.status.over { (lang.say("off", "已停用")) } }
        @else if one.health.closed_for_ms.is_some_and(|ms| ms > 0) { span.status.bad { (lang.say("not asked for a while", "暂时熔断")) } }
        @else if one.health.is_well { span.status.good { (lang.say("well", "正常")) } }
        @else { span.status.waiting { (lang.say("does badly", "不稳定")) } }
    }
}

/// How many of those that ended went well, and the rest in words.
fn rates(rates: Rates, lang: Lang) -> Markup {
    let ended = rates.succeeded + rates.failed;
    html! {
        @if rates.attempts == 0 { span.fine { (lang.say("nothing", "无")) } }
        @else {
            @if let Some(share) = percent(rates.succeeded, ended) { strong { (share) " %" } " " }
            div.fine {
                (show::count(rates.succeeded)) (lang.say(" succeeded, ", " 成功，")) (show::count(rates.failed)) (lang.say(" failed, ", " 失败，"))
                (show::count(rates.unknown)) (lang.say(" unknown, of ", " 未知，共 ")) (show::count(rates.attempts))
            }
        }
    }
}

/// Rounded down: 99.9 is not all.
fn percent(part: i64, whole: i64) -> Option<i64> {
    (whole > 0).then(|| part.saturating_mul(100) / whole)
}

fn switch_form(name: &str, is_enabled: bool, draft: Draft<'_>, lang: Lang) -> Markup {
    let word = if is_enabled { lang.say("Switch off", "停用") } else { lang.say("Switch on", "启用") };
    let deed = Deed { page: PAGE, name, word, is_danger: is_enabled, version: None, says_why: true };
    form::deed(&deed, draft, &html! {}, lang)
}

#[cfg(test)]
mod tests {
    use super::percent;

    #[test]
    fn nearly_all_is_not_all() {
        for (part, whole, wanted) in [(0, 0, None), (999, 1_000, Some(99)), (1, 1, Some(100)), (0, 5, Some(0))] {
            assert_eq!(percent(part, whole), wanted);
        }
    }
}
