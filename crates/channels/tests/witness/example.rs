//! The examples of the tests: one charge, one refund, keys, and what is hard to sign.

use channels::{Callback, Channel, Charge, Notice, Rejected, Reversal};
use domain::channel::{Fact, Method};
use domain::{Money, Timestamp};

pub const TRADE: &str = "T20260301000000000000000000001";
pub const REFUND: &str = "R20260301000000000000000000001";
/// Signs that mean something in forms, and letters of more than one byte.
pub const SUBJECT: &str = "100% 一本书 + a&b=c \"q\"/é";
/// 2026-03-01 08:00:00 in China.
pub const AT: Timestamp = Timestamp(1_772_323_200_000);

/// The text of a key of the tests.
pub fn key(name: &str) -> String {
    std::fs::read_to_string(format!("{}/tests/keys/{name}", env!("CARGO_MANIFEST_DIR"))).unwrap().trim().to_owned()
}

/// Where it lies, as settings refer to it.
pub fn reference(name: &str) -> String {
    format!("file:{}/tests/keys/{name}", env!("CARGO_MANIFEST_DIR"))
}

pub fn cny(fen: i64) -> Money {
    Money::new(fen, "CNY".parse().unwrap())
}

pub fn charge(method: Method) -> Charge {
    Charge {
        out_trade_no: TRADE.into(),
        provider_key: "0123456789abcdef0123456789abcdef".into(),
        channel_no: None,
        amount: cny(1999),
        subject: SUBJECT.into(),
        method,
        notify_url: "https://shop.example/notify?a=1&b=2".into(),
        return_url: Some("https://shop.example/thanks?名=%31+2".into()),
        expires_at: AT,
    }
}

pub fn reversal() -> Reversal {
    Reversal {
        out_refund_no: REFUND.into(),
        provider_key: "0123456789abcdef0123456789abcdef".into(),
        channel_no: None,
        out_trade_no: TRADE.into(),
        charge_no: None,
        amount: cny(500),
        charged: cny(1999),
        reason: SUBJECT.into(),
        notify_url: "https://shop.example/notify".into(),
    }
}

/// Asks all that can be asked, but for the charge; what is answered is of no concern.
pub async fn ask_all(channel: &dyn Channel) {
    channel.query(&charge(Method::Qr)).await.unwrap_err();
    channel.close(&charge(Method::Qr)).await.unwrap_err();
    channel.refund(&reversal()).await.unwrap_err();
    channel.query_refund(&reversal()).await.unwrap_err();
    channel.statement("2026-03-01").await.unwrap_err();
}

/// What a callback says, where it is believed.
pub fn read(channel: &dyn Channel, headers: &[(String, String)], body: &str) -> Result<Fact, Rejected> {
    match channel.read(&Callback { headers, body: body.as_bytes(), at: AT })? {
        Notice::Fact { fact, .. } => Ok(fact),
        Notice::Ignored(what) => panic!("{what} was ignored"),
    }
}
