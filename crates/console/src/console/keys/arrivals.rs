//! Owns what came to the server of late, as rows of a log.

use maud::{Markup, html};
use serde::Deserialize;

use super::link::{Sender, derived, key_link, sender};
use super::record::route;
use crate::lang::Lang;
use crate::show;

/// What came to the server of late.
#[derive(Debug, Deserialize)]
pub(in crate::console) struct Arrivals {
    pub(in crate::console) data: Vec<Arrival>,
    /// The number to ask for what is behind.
    pub(in crate::console) last: u64,
}

/// One of them.
#[derive(Debug, Deserialize)]
pub(in crate::console) struct Arrival {
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

/// Rows of what came of late, the latest first.
pub(in crate::console) fn arrivals(came: &Arrivals, lang: Lang) -> Markup {
    html! {
        @for one in came.data.iter().rev() {
            tr {
                td data-of=(lang.say("Time", "时间")) { (show::time(&one.at)) }
                td data-of=(lang.say("Outcome", "结果")) { div { (show::status(&one.outcome, lang)) " " (one.status) @if let Some(code) = &one.code { " " code { (code) } } } }
                td data-of=(lang.say("Request", "请求")) { code { (route(&one.route)) } }
                td data-of=(lang.say("Key", "幂等键")) { div { (key_link(&one.key, one.account.as_ref())) @if one.is_derived { " " (derived(lang)) } } }
                td data-of=(lang.say("Who", "来源")) { div { (sender(one.account.as_ref())) @if let Some(from) = &one.from { span.fine { " " (from) } } } }
                td.number data-of=(lang.say("Took", "耗时")) { div { (show::decimal((one.took_us / 100).into(), 1)) " ms" } }
            }
        }
    }
}
