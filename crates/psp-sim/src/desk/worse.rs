//! Owns a provider's bad days as a payer may choose them on the page of a charge: what goes wrong with the word that it is paid, and what
//! the merchant was told in the end.

use super::lang::Lang;
use super::pages::html;
use crate::book::Charge;
use crate::mischief::{Do, On, Rule};
use crate::post::Told;

/// One of them.
pub(super) struct Worse {
    /// In the address.
    pub(super) name: &'static str,
    en: &'static str,
    zh: &'static str,
    what: Do,
}

/// A word that is wrong stays so when it comes again: the merchant has to ask.
const ALL: [Worse; 8] = [
    Worse {
        name: "repeated",
        en: "Pay, and tell the shop five times",
        zh: "付款，重复通知五次",
        what: Do::Repeat { times: 4 },
    },
    Worse {
        name: "at-once",
        en: "Pay, and tell the shop five times at once",
        zh: "付款，同时通知五次",
        what: Do::Parallel { times: 5 },
    },
    Worse { name: "silent", en: "Pay, and never tell the shop", zh: "付款，永不通知", what: Do::None },
    Worse {
        name: "late",
        en: "Pay, and tell the shop ten seconds later",
        zh: "付款，十秒后才通知",
        what: Do::Delay { ms: 10_000 },
    },
    Worse {
        name: "wrong-amount",
        en: "Pay, and tell the shop another amount",
        zh: "付款，通知金额错误",
        what: Do::WrongAmount,
    },
    Worse {
        name: "forged",
        en: "Pay, and tell it with a wrong signature",
        zh: "付款，通知签名错误",
        what: Do::WrongSignature,
    },
    Worse {
        name: "contradicted",
        en: "Pay, and tell the shop afterwards that it failed",
        zh: "付款成功后又通知失败",
        what: Do::FailedAfterSucceeded,
    },
    Worse {
        name: "unheard",
        en: "Pay, and lose the shop's first answer",
        zh: "付款，丢失对首次通知的答复",
        what: Do::GarbledAnswer,
    },
];

impl Worse {
    pub(super) fn named(name: &str) -> Option<&'static Self> {
        const { &ALL }.iter().find(|worse| worse.name == name)
    }

    /// The rule that does it to this charge alone.
    pub(super) fn rule(&self, charge: &Charge) -> Rule {
        Rule {
            on: On::Callback,
            kind: Some(charge.kind),
            out_trade_no: Some(charge.out_trade_no.clone()),
            // The word of the payment, and of nothing that comes later.
            times: Some(1),
            every: None,
            what: self.what.clone(),
        }
    }
}

/// A button for each; `at` is the address of the charge.
pub(super) fn buttons(at: &str, lang: Lang) -> String {
    let button = |worse: &Worse| {
        let words = lang.say(worse.en, worse.zh);
        format!("<form method=\"post\" action=\"{at}/worse/{}\"><button>{words}</button></form>", worse.name)
    };
    let title = lang.say("Make it worse", "制造混乱");
    let why = lang.say(
        "Providers tell a shop that somebody paid again, late, many times at once, or wrongly. Here you choose how; the order is paid once all the same.",
        "支付渠道会重复、延迟、同时甚至错误地通知付款结果。您可以在这里选择，订单仍然只会支付一次。",
    );
    format!("<details><summary>{title}</summary><p>{why}</p>{}</details>", ALL.iter().map(button).collect::<String>())
}

/// What the merchant was told of a charge, and what it said to that.
pub(super) fn told(told: &[Told], lang: Lang) -> String {
    if told.is_empty() {
        return format!("<p>{}</p>", lang.say("Nothing has been told to the shop.", "没有向商城发送通知。"));
    }
    let row = |told: &Told| {
        let answer =
            told.answer.map_or_else(|| lang.say("no answer", "无答复").to_owned(), |status| status.to_string());
        let heard = if told.acknowledged { lang.say("heard", "已确认") } else { lang.say("not heard", "未确认") };
        format!("<tr><td>{}</td><td>{}</td><td>{answer}</td><td>{heard}</td></tr>", html(&told.at), html(&told.event))
    };
    format!(
        "<h2>{}</h2><table><tr><th>{}</th><th>{}</th><th>{}</th><th></th></tr>{}</table>",
        lang.say("What the shop was told", "已向商城发送的通知"),
        lang.say("When", "时间"),
        lang.say("What", "内容"),
        lang.say("Answer", "答复"),
        told.iter().map(row).collect::<String>()
    )
}
