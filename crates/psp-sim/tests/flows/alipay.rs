//! Alipay's flows.

use std::collections::BTreeMap;

use percent_encoding::{NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};
use serde_json::{Value, json};

use crate::merchant::{Came, Merchant, nothing};
use crate::rsa;

type Parameters = BTreeMap<String, String>;

fn text(parameters: &Parameters) -> String {
    let pairs: Vec<_> = parameters.iter().map(|(key, value)| format!("{key}={value}")).collect();
    pairs.join("&")
}

fn signed(merchant: &Merchant, method: &str, content: &Value) -> String {
    let content = content.to_string();
    let mut parameters: Parameters = [
        ("app_id", "2021000000000001"),
        ("method", method),
        ("charset", "utf-8"),
        ("sign_type", "RSA2"),
        ("timestamp", "2026-11-22 12:00:00"),
        ("version", "1.0"),
        ("notify_url", &merchant.notify_url),
        ("biz_content", &content),
    ]
    .into_iter()
    .map(|(key, value)| (key.to_owned(), value.to_owned()))
    .collect();
    let signature = rsa::sign(&merchant.secret("alipay.private.pem"), &text(&parameters));
    parameters.insert("sign".to_owned(), signature);
    let encode = |text| utf8_percent_encode(text, NON_ALPHANUMERIC).to_string();
    let pairs: Vec<_> = parameters.iter().map(|(key, value)| format!("{key}={}", encode(value))).collect();
    pairs.join("&")
}

/// The answer's object, and whether its signature is of its very bytes.
async fn ask(merchant: &Merchant, method: &str, content: &Value) -> (Value, bool) {
    let form = signed(merchant, method, content);
    let answer = merchant.client.post(format!("{}/alipay/gateway.do", merchant.base)).body(form);
    let answer = answer.header("content-type", "application/x-www-form-urlencoded").send().await.unwrap();
    let answer = answer.text().await.unwrap();
    let name = format!("{{\"{}_response\":", method.replace('.', "_"));
    let (object, signature) = answer.strip_prefix(&name).unwrap().split_once(",\"sign\":\"").unwrap();
    let holds = rsa::holds(&merchant.secret("alipay.provider.pem"), object, signature.trim_end_matches("\"}"));
    (serde_json::from_str(object).unwrap(), holds)
}

fn notice(merchant: &Merchant, came: &Came) -> (Parameters, bool) {
    let form = str::from_utf8(&came.body).unwrap();
    let decode = |text: &str| percent_decode_str(text).decode_utf8().unwrap().into_owned();
    let pairs = form.split('&').map(|pair| pair.split_once('=').unwrap());
    let mut parameters: Parameters = pairs.map(|(key, value)| (decode(key), decode(value))).collect();
    let signature = parameters.remove("sign").unwrap();
    let whole = parameters.clone();
    parameters.remove("sign_type");
    parameters.retain(|_, value| !value.is_empty());
    (whole, rsa::holds(&merchant.secret("alipay.provider.pem"), &text(&parameters), &signature))
}

#[tokio::test]
async fn a_trade_is_paid_by_code_told_and_given_back_in_parts() {
    let merchant = Merchant::new().await;
    let trade = json!({"out_trade_no": "T1", "total_amount": "88.88", "subject": "茶 100% & more"});
    let (opened, holds) = ask(&merchant, "alipay.trade.precreate", &trade).await;
    assert!(holds && opened["code"] == "10000" && opened["qr_code"].is_string(), "{opened}");
    let one = json!({"out_trade_no": "T1"});
    assert_eq!(ask(&merchant, "alipay.trade.query", &one).await.0["trade_status"], "WAIT_BUYER_PAY");
    let none = ask(&merchant, "alipay.trade.query", &json!({"out_trade_no": "none"})).await.0;
    assert_eq!((&none["code"], &none["sub_code"]), (&json!("40004"), &json!("ACQ.TRADE_NOT_EXIST")));

    // Alipay wants `success`, and this merchant says `ok`: the notice comes again, the same.
    merchant.desk("POST", "/sim/charges/alipay/T1/pay", nothing()).await;
    let came = merchant.inbox.wait_for(2).await;
    let ((first, holds), (second, _)) = (notice(&merchant, &came[0]), notice(&merchant, &came[1]));
    assert!(holds);
    assert_eq!(first, second);
    let expected = ("T1", "88.88", "TRADE_SUCCESS", "2088000000000001", "茶 100% & more");
    let got = (
        &first["out_trade_no"],
        &first["total_amount"],
        &first["trade_status"],
        &first["seller_id"],
        &first["subject"],
    );
    assert_eq!((got.0.as_str(), got.1.as_str(), got.2.as_str(), got.3.as_str(), got.4.as_str()), expected);

    assert_eq!(ask(&merchant, "alipay.trade.precreate", &trade).await.0["sub_code"], "ACQ.TRADE_HAS_SUCCESS");
    assert_eq!(ask(&merchant, "alipay.trade.close", &one).await.0["sub_code"], "ACQ.TRADE_STATUS_ERROR");
    let part = json!({"out_trade_no": "T1", "refund_amount": "80.00", "out_request_no": "R1"});
    for change in ["Y", "N"] {
        let refund = ask(&merchant, "alipay.trade.refund", &part).await.0;
        assert_eq!((&refund["fund_change"], &refund["refund_fee"]), (&json!(change), &json!("80.00")));
    }
    let much = json!({"out_trade_no": "T1", "refund_amount": "8.89", "out_request_no": "R2"});
    let refused = ask(&merchant, "alipay.trade.refund", &much).await.0;
    assert_eq!(refused["sub_code"], "ACQ.REFUND_AMT_NOT_EQUAL_TOTAL");
    let rest = json!({"out_trade_no": "T1", "refund_amount": "8.88", "out_request_no": "R2"});
    ask(&merchant, "alipay.trade.refund", &rest).await;
    let now = ask(&merchant, "alipay.trade.query", &one).await.0;
    assert!(now["trade_status"] == "TRADE_CLOSED" && now["send_pay_date"].is_string(), "{now}");
    let asked = json!({"out_trade_no": "T1", "out_request_no": "R1"});
    assert_eq!(ask(&merchant, "alipay.trade.fastpay.refund.query", &asked).await.0["refund_status"], "REFUND_SUCCESS");
    assert_eq!(merchant.ledger().len(), 3);
    merchant.running.stop().await;
}

#[tokio::test]
async fn the_page_is_opened_with_the_signed_address_only() {
    let merchant = Merchant::new().await;
    let trade = json!({"out_trade_no": "P1", "total_amount": "1.50", "subject": "tea"});
    let query = signed(&merchant, "alipay.trade.page.pay", &trade);
    let get = async |query: &str| {
        let answer = merchant.client.get(format!("{}/alipay/gateway.do?{query}", merchant.base)).send().await.unwrap();
        answer.text().await.unwrap()
    };
    assert!(get(&query.replace("1%2E50", "0%2E01")).await.contains("isv.invalid-signature"));
    assert!(get(&query).await.contains("1.50 CNY"));
    merchant.mischief(json!([{"on": "query", "do": "bad_signature"}])).await;
    assert!(!ask(&merchant, "alipay.trade.query", &json!({"out_trade_no": "P1"})).await.1);
    merchant.running.stop().await;
}
