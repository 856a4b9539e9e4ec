//! Owns what can happen while money is given back.

use serde_json::{Value, json};

use super::spoken::{seconds, send, sent_back_body, sign};
use crate::harness::{Database, Shopper, Till, on_every_database, rule, shown, until};

on_every_database!(
    r1_two_refunds_that_are_too_much_together,
    r2_a_refund_whose_answer_is_lost_is_one_movement,
    r3_a_refund_that_seems_to_fail_and_was_made,
    r4_refunds_of_one_charge_are_a_minute_apart,
    r5_the_same_refund_asked_for_again_moves_nothing,
    r6_exactly_what_is_left,
    r7_a_cancel_behind_a_full_refund_works,
    r8_a_refund_is_of_its_own_payment,
    a_refund_that_nobody_asked_for_and_that_failed_is_sent_once_more,
    r9_a_refund_asked_for_again_when_its_key_is_forgotten,
    r10_a_failure_that_is_said_anew_is_asked_about_anew,
    a_refund_over_the_limit_goes_when_a_second_person_says_so,
);

async fn r1_two_refunds_that_are_too_much_together(database: Database) {
    let till = Till::open(database, &["sandbox"]).await;
    let (_, payment, _) = till.paid("sixty", "sandbox").await;
    let both = ["one", "two"].map(|key| till.refund(&payment, key, Some(1_200)));
    let mut statuses: Vec<u16> = futures_util::future::join_all(both).await.iter().map(|it| it.status).collect();
    statuses.sort_unstable();
    assert_eq!(statuses, [201, 409]);
    till.refunds_are(&payment, &["succeeded"]).await;
    assert_eq!(till.provider.left().await, 1_999 - 1_200);
    till.close().await;
}

async fn r2_a_refund_whose_answer_is_lost_is_one_movement(database: Database) {
    let till = Till::open(database, &["sandbox", "stripe"]).await;
    for kind in ["sandbox", "stripe"] {
        let (_, payment, _) = till.paid(kind, kind).await;
        let mut once = rule("refund", "drop_after");
        once["times"] = json!(1);
        till.provider.fails(json!([once, rule("callback", "none")])).await;
        let first = till.refund(&payment, &format!("refund-{kind}"), Some(500)).await.expect(201);
        till.refund(&payment, &format!("refund-{kind}"), Some(500)).await.replays(&first);
        till.refunds_are(&payment, &["succeeded"]).await;
        till.provider.behaves().await;
    }
    let refunds = till.provider.movements().await.into_iter().filter(|row| row.0 == "refund").count();
    assert_eq!(refunds, 2, "one of each");
    till.close().await;
}

async fn r3_a_refund_that_seems_to_fail_and_was_made(database: Database) {
    let till = Till::open(database, &["sandbox"]).await;
    let (_, payment, _) = till.paid("seems", "sandbox").await;
    till.provider.fails(json!([rule("refund", "error_after"), rule("callback", "none")])).await;
    till.refund(&payment, "refund", Some(700)).await.expect(201);
    till.refunds_are(&payment, &["succeeded"]).await;
    // A failure is asked about too, and frees the amount only once that confirmed it.
    till.provider.fails(json!([rule("refund", json!({"fail_later": {"code": "not_today"}}))])).await;
    till.refund(&payment, "fails", Some(1_299)).await.expect(201);
    till.refunds_are(&payment, &["succeeded", "failed"]).await;
    till.provider.behaves().await;
    till.refund(&payment, "after-all", Some(1_000)).await.expect(201);
    till.refunds_are(&payment, &["succeeded", "failed", "succeeded"]).await;
    // A refusal alone, of which the provider knows nothing later, frees nothing for a minute.
    till.provider.fails(json!([rule("refund", json!({"refuse": {"code": "not_today"}}))])).await;
    till.refund(&payment, "refused", Some(299)).await.expect(201);
    till.refunds_are(&payment, &["succeeded", "failed", "succeeded", "unknown"]).await;
    assert_eq!(till.payment(&payment).await["refundable"]["amount"], 0, "it is reserved");
    till.close().await;
}

async fn r4_refunds_of_one_charge_are_a_minute_apart(database: Database) {
    let till = Till::open(database, &["wechat_pay"]).await;
    till.provider.set(json!({"wechat_refunds_a_minute_apart": true})).await;
    let (_, payment, _) = till.paid("slowly", "wechat_pay").await;
    till.refund(&payment, "one", Some(100)).await.expect(201);
    till.refund(&payment, "two", Some(100)).await.expect(201);
    // The second waits for its minute, and the provider never has to say no.
    till.refunds_are(&payment, &["succeeded", "created"]).await;
    assert_eq!(till.provider.left().await, 1_999 - 100);
    assert_eq!(till.payment(&payment).await["refundable"]["amount"], 1_999 - 200, "both are reserved");
    till.close().await;
}

async fn r5_the_same_refund_asked_for_again_moves_nothing(database: Database) {
    let till = Till::open(database, &["alipay"]).await;
    let (_, payment, _) = till.paid("again", "alipay").await;
    // The answer is lost and the query says that there is none: it is sent again, and the provider says fund_change N.
    let mut once = rule("refund", "drop_after");
    once["times"] = json!(1);
    let mut unseen = rule("query_refund", "error_before");
    unseen["times"] = json!(1);
    till.provider.fails(json!([once, unseen])).await;
    till.refund(&payment, "refund", Some(500)).await.expect(201);
    till.refunds_are(&payment, &["succeeded"]).await;
    let refunds = till.provider.movements().await.into_iter().filter(|row| row.0 == "refund").count();
    assert_eq!(refunds, 1);
    till.close().await;
}

async fn r6_exactly_what_is_left(database: Database) {
    let till = Till::open(database, &["sandbox"]).await;
    let (order_no, payment, _) = till.paid("rest", "sandbox").await;
    till.refund(&payment, "some", Some(1_200)).await.expect(201);
    till.refund(&payment, "rest", Some(799)).await.expect(201);
    let more = till.refund(&payment, "more", Some(1)).await.expect(409);
    assert_eq!((more.text("/code"), more.json()["left"].clone()), ("refund_exceeds_captured".to_owned(), json!(0)));
    till.order_is(&order_no, "closed", "refunded").await;
    assert_eq!(till.provider.left().await, 0);
    till.close().await;
}

async fn r7_a_cancel_behind_a_full_refund_works(database: Database) {
    let till = Till::open(database, &["sandbox"]).await;
    let (order_no, payment, _) = till.paid("cancel", "sandbox").await;
    till.refund(&payment, "all", None).await.expect(201);
    till.order_is(&order_no, "closed", "refunded").await;
    let (path, body) = (format!("/api/v1/orders/{order_no}/cancel"), r#"{"reason":"merchant"}"#);
    let cancelled = till.admin().send(http::Method::POST, &path, "cancel", body).await.expect("the server is there");
    assert_eq!(cancelled.expect(200).text("/close_reason"), "refunded");
    assert_eq!(till.provider.movements().await.len(), 2, "one charge, one refund");
    till.close().await;
}

async fn r8_a_refund_is_of_its_own_payment(database: Database) {
    let till = Till::open(database, &["sandbox"]).await;
    let (_, mine, _) = till.paid("mine", "sandbox").await;
    let (_, yours, _) = till.paid("yours", "sandbox").await;
    let refunds = (0..6).map(|at| {
        let (till, payment) = (&till, if at % 2 == 0 { &mine } else { &yours });
        async move { till.refund(payment, &format!("refund-{at}"), Some(900)).await.status }
    });
    let statuses = futures_util::future::join_all(refunds).await;
    assert_eq!(statuses.iter().filter(|&&status| status == 201).count(), 4, "{statuses:?}");
    for payment in [&mine, &yours] {
        till.refunds_are(payment, &["succeeded", "succeeded"]).await;
        assert_eq!(till.payment(payment).await["refunded"]["amount"], 1_800);
    }
    until("all moved", || async { till.provider.left().await == 2 * (1_999 - 1_800) }).await;
    till.close().await;
}

async fn a_refund_that_nobody_asked_for_and_that_failed_is_sent_once_more(database: Database) {
    let till = Till::open(database, &["sandbox"]).await;
    let order_no = till.order("late").await;
    let (payment, attempt) = till.open_payment(&order_no, "pay", "sandbox").await;
    let fails = rule("refund", json!({"fail_later": {"code": "not_today"}}));
    till.provider.fails(json!([rule("close", "error_before"), fails])).await;
    let post = async |path: String, key: &str, body: &str| {
        till.admin().send(http::Method::POST, &path, key, body).await.expect("the server is there")
    };
    post(format!("/api/v1/orders/{order_no}/cancel"), "cancel", r#"{"reason":"customer"}"#).await.expect(200);
    till.provider.pay("sandbox", &attempt).await;
    till.refunds_are(&payment, &["failed"]).await;
    assert_eq!(till.reviews().await, ["refund_failed", "late_payment"]);
    till.provider.behaves().await;
    till.refund(&payment, "by-hand", None).await.expect(409);
    let failed = till.payment(&payment).await["refunds"][0]["refund_id"].as_str().expect("an id").to_owned();
    let path = format!("/api/v1/refunds/{failed}/retry");
    let first = post(path.clone(), "retry", "").await.expect(201);
    assert_eq!((first.text("/cause").as_str(), first.json()["amount"]["amount"].as_i64()), ("late", Some(1_999)));
    assert_ne!(first.text("/refund_id"), failed);
    post(path.clone(), "retry", "").await.replays(&first);
    // Another key is answered with the one that is there.
    let other = post(path, "another", "").await.expect(201);
    assert_eq!(other.text("/refund_id"), first.text("/refund_id"));
    till.refunds_are(&payment, &["failed", "succeeded"]).await;
    till.order_is(&order_no, "closed", "refunded").await;
    till.close().await;
}

async fn r9_a_refund_asked_for_again_when_its_key_is_forgotten(database: Database) {
    let mut till = Till::open(database, &["stripe"]).await;
    let (_, payment, _) = till.paid("forgotten", "stripe").await;
    till.provider.set(json!({"stripe_key_ms": 0})).await;
    till.provider.fails(json!([rule("refund", "hang_after"), rule("callback", "none")])).await;
    till.refund(&payment, "refund", Some(500)).await.expect(201);
    let refunds = async |till: &Till| till.provider.movements().await.iter().filter(|row| row.0 == "refund").count();
    until("the provider gave it back", || async { refunds(&till).await == 1 }).await;
    // The server dies before it hears of that, and its next life begins with the refund again.
    till.nodes.remove(0).kill().await;
    till.provider.fails(json!([rule("callback", "none")])).await;
    till.nodes.push(till.database.node_with(&[]).await);
    till.refunds_are(&payment, &["succeeded"]).await;
    assert_eq!(refunds(&till).await, 1);
    till.close().await;
}

/// The provider is eventually consistent: it says that a refund failed, answers that it succeeded, and says days later in the
/// same words that it failed.
async fn r10_a_failure_that_is_said_anew_is_asked_about_anew(database: Database) {
    let till = Till::open(database, &["sandbox"]).await;
    let (_, payment, attempt) = till.paid("anew", "sandbox").await;
    let refund = till.refund(&payment, "refund", Some(500)).await.expect(201).text("/refund_id");
    till.refunds_are(&payment, &["succeeded"]).await;
    // Only counts the questions.
    till.provider.fails(json!([rule("query_refund", json!({"slow": {"ms": 0}}))])).await;
    let (secret, now) = (till.provider.secret("sandbox.secret"), seconds());
    // Each word comes twice; its second time is answered from the record.
    for (at, event) in ["first", "anew"].into_iter().enumerate() {
        let body = sent_back_body(&refund, &attempt, event);
        for _ in 0..2 {
            assert_eq!(send(&till, &sign(&secret, now, &body), now, &body).await.body.as_ref(), b"ok", "{event}");
        }
        let wanted = u64::try_from(at + 1).expect("one or two");
        until(&format!("{event}: the provider is asked"), || async { till.provider.hits().await == [wanted] }).await;
        until("its answer is taken", || async { !till.database.is_asked_about(&refund).await }).await;
        assert_eq!(till.reviews().await, vec!["refund_failed"; at + 1], "{event}");
    }
    let metrics = till.admin().get("/metrics").await.expect(200);
    let metrics = String::from_utf8_lossy(&metrics.body).into_owned();
    assert!(metrics.contains(r#"mideng_callbacks_total{channel="sandbox",result="repeated"} 2"#), "{metrics}");
    till.refunds_are(&payment, &["succeeded"]).await;
    till.close().await;
}

/// The provider hears of it once, and not before.
async fn a_refund_over_the_limit_goes_when_a_second_person_says_so(database: Database) {
    let till = Till::open(database, &["sandbox"]).await;
    let (order_no, payment, _) = till.paid("large", "sandbox").await;
    let send = async |by: &Shopper, method: http::Method, path: &str, key: &str, body: Value| {
        let (path, body) = (format!("/api/v1/{path}"), body.to_string());
        by.send(method, &path, key, &body).await.expect("the server is there")
    };
    let admin = till.admin();
    let limits = json!({"alone_up_to": [{"amount": 500, "currency": "CNY"}]});
    send(admin, http::Method::PUT, "policies/refunds", "limit", limits).await.expect(200);
    let somebody = json!({"login": "mei", "name": "Mei", "password": "three red birds", "role": "merchant"});
    send(admin, http::Method::POST, "staff", "mei", somebody).await.expect(201);
    let log_in = json!({"tenant": "default", "as": "staff", "login": "mei", "password": "three red birds",
        "device": {"type": "web"}});
    let tokens = send(admin, http::Method::POST, "sessions", "in", log_in).await.expect(201);
    let mut mei = Shopper { address: admin.address, secret: tokens.text("/access_token") };
    let factor = send(&mei, http::Method::POST, "me/second-factor", "begin", json!({})).await.expect(201);
    let code = json!({"code": shown(&factor.text("/secret"))});
    let confirmed = send(&mei, http::Method::POST, "me/second-factor/confirm", "confirm", code).await.expect(200);
    let code = json!({"code": confirmed.text("/recovery_codes/0")});
    mei.secret = send(&mei, http::Method::POST, "sessions/step-up", "up", code).await.expect(200).text("/access_token");
    till.refund(&payment, "small", Some(500)).await.expect(201);
    let large = till.refund(&payment, "rest", None).await.expect(201);
    assert_eq!(large.text("/status"), "awaiting_approval");
    till.refunds_are(&payment, &["succeeded", "awaiting_approval"]).await;
    let refunds = async || till.provider.movements().await.iter().filter(|row| row.0 == "refund").count();
    assert_eq!(refunds().await, 1, "the small one");
    till.order_is(&order_no, "paid", "partially_refunded").await;
    let path = format!("refunds/{}/approve", large.text("/refund_id"));
    send(admin, http::Method::POST, &path, "key", json!({})).await.expect(403);
    send(&mei, http::Method::POST, &path, "yes", json!({})).await.expect(200);
    till.refunds_are(&payment, &["succeeded", "succeeded"]).await;
    till.order_is(&order_no, "closed", "refunded").await;
    till.refund(&payment, "rest", None).await.replays(&large);
    assert_eq!(refunds().await, 2);
    till.close().await;
}
