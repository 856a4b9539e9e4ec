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
    /// With the currency's sign, where it has one that is known everywhere: `¥19.99`.
    pub(crate) fn text(&self) -> String {
        let digits = self.currency.parse::<domain::Currency>().map_or(2, |currency| usize::from(currency.exponent()));
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
}
