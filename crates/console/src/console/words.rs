//! Owns what providers said of a payment or a refund, as it is shown: when, how it came, what became of it, and in which words.

use maud::{Markup, html};

use crate::answers::Fact;
use crate::inside::{Inside, part};
use crate::lang::Lang;
use crate::list::{self, column};
use crate::refused::Refused;
use crate::show;

/// What was said of a payment and all that hangs on it.
pub(super) async fn of(inside: &Inside, payment_id: &str) -> Result<Vec<Fact>, Refused> {
    inside.get(&format!("/payments/{}/facts", part(payment_id))).await
}

/// All of these, the oldest first.
pub(super) fn section<'a>(facts: impl IntoIterator<Item = &'a Fact>, lang: Lang) -> Markup {
    let columns = [
        column(lang.say("Came", "收到时间")),
        column(lang.say("How", "来源")),
        column(lang.say("About", "对象")),
        column(lang.say("What it says", "内容")),
        column(lang.say("What became of it", "处理")),
        column(lang.say("In which words", "原文")),
    ];
    let rows: Vec<_> = facts.into_iter().map(|fact| row(fact, lang)).collect();
    html! {
        section.words {
            h2 { (lang.say("What the provider said", "渠道原文")) }
            @if rows.is_empty() {
                p.empty { (lang.say("Nothing yet.", "暂无。")) }
            } @else {
                p.fine { (lang.say("Each different statement once. Secrets and what names the payer were hidden before it was kept.", "相同内容只保留一次。密钥和付款人信息在保存前已隐去。")) }
                (list::table(&columns, &rows))
            }
        }
    }
}

fn row(fact: &Fact, lang: Lang) -> Vec<Markup> {
    vec![
        show::time(&fact.received_at),
        html! { (source(fact.source.as_deref(), lang)) @if let Some(name) = &fact.account_name { br; span.fine { (name) } } },
        html! { (subject(&fact.subject, lang)) " " code { (fact.reference) } },
        html! {
            (verdict(&fact.verdict, lang))
            @if let Some(amount) = &fact.amount { " " (amount.text()) }
            @if let Some(number) = &fact.channel_no { br; code { (number) } }
            @if let Some(code) = &fact.code { br; span.fine { (code) } }
            @if let Some(stranger) = &fact.stranger { br; strong { (lang.say("another account: ", "非本账户：")) (stranger) } }
        },
        state(&fact.state, lang),
        html! {
            @match &fact.raw {
                None => span.fine { "–" },
                Some(raw) => details { summary { (lang.say("show", "查看")) } pre { (raw) } },
            }
        },
    ]
}

fn subject(name: &str, lang: Lang) -> &str {
    match name {
        "charge" => lang.say("charge", "支付"),
        "refund" => lang.say("refund", "退款"),
        other => other,
    }
}

fn source(name: Option<&str>, lang: Lang) -> &str {
    match name {
        Some("answer") => lang.say("answer to the request", "请求应答"),
        Some("closing") => lang.say("answer to the closing", "关单应答"),
        Some("query") => lang.say("answer to a question", "查询应答"),
        Some("callback") => lang.say("callback", "异步通知"),
        Some("statement") => lang.say("statement", "对账单"),
        Some(other) => other,
        None => lang.say("not noted", "未记录"),
    }
}

fn verdict(name: &str, lang: Lang) -> &str {
    match name {
        "not_found" => lang.say("knows of none", "查无此单"),
        "pending" => lang.say("no end yet", "处理中"),
        "succeeded" => lang.say("succeeded", "成功"),
        "failed" => lang.say("failed", "失败"),
        "closed" => lang.say("closed", "已关闭"),
        "reversed" => lang.say("paid, and all of it given back", "已全额退回"),
        "refunded" => lang.say("paid, and refunds begun", "已有退款"),
        "disputed" => lang.say("disputed", "争议"),
        other => other,
    }
}

fn state(name: &str, lang: Lang) -> Markup {
    let (mood, word) = match name {
        "applied" => ("good", lang.say("applied", "已生效")),
        "duplicate" => ("over", lang.say("known already", "重复")),
        "stale" => ("over", lang.say("overtaken", "已过时")),
        "unmatched" => ("bad", lang.say("of nobody", "无法匹配")),
        "quarantined" => ("bad", lang.say("does not fit", "不符")),
        other => ("over", other),
    };
    html! { span class={ "status " (mood) } { (word) } }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::show::Money;

    fn fact(raw: Option<&str>) -> Fact {
        Fact {
            subject: "charge".to_owned(),
            reference: "att_1".to_owned(),
            source: Some("callback".to_owned()),
            verdict: "succeeded".to_owned(),
            amount: Some(Money { amount: 1999, currency: "CNY".to_owned() }),
            channel_no: Some("ch_1".to_owned()),
            code: None,
            stranger: Some("app_id <b>2</b>".to_owned()),
            state: "quarantined".to_owned(),
            account_name: Some("till".to_owned()),
            received_at: "2026-11-23T19:07:59.000Z".to_owned(),
            raw: raw.map(str::to_owned),
        }
    }

    #[test]
    fn a_providers_words_are_shown_as_text() {
        let page = section(&[fact(Some(r#"{"a":"</pre><script>alert(1)</script>"}"#))], Lang::En).into_string();
        assert!(!page.contains("<script>") && !page.contains("<b>"), "{page}");
        let words = "<details><summary>show</summary><pre>{&quot;a&quot;:&quot;&lt;/pre&gt;&lt;script&gt;";
        for part in
            [words, "callback", "succeeded ¥19.99", "att_1", "does not fit", "another account: app_id &lt;b&gt;"]
        {
            assert!(page.contains(part), "{part} is missing in {page}");
        }
    }

    #[test]
    fn both_languages_and_nothing_said() {
        for (lang, facts, parts) in [
            (Lang::Zh, vec![fact(None)], ["渠道原文", "异步通知", "不符", "–"]),
            (Lang::En, vec![fact(None)], ["What the provider said", "till", "does not fit", "–"]),
            (Lang::Zh, vec![], ["渠道原文", "暂无。", "", ""]),
            (Lang::En, vec![], ["What the provider said", "Nothing yet.", "", ""]),
        ] {
            let page = section(&facts, lang).into_string();
            for part in parts {
                assert!(page.contains(part), "{part} is missing in {page}");
            }
            assert!(!page.contains("<pre>"), "{page}");
        }
    }
}
