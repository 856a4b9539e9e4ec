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
    request: Option<String>,
    from: Option<String>,
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

/// What came of one kind: the request that was executed, or those that did nothing.
struct Came<'a> {
    /// None for the one that was executed.
    kind: Option<&'a str>,
    times: i64,
    first_at: &'a str,
    last_at: &'a str,
    last_from: Option<&'a str>,
}

impl KeyRecord {
    /// Everything that came under the key, in the order in which it came first.
    fn came(&self) -> Vec<Came<'_>> {
        let executed = self.arrived_at.as_deref().map(|at| Came {
            kind: None,
            times: 1,
            first_at: at,
            last_at: at,
            last_from: self.from.as_deref(),
        });
        let others = self.seen.iter().map(|one| Came {
            kind: Some(&one.kind),
            times: one.times,
            first_at: &one.first_at,
            last_at: &one.last_at,
            last_from: one.last_from.as_deref(),
        });
        let mut came: Vec<_> = executed.into_iter().chain(others).collect();
        // The API's times are all of one form and zone, so that their texts stand in the order of time.
        came.sort_by_key(|one| one.first_at);
        came
    }
}

impl Came<'_> {
    fn row(&self, lang: Lang) -> Markup {
        html! { tr {
            td data-of=(lang.say("Outcome", "结果")) { @match self.kind { None => (show::status("executed", lang)), Some(name) => (kind(name, lang)) } }
            td.number data-of=(lang.say("Times", "次数")) { (show::count(self.times)) }
            td data-of=(lang.say("First", "首次")) { (show::time(self.first_at)) }
            td data-of=(lang.say("Last", "最近")) { (show::time(self.last_at)) }
            td data-of=(lang.say("Last from", "最近来源")) { (self.last_from.unwrap_or("–")) }
        } }
    }
}

/// A route as people read it: without what all have in common, and its places for names as dots.
pub(super) fn route(request: &str) -> String {
    let request = request.replace("/api/v1", "");
    let parts = request.split('/').map(|part| if part.starts_with('{') { "…" } else { part });
    parts.collect::<Vec<_>>().join("/")
}

/// An order's number by its end, which tells one from the other; the list has the key for what is searched.
fn end(number: &str) -> String {
    match number.char_indices().nth_back(7) {
        Some((at, _)) if at > 0 => format!("ord_…{}", &number[at..]),
        _ => number.to_owned(),
    }
}

/// The rows of a list.
pub(super) fn rows(records: &[KeyRecord], lang: Lang) -> Markup {
    html! {
        table.cards {
            thead { tr {
                th { (lang.say("Key", "幂等键")) } th { (lang.say("Request", "请求")) } th { (lang.say("Who", "发送者")) } th { (lang.say("Arrived", "到达时间")) }
                th { (lang.say("Answer", "答复")) } th { (lang.say("Came again", "再次到来")) }
            } }
            tbody { @for record in records { tr {
                td data-of=(lang.say("Key", "幂等键")) { div { (key_link(&record.key, record.account.as_ref())) @if record.is_derived { " " (derived(lang)) } } }
                td data-of=(lang.say("Request", "请求")) { @if let Some(request) = &record.request { code.id { (route(request)) } } @else { "–" } }
                td data-of=(lang.say("Who", "发送者")) { (sender(record.account.as_ref())) }
                td data-of=(lang.say("Arrived", "到达时间")) { @if let Some(at) = &record.arrived_at { (show::time(at)) } }
                td data-of=(lang.say("Answer", "答复")) { div { (status(record.status, lang)) @if let Some(number) = &record.order_no { " " a href={ "/console/orders/" (number) } { code.unbroken title=(number) { (end(number)) } } } } }
                td data-of=(lang.say("Came again", "再次到来")) { div { (badges(&record.seen, lang)) } }
            } } }
        }
    }
}

fn badges(seen: &[Seen], lang: Lang) -> Markup {
    html! { @for one in seen { span.unbroken { (kind(&one.kind, lang)) " × " (show::count(one.times)) } " " } }
}

/// One of them, with all that came under it.
pub(super) fn card(record: &KeyRecord, lang: Lang) -> Markup {
    html! {
        article.card.record {
            h2 { code { (record.key) } @if record.is_derived { " " (derived(lang)) } }
            dl.facts {
                div { dt { (lang.say("Who sent it", "发送者")) } dd { (sender(record.account.as_ref())) @if let Some(account) = &record.account { div.fine { code { (account.id) } } } } }
                @if let Some(request) = &record.request { div { dt { (lang.say("What it asked for", "请求")) } dd { code { (route(request)) } } } }
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
                tbody { @for came in record.came() { (came.row(lang)) } }
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn routes_and_numbers_are_as_short_as_they_can_be_read() {
        for (request, text) in [
            ("POST /api/v1/orders", "POST /orders"),
            ("POST /api/v1/orders/{order_no}/payments", "POST /orders/…/payments"),
            ("PUT /api/v1/products/{sku}", "PUT /products/…"),
        ] {
            assert_eq!(route(request), text);
        }
        for (number, text) in [("ord_01M85T8XE5EH99A6DE51DSQS2G", "ord_…51DSQS2G"), ("short", "short"), ("", "")] {
            assert_eq!(end(number), text);
        }
    }

    #[test]
    fn what_came_under_a_key_stands_in_the_order_of_time() {
        let seen = |kind: &str, at: &str| Seen {
            kind: kind.to_owned(),
            times: 1,
            first_at: format!("2026-05-01T08:00:{at}Z"),
            last_at: "2026-05-01T09:00:00.000Z".to_owned(),
            last_from: None,
        };
        let record = KeyRecord {
            key: "k".to_owned(),
            is_derived: false,
            account: None,
            request: None,
            from: Some("203.0.113.7".to_owned()),
            arrived_at: Some("2026-05-01T08:00:05.000Z".to_owned()),
            answered_at: None,
            status: None,
            order_no: None,
            answer: None,
            seen: vec![seen("replayed", "06.000"), seen("overloaded", "04.000"), seen("key_reused", "05.001")],
        };
        let came: Vec<_> = record.came().iter().map(|one| (one.kind, one.last_from)).collect();
        let executed = (None, Some("203.0.113.7"));
        let others = ["overloaded", "key_reused", "replayed"].map(|kind| (Some(kind), None));
        assert_eq!(came, [others[0], executed, others[1], others[2]]);
    }
}
