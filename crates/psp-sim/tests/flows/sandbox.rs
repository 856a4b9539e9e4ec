//! The sandbox's flows.

use http::StatusCode;
use serde_json::{Value, json};

use crate::merchant::{Came, Merchant, hmac_hex, nothing, seconds, start};

pub struct Answer {
    pub status: u16,
    pub body: Value,
    pub text: String,
    pub is_signed: bool,
}

pub async fn ask(merchant: &Merchant, method: &str, path: &str, body: &Value) -> Result<Answer, reqwest::Error> {
    let (secret, timestamp, target) = (merchant.secret("sandbox.secret"), seconds(), format!("/sandbox{path}"));
    let body = if body.is_null() { String::new() } else { body.to_string() };
    let signature = hmac_hex(&secret, &format!("{method} {target}\n{timestamp}\n{body}"));
    let request = merchant.client.request(method.parse().unwrap(), format!("{}{target}", merchant.base));
    let request = request.header("x-sandbox-account", "sandbox-1").header("x-sandbox-timestamp", timestamp);
    let answer = request.header("x-sandbox-signature", signature).body(body).send().await?;
    let status = answer.status().as_u16();
    let header = |name: &str| answer.headers()[name].to_str().unwrap().to_owned();
    let (at, signed) = (header("x-sandbox-timestamp"), header("x-sandbox-signature"));
    let text = answer.text().await?;
    let is_signed = signed == hmac_hex(&secret, &format!("{status} {method} {target}\n{at}\n{text}"));
    Ok(Answer { status, body: serde_json::from_str(&text).unwrap_or_default(), text, is_signed })
}

pub fn charge(merchant: &Merchant, number: &str, amount: i64) -> Value {
    json!({"out_trade_no": number, "amount": amount, "currency": "CNY", "subject": "tea, green", "method": "page",
        "notify_url": merchant.notify_url, "return_url": "https://shop.example/back", "expires_at": null})
}

fn refund(merchant: &Merchant, number: &str, trade: &str, amount: i64) -> Value {
    json!({"out_refund_no": number, "out_trade_no": trade, "amount": amount, "currency": "CNY", "reason": "late",
        "notify_url": merchant.notify_url})
}

fn check(merchant: &Merchant, came: &Came) {
    assert!(is_signed(merchant, came), "{came:?}");
}

pub fn is_signed(merchant: &Merchant, came: &Came) -> bool {
    let text = format!("CALLBACK\n{}\n{}", came.header("x-sandbox-timestamp"), str::from_utf8(&came.body).unwrap());
    came.header("x-sandbox-signature") == hmac_hex(&merchant.secret("sandbox.secret"), &text)
}

#[tokio::test]
async fn a_charge_is_paid_told_refunded_and_on_the_statement() {
    let merchant = Merchant::new().await;
    let opened = ask(&merchant, "POST", "/v1/charges", &charge(&merchant, "T1", 1999)).await.unwrap();
    assert!(opened.is_signed && opened.status == 200, "{}", opened.text);
    assert_eq!(opened.body["status"], "pending");
    let again = ask(&merchant, "POST", "/v1/charges", &charge(&merchant, "T1", 1999)).await.unwrap();
    assert_eq!(again.body["charge_no"], opened.body["charge_no"]);
    let other = ask(&merchant, "POST", "/v1/charges", &charge(&merchant, "T1", 2000)).await.unwrap();
    assert_eq!((other.status, other.body["error"]["code"].as_str()), (409, Some("out_trade_no_used")));

    // The first callback is not taken, and comes again.
    merchant.inbox.refuse_next(StatusCode::INTERNAL_SERVER_ERROR);
    let page = merchant.client.get(opened.body["pay_url"].as_str().unwrap()).send().await.unwrap();
    let page = page.text().await.unwrap();
    assert!(page.contains("19.99 CNY") && page.contains("tea, green") && page.contains("/pay/sandbox/T1/pay"));
    assert!(page.contains("https://shop.example/back"), "who has not paid may go back, too: {page}");
    for (wanted, word) in [
        ("zh-CN,zh;q=0.9,en;q=0.8", "返回商城"),
        ("de, en;q=0.5, zh;q=0.2", "Back to the shop"),
        ("fr", "Back to the shop"),
    ] {
        let asked = merchant.client.get(opened.body["pay_url"].as_str().unwrap()).header("accept-language", wanted);
        let page = asked.send().await.unwrap().text().await.unwrap();
        assert!(page.contains(word), "{wanted}: {page}");
    }
    let pressed = merchant.client.post(format!("{}/pay/sandbox/T1/pay", merchant.base)).send().await.unwrap();
    assert!(pressed.text().await.unwrap().contains("https://shop.example/back"));
    let came = merchant.inbox.wait_for(2).await;
    for came in &came {
        check(&merchant, came);
    }
    assert_eq!(came[0].body, came[1].body);
    assert_eq!(came[0].json()["type"], "charge.succeeded");
    assert_eq!(came[0].json()["charge"]["amount"], 1999);
    let twice = merchant.desk("POST", "/sim/charges/sandbox/T1/pay", nothing()).await;
    assert_eq!(twice["error"]["code"], "charge_succeeded");
    let late = ask(&merchant, "POST", "/v1/charges/T1/close", &nothing()).await.unwrap();
    assert_eq!(late.body["status"], "succeeded");

    let body = refund(&merchant, "R1", "T1", 1000);
    let first = ask(&merchant, "POST", "/v1/refunds", &body).await.unwrap();
    assert_eq!(ask(&merchant, "POST", "/v1/refunds", &body).await.unwrap().body, first.body);
    assert_eq!(first.body["status"], "succeeded");
    let much = ask(&merchant, "POST", "/v1/refunds", &refund(&merchant, "R2", "T1", 1000)).await.unwrap();
    assert_eq!((much.status, much.body["error"]["code"].as_str()), (409, Some("refund_exceeds_charge")));
    ask(&merchant, "POST", "/v1/refunds", &refund(&merchant, "R2", "T1", 999)).await.unwrap();
    let now = ask(&merchant, "GET", "/v1/charges/T1", &nothing()).await.unwrap();
    assert_eq!((now.body["status"].as_str(), now.body["refunded"].as_i64()), (Some("reversed"), Some(1999)));
    assert_eq!(merchant.inbox.wait_for(4).await[2].json()["type"], "refund.succeeded");

    let ledger = merchant.desk("GET", "/sim/ledger", nothing()).await;
    let sums = json!([{"account": "sandbox-1", "currency": "CNY", "charged": 1999, "refunded": 1999, "left": 0}]);
    assert_eq!(ledger["sums"], sums);
    let day = ledger["movements"][0]["at"].as_str().unwrap()[..10].to_owned();
    let statement = ask(&merchant, "GET", &format!("/v1/statements/{day}"), &nothing()).await.unwrap();
    assert!(statement.is_signed);
    assert!(statement.text.starts_with("kind,out_trade_no,out_refund_no,channel_no,amount,currency,status,at\n"));
    assert_eq!(statement.text.lines().count(), 4);
    assert_eq!(merchant.ledger().len(), 3);
    merchant.running.stop().await;
}

#[tokio::test]
async fn faults_are_done_as_they_are_asked_for() {
    let merchant = Merchant::new().await;
    merchant
        .mischief(json!([
            {"on": "charge", "out_trade_no": "A", "times": 1, "do": "drop_after"},
            {"on": "charge", "out_trade_no": "B", "times": 1, "do": "drop_before"},
            {"on": "query", "out_trade_no": "A", "times": 1, "do": "bad_signature"},
            {"on": "query", "out_trade_no": "A", "times": 1, "do": {"oversized": {"bytes": 2_000_000}}},
            {"on": "query", "out_trade_no": "A", "times": 1, "do": "error_before"},
            {"on": "close", "do": {"refuse": {"code": "no"}}},
            {"on": "callback", "out_trade_no": "A", "do": {"repeat": {"times": 2}}},
            {"on": "callback", "out_trade_no": "C", "do": "before_answer"},
            {"on": "callback", "out_trade_no": "D", "do": "wrong_amount"},
            {"on": "callback", "out_trade_no": "D", "do": "failed_after_succeeded"},
        ]))
        .await;
    for number in ["A", "B"] {
        assert!(ask(&merchant, "POST", "/v1/charges", &charge(&merchant, number, 5)).await.is_err());
    }
    let query = async |number: &str| ask(&merchant, "GET", &format!("/v1/charges/{number}"), &nothing()).await.unwrap();
    assert_eq!(query("B").await.status, 404, "dropped before: nothing was done");
    let spoiled = query("A").await;
    assert!(spoiled.status == 200 && !spoiled.is_signed);
    let large = query("A").await;
    assert!(large.is_signed && large.text.len() > 2_000_000 && large.body["status"] == "pending");
    assert_eq!(query("A").await.status, 500);
    assert_eq!(ask(&merchant, "POST", "/v1/charges/A/close", &nothing()).await.unwrap().body["error"]["code"], "no");

    merchant.desk("POST", "/sim/charges/sandbox/A/pay", nothing()).await;
    let came = merchant.inbox.wait_for(3).await;
    assert!(came.iter().all(|it| it.body == came[0].body), "the same event each time");

    let opened = ask(&merchant, "POST", "/v1/charges", &charge(&merchant, "C", 5)).await.unwrap();
    let came = merchant.inbox.all();
    assert_eq!(came.len(), 4, "the callback is here before the answer");
    assert_eq!(
        (came[3].json()["type"].as_str(), opened.body["status"].as_str()),
        (Some("charge.succeeded"), Some("pending"))
    );

    ask(&merchant, "POST", "/v1/charges", &charge(&merchant, "D", 5)).await.unwrap();
    merchant.desk("POST", "/sim/charges/sandbox/D/pay", nothing()).await;
    let came = merchant.inbox.wait_for(6).await;
    assert_eq!(
        (came[4].json()["type"].as_str(), came[4].json()["charge"]["amount"].as_i64()),
        (Some("charge.succeeded"), Some(6))
    );
    assert_eq!(came[5].json()["type"], "charge.failed");
    for came in &came {
        check(&merchant, came);
    }

    let rules = merchant.desk("GET", "/sim/mischief", nothing()).await;
    let hits: Vec<_> = rules["rules"].as_array().unwrap().iter().map(|rule| rule["hits"].as_u64().unwrap()).collect();
    assert_eq!(hits, [1, 1, 1, 1, 1, 1, 1, 1, 1, 1]);
    let amounts: Vec<_> = merchant.ledger().into_iter().map(|(_, _, amount)| amount).collect();
    assert_eq!(amounts, [5, 5, 5], "the book has the truth");
    merchant.running.stop().await;
}

#[tokio::test]
async fn what_is_signed_wrong_is_refused_and_what_waits_survives_a_restart() {
    let merchant = Merchant::new().await;
    let bare = merchant.client.get(format!("{}/sandbox/v1/charges/T", merchant.base)).send().await.unwrap();
    assert_eq!(bare.status(), 401);
    let rule = json!([{"on": "callback", "do": {"delay": {"ms": 300}}}]);
    merchant.mischief(rule).await;
    ask(&merchant, "POST", "/v1/charges", &charge(&merchant, "T", 5)).await.unwrap();
    merchant.desk("POST", "/sim/charges/sandbox/T/pay", nothing()).await;
    merchant.running.stop().await;
    assert_eq!(merchant.inbox.all().len(), 0);
    let second = start(merchant.folder.path()).await;
    assert_eq!(merchant.inbox.wait_for(1).await[0].json()["type"], "charge.succeeded");
    second.stop().await;
}
