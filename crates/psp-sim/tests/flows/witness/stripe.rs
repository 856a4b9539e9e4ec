//! Stripe: the stripe package.

use serde_json::{Value, json};

use super::ask::{ask, settings};
use crate::merchant::{Came, Merchant, nothing};

async fn answers(merchant: &Merchant, calls: Value, events: Value) -> Value {
    let settings = settings(merchant, "stripe");
    let question = json!({
        "gateway": settings["gateway"],
        "secret_key": settings["secret_key"],
        "webhook_secret": settings["webhook_secrets"][0],
        "calls": calls,
        "events": events,
    });
    ask("stripe_merchant.py", question).await
}

fn event(came: &Came) -> Value {
    json!({"body": str::from_utf8(&came.body).unwrap(), "signature": came.header("stripe-signature")})
}

fn create(amount: i64, key: &str) -> Value {
    json!(["create", {"amount": amount, "currency": "usd", "metadata": {"out_trade_no": "T1"}, "idempotency_key": key}])
}

#[tokio::test]
async fn intents_and_refunds_through_the_package() {
    let merchant = Merchant::new().await;
    merchant.desk("PUT", "/sim/settings", json!({"stripe_webhook_url": merchant.notify_url})).await;
    let opening = json!([create(1999, "k1"), create(1999, "k1"), create(5, "k1"), ["retrieve", {"id": "pi_none"}]]);
    let opened = answers(&merchant, opening, json!([])).await["answers"].take();
    let id = opened[0]["id"].clone();
    let intent =
        |replayed: bool| json!({"id": id, "status": "requires_payment_method", "amount": 1999, "replayed": replayed});
    assert_eq!((&opened[0], &opened[1]), (&intent(false), &intent(true)));
    assert_eq!((&opened[2]["error"], &opened[2]["status"]), (&json!("IdempotencyError"), &json!(400)), "{opened}");
    assert_eq!((&opened[3]["code"], &opened[3]["status"]), (&json!("resource_missing"), &json!(404)));

    merchant.desk("POST", "/sim/charges/stripe/T1/pay", nothing()).await;
    let refund = |amount: i64, key: &str| {
        let metadata = json!({"out_refund_no": "R1"});
        json!(["refund", {"payment_intent": id, "amount": amount, "metadata": metadata, "idempotency_key": key}])
    };
    let refunding = json!([
        ["retrieve", {"id": id}],
        ["cancel", {"id": id}],
        refund(500, "r1"),
        refund(500, "r1"),
        refund(1500, "r2"),
    ]);
    let refunded = answers(&merchant, refunding, json!([])).await["answers"].take();
    assert_eq!(refunded[0]["status"], "succeeded", "{refunded}");
    assert_eq!(refunded[1]["code"], "payment_intent_unexpected_state", "{refunded}");
    assert_eq!((&refunded[2]["status"], &refunded[2]["replayed"]), (&json!("succeeded"), &json!(false)), "{refunded}");
    assert_eq!((&refunded[3]["id"], &refunded[3]["replayed"]), (&refunded[2]["id"], &json!(true)));
    assert_eq!(refunded[4]["error"], "InvalidRequestError", "{refunded}");
    assert_eq!(merchant.ledger(), [("charge".into(), None, 1999), ("refund".into(), Some("R1".into()), 500)]);
    merchant.running.stop().await;
}

#[tokio::test]
async fn events_are_verified_and_no_byte_may_be_another() {
    let merchant = Merchant::new().await;
    merchant.desk("PUT", "/sim/settings", json!({"stripe_webhook_url": merchant.notify_url})).await;
    let opened = answers(&merchant, json!([create(1999, "k1")]), json!([])).await["answers"].take();
    merchant.desk("POST", "/sim/charges/stripe/T1/pay", nothing()).await;
    let came = merchant.inbox.wait_for(1).await;
    let whole = event(&came[0]);
    let spoil = |member: &str, from: &str, to: &str| {
        let text = whole[member].as_str().unwrap();
        assert!(text.contains(from), "{text}");
        let mut spoiled = whole.clone();
        spoiled[member] = json!(text.replacen(from, to, 1));
        spoiled
    };
    let signature = came[0].header("stripe-signature");
    let other = if signature.ends_with('0') { "1" } else { "0" };
    let spoiled = [
        spoil("body", "1999", "1998"),
        spoil("signature", "t=1", "t=2"),
        spoil("signature", signature, &format!("{}{other}", &signature[..signature.len() - 1])),
        spoil("signature", "v1=", "v0="),
    ];
    let events: Vec<_> = [whole].into_iter().chain(spoiled).collect();
    let read = answers(&merchant, json!([]), json!(events)).await["events"].take();
    let expected =
        json!({"type": "payment_intent.succeeded", "object": opened[0]["id"], "metadata": {"out_trade_no": "T1"}});
    let no = "not verified";
    assert_eq!(read, json!([expected, no, no, no, no]));
    merchant.running.stop().await;
}
