//! Owns how money, times, statuses and ids are shown.

use maud::{Markup, html};
use serde::Deserialize;

use crate::lang::Lang;

/// An amount in the currency's minor unit, as the API tells it.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Money {
    pub(crate) amount: i64,
    pub(crate) currency: String,
}

impl Money {
    /// As programs read it: major units with a point, `1234.50`.
    pub(crate) fn plain(&self) -> String {
        decimal(self.amount, digits(&self.currency)).replace(',', "")
    }

    /// With the currency's sign, where it has one that is known everywhere: `¥19.99`.
    pub(crate) fn text(&self) -> String {
        let digits = digits(&self.currency);
        let sign = match self.currency.as_str() {
            "CNY" => "¥",
            "EUR" => "€",
            "GBP" => "£",
            "USD" => "$",
            _ => "",
        };
        let number = decimal(self.amount, digits);
        match (sign, number.strip_prefix('-')) {
            ("", _) => format!("{number}\u{a0}{}", self.currency),
            (sign, None) => format!("{sign}{number}"),
            (sign, Some(number)) => format!("-{sign}{number}"),
        }
    }
}

/// How many digits stand behind the point in a currency.
pub(crate) fn digits(currency: &str) -> usize {
    currency.trim().parse::<domain::Currency>().map_or(2, |currency| usize::from(currency.exponent()))
}

/// An amount as people write it, in minor units; none where it is no amount, or finer than the currency is.
pub(crate) fn minor(text: &str, digits: usize) -> Option<i64> {
    let (units, rest) = text.trim().split_once('.').unwrap_or((text.trim(), ""));
    let is_number = |part: &str| part.chars().all(|letter| letter.is_ascii_digit());
    if rest.len() > digits || units.is_empty() || !is_number(units) || !is_number(rest) {
        return None;
    }
    format!("{units}{rest:0<digits$}").parse().ok()
}

/// Minor units with a point.
pub(crate) fn decimal(minor: i64, digits: usize) -> String {
    let (sign, whole) = (if minor < 0 { "-" } else { "" }, minor.unsigned_abs().to_string());
    let padded = format!("{whole:0>width$}", width = digits + 1);
    let (units, rest) = padded.split_at(padded.len() - digits);
    let units = thousands(units);
    if digits == 0 { format!("{sign}{units}") } else { format!("{sign}{units}.{rest}") }
}

/// Digits in groups of three.
fn thousands(digits: &str) -> String {
    let mut text = String::with_capacity(digits.len() * 4 / 3);
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// A count in groups of three.
pub(crate) fn count(number: i64) -> String {
    decimal(number, 0)
}

/// A time as the API tells it, to the second; scripts show it in the browser's own zone.
pub(crate) fn time(at: &str) -> Markup {
    let short = at.get(..19).map_or_else(|| at.to_owned(), |text| text.replace('T', " "));
    html! { time datetime=(at) title=(at) { (short) } }
}

/// What there is to know of something: names and what stands behind them.
pub(crate) fn facts(facts: &[(&str, Markup)]) -> Markup {
    html! { dl.facts { @for (name, fact) in facts { div { dt { (name) } dd { (fact) } } } } }
}

/// What was done a moment ago.
pub(crate) fn done(text: &str) -> Markup {
    html! { p.notice.good role="status" { (text) } }
}

/// What a status says of how things stand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Mood {
    Good,
    Waiting,
    Over,
    Bad,
}

/// A status, as a word with a colour. The word alone says all.
pub(crate) fn status(name: &str, lang: Lang) -> Markup {
    let (mood, word) = word_of(name, lang);
    let mood = match mood {
        Mood::Good => "good",
        Mood::Waiting => "waiting",
        Mood::Over => "over",
        Mood::Bad => "bad",
    };
    html! { span class={ "status " (mood) } { (word) } }
}

/// A status in the page's language.
pub(crate) fn status_word(name: &str, lang: Lang) -> &str {
    word_of(name, lang).1
}

fn word_of(name: &str, lang: Lang) -> (Mood, &str) {
    let (mood, en, zh) = match name {
        "pending_payment" => (Mood::Waiting, "to be paid", "待付款"),
        "paid" => (Mood::Good, "paid", "已付款"),
        "shipped" => (Mood::Good, "shipped", "已发货"),
        "completed" => (Mood::Over, "completed", "已完成"),
        "closed" => (Mood::Over, "closed", "已关闭"),
        "unpaid" => (Mood::Waiting, "unpaid", "未付款"),
        "late_paid" => (Mood::Bad, "paid late", "逾期付款"),
        "overpaid" => (Mood::Bad, "paid twice", "重复付款"),
        "partially_refunded" => (Mood::Waiting, "refunded in part", "部分退款"),
        "refunded" => (Mood::Over, "refunded", "已退款"),
        "unfulfilled" => (Mood::Waiting, "to be sent", "待发货"),
        "partial" => (Mood::Waiting, "sent in part", "部分发货"),
        "received" => (Mood::Over, "received", "已收货"),
        "open" => (Mood::Waiting, "open", "进行中"),
        "cancelled" => (Mood::Over, "cancelled", "已取消"),
        "expired" => (Mood::Over, "expired", "已过期"),
        "created" => (Mood::Waiting, "created", "已创建"),
        "submitted" => (Mood::Waiting, "submitted", "已提交"),
        "requires_action" => (Mood::Waiting, "waits for the payer", "等待付款人"),
        "unknown" => (Mood::Bad, "unknown", "结果未知"),
        "succeeded" => (Mood::Good, "succeeded", "成功"),
        "failed" => (Mood::Bad, "failed", "失败"),
        "awaiting_approval" => (Mood::Waiting, "waits for a second person", "等待复核"),
        "rejected" => (Mood::Over, "rejected", "已驳回"),
        "active" => (Mood::Good, "active", "正常"),
        "disabled" => (Mood::Bad, "disabled", "已停用"),
        "suspended" => (Mood::Bad, "suspended", "已暂停"),
        "prepared" => (Mood::Waiting, "being set up", "准备中"),
        "logged_out" => (Mood::Over, "logged out", "已退出"),
        "kicked" => (Mood::Over, "put out", "已被下线"),
        "replaced" => (Mood::Over, "replaced", "被新登录取代"),
        "reused" => (Mood::Bad, "token used twice", "令牌被重复使用"),
        "executed" => (Mood::Good, "executed", "已执行"),
        "replayed" => (Mood::Waiting, "replayed", "重放"),
        "refused" => (Mood::Bad, "refused", "已拒绝"),
        "pending" => (Mood::Waiting, "not known yet", "结果未知"),
        other => return (Mood::Over, other),
    };
    (mood, lang.say(en, zh))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn money_is_shown_as_its_currency_is_written() {
        for (amount, currency, text) in [
            (1999, "CNY", "¥19.99"),
            (5, "CNY", "¥0.05"),
            (-123_456_789, "USD", "-$1,234,567.89"),
            (1999, "JPY", "1,999\u{a0}JPY"),
            (1_234_567, "KWD", "1,234.567\u{a0}KWD"),
            (0, "EUR", "€0.00"),
        ] {
            let money = Money { amount, currency: currency.to_owned() };
            assert_eq!(money.text(), text);
        }
    }

    #[test]
    fn amounts_are_read_as_they_are_written() {
        for (text, digits, wanted) in [
            ("19.99", 2, Some(1999)),
            (" 19.9 ", 2, Some(1990)),
            ("19", 2, Some(1900)),
            ("1999", 0, Some(1999)),
            ("0.001", 3, Some(1)),
            ("19.999", 2, None),
            ("19.9", 0, None),
            (".5", 2, None),
            ("19,99", 2, None),
            ("-1", 2, None),
            ("1e3", 2, None),
            ("", 2, None),
            ("99999999999999999999", 2, None),
        ] {
            assert_eq!(minor(text, digits), wanted, "{text:?}");
        }
    }
}
