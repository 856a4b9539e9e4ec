//! Owns what providers send by themselves: repeated, parallel, out of order, too early, forged, or about somebody else.

use domain::AttemptId;
use idempotency::{Key, derive};
use serde_json::json;

use super::spoken::{hex, paid_body, seconds, send, sign};
use crate::harness::{Database, Till, on_every_database, rule, until};

on_every_database!(
    a_callback_that_never_comes_is_asked_for,
    a_forged_callback_changes_nothing,
    p1_a_callback_before_the_answer_is_one_capture,
    p2_the_same_callback_many_times_at_once,
    p5_a_callback_about_a_number_that_nobody_knows_yet,
    p6_a_failure_behind_a_success_is_stale,
    p8_p9_a_callback_that_does_not_fit_is_for_a_person,
    p11_closed_behind_a_full_refund_is_no_failure,
    p12_a_dispute_at_the_same_instant_twice,
    p15_a_slow_answer_is_asked_for_again_and_is_one_effect,
);

async fn a_callback_that_never_comes_is_asked_for(database: Database) {
    let till = Till::open(database, &["sandbox"]).await;
    // Its answer is lost and its callback too: only asking tells.
    till.provider.set(json!({"auto_pay_ms": 0})).await;
    till.provider.fails(json!([rule("charge", "drop_after"), rule("callback", "none")])).await;
    let order_no = till.order("silent").await;
    till.start(&order_no, "pay", "sandbox").await.expect(201);
    till.order_is(&order_no, "paid", "paid").await;
    assert_eq!(till.provider.movements().await.len(), 1);
    till.close().await;
}

async fn a_forged_callback_changes_nothing(database: Database) {
    let till = Till::open(database, &["sandbox", "alipay", "wechat_pay", "stripe"]).await;
    let order_no = till.order("forged").await;
    let (payment, attempt) = till.open_payment(&order_no, "pay", "sandbox").await;
    let body = paid_body(&attempt, 1_999);
    let now = seconds();
    let forged = sign("another secret", now, &body);
    for (secret, at) in [
        (forged.as_str(), now),
        ("", now),
        (&sign(&till.provider.secret("sandbox.secret"), now - 301, &body), now - 301),
    ] {
        let answer = send(&till, secret, at, &body).await;
        assert!((400..500).contains(&answer.status), "{answer:?}");
    }
    for kind in ["alipay", "wechat_pay", "stripe"] {
        let answer = till.callback(kind, &[], "trade_status=TRADE_SUCCESS&sign=AAAA&sign_type=RSA2").await;
        assert!(answer.body.as_ref() != b"success" && (answer.status >= 400 || kind == "alipay"), "{kind}: {answer:?}");
    }
    assert_eq!(till.payment(&payment).await["status"], "open");
    let metrics = till.admin().get("/metrics").await.expect(200);
    let metrics = String::from_utf8_lossy(&metrics.body).into_owned();
    assert!(
        metrics.contains(r#"mideng_callbacks_total{channel="sandbox",result="rejected"} 4"#),
        "with the one that the harness sent: {metrics}"
    );
    // Anybody may send them: however many come, and whatever they say, they fill no table.
    for number in 0..40 {
        assert_eq!(send(&till, &forged, now, &format!("{{\"number\":{number}}}")).await.status, 401);
    }
    let url = till.database.url.clone();
    let counted = async || {
        let list = till.database.run(&["conflicts", "--json", "--database-url", &url]).await.succeeded().out;
        let rows = list.lines().map(|line| serde_json::from_str::<serde_json::Value>(line).expect("one object"));
        rows.map(|row| row["times"].as_u64().expect("a number")).collect::<Vec<_>>()
    };
    until("all are counted", async || counted().await.iter().sum::<u64>() >= 40 + 6).await;
    assert!(counted().await.len() <= 4 * 3, "a row for each account and reason: {:?}", counted().await);
    // The true one is taken.
    let good = sign(&till.provider.secret("sandbox.secret"), now, &body);
    till.provider.pay("sandbox", &attempt).await;
    assert_eq!(send(&till, &good, now, &body).await.body.as_ref(), b"ok");
    till.order_is(&order_no, "paid", "paid").await;
    till.close().await;
}

async fn p1_a_callback_before_the_answer_is_one_capture(database: Database) {
    let till = Till::open(database, &["sandbox", "alipay"]).await;
    till.provider.fails(json!([rule("callback", "before_answer")])).await;
    let order_no = till.order("early").await;
    let started = till.start(&order_no, "pay", "sandbox").await.expect(201);
    till.order_is(&order_no, "paid", "paid").await;
    let payment = till.payment(&started.text("/payment_id")).await;
    assert_eq!((&payment["captured"]["amount"], &payment["refunds"]), (&json!(1_999), &json!([])));
    till.close().await;
}

async fn p2_the_same_callback_many_times_at_once(database: Database) {
    let till = Till::open(database, &["sandbox", "alipay", "wechat_pay", "stripe"]).await;
    let storm =
        [rule("callback", json!({"parallel": {"times": 4}})), rule("callback", json!({"repeat": {"times": 3}}))];
    till.provider.fails(json!(storm)).await;
    for (at, kind) in ["sandbox", "alipay", "wechat_pay", "stripe"].into_iter().enumerate() {
        let (order_no, payment, _) = till.paid(kind, kind).await;
        till.provider.acknowledged(4 * (at + 1)).await;
        assert_eq!(till.events(&order_no).await, ["place", "pay"], "{kind}");
        assert_eq!(till.payment(&payment).await["captured"]["amount"], 1_999, "{kind}");
    }
    let url = till.database.url.clone();
    let events = ["check", "--json", "--database-url", &url];
    till.database.run(&events).await.succeeded();
    till.close().await;
}

/// The number of an attempt is made from the request's key, so somebody can know it before there is the attempt: a
/// database that was put back from a backup is told of attempts that it has lost.
async fn p5_a_callback_about_a_number_that_nobody_knows_yet(database: Database) {
    let till = Till::open(database, &["sandbox"]).await;
    let order_no = till.order("lost").await;
    let key = Key::new("pay").expect("a key");
    // On a new database the first tenant's accounts are the server's own and the administrator's.
    let attempt = AttemptId::new(derive(till.database.installation().await, "charge", (1, 2), &key)).to_string();
    let body = paid_body(&attempt, 1_999);
    let (secret, now) = (till.provider.secret("sandbox.secret"), seconds());
    for _ in 0..2 {
        assert_eq!(send(&till, &sign(&secret, now, &body), now, &body).await.body.as_ref(), b"ok", "it is kept");
    }
    till.order_is(&order_no, "pending_payment", "unpaid").await;
    let started = till.start(&order_no, "pay", "sandbox").await.expect(201);
    assert_eq!(started.text("/attempts/0/attempt_id"), attempt);
    till.order_is(&order_no, "paid", "paid").await;
    // The provider has it in its book as well, once the payer really paid.
    until("the provider has the charge", || async {
        !till.provider.movements().await.is_empty() || {
            till.provider.try_pay("sandbox", &attempt).await;
            false
        }
    })
    .await;
    till.close().await;
}

async fn p6_a_failure_behind_a_success_is_stale(database: Database) {
    let till = Till::open(database, &["sandbox", "stripe"]).await;
    till.provider.fails(json!([rule("callback", "failed_after_succeeded")])).await;
    for kind in ["sandbox", "stripe"] {
        let before = till.provider.deliveries().await.1;
        let (order_no, payment, _) = till.paid(kind, kind).await;
        till.provider.acknowledged(before + 2).await;
        assert_eq!(till.events(&order_no).await, ["place", "pay"], "{kind}");
        assert_eq!(till.payment(&payment).await["status"], "paid", "{kind}");
    }
    till.close().await;
}

async fn p8_p9_a_callback_that_does_not_fit_is_for_a_person(database: Database) {
    let till = Till::open(database, &["sandbox", "alipay", "wechat_pay", "stripe"]).await;
    let cases = [
        ("sandbox", "wrong_amount"),
        ("sandbox", "wrong_currency"),
        ("alipay", "wrong_amount"),
        ("alipay", "wrong_app"),
        ("alipay", "wrong_seller"),
        ("wechat_pay", "wrong_amount"),
        ("wechat_pay", "wrong_app"),
        ("stripe", "wrong_amount"),
        ("stripe", "wrong_currency"),
    ];
    for (at, (kind, wrong)) in cases.into_iter().enumerate() {
        let key = format!("{kind}-{wrong}");
        let order_no = till.order(&key).await;
        let (payment, attempt) = till.open_payment(&order_no, &format!("pay-{key}"), kind).await;
        till.provider.fails(json!([rule("callback", wrong)])).await;
        till.provider.pay(kind, &attempt).await;
        until(&format!("{key} is before a person"), || async { till.reviews().await.len() == at + 1 }).await;
        assert_eq!(till.payment(&payment).await["status"], "open", "{key}");
        till.order_is(&order_no, "pending_payment", "unpaid").await;
        till.provider.behaves().await;
    }
    assert!(till.reviews().await.iter().all(|kind| kind == "quarantined"));
    // They were all paid in truth: asking, which the janitor does, finds that out. It is not waited for here.
    let Till { database, nodes, .. } = till;
    database.close(nodes).await;
}

async fn p11_closed_behind_a_full_refund_is_no_failure(database: Database) {
    let till = Till::open(database, &["alipay"]).await;
    let (order_no, payment, attempt) = till.paid("all-back", "alipay").await;
    till.refund(&payment, "refund", None).await.expect(201);
    till.order_is(&order_no, "closed", "refunded").await;
    // TRADE_CLOSED is told, and the attempt stays what it was.
    till.attempt_is(&payment, &attempt, "succeeded").await;
    assert_eq!(till.payment(&payment).await["status"], "refunded");
    assert_eq!(till.reviews().await, Vec::<String>::new());
    till.close().await;
}

async fn p12_a_dispute_at_the_same_instant_twice(database: Database) {
    let till = Till::open(database, &["stripe"]).await;
    let (order_no, payment, _) = till.paid("disputed", "stripe").await;
    let intent = till.payment(&payment).await["attempts"][0]["channel_no"].clone();
    let body = json!({
        "id": "evt_dispute", "object": "event", "type": "charge.dispute.created", "created": seconds(),
        "data": {"object": {
            "id": "dp_1", "object": "dispute", "payment_intent": intent, "amount": 1_999, "currency": "cny",
            "reason": "fraudulent", "status": "needs_response",
        }},
    })
    .to_string();
    let now = seconds();
    let signed = hex(&till.provider.secret("stripe.webhook_secret"), &format!("{now}.{body}"));
    let header = format!("t={now},v1={signed}");
    let headers = [("stripe-signature", header.as_str())];
    let twice = (0..2).map(|_| till.callback("stripe", &headers, &body));
    for answer in futures_util::future::join_all(twice).await {
        assert!((200..300).contains(&answer.status), "{answer:?}");
    }
    assert_eq!(till.reviews().await, ["disputed"], "a person is called, once");
    assert_eq!(till.events(&order_no).await, ["place", "pay"]);
    assert_eq!(till.payment(&payment).await["status"], "paid");
    till.close().await;
}

/// Each commit takes longer than a provider waits for its answer, where somebody can hold a lock on the database; and where
/// nobody can, the provider does not know the answer for ours, for it comes with a byte too much.
async fn p15_a_slow_answer_is_asked_for_again_and_is_one_effect(database: Database) {
    let till = Till::open(database, &["sandbox"]).await;
    let order_no = till.order("slow").await;
    let (payment, attempt) = till.open_payment(&order_no, "pay", "sandbox").await;
    till.provider.fails(json!([rule("callback", "garbled_answer")])).await;
    let held = till.database.hold_stock().await;
    till.provider.pay("sandbox", &attempt).await;
    until("the provider tried twice", || async { till.provider.deliveries().await.0 >= 2 }).await;
    drop(held);
    till.order_is(&order_no, "paid", "paid").await;
    till.provider.acknowledged(1).await;
    assert_eq!(till.events(&order_no).await, ["place", "pay"]);
    assert_eq!(till.payment(&payment).await["captured"]["amount"], 1_999);
    till.close().await;
}
