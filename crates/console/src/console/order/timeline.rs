//! Owns what happened to an order, as it is shown: all of its history, or a part of it.

use maud::{Markup, html};
use serde_json::Value;

use crate::answers::HistoryEntry;
use crate::console::keys;
use crate::lang::Lang;
use crate::show;

/// All of it, the latest first.
pub(super) fn section(history: &[HistoryEntry], lang: Lang) -> Markup {
    let entries: Vec<_> = history.iter().rev().collect();
    html! {
        section {
            h2 { (lang.say("What happened", "操作历史")) }
            ol.timeline { (steps(&entries, lang)) }
        }
    }
}

/// The events as the API tells them, for whoever writes a program that reads them.
pub(super) fn raw(events: &Value, lang: Lang) -> Markup {
    html! {
        details.raw {
            summary { (lang.say("The events as they are stored", "原始事件")) }
            pre tabindex="0" { (format!("{events:#}")) }
        }
    }
}

/// Some steps of it.
pub(super) fn steps(entries: &[&HistoryEntry], lang: Lang) -> Markup {
    html! {
        @for entry in entries {
            li {
                span.when { (show::time(&entry.at)) }
                strong { (event(&entry.event, lang)) }
                span.steps {
                    @if let Some(from) = &entry.from { (show::status_word(from, lang)) " → " }
                    (show::status_word(&entry.to, lang))
                    " · v" (entry.version)
                }
                span.fine {
                    (entry.actor) " · " (lang.say("key ", "幂等键 ")) (keys::link(&entry.key, &entry.actor))
                    @if let Some(refund) = refund_of(entry) {
                        " · " a href={ "/console/refunds/" (refund) } { (lang.say("the refund", "查看退款")) }
                    }
                }
            }
        }
    }
}

/// The refund that a step came from. Keys that Mideng makes itself name what they are of.
fn refund_of(entry: &HistoryEntry) -> Option<&str> {
    let is_own = entry.actor.starts_with("system:");
    entry.key.split(':').find(|part| is_own && part.starts_with("rfd_"))
}

fn event(name: &str, lang: Lang) -> &str {
    match name {
        "place" | "placed" => lang.say("placed", "下单"),
        "pay" | "paid" => lang.say("paid", "付款"),
        "cancel" | "cancelled" => lang.say("cancelled", "取消"),
        "expire" | "expired" => lang.say("ran out of time", "超时关闭"),
        "ship_part" => lang.say("sent in part", "部分发货"),
        "ship_all" => lang.say("sent", "发货"),
        "correct_shipment" => lang.say("parcel corrected", "更正运单"),
        "receive" => lang.say("received", "确认收货"),
        "receive_automatically" => lang.say("received, as nobody said otherwise", "自动确认收货"),
        "refund_part" => lang.say("refunded in part", "部分退款"),
        "refund_all" => lang.say("refunded", "全额退款"),
        "late_payment" => lang.say("paid late", "逾期付款"),
        "overpay" => lang.say("paid twice", "重复付款"),
        "return_excess" => lang.say("excess given back", "退回多付款"),
        "refund_sent_back" => lang.say("refund came back", "退款被退回"),
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_step_of_a_refund_leads_to_it() {
        for (actor, key, refund) in [
            ("system:mideng", "relay:97:refund:rfd_1:0", Some("rfd_1")),
            ("system:mideng", "callback:0cf7", None),
            // Whoever chooses their own keys names no refund by them.
            ("service:admin", "refund:rfd_1", None),
        ] {
            let entry = HistoryEntry {
                version: 2,
                event: "refund_part".to_owned(),
                from: None,
                to: "paid".to_owned(),
                at: String::new(),
                actor: actor.to_owned(),
                key: key.to_owned(),
            };
            assert_eq!(refund_of(&entry), refund, "{key}");
        }
    }
}
