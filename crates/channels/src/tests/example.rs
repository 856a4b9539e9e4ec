//! Owns the examples of the tests: one charge, one refund, and the short form of what a channel says of them.

use std::fmt::Write as _;

use domain::channel::{Fact, Method, Subject, Verdict};
use domain::{Money, Timestamp};

use crate::{Callback, Channel, Charge, Failure, Heard, Notice, Rejected, Reversal};

pub(crate) const TRADE: &str = "T20260301000000000000000000001";
pub(crate) const REFUND: &str = "R20260301000000000000000000001";
pub(crate) const KEY: &str = "0123456789abcdef0123456789abcdef";
/// 2026-03-01 08:00:00 in China.
pub(crate) const AT: Timestamp = Timestamp(1_772_323_200_000);
/// 2100-01-01 08:00:00 in China.
const DEADLINE: Timestamp = Timestamp(4_102_444_800_000);

/// What can be asked of a channel.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Call {
    Charge(Method),
    Query,
    Close,
    Refund,
    QueryRefund,
}

pub(crate) fn cny(fen: i64) -> Money {
    Money::new(fen, "CNY".parse().unwrap())
}

pub(crate) fn charge(method: Method) -> Charge {
    Charge {
        out_trade_no: TRADE.into(),
        provider_key: KEY.into(),
        channel_no: None,
        amount: cny(1999),
        subject: "一本书 & more".into(),
        method,
        notify_url: "https://shop.example/notify?a=1&b=2".into(),
        return_url: Some("https://shop.example/thanks".into()),
        expires_at: DEADLINE,
    }
}

pub(crate) fn reversal() -> Reversal {
    Reversal {
        out_refund_no: REFUND.into(),
        provider_key: KEY.into(),
        channel_no: None,
        out_trade_no: TRADE.into(),
        charge_no: Some("charge_1".into()),
        amount: cny(500),
        charged: cny(1999),
        reason: "torn".into(),
        notify_url: "https://shop.example/notify".into(),
    }
}

/// Asks, and gives the short form of the answer.
pub(crate) async fn ask(channel: &dyn Channel, call: Call) -> String {
    let charged = charge(Method::Qr);
    shown(&match call {
        Call::Charge(method) => channel.charge(&charge(method)).await.map(|opened| opened.heard.fact),
        Call::Query => channel.query(&charged).await.map(worded),
        Call::Close => channel.close(&charged).await.map(worded),
        Call::Refund => channel.refund(&reversal()).await.map(worded),
        Call::QueryRefund => channel.query_refund(&reversal()).await.map(worded),
    })
}

/// What was said, by a channel that was asked: in words.
fn worded(heard: Heard) -> Fact {
    assert!(heard.raw.is_some(), "{heard:?}");
    heard.fact
}

/// The words that are kept of a message that is believed.
pub(crate) fn words(channel: &dyn Channel, headers: &[(&str, &str)], body: &[u8]) -> String {
    match notice(channel, headers, body) {
        Ok(Notice::Fact { raw, .. }) => raw.as_str().to_owned(),
        other => panic!("{other:?}"),
    }
}

/// Reads a callback, and gives the short form of what it says.
pub(crate) fn read(channel: &dyn Channel, headers: &[(&str, &str)], body: &[u8]) -> String {
    match notice(channel, headers, body) {
        Ok(Notice::Fact { fact, .. }) => shown(&Ok(fact)),
        Ok(Notice::Ignored(_)) => "ignored".into(),
        Err(Rejected::Signature(_)) => "signature".into(),
        Err(Rejected::Stale(_)) => "stale".into(),
        Err(Rejected::Malformed(_)) => "malformed".into(),
    }
}

/// The provider's number of a message that is believed.
pub(crate) fn event(channel: &dyn Channel, headers: &[(&str, &str)], body: &[u8]) -> Option<String> {
    match notice(channel, headers, body) {
        Ok(Notice::Fact { event, .. }) => event,
        other => panic!("{other:?}"),
    }
}

fn notice(channel: &dyn Channel, headers: &[(&str, &str)], body: &[u8]) -> Result<Notice, Rejected> {
    let headers: Vec<_> = headers.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    channel.read(&Callback { headers: &headers, body, at: AT })
}

/// `succeeded 1999 CNY no=… code=… stranger=…`, or the failure's kind; of a refund with `refund` before it.
pub(crate) fn shown(outcome: &Result<Fact, Failure>) -> String {
    let fact = match outcome {
        Ok(fact) => fact,
        Err(Failure::NotSent(_)) => return "not sent".into(),
        Err(Failure::Unknown(_)) => return "unknown".into(),
        Err(Failure::Unclear(_)) => return "unclear".into(),
        Err(Failure::TooOften { pause: None, .. }) => return "too often".into(),
        Err(Failure::TooOften { pause: Some(pause), .. }) => return format!("too often, {} s", pause.as_secs()),
        Err(Failure::Refused { code, .. }) => return format!("refused {code}"),
        Err(Failure::Unfit { code, .. }) => return format!("unfit {code}"),
        Err(Failure::Denied { code, .. }) => return format!("denied {code}"),
        Err(Failure::Misconfigured(_)) => return "misconfigured".into(),
    };
    let about = match &fact.subject {
        Subject::Charge(number) if number.as_str() == TRADE => "",
        Subject::Refund(number) if number.as_str() == REFUND => "refund ",
        // A dispute has its own number, and none of ours.
        Subject::Charge(_) if fact.verdict == Verdict::Disputed => "",
        subject => panic!("{subject:?}"),
    };
    let mut text = format!("{about}{}", fact.verdict);
    if let Some(Money { minor, currency }) = fact.amount {
        let _ = write!(text, " {minor} {currency}");
    }
    for (name, value) in [
        ("no", fact.channel_no.as_ref().map(ToString::to_string)),
        ("code", fact.code.as_ref().map(ToString::to_string)),
        ("stranger", fact.stranger.as_ref().map(ToString::to_string)),
    ] {
        text += &value.map(|value| format!(" {name}={value}")).unwrap_or_default();
    }
    text
}
