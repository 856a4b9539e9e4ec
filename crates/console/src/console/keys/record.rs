//! Owns what stands under a key, as a row of a list and as a card of its own.

use maud::{Markup, html};
use serde::Deserialize;

use super::link::{Sender, derived, key_link, sender};
use crate::lang::Lang;
use crate::{refused, show};

/// What stands under a key.
#[derive(Debug, Deserialize)]
pub(super) struct KeyRecord {
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

/// The rows of a list.
pub(super) fn rows(records: &[KeyRecord], lang: Lang) -> Markup {
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

/// One of them, with all that came under it.
pub(super) fn card(record: &KeyRecord, lang: Lang) -> Markup {
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

/// Why a request was refused, as its page says it.
fn code_word(code: &str, lang: Lang) -> &str {
    if lang == Lang::En { code } else { refused::in_chinese(code) }
}

/// What came of a request that did nothing.
fn kind(name: &str, lang: Lang) -> Markup {
    html! {
        @match name {
            "replayed" => (show::status("replayed", lang)),
            code => {
                span.status.bad { (code_word(code, lang)) }
                @if lang != Lang::En { div.fine { code { (code) } } }
            },
        }
    }
}
