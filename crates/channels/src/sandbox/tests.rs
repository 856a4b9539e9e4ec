use std::sync::Arc;

use domain::channel::Method;

use super::*;
use crate::secret::Secret;
use crate::tests::desk::{Desk, Reply, Seen};
use crate::tests::example::{self, AT, Call, KEY, REFUND, TRADE};

fn channel(address: &str) -> Arc<dyn Channel> {
    let settings = format!(
        r#"{{"gateway":"http://{address}/sandbox/","account":"a1","secrets":["env:CARGO_PKG_NAME","env:CARGO_PKG_DESCRIPTION"]}}"#
    );
    crate::open(Kind::Sandbox, &settings).unwrap()
}

fn key(secret: &str) -> MacKey {
    MacKey::new(&Secret::new(secret))
}

/// Answers as the sandbox does, with a signature of this secret, so many seconds off, over this status.
fn say(seen: &Seen, status: u16, body: &str, how: (&str, i64, u16)) -> Reply {
    let (secret, off, signed_status) = how;
    let timestamp = clock::seconds(clock::now()) + off;
    let text = format!("{signed_status} {} {}\n{timestamp}\n{body}", seen.method, seen.target);
    let headers = vec![
        ("X-Sandbox-Timestamp".to_owned(), timestamp.to_string()),
        ("X-Sandbox-Signature".to_owned(), key(secret).stamp(text.as_bytes())),
    ];
    Reply::Say(status, headers, body.to_owned())
}

fn check(seen: &Seen) {
    let timestamp = seen.header("x-sandbox-timestamp");
    let text = format!("{} {}\n{timestamp}\n{}", seen.method, seen.target, seen.body);
    assert!(key("channels").holds(text.as_bytes(), seen.header("x-sandbox-signature")));
    assert!(clock::near(timestamp, clock::now()).is_ok());
    assert_eq!(seen.header("x-sandbox-account"), "a1");
}

async fn asked(call: Call, status: u16, body: String, how: (&'static str, i64, u16)) -> String {
    let desk = Desk::open(move |seen| {
        check(seen);
        say(seen, status, &body, how)
    });
    example::ask(&*channel(&desk.await.address), call).await
}

fn charge(status: &str) -> String {
    json!({
        "charge_no": "c1", "out_trade_no": TRADE, "status": status, "amount": 1999, "currency": "CNY", "refunded": 0,
        "pay_url": "http://pay.example/1", "code": null, "paid_at": null,
    })
    .to_string()
}

fn refund(status: &str) -> String {
    json!({
        "refund_no": "f1", "out_refund_no": REFUND, "out_trade_no": TRADE, "status": status, "amount": 500,
        "currency": "CNY", "code": "word",
    })
    .to_string()
}

#[tokio::test]
async fn every_status_and_code() {
    let no = |code: &str| json!({ "error": { "code": code, "message": "words" } }).to_string();
    let page = Call::Charge(Method::Page);
    let table = [
        (page, 200, charge("pending"), "pending 1999 CNY no=c1"),
        (page, 200, charge("succeeded"), "succeeded 1999 CNY no=c1"),
        (page, 409, no("out_trade_no_used"), "refused out_trade_no_used"),
        (page, 401, no("bad_signature"), "denied bad_signature"),
        (page, 500, no("internal"), "unknown"),
        (page, 404, "{}".into(), "unknown"),
        (page, 204, String::new(), "unknown"),
        (Call::Query, 200, charge("failed"), "failed 1999 CNY no=c1"),
        (Call::Query, 200, charge("closed"), "closed 1999 CNY no=c1"),
        (Call::Query, 200, charge("reversed"), "reversed 1999 CNY no=c1"),
        (Call::Query, 200, charge("odd"), "unknown"),
        (Call::Query, 200, charge("succeeded").replace(TRADE, "T2"), "unknown"),
        (Call::Query, 200, charge("succeeded").replace("1999", "-1"), "unknown"),
        (Call::Query, 404, no("not_found"), "not_found"),
        (Call::Close, 200, charge("succeeded"), "succeeded 1999 CNY no=c1"),
        (Call::Close, 200, charge("closed"), "closed 1999 CNY no=c1"),
        (Call::Close, 404, no("not_found"), "not_found"),
        (Call::Refund, 200, refund("pending"), "refund pending 500 CNY no=f1 code=word"),
        (Call::Refund, 200, refund("succeeded"), "refund succeeded 500 CNY no=f1 code=word"),
        (Call::Refund, 200, refund("failed"), "refund failed 500 CNY no=f1 code=word"),
        (Call::Refund, 200, refund("odd"), "unknown"),
        (Call::Refund, 200, refund("pending").replace(REFUND, "R2"), "unknown"),
        (Call::Refund, 200, refund("pending").replace(TRADE, "T2"), "unknown"),
        (Call::Refund, 409, no("refund_exceeds_charge"), "refused refund_exceeds_charge"),
        (Call::Refund, 404, no("not_found"), "refused not_found"),
        (Call::QueryRefund, 200, refund("succeeded"), "refund succeeded 500 CNY no=f1 code=word"),
        (Call::QueryRefund, 404, no("not_found"), "refund not_found"),
    ];
    for (call, status, body, expected) in table {
        let text = format!("{call:?} {status} {body}");
        assert_eq!(asked(call, status, body, ("channels", 0, status)).await, expected, "{text}");
    }
}

#[tokio::test]
async fn an_answer_must_be_signed_and_of_now() {
    let second = env!("CARGO_PKG_DESCRIPTION");
    for (how, expected) in [
        (("channels", 0, 200), "succeeded 1999 CNY no=c1"),
        ((second, 0, 200), "succeeded 1999 CNY no=c1"),
        (("other", 0, 200), "unknown"),
        (("channels", 400, 200), "unknown"),
        (("channels", -400, 200), "unknown"),
        (("channels", 0, 404), "unknown"),
    ] {
        assert_eq!(asked(Call::Query, 200, charge("succeeded"), how).await, expected, "{how:?}");
    }
    let unsigned = Desk::open(|_| crate::tests::desk::json(200, &charge("succeeded"))).await;
    assert_eq!(example::ask(&*channel(&unsigned.address), Call::Query).await, "unknown");
}

#[tokio::test]
async fn the_requests() {
    let desk = Desk::open(|seen| say(seen, 200, &charge("pending"), ("channels", 0, 200))).await;
    let channel = channel(&desk.address);
    for (method, action) in [
        (Method::Page, NextAction::Redirect("http://pay.example/1".into())),
        (Method::Qr, NextAction::QrCode("http://pay.example/1".into())),
        (Method::Card, NextAction::Redirect("http://pay.example/1".into())),
    ] {
        assert_eq!(channel.charge(&example::charge(method)).await.unwrap().action, Some(action));
    }
    let _ = channel.refund(&example::reversal()).await;
    let _ = channel.close(&example::charge(Method::Page)).await;
    let file = channel.statement("2026-03-01").await.unwrap();
    assert_eq!(file, charge("pending").as_bytes());
    let seen = desk.seen();
    assert_eq!((&seen[0].target[..], seen[0].header("idempotency-key")), ("/sandbox/v1/charges", KEY));
    assert_eq!(
        serde_json::from_str::<serde_json::Value>(&seen[0].body).unwrap(),
        json!({
            "out_trade_no": TRADE, "amount": 1999, "currency": "CNY", "subject": "一本书 & more", "method": "page",
            "notify_url": "https://shop.example/notify?a=1&b=2", "return_url": "https://shop.example/thanks",
            "expires_at": "2100-01-01T00:00:00.000Z",
        })
    );
    assert_eq!((&seen[3].target[..], seen[3].header("idempotency-key")), ("/sandbox/v1/refunds", KEY));
    assert_eq!(seen[4].target, format!("/sandbox/v1/charges/{TRADE}/close"));
    assert_eq!(seen[5].target, "/sandbox/v1/statements/2026-03-01");
}

fn signature(body: &str, secret: &str, seconds: i64) -> String {
    key(secret).stamp(format!("CALLBACK\n{seconds}\n{body}").as_bytes())
}

fn read(body: &str, secret: &str, seconds: i64) -> String {
    let (at, signature) = (seconds.to_string(), signature(body, secret, seconds));
    let headers = [("x-sandbox-timestamp", &at[..]), ("x-sandbox-signature", &signature)];
    example::read(&*channel("127.0.0.1:1"), &headers, body.as_bytes())
}

#[test]
fn a_callback_has_its_number() {
    let body = format!(r#"{{"event_id":"e1","type":"refund.failed","account":"a1","refund":{}}}"#, refund("failed"));
    for (body, expected) in [(body.clone(), Some("e1")), (body.replace(r#""event_id":"e1","#, ""), None)] {
        let (at, signature) = (AT.0 / 1000, signature(&body, "channels", AT.0 / 1000));
        let headers = [("x-sandbox-timestamp", &at.to_string()[..]), ("x-sandbox-signature", &signature)];
        let number = example::event(&*channel("127.0.0.1:1"), &headers, body.as_bytes());
        assert_eq!(number.as_deref(), expected, "{body}");
    }
}

#[test]
fn callbacks() {
    let event = |kind: &str, account: &str, name: &str, object: &str| {
        format!(r#"{{"event_id":"e1","type":"{kind}","account":"{account}","{name}":{object}}}"#)
    };
    let at = AT.0 / 1000;
    let table = [
        (event("charge.succeeded", "a1", "charge", &charge("succeeded")), "succeeded 1999 CNY no=c1"),
        (event("charge.failed", "a1", "charge", &charge("failed")), "failed 1999 CNY no=c1"),
        (event("charge.closed", "a1", "charge", &charge("closed")), "closed 1999 CNY no=c1"),
        (event("refund.succeeded", "a1", "refund", &refund("succeeded")), "refund succeeded 500 CNY no=f1 code=word"),
        (event("refund.failed", "a1", "refund", &refund("failed")), "refund failed 500 CNY no=f1 code=word"),
        (
            event("charge.succeeded", "a2", "charge", &charge("succeeded")),
            "succeeded 1999 CNY no=c1 stranger=account a2",
        ),
        (event("charge.succeeded", "a1", "refund", &refund("succeeded")), "malformed"),
        (event("charge.odd", "a1", "other", "1"), "ignored"),
        ("{}".into(), "malformed"),
        (String::new(), "malformed"),
    ];
    for (body, expected) in &table {
        assert_eq!(read(body, "channels", at), *expected, "{body}");
    }
    let body = &table[0].0;
    for (secret, seconds, expected) in [
        (env!("CARGO_PKG_DESCRIPTION"), at, "succeeded 1999 CNY no=c1"),
        ("channels", at - 300, "succeeded 1999 CNY no=c1"),
        ("channels", at - 301, "stale"),
        ("channels", at + 301, "stale"),
        ("other", at, "signature"),
    ] {
        assert_eq!(read(body, secret, seconds), expected, "{secret} {seconds}");
    }
    assert_eq!(example::read(&*channel("127.0.0.1:1"), &[], body.as_bytes()), "signature");
}

#[test]
fn receipts() {
    let channel = channel("127.0.0.1:1");
    let said = [Receipt::Taken, Receipt::Later, Receipt::Rejected].map(|receipt| channel.acknowledge(receipt));
    assert_eq!(said.each_ref().map(|it| it.status), [200, 500, 401]);
    assert_eq!(said[0].body, "ok");
}
