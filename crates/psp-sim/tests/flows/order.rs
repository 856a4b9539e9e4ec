//! In which order, and how often at once, callbacks come when a rule wants it so.

use std::time::Duration;

use serde_json::{Value, json};

use crate::merchant::{Merchant, nothing, start};

/// Opens and pays intents one after the other; the names of what came, in the order it came.
async fn paid(merchant: &Merchant, rules: Value, numbers: &[&str], callbacks: usize) -> Vec<(String, String)> {
    merchant.desk("PUT", "/sim/settings", json!({"stripe_webhook_url": merchant.notify_url})).await;
    merchant.mischief(rules).await;
    for number in numbers {
        open(merchant, number).await.unwrap();
        merchant.desk("POST", &format!("/sim/charges/stripe/{number}/pay"), nothing()).await;
    }
    let came = merchant.inbox.wait_for(callbacks).await;
    let named = came.iter().map(|it| {
        let event = it.json();
        let number = event["data"]["object"]["metadata"]["out_trade_no"].as_str().unwrap().to_owned();
        (number, event["id"].as_str().unwrap().to_owned())
    });
    named.collect()
}

async fn open(merchant: &Merchant, number: &str) -> Result<reqwest::Response, reqwest::Error> {
    let request = merchant.client.post(format!("{}/stripe/v1/payment_intents", merchant.base));
    let request = request.bearer_auth(merchant.secret("stripe.secret_key")).timeout(Duration::from_millis(1_500));
    request.body(format!("amount=5&currency=usd&metadata[out_trade_no]={number}")).send().await
}

#[tokio::test]
async fn one_is_overtaken_by_the_next() {
    let merchant = Merchant::new().await;
    let rules = json!([{"on": "callback", "out_trade_no": "A", "do": "reorder"}]);
    let came = paid(&merchant, rules, &["A", "B"], 2).await;
    assert_eq!([&came[0].0, &came[1].0], ["B", "A"]);
    merchant.running.stop().await;
}

#[tokio::test]
async fn one_event_comes_several_times_at_once_and_another_never() {
    let merchant = Merchant::new().await;
    let rules = json!([
        {"on": "callback", "out_trade_no": "A", "do": "none"},
        {"on": "callback", "out_trade_no": "B", "do": {"parallel": {"times": 5}}},
    ]);
    let came = paid(&merchant, rules, &["A", "B"], 5).await;
    assert!(came.iter().all(|it| *it == came[0] && it.0 == "B"), "{came:?}");
    assert_eq!(merchant.ledger().len(), 2);
    merchant.running.stop().await;
}

#[tokio::test]
async fn what_hangs_never_answers_and_what_is_slow_does() {
    let merchant = Merchant::new().await;
    let rule = |number: &str, what: Value| json!({"on": "charge", "out_trade_no": number, "do": what});
    let rules =
        [rule("A", json!("hang_after")), rule("B", json!("hang_before")), rule("C", json!({"slow": {"ms": 200}}))];
    merchant.mischief(json!(rules)).await;
    let (first, second, third) = tokio::join!(open(&merchant, "A"), open(&merchant, "B"), open(&merchant, "C"));
    assert!(first.unwrap_err().is_timeout() && second.unwrap_err().is_timeout());
    assert_eq!(third.unwrap().status(), 200);
    let charges = merchant.desk("GET", "/sim/charges?kind=stripe", nothing()).await;
    let mut numbers: Vec<_> =
        charges["charges"].as_array().unwrap().iter().map(|it| it["out_trade_no"].to_string()).collect();
    numbers.sort();
    assert_eq!(numbers, ["\"A\"", "\"C\""], "what hangs before was not done");
    merchant.running.stop().await;
}

#[tokio::test]
async fn a_refund_that_is_to_fail_fails_behind_a_restart_too() {
    let merchant = Merchant::new().await;
    paid(&merchant, json!([{"on": "refund", "do": {"fail_later": {"code": "declined"}}}]), &["A"], 1).await;
    merchant.desk("PUT", "/sim/settings", json!({"refund_ms": {"stripe": 600_000}})).await;
    let charges = merchant.desk("GET", "/sim/charges?out_trade_no=A", nothing()).await;
    let request = merchant.client.post(format!("{}/stripe/v1/refunds", merchant.base));
    let request = request.bearer_auth(merchant.secret("stripe.secret_key"));
    let form = format!("payment_intent={}&amount=5", charges["charges"][0]["charge_no"].as_str().unwrap());
    assert_eq!(request.body(form).send().await.unwrap().status(), 200);
    merchant.inbox.wait_for(2).await;
    merchant.running.stop().await;
    let second = start(merchant.folder.path()).await;
    let came = merchant.inbox.wait_for(4).await;
    let mut names: Vec<_> = came[2..].iter().map(|it| it.json()["type"].to_string()).collect();
    names.sort();
    assert_eq!(names, ["\"refund.failed\"", "\"refund.updated\""]);
    second.stop().await;
    let text = std::fs::read_to_string(merchant.folder.path().join("ledger.jsonl")).unwrap();
    assert_eq!(text.lines().count(), 1, "no money moved back");
}
