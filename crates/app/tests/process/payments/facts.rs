//! Owns what a provider said of a payment, as operators are told it: by answer, question and callback, in its own words.

use serde_json::{Value, json};

use crate::harness::{Database, Till, on_every_database, rule, until};

on_every_database!(what_a_provider_said_is_told_in_its_words);

async fn what_a_provider_said_is_told_in_its_words(database: Database) {
    let till = Till::open(database, &["sandbox"]).await;
    let order_no = till.order("said").await;
    let (payment, attempt) = till.open_payment(&order_no, "pay", "sandbox").await;
    till.provider.pay("sandbox", &attempt).await;
    till.order_is(&order_no, "paid", "paid").await;
    let refund = till.refund(&payment, "refund", Some(500)).await.expect(201).text("/refund_id");
    until("all of it is told", async || ways(&said(&till, &payment).await, &refund).len() >= 2).await;
    let facts = said(&till, &payment).await;
    assert_eq!(ways(&facts, &attempt), ["answer pending", "callback succeeded"], "{facts:?}");
    for fact in &facts {
        let raw: Value = serde_json::from_str(fact["raw"].as_str().expect("words")).expect("JSON");
        let shown = raw.to_string();
        assert!(shown.contains(fact["reference"].as_str().expect("a number")), "{fact}");
        assert!(!shown.contains(&till.provider.secret("sandbox.secret")), "{fact}");
    }
    // Its answer is lost and its callback too: only asking tells.
    till.provider.set(json!({"auto_pay_ms": 0})).await;
    till.provider.fails(json!([rule("charge", "drop_after"), rule("callback", "none")])).await;
    let order_no = till.order("silent").await;
    let payment = till.start(&order_no, "pay-2", "sandbox").await.expect(201);
    till.order_is(&order_no, "paid", "paid").await;
    let facts = said(&till, &payment.text("/payment_id")).await;
    assert_eq!(ways(&facts, &payment.text("/attempts/0/attempt_id")), ["query succeeded"], "{facts:?}");
    till.close().await;
}

async fn said(till: &Till, payment: &str) -> Vec<Value> {
    let answer = till.admin().get(&format!("/api/v1/payments/{payment}/facts")).await.expect(200);
    answer.json().as_array().expect("rows").clone()
}

/// How it came, and what it said, of what has this number.
fn ways(facts: &[Value], reference: &str) -> Vec<String> {
    let of = facts.iter().filter(|fact| fact["reference"] == reference);
    let text = |fact: &Value, name: &str| fact[name].as_str().unwrap_or_default().to_owned();
    of.map(|fact| format!("{} {}", text(fact, "source"), text(fact, "verdict"))).collect()
}
