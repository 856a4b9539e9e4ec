//! WeChat Pay's flows.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ring::aead::{AES_256_GCM, Aad, LessSafeKey, Nonce, UnboundKey};
use serde_json::{Value, json};

use crate::merchant::{Came, Merchant, nothing, seconds, start};
use crate::rsa;

async fn ask(merchant: &Merchant, method: &str, path: &str, body: &Value) -> (u16, Value) {
    let (status, came) = answered(merchant, method, path, body).await;
    assert!(is_signed(merchant, &came), "{path}");
    (status, serde_json::from_slice(&came.body).unwrap_or_default())
}

/// The answer, whoever signed it.
async fn answered(merchant: &Merchant, method: &str, path: &str, body: &Value) -> (u16, Came) {
    let settings: Value = serde_json::from_str(&merchant.secret("wechat_pay.json")).unwrap();
    let (target, timestamp) = (format!("/wechat{path}"), seconds());
    let body = if body.is_null() { String::new() } else { body.to_string() };
    let text = format!("{method}\n{target}\n{timestamp}\nnonce\n{body}\n");
    let authorization = format!(
        "WECHATPAY2-SHA256-RSA2048 mchid=\"1900000001\",nonce_str=\"nonce\",signature=\"{}\",timestamp=\"{timestamp}\",\
         serial_no=\"{}\"",
        rsa::sign(&merchant.secret("wechat_pay.private.pem"), &text),
        settings["merchant_serial"].as_str().unwrap()
    );
    let request = merchant.client.request(method.parse().unwrap(), format!("{}{target}", merchant.base));
    let answer = request.header("authorization", authorization).body(body).send().await.unwrap();
    let (status, headers) = (answer.status().as_u16(), answer.headers().clone());
    (status, Came { headers, body: answer.bytes().await.unwrap() })
}

fn is_signed(merchant: &Merchant, came: &Came) -> bool {
    let body = str::from_utf8(&came.body).unwrap();
    let text = format!("{}\n{}\n{body}\n", came.header("wechatpay-timestamp"), came.header("wechatpay-nonce"));
    assert!(came.header("wechatpay-serial").starts_with("PUB_KEY_ID_"));
    rsa::holds(&merchant.secret("wechat_pay.provider.pem"), &text, came.header("wechatpay-signature"))
}

/// The name of a notice's event, and what was sealed in it.
fn notice(merchant: &Merchant, came: &Came) -> (String, Value) {
    let body = came.json();
    let plain = opened(merchant, &body["resource"]);
    (body["event_type"].as_str().unwrap().to_owned(), serde_json::from_slice(&plain).unwrap())
}

fn opened(merchant: &Merchant, resource: &Value) -> Vec<u8> {
    let member = |name: &str| resource[name].as_str().unwrap();
    let key = UnboundKey::new(&AES_256_GCM, merchant.secret("wechat_pay.api_v3_key").as_bytes()).unwrap();
    let nonce = Nonce::try_assume_unique_for_key(member("nonce").as_bytes()).unwrap();
    let mut sealed = STANDARD.decode(member("ciphertext")).unwrap();
    LessSafeKey::new(key).open_in_place(nonce, Aad::from(member("associated_data")), &mut sealed).unwrap().to_vec()
}

fn native(merchant: &Merchant, number: &str) -> Value {
    json!({"appid": "wx0000000000000001", "mchid": "1900000001", "description": "茶", "out_trade_no": number,
        "notify_url": merchant.notify_url, "amount": {"total": 500, "currency": "CNY"}})
}

fn refund(merchant: &Merchant, number: &str, amount: i64) -> Value {
    json!({"out_trade_no": "T00001", "out_refund_no": number, "notify_url": merchant.notify_url,
        "amount": {"refund": amount, "total": 500, "currency": "CNY"}})
}

#[tokio::test]
async fn a_transaction_is_paid_told_and_refunded() {
    let merchant = Merchant::new().await;
    let (status, opened) = ask(&merchant, "POST", "/v3/pay/transactions/native", &native(&merchant, "T00001")).await;
    assert!(status == 200 && opened["code_url"].as_str().unwrap().starts_with("weixin://wxpay/bizpayurl?pr="));
    let path = |number| format!("/v3/pay/transactions/out-trade-no/{number}?mchid=1900000001");
    let none = ask(&merchant, "GET", &path("none"), &nothing()).await;
    assert_eq!((none.0, none.1["code"].as_str()), (404, Some("ORDER_NOT_EXIST")));
    merchant.desk("POST", "/sim/charges/wechat_pay/T00001/pay", nothing()).await;
    let came = merchant.inbox.wait_for(1).await;
    assert!(is_signed(&merchant, &came[0]));
    let (name, paid) = notice(&merchant, &came[0]);
    assert_eq!((name.as_str(), paid["trade_state"].as_str()), ("TRANSACTION.SUCCESS", Some("SUCCESS")));
    assert_eq!(ask(&merchant, "GET", &path("T00001"), &nothing()).await.1, paid);
    let close = "/v3/pay/transactions/out-trade-no/T00001/close";
    let late = ask(&merchant, "POST", close, &json!({"mchid": "1900000001"})).await;
    assert_eq!((late.0, late.1["code"].as_str()), (400, Some("ORDERPAID")));

    let refunds = "/v3/refund/domestic/refunds";
    let taken = ask(&merchant, "POST", refunds, &refund(&merchant, "R1", 200)).await.1;
    assert_eq!(taken["status"], "PROCESSING");
    let (name, done) = notice(&merchant, &merchant.inbox.wait_for(2).await[1]);
    assert_eq!((name.as_str(), done["refund_status"].as_str()), ("REFUND.SUCCESS", Some("SUCCESS")));
    assert_eq!(ask(&merchant, "GET", &format!("{refunds}/R1"), &nothing()).await.1["status"], "SUCCESS");
    let much = ask(&merchant, "POST", refunds, &refund(&merchant, "R2", 301)).await;
    assert_eq!((much.0, much.1["code"].as_str()), (400, Some("INVALID_REQUEST")));

    merchant.desk("PUT", "/sim/settings", json!({"wechat_refunds_a_minute_apart": true})).await;
    let soon = ask(&merchant, "POST", refunds, &refund(&merchant, "R3", 1)).await;
    assert_eq!((soon.0, soon.1["code"].as_str()), (429, Some("FREQUENCY_LIMITED")));
    merchant.desk("PUT", "/sim/settings", json!({"wechat_refunds_a_minute_apart": false})).await;
    merchant.mischief(json!([{"on": "refund", "do": {"fail_later": {"code": "ABNORMAL"}}}])).await;
    ask(&merchant, "POST", refunds, &refund(&merchant, "R4", 1)).await;
    assert_eq!(notice(&merchant, &merchant.inbox.wait_for(3).await[2]).0, "REFUND.ABNORMAL");
    assert_eq!(merchant.ledger().len(), 2);
    merchant.running.stop().await;
}

#[tokio::test]
async fn what_is_closed_is_not_paid_and_a_stranger_is_told_apart() {
    let merchant = Merchant::new().await;
    ask(&merchant, "POST", "/v3/pay/transactions/native", &native(&merchant, "C00001")).await;
    let close = "/v3/pay/transactions/out-trade-no/C00001/close";
    assert_eq!(ask(&merchant, "POST", close, &json!({"mchid": "1900000001"})).await.0, 204);
    let again = ask(&merchant, "POST", "/v3/pay/transactions/native", &native(&merchant, "C00001")).await.1;
    assert_eq!(again["code"], "ORDER_CLOSED");
    let paid = merchant.desk("POST", "/sim/charges/wechat_pay/C00001/pay", nothing()).await;
    assert_eq!(paid["error"]["code"], "charge_closed");

    merchant
        .mischief(json!([
            {"on": "callback", "out_trade_no": "S00001", "do": "wrong_app"},
            {"on": "callback", "out_trade_no": "S00001", "do": "wrong_seller"},
            {"on": "callback", "out_trade_no": "S00002", "do": "wrong_signature"},
            {"on": "callback", "out_trade_no": "S00003", "do": "stale"},
        ]))
        .await;
    for number in ["S00001", "S00002", "S00003"] {
        ask(&merchant, "POST", "/v3/pay/transactions/native", &native(&merchant, number)).await;
        merchant.desk("POST", &format!("/sim/charges/wechat_pay/{number}/pay"), nothing()).await;
    }
    let came = merchant.inbox.wait_for(3).await;
    let of = |number: &str| came.iter().find(|it| notice(&merchant, it).1["out_trade_no"] == number).unwrap();
    let (stranger, spoiled) = (of("S00001"), of("S00002"));
    assert!(is_signed(&merchant, stranger) && !is_signed(&merchant, spoiled));
    let old = of("S00003");
    assert!(is_signed(&merchant, old) && old.header("wechatpay-timestamp").parse::<u64>().unwrap() + 3_000 < seconds());
    assert_eq!(notice(&merchant, stranger).1["appid"], "wx0000000000000099");
    assert_eq!(notice(&merchant, stranger).1["mchid"], "1900000099");
    merchant.running.stop().await;
}

#[tokio::test]
async fn certificates_take_the_place_of_each_other_and_are_listed_sealed() {
    let mut merchant = Merchant::new().await;
    let none = ask(&merchant, "GET", "/v3/certificates", &nothing()).await;
    assert_eq!((none.0, none.1["code"].as_str()), (404, Some("RESOURCE_NOT_EXISTS")));
    let mut made = Vec::new();
    for count in [1, 2, 2] {
        made.insert(0, merchant.desk("POST", "/sim/wechat_pay/certificate", nothing()).await);
        let (status, came) = answered(&merchant, "GET", "/v3/certificates", &nothing()).await;
        let list = came.json()["data"].as_array().unwrap().clone();
        assert_eq!((status, came.header("wechatpay-serial")), (200, made[0]["serial"].as_str().unwrap()));
        assert_eq!(list.len(), count, "the one that signs and the one before it");
        for (listed, made) in list.iter().zip(&made) {
            let plain = opened(&merchant, &listed["encrypt_certificate"]);
            assert_eq!(listed["serial_no"], made["serial"]);
            assert_eq!(str::from_utf8(&plain).unwrap(), made["certificate"].as_str().unwrap());
        }
    }
    // A later life signs with it too.
    merchant.running.stop().await;
    merchant.running = start(merchant.folder.path()).await;
    merchant.base = format!("http://{}", merchant.running.address);
    let (_, came) = answered(&merchant, "GET", "/v3/certificates", &nothing()).await;
    assert_eq!(came.header("wechatpay-serial"), made[0]["serial"].as_str().unwrap());
    merchant.running.stop().await;
}
