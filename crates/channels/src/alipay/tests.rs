use std::sync::Arc;

use domain::channel::Method;

use super::*;
use crate::form;
use crate::secret::Secret;
use crate::tests::desk::{Desk, Reply, Seen, json};
use crate::tests::example::{self, Call, REFUND, TRADE};
use crate::tests::keys;

const QUERY: &str = "alipay_trade_query_response";
const CLOSE: &str = "alipay_trade_close_response";
const GIVE_BACK: &str = "alipay_trade_refund_response";
const GIVEN_BACK: &str = "alipay_trade_fastpay_refund_query_response";
const CODE: &str = "alipay_trade_precreate_response";

fn channel(address: &str) -> Arc<dyn Channel> {
    let (private, public) = (keys::reference("test_merchant.pkcs8.pem"), keys::reference("test_provider.public.pem"));
    let settings = format!(
        r#"{{"gateway":"http://{address}/alipay/gateway.do","app_id":"2021","seller_id":"2088","private_key":"{private}",
        "alipay_public_keys":["{}","{public}"]}}"#,
        keys::reference("test_other.public.pem")
    );
    crate::open(Kind::Alipay, &settings).unwrap()
}

fn provider() -> PrivateKey {
    PrivateKey::read(&Secret::new(keys::PROVIDER)).unwrap()
}

fn signed(node: &str, response: &str) -> String {
    format!(r#"{{"{node}":{response},"sign":"{}"}}"#, provider().sign(response.as_bytes()))
}

/// The members of a request whose signature holds.
fn members(form: &str) -> Vec<(String, String)> {
    let members = form::decode(form.as_bytes()).unwrap();
    let unsigned = members.iter().filter(|(name, _)| *name != "sign").map(|(name, value)| (&name[..], &value[..]));
    let merchant = PublicKey::read(&Secret::new(keys::MERCHANT_PUBLIC)).unwrap();
    assert!(merchant.verifies(gateway::sorted(unsigned).as_bytes(), &members["sign"]), "{form}");
    members.into_iter().collect()
}

async fn asked(call: Call, reply: impl Fn(&Seen) -> Reply + Send + Sync + 'static) -> String {
    let desk = Desk::open(move |seen| {
        members(&seen.body);
        reply(seen)
    });
    example::ask(&*channel(&desk.await.address), call).await
}

#[test]
fn only_a_page_is_made_without_asking() {
    let alipay = channel("127.0.0.1:9");
    let methods = [Method::Page, Method::Qr, Method::Card];
    assert_eq!(methods.map(|method| alipay.is_made_here(method)), [true, false, false]);
}

#[tokio::test]
async fn every_status_and_code() {
    let no = |code: &str| format!(r#"{{"code":"40004","msg":"Business Failed","sub_code":"{code}","sub_msg":"交易"}}"#);
    let trade = |status: &str, more: &str| {
        format!(
            r#"{{"code":"10000","msg":"Success","out_trade_no":"{TRADE}","trade_no":"2026","trade_status":"{status}","total_amount":"19.99"{more}}}"#
        )
    };
    let paid = r#","send_pay_date":"2026-03-01 08:00:00""#;
    let back = |more: &str| format!(r#"{{"code":"10000","out_trade_no":"{TRADE}","out_request_no":"{REFUND}"{more}}}"#);
    let table = [
        (Call::Query, QUERY, trade("WAIT_BUYER_PAY", ""), "pending 1999 CNY no=2026"),
        (Call::Query, QUERY, trade("TRADE_SUCCESS", paid), "succeeded 1999 CNY no=2026"),
        (Call::Query, QUERY, trade("TRADE_FINISHED", paid), "succeeded 1999 CNY no=2026 code=TRADE_FINISHED"),
        (Call::Query, QUERY, trade("TRADE_CLOSED", ""), "closed 1999 CNY no=2026"),
        (Call::Query, QUERY, trade("TRADE_CLOSED", r#","send_pay_date":"""#), "closed 1999 CNY no=2026"),
        (Call::Query, QUERY, trade("TRADE_CLOSED", paid), "reversed 1999 CNY no=2026"),
        (Call::Query, QUERY, trade("TRADE_ODD", ""), "unknown"),
        (Call::Query, QUERY, trade("TRADE_SUCCESS", "").replace("19.99", "19.9"), "unknown"),
        (Call::Query, QUERY, trade("TRADE_SUCCESS", "").replace(TRADE, "T2"), "unknown"),
        (Call::Query, QUERY, no("ACQ.TRADE_NOT_EXIST"), "not_found"),
        (Call::Query, QUERY, no("ACQ.SYSTEM_ERROR"), "unknown"),
        (Call::Query, QUERY, no("aop.ACQ.SYSTEM_ERROR"), "unknown"),
        (Call::Query, QUERY, no("ACQ.INVALID_PARAMETER"), "refused ACQ.INVALID_PARAMETER"),
        (Call::Query, "error_response", no("isv.invalid-signature"), "denied isv.invalid-signature"),
        (Call::Query, QUERY, r#"{"code":"20000","msg":"Service Currently Unavailable"}"#.into(), "unknown"),
        (Call::Query, QUERY, r#"{"code":"20000","sub_code":"isp.unknow-error"}"#.into(), "unknown"),
        (Call::Query, QUERY, r#"{"code":"40005","sub_code":"isv.app-call-limited"}"#.into(), "too often"),
        (Call::Query, CLOSE, trade("TRADE_SUCCESS", paid), "unknown"),
        (Call::Close, CLOSE, back(r#","trade_no":"2026""#), "closed no=2026"),
        (Call::Close, CLOSE, no("ACQ.TRADE_NOT_EXIST"), "not_found"),
        (Call::Close, CLOSE, no("ACQ.SYSTEM_ERROR"), "unknown"),
        (Call::Refund, GIVE_BACK, back(r#","fund_change":"Y","refund_fee":"9.00""#), "refund succeeded"),
        (Call::Refund, GIVE_BACK, back(r#","fund_change":"N","refund_fee":"9.00""#), "unknown"),
        (Call::Refund, GIVE_BACK, back(r#","fund_change":"?""#), "unknown"),
        (Call::Refund, GIVE_BACK, no("ACQ.SELLER_BALANCE_NOT_ENOUGH"), "refused ACQ.SELLER_BALANCE_NOT_ENOUGH"),
        (Call::Refund, GIVE_BACK, no("ACQ.SYSTEM_ERROR"), "unknown"),
        (
            Call::QueryRefund,
            GIVEN_BACK,
            back(r#","refund_status":"REFUND_SUCCESS","refund_amount":"5.00""#),
            "refund succeeded 500 CNY",
        ),
        (Call::QueryRefund, GIVEN_BACK, r#"{"code":"10000","msg":"Success"}"#.into(), "refund not_found"),
        (Call::QueryRefund, GIVEN_BACK, back(r#","refund_status":"""#), "refund not_found"),
        (Call::QueryRefund, GIVEN_BACK, back(r#","refund_status":"REFUND_PROCESSING""#), "refund pending"),
        (Call::QueryRefund, GIVEN_BACK, no("ACQ.TRADE_NOT_EXIST"), "refund not_found"),
        (Call::Charge(Method::Qr), CODE, back(r#","qr_code":"https:\/\/qr.example\/1""#), "pending"),
        (Call::Charge(Method::Qr), CODE, no("ACQ.ACCESS_FORBIDDEN"), "refused ACQ.ACCESS_FORBIDDEN"),
        (Call::Charge(Method::Qr), CODE, no("ACQ.SYSTEM_ERROR"), "unknown"),
        (Call::Charge(Method::Qr), CODE, r#"{"code":"40005","msg":"Call Limited"}"#.into(), "too often"),
        (Call::Charge(Method::Card), CODE, String::new(), "unfit method_not_supported"),
    ];
    for (call, node, response, expected) in table {
        let body = signed(node, &response);
        assert_eq!(asked(call, move |_| json(200, &body)).await, expected, "{call:?} {response}");
    }
}

/// What the gateway says of itself is no answer of a payment's.
#[tokio::test]
async fn an_account_that_may_not_ask_is_told_apart_from_a_payment_that_failed() {
    for (code, sub, expected) in [
        ("20001", "aop.invalid-auth-token", "denied aop.invalid-auth-token"),
        ("20001", "aop.invalid-app-auth-token", "denied aop.invalid-app-auth-token"),
        ("40001", "isv.missing-signature-key", "denied isv.missing-signature-key"),
        ("40002", "isv.invalid-app-id", "denied isv.invalid-app-id"),
        ("40002", "isv.invalid-signature", "denied isv.invalid-signature"),
        ("40002", "isv.invalid-timestamp", "denied isv.invalid-timestamp"),
        ("40002", "isv.invalid-parameter", "denied isv.invalid-parameter"),
        ("40002", "", "denied 40002"),
        ("40006", "isv.insufficient-isv-permissions", "denied isv.insufficient-isv-permissions"),
        ("40006", "", "denied 40006"),
        ("40003", "isv.invalid-auth-relations", "unknown"),
        ("40005", "", "too often"),
        ("40004", "ACQ.TOTAL_FEE_EXCEED", "refused ACQ.TOTAL_FEE_EXCEED"),
    ] {
        let response = format!(r#"{{"code":"{code}","msg":"words","sub_code":"{sub}"}}"#);
        for (call, node) in [(Call::Charge(Method::Qr), CODE), (Call::Refund, GIVE_BACK), (Call::Close, CLOSE)] {
            let body = signed(node, &response);
            assert_eq!(asked(call, move |_| json(200, &body)).await, expected, "{call:?} {response}");
        }
    }
}

#[tokio::test]
async fn where_it_is_too_late_a_query_tells() {
    let trade = format!(
        r#"{{"code":"10000","out_trade_no":"{TRADE}","trade_no":"2026","trade_status":"TRADE_SUCCESS","total_amount":"19.99"}}"#
    );
    for (call, node, code) in [
        (Call::Close, CLOSE, "ACQ.TRADE_STATUS_ERROR"),
        (Call::Close, CLOSE, "ACQ.REASON_TRADE_STATUS_INVALID"),
        (Call::Charge(Method::Qr), CODE, "ACQ.TRADE_HAS_SUCCESS"),
    ] {
        let (late, now) = (signed(node, &format!(r#"{{"code":"40004","sub_code":"{code}"}}"#)), signed(QUERY, &trade));
        let reply = move |seen: &Seen| json(200, if seen.body.contains("alipay.trade.query") { &now } else { &late });
        assert_eq!(asked(call, reply).await, "succeeded 1999 CNY no=2026", "{code}");
        // That the query is refused does not mean that the charge was.
        let refused = |node: &str, code: &str| signed(node, &format!(r#"{{"code":"40004","sub_code":"{code}"}}"#));
        let (late, no) = (refused(node, code), refused(QUERY, "ACQ.INVALID_PARAMETER"));
        let reply = move |seen: &Seen| json(200, if seen.body.contains("alipay.trade.query") { &no } else { &late });
        assert_eq!(asked(call, reply).await, "unclear", "{code}");
        // Where the query is one too many, all of it comes again.
        let (late, often) = (refused(node, code), signed(QUERY, r#"{"code":"40005"}"#));
        let reply = move |seen: &Seen| json(200, if seen.body.contains("alipay.trade.query") { &often } else { &late });
        assert_eq!(asked(call, reply).await, "too often", "{code}");
    }
}

/// That a refund was taken is not that money moved.
#[tokio::test]
async fn where_no_money_moved_a_query_tells() {
    for (status, expected) in [
        ("REFUND_SUCCESS", "refund succeeded 500 CNY"),
        ("REFUND_PROCESSING", "refund pending 500 CNY"),
        ("REFUND_FAIL", "refund failed 500 CNY"),
    ] {
        let taken = format!(r#"{{"code":"10000","out_trade_no":"{TRADE}","fund_change":"N","refund_fee":"9.00"}}"#);
        let found = format!(
            r#"{{"code":"10000","out_trade_no":"{TRADE}","out_request_no":"{REFUND}","refund_status":"{status}","refund_amount":"5.00"}}"#
        );
        let (taken, found) = (signed(GIVE_BACK, &taken), signed(GIVEN_BACK, &found));
        let reply = move |seen: &Seen| json(200, if seen.body.contains("refund.query") { &found } else { &taken });
        assert_eq!(asked(Call::Refund, reply).await, expected, "{status}");
    }
}

#[tokio::test]
async fn an_answer_must_be_signed() {
    let response = format!(
        r#"{{"code":"10000","out_trade_no":"{TRADE}","trade_no":"2026","trade_status":"TRADE_SUCCESS","total_amount":"19.99"}}"#
    );
    let good = signed(QUERY, &response);
    let other = PrivateKey::read(&Secret::new(keys::MERCHANT)).unwrap().sign(response.as_bytes());
    let slashed = response.replace("\"2026\"", "\"20\\/26\"");
    let unescaped =
        format!(r#"{{"{QUERY}":{slashed},"sign":"{}"}}"#, provider().sign(slashed.replace("\\/", "/").as_bytes()));
    let spaced = signed(QUERY, &response.replace(':', " : \n"));
    for (status, body, expected) in [
        (200, good.clone(), "succeeded 1999 CNY no=2026"),
        (200, spaced, "succeeded 1999 CNY no=2026"),
        (200, unescaped, "succeeded 1999 CNY no=20/26"),
        (500, good.clone(), "unknown"),
        (302, good.clone(), "unknown"),
        (200, good.replace("19.99", "19.90"), "unknown"),
        (200, format!(r#"{{"{QUERY}":{response}}}"#), "unknown"),
        (200, format!(r#"{{"{QUERY}":{response},"sign":1}}"#), "unknown"),
        (200, format!(r#"{{"{QUERY}":{response},"sign":"{other}"}}"#), "unknown"),
        (200, r#"{"error_response":{"code":"40002","sub_code":"isv.invalid-app-id"}}"#.to_owned(), "unknown"),
        (200, "<html>busy</html>".to_owned(), "unknown"),
        (200, "[]".to_owned(), "unknown"),
        (200, String::new(), "unknown"),
    ] {
        let said = body.clone();
        assert_eq!(asked(Call::Query, move |_| json(status, &said)).await, expected, "{status} {body}");
    }
}

#[tokio::test]
async fn a_page_is_a_signed_address_and_nothing_is_sent() {
    let desk = Desk::open(|_| json(500, "")).await;
    let opened = channel(&desk.address).charge(&example::charge(Method::Page)).await.unwrap();
    let Some(NextAction::Redirect(url)) = opened.action else { panic!("{opened:?}") };
    let (gateway, query) = url.split_once('?').unwrap();
    assert_eq!(gateway, format!("http://{}/alipay/gateway.do", desk.address));
    let members: std::collections::HashMap<_, _> = members(query).into_iter().collect();
    let business: serde_json::Value = serde_json::from_str(&members["biz_content"]).unwrap();
    assert_eq!(
        business,
        json!({
            "out_trade_no": TRADE, "product_code": "FAST_INSTANT_TRADE_PAY", "subject": "一本书 & more",
            "time_expire": "2100-01-01 08:00:00", "total_amount": "19.99",
        })
    );
    for (name, value) in [
        ("method", "alipay.trade.page.pay"),
        ("app_id", "2021"),
        ("sign_type", "RSA2"),
        ("charset", "utf-8"),
        ("version", "1.0"),
        ("notify_url", "https://shop.example/notify?a=1&b=2"),
        ("return_url", "https://shop.example/thanks"),
    ] {
        assert_eq!(members[name], value);
    }
    let dollars = Charge { amount: domain::Money::new(1, "USD".parse().unwrap()), ..example::charge(Method::Page) };
    for method in [Method::Page, Method::Qr] {
        let refused =
            channel(&desk.address).charge(&Charge { method, ..dollars.clone() }).await.map(|opened| opened.heard.fact);
        assert_eq!(example::shown(&refused), "unfit currency_not_supported");
    }
    assert!(desk.seen().is_empty());
}

#[test]
fn notifications() {
    let channel = channel("127.0.0.1:1");
    let base = [
        ("app_id", "2021"),
        ("seller_id", "2088"),
        ("notify_id", "1"),
        ("notify_type", "trade_status_sync"),
        ("out_trade_no", TRADE),
        ("trade_no", "2026"),
        ("subject", "100% 一本书 + a&b=c"),
        ("total_amount", "19.99"),
        ("trade_status", "TRADE_SUCCESS"),
        ("gmt_payment", "2026-03-01 08:00:00"),
    ];
    let back = &[("refund_fee", "9.00"), ("gmt_refund", "2026-03-01 09:00:00.123"), ("out_biz_no", REFUND)][..];
    let table = [
        (&[][..], "succeeded 1999 CNY no=2026"),
        (&[("trade_status", "WAIT_BUYER_PAY"), ("gmt_payment", "")], "pending 1999 CNY no=2026"),
        (&[("trade_status", "TRADE_FINISHED")], "succeeded 1999 CNY no=2026 code=TRADE_FINISHED"),
        (&[("trade_status", "TRADE_CLOSED")], "reversed 1999 CNY no=2026"),
        (&[("trade_status", "TRADE_CLOSED"), ("gmt_payment", "")], "closed 1999 CNY no=2026"),
        (&[("app_id", "2099")], "succeeded 1999 CNY no=2026 stranger=app_id 2099"),
        (&[("seller_id", "2099")], "succeeded 1999 CNY no=2026 stranger=seller_id 2099"),
        (&[("trade_status", "ODD")], "malformed"),
        (&[("total_amount", "19.9")], "malformed"),
        (&[("out_trade_no", "")], "malformed"),
        (&[("app_id", "")], "malformed"),
        (&[("trade_status", "")], "ignored"),
        (back, "refund succeeded"),
        (&back[..2], "succeeded 1999 CNY no=2026"),
    ];
    for (changes, expected) in table {
        let members: std::collections::BTreeMap<_, _> = base.iter().chain(changes).copied().collect();
        let sign = provider().sign(gateway::sorted(members.iter().map(|(name, value)| (*name, *value))).as_bytes());
        let whole = members.into_iter().chain([("sign_type", "RSA2"), ("sign", &sign)]);
        let body = form::encode(whole);
        if expected.contains("succeeded") {
            assert_eq!(example::event(&*channel, &[], body.as_bytes()).as_deref(), Some("1"), "{changes:?}");
        }
        assert_eq!(example::read(&*channel, &[], body.as_bytes()), expected, "{changes:?}");
        let plus = body.replace("%20", "+");
        assert_eq!(example::read(&*channel, &[], plus.as_bytes()), expected);
        for (tampered, expected) in [
            (body.replace("19.99", "0.01"), "signature"),
            (format!("{body}&more=1"), "signature"),
            (body.replace("RSA2", "RSA"), "signature"),
            (body.replace("sign=", "sing="), "signature"),
            (format!("{body}&app_id=2021"), "malformed"),
        ] {
            if tampered != body {
                assert_eq!(example::read(&*channel, &[], tampered.as_bytes()), expected, "{tampered}");
            }
        }
    }
    assert_eq!(example::read(&*channel, &[], b"\xff\xfe"), "malformed");
}

#[tokio::test]
async fn a_bill_is_fetched_from_where_the_answer_says() {
    let desk = Desk::open(|seen| {
        let address = seen.header("host");
        if seen.method == "GET" {
            return Reply::Say(200, Vec::new(), format!("the bill at {}", seen.target));
        }
        let place = format!(r#"{{"code":"10000","bill_download_url":"http://{address}/bill?id=1"}}"#);
        json(200, &signed("alipay_data_dataservice_bill_downloadurl_query_response", &place))
    })
    .await;
    let channel = channel(&desk.address);
    assert_eq!(channel.statement("2026-03-01").await.unwrap(), b"the bill at /bill?id=1");
    assert!(matches!(channel.statement("01.03.2026").await, Err(Failure::Unfit { .. })));
}

#[test]
fn receipts() {
    let channel = channel("127.0.0.1:1");
    let bodies = [Receipt::Taken, Receipt::Later, Receipt::Rejected].map(|receipt| channel.acknowledge(receipt).body);
    assert_eq!(bodies, ["success", "failure", "failure"]);
}
