use std::sync::Arc;

use domain::channel::Method;

use super::*;
use crate::secret::Secret;
use crate::tests::desk::{Desk, Reply, Seen};
use crate::tests::example::{self, AT, Call, REFUND, TRADE};
use crate::tests::keys;

pub(super) const SERIAL: &str = "PUB_KEY_ID_1";
pub(super) const NEW_KEY: &str = "fedcba9876543210fedcba9876543210";

pub(super) fn channel(address: &str) -> Arc<dyn Channel> {
    let private = keys::reference("test_merchant.pkcs8.pem");
    let (public, certificate) =
        (keys::reference("test_provider.public.pem"), keys::reference("test_provider.certificate.pem"));
    let (old, new) = (keys::reference("test_api_v3_old.key"), keys::reference("test_api_v3.key"));
    let settings = format!(
        r#"{{"gateway":"http://{address}/wechat","app_id":"wx1","mch_id":"1900","merchant_serial":"3D","private_key":"{private}",
        "api_v3_keys":["{old}","{new}"],"platform_keys":{{"{SERIAL}":"{public}","5157F0":"{certificate}"}}}}"#
    );
    crate::open(Kind::WechatPay, &settings).unwrap()
}

fn headers(body: &str, serial: &str, seconds: i64) -> Vec<(String, String)> {
    let provider = PrivateKey::read(&Secret::new(keys::PROVIDER)).unwrap();
    let signature = provider.sign(format!("{seconds}\nonce\n{body}\n").as_bytes());
    [("serial", serial), ("timestamp", &seconds.to_string()), ("nonce", "once"), ("signature", &signature)]
        .map(|(name, value)| (format!("wechatpay-{name}"), value.to_owned()))
        .to_vec()
}

fn say(status: u16, body: &str) -> Reply {
    Reply::Say(status, headers(body, SERIAL, clock::seconds(clock::now())), body.to_owned())
}

/// That a request is signed as the provider wants it.
fn check(seen: &Seen) {
    let authorization = seen.header("authorization").strip_prefix("WECHATPAY2-SHA256-RSA2048 ").unwrap();
    let value = |name: &str| {
        let (_, rest) = authorization.split_once(&format!("{name}=\"")).unwrap();
        rest.split_once('"').unwrap().0
    };
    let text =
        format!("{}\n{}\n{}\n{}\n{}\n", seen.method, seen.target, value("timestamp"), value("nonce_str"), seen.body);
    let merchant = PublicKey::read(&Secret::new(keys::MERCHANT_PUBLIC)).unwrap();
    assert!(merchant.verifies(text.as_bytes(), value("signature")), "{authorization}");
    assert_eq!((value("mchid"), value("serial_no")), ("1900", "3D"));
    assert_eq!((seen.header("accept"), seen.header("wechatpay-serial")), ("application/json", SERIAL));
}

async fn asked(call: Call, reply: impl Fn(&Seen) -> Reply + Send + Sync + 'static) -> String {
    let desk = Desk::open(move |seen| {
        check(seen);
        reply(seen)
    });
    example::ask(&*channel(&desk.await.address), call).await
}

pub(super) fn trade(state: &str) -> String {
    format!(
        r#"{{"appid":"wx1","mchid":"1900","out_trade_no":"{TRADE}","transaction_id":"42","trade_state":"{state}","trade_state_desc":"words","amount":{{"total":1999,"payer_total":1999,"currency":"CNY"}}}}"#
    )
}

fn refund(status: &str) -> String {
    format!(
        r#"{{"refund_id":"50","out_refund_no":"{REFUND}","out_trade_no":"{TRADE}","status":"{status}","amount":{{"total":1999,"refund":500,"currency":"CNY"}}}}"#
    )
}

#[tokio::test]
async fn every_status_and_code() {
    let no = |code: &str| format!(r#"{{"code":"{code}","message":"words"}}"#);
    let unpaid = format!(r#"{{"appid":"wx1","mchid":"1900","out_trade_no":"{TRADE}","trade_state":"NOTPAY"}}"#);
    let code = Call::Charge(Method::Qr);
    let table = [
        (Call::Query, 200, trade("SUCCESS"), "succeeded 1999 CNY no=42"),
        (Call::Query, 200, trade("REFUND"), "refunded 1999 CNY no=42"),
        (Call::Query, 200, trade("NOTPAY"), "pending 1999 CNY no=42"),
        (Call::Query, 200, trade("USERPAYING"), "pending 1999 CNY no=42"),
        (Call::Query, 200, trade("CLOSED"), "closed 1999 CNY no=42"),
        (Call::Query, 200, trade("REVOKED"), "closed 1999 CNY no=42"),
        (Call::Query, 200, trade("PAYERROR"), "failed 1999 CNY no=42 code=words"),
        (Call::Query, 200, trade("ODD"), "unknown"),
        (Call::Query, 200, unpaid.clone(), "pending"),
        (Call::Query, 200, unpaid.replace("NOTPAY", "SUCCESS"), "unknown"),
        (Call::Query, 200, trade("SUCCESS").replace("wx1", "wx2"), "succeeded 1999 CNY no=42 stranger=appid wx2"),
        (Call::Query, 200, trade("SUCCESS").replace("1900", "1901"), "succeeded 1999 CNY no=42 stranger=mchid 1901"),
        (Call::Query, 200, trade("SUCCESS").replace(TRADE, "T2"), "unknown"),
        (Call::Query, 200, trade("SUCCESS").replace("1999", "19.99"), "unknown"),
        (Call::Query, 404, no("ORDER_NOT_EXIST"), "not_found"),
        (Call::Query, 404, no("OTHER"), "refused OTHER"),
        (Call::Query, 401, no("SIGN_ERROR"), "denied SIGN_ERROR"),
        (Call::Query, 429, no("FREQUENCY_LIMITED"), "too often"),
        (Call::Query, 500, no("SYSTEM_ERROR"), "unknown"),
        (Call::Close, 204, String::new(), "closed"),
        (Call::Close, 404, no("ORDER_NOT_EXIST"), "not_found"),
        (Call::Close, 500, no("SYSTEM_ERROR"), "unknown"),
        (Call::Close, 400, no("PARAM_ERROR"), "refused PARAM_ERROR"),
        (code, 200, r#"{"code_url":"weixin://wxpay/1"}"#.into(), "pending"),
        (code, 400, no("PARAM_ERROR"), "refused PARAM_ERROR"),
        (code, 429, no("FREQUENCY_LIMITED"), "too often"),
        (code, 429, no("RATELIMIT_EXCEEDED"), "too often"),
        (code, 400, no("BANK_ERROR"), "unknown"),
        (code, 400, "{}".into(), "unknown"),
        (code, 503, no("PARAM_ERROR"), "unknown"),
        (Call::Charge(Method::Page), 200, String::new(), "unfit method_not_supported"),
        (Call::Refund, 200, refund("SUCCESS"), "refund succeeded 500 CNY no=50"),
        (Call::Refund, 200, refund("PROCESSING"), "refund pending 500 CNY no=50"),
        (Call::Refund, 200, refund("CLOSED"), "refund failed 500 CNY no=50 code=CLOSED"),
        (Call::Refund, 200, refund("ABNORMAL"), "refund pending 500 CNY no=50 code=ABNORMAL"),
        (Call::Refund, 200, refund("ODD"), "unknown"),
        (Call::Refund, 200, refund("SUCCESS").replace(REFUND, "R2"), "unknown"),
        (Call::Refund, 200, refund("SUCCESS").replace(TRADE, "T2"), "unknown"),
        (Call::Refund, 403, no("NOT_ENOUGH"), "refused NOT_ENOUGH"),
        (Call::Refund, 429, no("FREQUENCY_LIMITED"), "too often"),
        (Call::Refund, 429, no("RATELIMIT_EXCEEDED"), "too often"),
        (Call::Refund, 500, no("FREQUENCY_LIMITED"), "unknown"),
        (Call::Refund, 400, no("BANK_ERROR"), "unknown"),
        (Call::QueryRefund, 200, refund("SUCCESS"), "refund succeeded 500 CNY no=50"),
        (Call::QueryRefund, 404, no("RESOURCE_NOT_EXISTS"), "refund not_found"),
        (Call::QueryRefund, 502, no(""), "unknown"),
    ];
    for (call, status, body, expected) in table {
        let text = format!("{call:?} {status} {body}");
        assert_eq!(asked(call, move |_| say(status, &body)).await, expected, "{text}");
    }
}

#[tokio::test]
async fn where_it_is_too_late_a_query_tells() {
    for (call, status, code) in [
        (Call::Close, 400, "ORDERPAID"),
        (Call::Close, 400, "ORDER_CLOSED"),
        (Call::Charge(Method::Qr), 403, "ORDERPAID"),
        (Call::Charge(Method::Qr), 403, "OUT_TRADE_NO_USED"),
    ] {
        let reply = move |seen: &Seen| match &seen.method[..] {
            "GET" => say(200, &trade("SUCCESS")),
            _ => say(status, &format!(r#"{{"code":"{code}"}}"#)),
        };
        assert_eq!(asked(call, reply).await, "succeeded 1999 CNY no=42", "{code}");
    }
}

#[tokio::test]
async fn an_answer_must_be_signed_and_of_now() {
    let now = clock::seconds(clock::now());
    let body = trade("SUCCESS");
    let without = |name: &str| {
        let mut headers = headers(&body, SERIAL, now);
        headers.retain(|(it, _)| it != name);
        headers
    };
    for (headers, expected) in [
        (headers(&body, SERIAL, now), "succeeded 1999 CNY no=42"),
        (headers(&body, "5157f0", now), "succeeded 1999 CNY no=42"),
        (headers(&body, "PUB_KEY_ID_2", now), "unknown"),
        (headers(&body, SERIAL, now - 400), "unknown"),
        (headers(&body, SERIAL, now + 400), "unknown"),
        (headers("{}", SERIAL, now), "unknown"),
        (without("wechatpay-signature"), "unknown"),
        (without("wechatpay-serial"), "unknown"),
        (without("wechatpay-timestamp"), "unknown"),
        (without("wechatpay-nonce"), "unknown"),
    ] {
        let body = body.clone();
        let text = format!("{headers:?}");
        let reply = move |_: &Seen| Reply::Say(200, headers.clone(), body.clone());
        assert_eq!(asked(Call::Query, reply).await, expected, "{text}");
    }
    // A gateway that takes no more signs nothing: what was asked comes again.
    for call in [Call::Charge(Method::Qr), Call::Query, Call::Close, Call::Refund, Call::QueryRefund] {
        for body in [r#"{"code":"FREQUENCY_LIMITED"}"#, "<html>busy</html>", ""] {
            let reply = move |_: &Seen| Reply::Say(429, vec![("retry-after".into(), "7".into())], body.into());
            assert_eq!(asked(call, reply).await, "too often, 7 s", "{call:?} {body}");
        }
    }
    let refusal = r#"{"code":"PARAM_ERROR"}"#;
    assert_eq!(asked(Call::Refund, move |_| crate::tests::desk::json(400, refusal)).await, "unknown");
}

#[tokio::test]
async fn the_requests() {
    let desk = Desk::open(|_| say(200, r#"{"code_url":"weixin://wxpay/1"}"#)).await;
    let channel = channel(&desk.address);
    let opened = channel.charge(&example::charge(Method::Qr)).await.unwrap();
    assert_eq!(opened.action, Some(NextAction::QrCode("weixin://wxpay/1".into())));
    let _ = channel.refund(&example::reversal()).await;
    let _ = channel.query(&example::charge(Method::Qr)).await;
    let seen = desk.seen();
    let body = |at: usize| serde_json::from_str::<serde_json::Value>(&seen[at].body).unwrap();
    assert_eq!(seen[0].target, "/wechat/v3/pay/transactions/native");
    assert_eq!(
        body(0),
        json!({
            "appid": "wx1", "mchid": "1900", "description": "一本书 & more", "out_trade_no": TRADE,
            "time_expire": "2100-01-01T08:00:00+08:00", "notify_url": "https://shop.example/notify?a=1&b=2",
            "amount": { "total": 1999, "currency": "CNY" },
        })
    );
    assert_eq!(body(1)["amount"], json!({ "refund": 500, "total": 1999, "currency": "CNY" }));
    assert_eq!(seen[2].target, format!("/wechat/v3/pay/transactions/out-trade-no/{TRADE}?mchid=1900"));
    let dollars = Charge { amount: domain::Money::new(1, "USD".parse().unwrap()), ..example::charge(Method::Qr) };
    let refused = channel.charge(&dollars).await.map(|opened| opened.heard.fact);
    assert_eq!(example::shown(&refused), "unfit currency_not_supported");
}

pub(super) fn event(kind: &str, resource: &str, key: &str) -> String {
    let key = SealKey::read(&Secret::new(key)).unwrap();
    let sealed = key.seal("abcdefghijkl", "transaction", resource.as_bytes());
    json!({
        "id": "1", "event_type": kind, "resource_type": "encrypt-resource",
        "resource": {
            "algorithm": "AEAD_AES_256_GCM", "ciphertext": sealed, "nonce": "abcdefghijkl", "associated_data": "transaction",
        },
    })
    .to_string()
}

fn borrowed(headers: &[(String, String)]) -> Vec<(&str, &str)> {
    headers.iter().map(|(name, value)| (&name[..], &value[..])).collect()
}

fn read(body: &str, headers: &[(String, String)]) -> String {
    example::read(&*channel("127.0.0.1:1"), &borrowed(headers), body.as_bytes())
}

#[test]
fn notifications() {
    let old = "0123456789abcdef0123456789abcdef";
    let back = refund("SUCCESS").replacen('{', r#"{"mchid":"1900","#, 1).replace("\"status\"", "\"refund_status\"");
    let table = [
        ("TRANSACTION.SUCCESS", trade("SUCCESS"), old, "succeeded 1999 CNY no=42"),
        ("TRANSACTION.SUCCESS", trade("SUCCESS"), NEW_KEY, "succeeded 1999 CNY no=42"),
        ("TRANSACTION.SUCCESS", trade("SUCCESS").replace("CNY", "USD"), old, "succeeded 1999 USD no=42"),
        (
            "TRANSACTION.SUCCESS",
            trade("SUCCESS").replace("wx1", "wx2"),
            old,
            "succeeded 1999 CNY no=42 stranger=appid wx2",
        ),
        ("TRANSACTION.SUCCESS", trade("ODD"), old, "malformed"),
        ("TRANSACTION.SUCCESS", "{}".into(), old, "malformed"),
        ("TRANSACTION.SUCCESS", trade("SUCCESS"), "0123456789abcdef0123456789abcdeX", "signature"),
        ("REFUND.SUCCESS", back.clone(), old, "refund succeeded 500 CNY no=50"),
        ("REFUND.ABNORMAL", back.replace("SUCCESS", "ABNORMAL"), old, "refund pending 500 CNY no=50 code=ABNORMAL"),
        ("REFUND.CLOSED", back.replace("SUCCESS", "CLOSED"), old, "refund failed 500 CNY no=50 code=CLOSED"),
        ("REFUND.SUCCESS", back.replace("1900", "1901"), old, "refund succeeded 500 CNY no=50 stranger=mchid 1901"),
        ("PAYSCORE.USER_PAID", "{}".into(), old, "ignored"),
    ];
    for (kind, resource, key, expected) in table {
        let body = event(kind, &resource, key);
        assert_eq!(read(&body, &headers(&body, SERIAL, AT.0 / 1000)), expected, "{kind} {resource}");
    }
}

#[test]
fn a_notification_has_its_number() {
    let number = |body: &str| {
        let headers = headers(body, SERIAL, AT.0 / 1000);
        example::event(&*channel("127.0.0.1:1"), &borrowed(&headers), body.as_bytes())
    };
    let body = event("TRANSACTION.SUCCESS", &trade("SUCCESS"), NEW_KEY);
    assert_eq!(number(&body).as_deref(), Some("1"));
    assert_eq!(number(&body.replace(r#""id":"1""#, r#""id":null"#)), None);
    // What is kept was sealed in it.
    let resource = trade("SUCCESS").replacen('{', r#"{"payer":{"openid":"planted"},"#, 1);
    let body = event("TRANSACTION.SUCCESS", &resource, NEW_KEY);
    let headers = headers(&body, SERIAL, AT.0 / 1000);
    let words = example::words(&*channel("127.0.0.1:1"), &borrowed(&headers), body.as_bytes());
    assert_eq!(words, resource.replace("planted", "…"));
}

#[test]
fn a_notification_must_be_signed_and_of_now() {
    let body = event("TRANSACTION.SUCCESS", &trade("SUCCESS"), NEW_KEY);
    let at = AT.0 / 1000;
    let good = headers(&body, SERIAL, at);
    let with = |name: &str, value: &str| {
        let kept = good.iter().filter(|(it, _)| it != name).cloned();
        kept.chain([(name.to_owned(), value.to_owned())]).collect::<Vec<_>>()
    };
    let probe = with("wechatpay-signature", "WECHATPAY/SIGNTEST/AAAA");
    let scheme = with("wechatpay-signature-type", "WECHATPAY2-SM2-WITH-SM3");
    for (headers, expected) in [
        (headers(&body, "5157F0", at), "succeeded 1999 CNY no=42"),
        (headers(&body, SERIAL, at - 300), "succeeded 1999 CNY no=42"),
        (headers(&body, SERIAL, at - 301), "stale"),
        (headers(&body, SERIAL, at + 301), "stale"),
        (headers(&body, "UNKNOWN", at), "signature"),
        (with("wechatpay-timestamp", "1772323201"), "signature"),
        (with("wechatpay-nonce", "other"), "signature"),
        (probe, "signature"),
        (scheme, "signature"),
        (Vec::new(), "signature"),
    ] {
        assert_eq!(read(&body, &headers), expected, "{headers:?}");
    }
    assert_eq!(read(&body.replace("TRANSACTION", "REFUND"), &good), "signature");
    for body in [body.replace("AEAD_AES_256_GCM", "NONE"), "[]".to_owned(), String::new()] {
        assert_eq!(read(&body, &headers(&body, SERIAL, at)), "malformed");
    }
}

#[tokio::test]
async fn a_bill_is_the_one_of_the_sum() {
    for (sum, good) in [("d8a3f27f7b79d1f5f078c580d25d358a282fad1e", true), ("00", false)] {
        let desk = Desk::open(move |seen| {
            check(seen);
            if seen.target.starts_with("/file") {
                return Reply::Say(200, Vec::new(), "the bill".into());
            }
            assert_eq!(seen.target, "/wechat/v3/bill/tradebill?bill_date=2026-03-01&bill_type=ALL");
            let address = seen.header("host");
            say(
                200,
                &format!(
                    r#"{{"download_url":"http://{address}/file?token=1","hash_type":"SHA1","hash_value":"{sum}"}}"#
                ),
            )
        })
        .await;
        let bill = channel(&desk.address).statement("2026-03-01").await;
        assert_eq!(bill.is_ok_and(|bill| bill == b"the bill"), good);
    }
}

#[test]
fn receipts() {
    let channel = channel("127.0.0.1:1");
    let taken = channel.acknowledge(Receipt::Taken);
    assert_eq!((taken.status, taken.content_type, taken.body), (204, None, ""));
    for (receipt, status) in [(Receipt::Later, 500), (Receipt::Rejected, 401)] {
        let said = channel.acknowledge(receipt);
        let body: serde_json::Value = serde_json::from_str(said.body).unwrap();
        assert_eq!((said.status, &body["code"]), (status, &json!("FAIL")));
    }
}
