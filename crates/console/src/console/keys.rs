//! Owns the explorer of keys: look one up, see who sent what, when, from where and how often, what was answered again, and which reuse
//! was refused.

use axum::extract::Query;
use axum::response::{IntoResponse as _, Response};
use maud::{Markup, html};
use serde::Deserialize;

use crate::answers::List;
use crate::inside::part;
use crate::lang::Lang;
use crate::layout;
use crate::refused::Refused;
use crate::show;
use crate::visit::{Staff, Visit};

/// What the page is asked for.
#[derive(Clone, Default, Deserialize)]
pub(super) struct Asked {
    #[serde(default)]
    key: String,
    #[serde(default)]
    account: String,
    cursor: Option<String>,
}

/// What stands under a key.
#[derive(Debug, Deserialize)]
struct KeyRecord {
    key: String,
    is_derived: bool,
    account: Option<Sender>,
    arrived_at: Option<String>,
    answered_at: Option<String>,
    status: Option<u16>,
    order_no: Option<String>,
    answer: Option<StoredAnswer>,
    seen: Vec<Seen>,
}

#[derive(Debug, Deserialize)]
struct Sender {
    id: String,
    name: String,
}

#[derive(Debug, Deserialize)]
struct StoredAnswer {
    headers: std::collections::BTreeMap<String, String>,
    body: Option<String>,
}

#[derive(Debug, Deserialize)]
struct Seen {
    kind: String,
    times: i64,
    first_at: String,
    last_at: String,
    last_from: Option<String>,
}

/// What came to the server of late.
#[derive(Debug, Deserialize)]
pub(super) struct Arrivals {
    pub(super) data: Vec<Arrival>,
    /// The number to ask for what is behind.
    pub(super) last: u64,
}

/// One of them.
#[derive(Debug, Deserialize)]
pub(super) struct Arrival {
    at: String,
    route: String,
    key: String,
    is_derived: bool,
    account: Option<Sender>,
    outcome: String,
    status: u16,
    code: Option<String>,
    from: Option<String>,
    took_us: u32,
}

/// The page.
pub(super) async fn page(Staff(visit): Staff, Query(asked): Query<Asked>) -> Response {
    match visit.inside.get::<List<KeyRecord>>(&asked.path()).await {
        Ok(list) => shown(&visit, &asked, Ok(&list)),
        Err(refused) if matches!(refused.status, 400 | 422) => shown(&visit, &asked, Err(&refused)),
        Err(refused) => refused.page(&visit),
    }
}

impl Asked {
    /// Where the API tells it.
    fn path(&self) -> String {
        let mut path = "/keys?limit=50".to_owned();
        for (name, value) in [("key", self.key.trim()), ("account", self.account.trim())] {
            if !value.is_empty() {
                path = format!("{path}&{name}={}", part(value));
            }
        }
        let cursor = self.cursor.as_deref().map(|cursor| format!("&cursor={}", part(cursor))).unwrap_or_default();
        path + &cursor
    }
}

fn shown(visit: &Visit, asked: &Asked, found: Result<&List<KeyRecord>, &Refused>) -> Response {
    let lang = visit.lang();
    let title = lang.say("Keys", "幂等键");
    let one = !asked.key.trim().is_empty();
    let body = html! {
        h1 { (title) }
        p.fine {
            (lang.say("A key names a wish. The first request under it is applied; each that comes again gets the same answer, and one that asks for something else is refused.",
                "幂等键标识一次意图。第一个请求被执行；相同请求再次到来得到同一答复，内容不同的请求会被拒绝。"))
        }
        (search(asked, lang))
        section #found aria-live="polite" {
            @match found {
                Err(refused) => (refused.notice(lang)),
                Ok(list) if list.data.is_empty() && (one || list.next_cursor.is_none()) => (nothing(one, lang)),
                Ok(list) if one => @for record in &list.data { (record_card(record, lang)) },
                Ok(list) => {
                    @if list.data.is_empty() {
                        p.empty { (lang.say("There is none among the latest keys. Look further back.", "最近的幂等键中没有，请继续向前查找。")) }
                    } @else { (rows(&list.data, lang)) }
                    @if let Some(cursor) = &list.next_cursor {
                        nav.pages { a rel="next" href={ "/console/keys?account=" (part(asked.account.trim())) "&cursor=" (part(cursor)) } { (lang.say("Older", "更早")) } }
                    }
                }
            }
        }
    };
    layout::page(visit, title, &body).into_response()
}

fn search(asked: &Asked, lang: Lang) -> Markup {
    html! {
        form.filters method="get" action="/console/keys" role="search" {
            label { (lang.say("Key", "幂等键")) input name="key" maxlength="300" value=(asked.key) autocomplete="off" spellcheck="false"; }
            label {
                (lang.say("Who sent it", "发送者"))
                input name="account" maxlength="200" value=(asked.account) placeholder="member:anna" autocomplete="off" spellcheck="false";
            }
            button type="submit" { (lang.say("Look up", "查询")) }
        }
    }
}

fn nothing(one: bool, lang: Lang) -> Markup {
    html! {
        p.empty {
            @if one {
                (lang.say("Nothing stands under this key among the accounts of servers and staff, and nobody sent it twice. If a customer sent it, name them, such as member:anna.",
                    "在服务账户和员工中没有这个幂等键，也没有人重复发送过。如果是顾客发送的，请注明发送者，例如 member:anna。"))
            } @else { (lang.say("There are no keys yet.", "暂无幂等键。")) }
        }
    }
}

fn rows(records: &[KeyRecord], lang: Lang) -> Markup {
    html! {
        table.cards {
            thead { tr {
                th { (lang.say("Key", "幂等键")) } th { (lang.say("Who", "发送者")) } th { (lang.say("Arrived", "到达时间")) }
                th { (lang.say("Answer", "答复")) } th { (lang.say("Came again", "再次到来")) }
            } }
            tbody { @for record in records { tr {
                td data-of=(lang.say("Key", "幂等键")) { div { (key_link(&record.key, record.account.as_ref())) @if record.is_derived { " " (derived(lang)) } } }
                td data-of=(lang.say("Who", "发送者")) { (sender(record.account.as_ref())) }
                td data-of=(lang.say("Arrived", "到达时间")) { @if let Some(at) = &record.arrived_at { (show::time(at)) } }
                td data-of=(lang.say("Answer", "答复")) { div { (status(record.status, lang)) @if let Some(number) = &record.order_no { " " a href={ "/console/orders/" (number) } { code { (number) } } } } }
                td data-of=(lang.say("Came again", "再次到来")) { div { (badges(&record.seen, lang)) } }
            } } }
        }
    }
}

fn badges(seen: &[Seen], lang: Lang) -> Markup {
    html! { @for one in seen { (kind(&one.kind, lang)) " × " (show::count(one.times)) " " } }
}

fn record_card(record: &KeyRecord, lang: Lang) -> Markup {
    html! {
        article.card.record {
            h2 { code { (record.key) } @if record.is_derived { " " (derived(lang)) } }
            dl.facts {
                div { dt { (lang.say("Who sent it", "发送者")) } dd { (sender(record.account.as_ref())) @if let Some(account) = &record.account { div.fine { code { (account.id) } } } } }
                div { dt { (lang.say("Arrived", "到达时间")) } dd { @match &record.arrived_at { Some(at) => (show::time(at)), None => "–" } } }
                div { dt { (lang.say("Answered", "答复时间")) } dd { @match &record.answered_at { Some(at) => (show::time(at)), None => "–" } } }
                div { dt { (lang.say("Answer", "答复")) } dd { (status(record.status, lang)) } }
                @if let Some(number) = &record.order_no { div { dt { (lang.say("Order", "订单")) } dd { a href={ "/console/orders/" (number) } { code { (number) } } } } }
            }
            h3 { (lang.say("What came under it", "该幂等键的请求")) }
            table.cards {
                thead { tr {
                    th { (lang.say("Outcome", "结果")) } th.number { (lang.say("Times", "次数")) } th { (lang.say("First", "首次")) }
                    th { (lang.say("Last", "最近")) } th { (lang.say("Last from", "最近来源")) }
                } }
                tbody {
                    @if let Some(at) = &record.arrived_at {
                        tr {
                            td data-of=(lang.say("Outcome", "结果")) { (show::status("executed", lang)) }
                            td.number data-of=(lang.say("Times", "次数")) { "1" }
                            td data-of=(lang.say("First", "首次")) { (show::time(at)) }
                            td data-of=(lang.say("Last", "最近")) { (show::time(at)) }
                            td data-of=(lang.say("Last from", "最近来源")) { "–" }
                        }
                    }
                    @for one in &record.seen {
                        tr {
                            td data-of=(lang.say("Outcome", "结果")) { (kind(&one.kind, lang)) }
                            td.number data-of=(lang.say("Times", "次数")) { (show::count(one.times)) }
                            td data-of=(lang.say("First", "首次")) { (show::time(&one.first_at)) }
                            td data-of=(lang.say("Last", "最近")) { (show::time(&one.last_at)) }
                            td data-of=(lang.say("Last from", "最近来源")) { (one.last_from.as_deref().unwrap_or("–")) }
                        }
                    }
                }
            }
            @if let Some(answer) = &record.answer { (stored(answer, lang)) }
        }
    }
}

fn stored(answer: &StoredAnswer, lang: Lang) -> Markup {
    html! {
        details {
            summary { (lang.say("The answer, as each repetition gets it", "每次重放得到的答复")) }
            @match &answer.body {
                None => p.fine { (lang.say("It may hold something that lets its reader in, and is not shown.", "其中可能含有凭据，不予显示。")) },
                Some(body) => pre tabindex="0" {
                    @for (name, value) in &answer.headers { (name) ": " (value) "\n" }
                    "\n" (pretty(body))
                },
            }
        }
    }
}

/// As people read it; the stored bytes are without blanks.
fn pretty(body: &str) -> String {
    let value: Option<serde_json::Value> = serde_json::from_str(body).ok();
    value.and_then(|value| serde_json::to_string_pretty(&value).ok()).unwrap_or_else(|| body.to_owned())
}

fn status(status: Option<u16>, lang: Lang) -> Markup {
    html! {
        @match status {
            None => span.fine { (lang.say("none stored", "无存档")) },
            Some(status) => span class=(if status < 400 { "status good" } else { "status bad" }) { (status) },
        }
    }
}

/// What came of a request that did nothing.
fn kind(name: &str, lang: Lang) -> Markup {
    html! {
        @match name {
            "replayed" => (show::status("replayed", lang)),
            code => span.status.bad { (code) },
        }
    }
}

fn derived(lang: Lang) -> Markup {
    html! { span.fine { (lang.say("(made by the server)", "（服务器生成）")) } }
}

fn sender(account: Option<&Sender>) -> Markup {
    html! { @match account { Some(account) => (account.name), None => "–" } }
}

fn key_link(key: &str, account: Option<&Sender>) -> Markup {
    link(key, account.map_or("", |account| &account.id))
}

/// A key that leads to what stands under it; `account` is who sent it, by their id or as `kind:name`.
pub(in crate::console) fn link(key: &str, account: &str) -> Markup {
    let key = key.trim();
    let of = if account.is_empty() { String::new() } else { format!("&account={}", part(account)) };
    html! { a href={ "/console/keys?key=" (part(key)) (of) } { code { (short(key)) } } }
}

/// A long key by its beginning and end.
fn short(key: &str) -> String {
    let letters: Vec<char> = key.chars().collect();
    if letters.len() <= 28 {
        return key.to_owned();
    }
    let (begin, end) =
        (letters[..14].iter().collect::<String>(), letters[letters.len() - 12..].iter().collect::<String>());
    format!("{begin}…{end}")
}

/// Rows of what came of late, the latest first.
pub(super) fn arrivals(came: &Arrivals, lang: Lang) -> Markup {
    html! {
        @for one in came.data.iter().rev() {
            tr {
                td data-of=(lang.say("Time", "时间")) { (show::time(&one.at)) }
                td data-of=(lang.say("Outcome", "结果")) { div { (show::status(&one.outcome, lang)) " " (one.status) @if let Some(code) = &one.code { " " code { (code) } } } }
                td data-of=(lang.say("Request", "请求")) { code { (one.route.replace("/api/v1", "")) } }
                td data-of=(lang.say("Key", "幂等键")) { div { (key_link(&one.key, one.account.as_ref())) @if one.is_derived { " " (derived(lang)) } } }
                td data-of=(lang.say("Who", "来源")) { div { (sender(one.account.as_ref())) @if let Some(from) = &one.from { span.fine { " " (from) } } } }
                td.number data-of=(lang.say("Took", "耗时")) { div { (show::decimal((one.took_us / 100).into(), 1)) " ms" } }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_keys_are_shown_by_their_ends() {
        for (key, text) in [
            ("k1", "k1"),
            ("abcdefghijklmnopqrstuvwxyz12", "abcdefghijklmnopqrstuvwxyz12"),
            ("abcdefghijklmnopqrstuvwxyz123", "abcdefghijklmn…rstuvwxyz123"),
            ("\u{e4}\u{e4}\u{e4}\u{e4}\u{e4}\u{e4}\u{e4}\u{e4}\u{e4}\u{e4}", "ääääääääää"),
        ] {
            assert_eq!(short(key), text);
        }
    }

    #[test]
    fn what_is_typed_goes_along_encoded() {
        let asked = Asked { key: " a&b=c ".to_owned(), account: "member:anna".to_owned(), cursor: None };
        assert_eq!(asked.path(), "/keys?limit=50&key=a%26b%3Dc&account=member%3Aanna");
    }
}
