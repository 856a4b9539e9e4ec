//! Owns payments and refunds over HTTP: what is refused, what is answered the same again, and the door for callbacks.

use domain::access::Role;
use hmac::{Hmac, KeyInit as _, Mac as _};
use http::Method;
use serde_json::{Value, json};
use sha2::Sha256;

use crate::harness::{Answer, CHANNEL, CHANNEL_SECRET, Call, Client, Shop, order_of};

/// An order of 1999 that waits for payment, and where its payments are begun.
async fn owing() -> (Shop, String) {
    let shop = Shop::open().await;
    shop.product("A", 1_999, 9).await;
    let order_no = shop.admin.place("place", &order_of(&[("A", 1)])).await.expect(201).order_no();
    (shop, format!("/api/v1/orders/{order_no}/payments"))
}

/// A payment of it, and its attempt.
pub(crate) async fn begun() -> (Shop, String, String) {
    let (shop, path) = owing().await;
    let payment = pay(&shop.admin, &path, "pay").send().await.expect(201);
    (shop, payment.str("/payment_id"), payment.str("/attempts/0/attempt_id"))
}

fn pay(client: &Client, path: &str, key: &str) -> Call {
    client.post(path, key).json(&json!({"channel": "sandbox"}))
}

fn money(amount: i64) -> Value {
    json!({"amount": amount, "currency": "CNY"})
}

/// The sandbox's callback for a charge, as it signs it.
fn charge(attempt: &str, amount: i64) -> Value {
    json!({"event_id": "evt_1", "type": "charge.succeeded", "account": "shop", "charge": {
        "charge_no": "ch_1", "out_trade_no": attempt, "status": "succeeded", "amount": amount, "currency": "CNY",
        "refunded": 0, "pay_url": null, "code": null, "paid_at": null,
    }})
}

/// The sandbox's signature of a text.
pub(crate) fn mac(secret: &str, text: &str) -> String {
    let mut mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).expect("any length");
    mac.update(text.as_bytes());
    mac.finalize().into_bytes().iter().fold(String::new(), |hex, byte| hex + &format!("{byte:02x}"))
}

pub(crate) async fn call_back(shop: &Shop, account: &str, secret: &str, body: &Value) -> Answer {
    let (at, body) = ((api::now().0 / 1_000).to_string(), body.to_string());
    let signature = mac(secret, &format!("CALLBACK\n{at}\n{body}"));
    let call = shop.admin.nobody().call(Method::POST, &format!("/notify/{account}")).text(&body);
    call.header("x-sandbox-timestamp", at).header("x-sandbox-signature", signature).send().await
}

#[tokio::test]
async fn a_payment_is_begun_once_and_answered_the_same_again() {
    let (shop, path) = owing().await;
    let first = pay(&shop.admin, &path, "pay").send().await.expect(201);
    let payment = first.str("/payment_id");
    assert_eq!(first.header("location"), Some(format!("/api/v1/payments/{payment}").as_str()));
    assert_eq!(first.header("etag"), Some("\"2\""));
    assert_eq!(first.at("/next_action"), json!({"type": "wait", "url": format!("/api/v1/payments/{payment}")}));
    assert_eq!((first.str("/status").as_str(), first.at("/amount")), ("open", money(1_999)));
    pay(&shop.admin, &path, "pay").send().await.replays(&first);
    let restarted = shop.restart().await;
    pay(&restarted.admin, &path, "pay").send().await.replays(&first);
    // Another wish while this attempt may still be paid goes back to it: a second QR code is a second charge.
    let again = pay(&restarted.admin, &path, "other").send().await;
    let attempts = restarted.admin.get(&format!("/api/v1/payments/{payment}")).await.expect(200).at("/attempts");
    assert_eq!(attempts.as_array().map(Vec::len), Some(1), "{}", again.shown());
    restarted.close().await;
}

#[tokio::test]
async fn a_request_that_was_applied_is_answered_the_same_when_no_channel_is_left() {
    let (shop, path) = owing().await;
    let first = pay(&shop.admin, &path, "pay").send().await.expect(201);
    shop.directory.replace(Vec::new());
    pay(&shop.admin, &path, "pay").send().await.replays(&first);
    for _ in 0..2 {
        let refused = pay(&shop.admin, &path, "other").send().await.problem(503, "channel_unavailable");
        assert_eq!(refused.header("retry-after"), Some("5"));
        assert_eq!(refused.header("idempotency-status"), None);
    }
    let restarted = shop.restart().await;
    // Nothing was stored: what is told now is how the order stands.
    pay(&restarted.admin, &path, "other").send().await.problem(409, "payment_in_progress");
    pay(&restarted.admin, &path, "pay").send().await.replays(&first);
    restarted.close().await;
}

#[tokio::test]
async fn a_repetition_is_told_the_first_answer_and_a_read_how_it_stands() {
    let (shop, path) = owing().await;
    let first = pay(&shop.admin, &path, "pay").send().await.expect(201);
    assert_eq!(first.str("/attempts/0/status"), "created", "the provider has said nothing yet");
    let said = charge(&first.str("/attempts/0/attempt_id"), 1_999);
    call_back(&shop, &CHANNEL.to_string(), CHANNEL_SECRET, &said).await.expect(200);
    pay(&shop.admin, &path, "pay").send().await.replays(&first);
    let now = shop.admin.get(&format!("/api/v1/payments/{}", first.str("/payment_id"))).await.expect(200);
    assert_eq!((now.str("/status").as_str(), now.str("/attempts/0/status").as_str()), ("paid", "succeeded"));
    shop.close().await;
}

#[tokio::test]
async fn a_wish_that_makes_no_sense_is_refused_and_not_stored() {
    let (shop, path) = owing().await;
    let wish = |body: Value| shop.admin.post(&path, "k").json(&body).send();
    shop.admin
        .call(Method::POST, &path)
        .json(&json!({"channel": "sandbox"}))
        .send()
        .await
        .problem(400, "idempotency_key_missing");
    for (body, at) in [
        (json!({"channel": "sandbox", "amount": 1}), "amount"),
        (json!({"channel": "sandbox", "method": "cheque"}), "method"),
        (json!({"channel": "sandbox", "return_url": "javascript:alert(1)"}), "return_url"),
        (json!({"channel": ""}), "channel"),
    ] {
        let refused = wish(body).await;
        assert!(matches!(refused.status, 400 | 422) && refused.text().contains(at), "{at}: {}", refused.shown());
    }
    // The merchant has no account with Stripe: when it has one, the same key must be good for it.
    wish(json!({"channel": "stripe"})).await.problem(503, "channel_unavailable");
    wish(json!({"channel": "sandbox"})).await.expect(201);
    let never = "/api/v1/orders/ord_01JD8Q7V0EFXXR6D2J1Q5Z9K3M/payments";
    pay(&shop.admin, never, "never").send().await.problem(404, "not_found");
    shop.close().await;
}

#[tokio::test]
async fn a_refund_gives_back_what_was_taken_and_not_more() {
    let (shop, payment, attempt) = begun().await;
    let path = format!("/api/v1/payments/{payment}/refunds");
    let refund = |key: &str, body: Value| shop.admin.post(&path, key).json(&body).send();
    refund("early", json!({"reason": "r"})).await.problem(409, "payment_not_captured");
    call_back(&shop, &CHANNEL.to_string(), CHANNEL_SECRET, &charge(&attempt, 1_999)).await.expect(200);
    let body = json!({"reason": "unwanted", "amount": money(1_000)});
    let first = refund("r1", body.clone()).await.expect(201);
    assert_eq!(first.header("location"), Some(format!("/api/v1/refunds/{}", first.str("/refund_id")).as_str()));
    refund("r1", body).await.replays(&first);
    let more =
        refund("r2", json!({"reason": "r", "amount": money(1_000)})).await.problem(409, "refund_exceeds_captured");
    refund("r2", json!({"reason": "r", "amount": money(1_000)})).await.replays(&more);
    for body in [
        json!({"reason": "r", "amount": {"amount": 1, "currency": "USD"}}),
        json!({"reason": "r", "amount": money(0)}),
        json!({"reason": "r", "lines": [{"line": 7, "quantity": 1}]}),
        json!({"amount": money(1)}),
    ] {
        let refused = refund("bad", body.clone()).await;
        assert!((400..=422).contains(&refused.status), "{body}: {}", refused.shown());
    }
    let rest = refund("r3", json!({"reason": "the rest"})).await.expect(201);
    assert_eq!(rest.at("/amount"), money(999), "all that is left");
    let read = shop.admin.get(&format!("/api/v1/refunds/{}", rest.str("/refund_id"))).await.expect(200);
    assert_eq!((read.at("/amount"), read.str("/status").as_str()), (money(999), "created"));
    shop.close().await;
}

#[tokio::test]
async fn a_callback_is_believed_for_its_signature_alone() {
    let (shop, payment, attempt) = begun().await;
    let (ours, path) = (CHANNEL.to_string(), format!("/api/v1/payments/{payment}"));
    let said = charge(&attempt, 1_999);
    call_back(&shop, &ours, "a secret of somebody else", &said).await.expect(401);
    let unknown = ours.replace('7', "8");
    call_back(&shop, &unknown, CHANNEL_SECRET, &said).await.problem(404, "not_found");
    // An attempt that nobody began here is nobody's money.
    let stranger = charge("att_01JD8Q7V0EFXXR6D2J1Q5Z9K3M", 1_999);
    call_back(&shop, &ours, CHANNEL_SECRET, &stranger).await.expect(200);
    assert_eq!(shop.admin.get(&path).await.expect(200).at("/captured"), money(0));
    for _ in 0..5 {
        let taken = call_back(&shop, &ours, CHANNEL_SECRET, &said).await.expect(200);
        assert_eq!(taken.text(), "ok");
    }
    let paid = shop.admin.get(&path).await.expect(200);
    assert_eq!((paid.str("/status").as_str(), paid.at("/captured")), ("paid", money(1_999)));
    assert_eq!(paid.at("/next_action"), Value::Null);
    shop.close().await;
}

#[tokio::test]
async fn another_tenants_payment_never_existed() {
    let (shop, payment, attempt) = begun().await;
    call_back(&shop, &CHANNEL.to_string(), CHANNEL_SECRET, &charge(&attempt, 1_999)).await.expect(200);
    let path = format!("/api/v1/payments/{payment}");
    let body = json!({"reason": "mine now"});
    let refund = shop.admin.post(&format!("{path}/refunds"), "r").json(&body).send().await.expect(201);
    let theirs = shop.client(shop.tenant("neighbour").await, "admin", Role::Admin).await;
    theirs.get(&path).await.problem(404, "not_found");
    theirs.get(&format!("/api/v1/refunds/{}", refund.str("/refund_id"))).await.problem(404, "not_found");
    theirs.post(&format!("{path}/refunds"), "r").json(&body).send().await.problem(404, "not_found");
    shop.close().await;
}
