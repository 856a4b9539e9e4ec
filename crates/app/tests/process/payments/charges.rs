//! Owns what can happen while an order is paid: clicks, lost answers, other channels, money that comes too late.

use serde_json::json;

use crate::harness::{Database, Till, on_every_database, rule};

on_every_database!(
    a_charge_whose_answer_is_lost_is_one_charge,
    an_order_whose_time_is_over_closes_its_attempts_first,
    p3_two_channels_both_succeed_and_the_later_is_given_back,
    p4_stock_that_was_promised_cannot_be_gone_when_it_is_paid,
    p7_money_for_a_closed_order_goes_back,
    p10_a_refused_attempt_leaves_room_for_another,
    p13_while_the_provider_is_asked_a_second_request_is_refused,
    p14_paid_twice_at_once_and_again_it_is_one_debit,
    s8_late_money_for_a_refunded_order_moves_no_stock,
    a_payer_is_sent_back_to_no_url_that_the_channel_would_not_take,
);

const PRICE: i64 = 1_999;

async fn a_charge_whose_answer_is_lost_is_one_charge(database: Database) {
    let till = Till::open(database, &["sandbox"]).await;
    for (key, how) in [("before", "drop_before"), ("after", "drop_after"), ("error", "error_after")] {
        let mut once = rule("charge", how);
        once["times"] = json!(1);
        till.provider.fails(json!([once])).await;
        let (_, payment, attempt) = till.paid(key, "sandbox").await;
        assert_eq!(till.payment(&payment).await["captured"]["amount"], PRICE);
        let charged = till.provider.movements().await.into_iter().filter(|row| row.1 == attempt).count();
        assert_eq!(charged, 1, "{how}");
    }
    till.close().await;
}

async fn an_order_whose_time_is_over_closes_its_attempts_first(database: Database) {
    let till = Till::with(database, &["sandbox"], &["--payment-timeout", "2s"]).await;
    let order_no = till.order("slow").await;
    let (payment, attempt) = till.open_payment(&order_no, "pay", "sandbox").await;
    till.order_is(&order_no, "closed", "unpaid").await;
    till.attempt_is(&payment, &attempt, "closed").await;
    assert_eq!(till.payment(&payment).await["status"], "expired");
    assert_eq!(till.admin().stock().await, [1_000, 0, 1_000]);
    till.close().await;
}

async fn p3_two_channels_both_succeed_and_the_later_is_given_back(database: Database) {
    let till = Till::open(database, &["sandbox", "alipay"]).await;
    let order_no = till.order("twice").await;
    let (payment, first) = till.open_payment(&order_no, "first", "sandbox").await;
    // The provider does not take the first one back, and the payer has both open.
    till.provider.fails(json!([rule("close", "error_before")])).await;
    let (_, second) = till.open_payment(&order_no, "second", "alipay").await;
    till.provider.pay("alipay", &second).await;
    till.order_is(&order_no, "paid", "paid").await;
    till.provider.pay("sandbox", &first).await;
    till.refunds_are(&payment, &["succeeded"]).await;
    till.order_is(&order_no, "paid", "paid").await;
    let paid = till.payment(&payment).await;
    assert_eq!((&paid["captured"]["amount"], &paid["refunded"]["amount"]), (&json!(2 * PRICE), &json!(PRICE)));
    assert_eq!(paid["refunds"][0]["cause"], "double");
    assert_eq!(till.events(&order_no).await, ["place", "pay", "overpay", "return_excess"]);
    assert_eq!(till.reviews().await, ["double_payment"]);
    assert_eq!(till.admin().stock().await, [999, 0, 999]);
    till.close().await;
}

async fn p4_stock_that_was_promised_cannot_be_gone_when_it_is_paid(database: Database) {
    let till = Till::open(database, &["sandbox"]).await;
    let order_no = till.order("promised").await;
    let (_, attempt) = till.open_payment(&order_no, "pay", "sandbox").await;
    let body = json!({"quantity": -1_000, "reason": "sold over the counter"}).to_string();
    let path = "/api/v1/products/A/stock-movements";
    let moved = till.admin().send(http::Method::POST, path, "all-gone", &body).await.expect("the server is there");
    assert_eq!(moved.expect(409).text("/code"), "stock_insufficient");
    till.provider.pay("sandbox", &attempt).await;
    till.order_is(&order_no, "paid", "paid").await;
    till.close().await;
}

async fn p7_money_for_a_closed_order_goes_back(database: Database) {
    let till = Till::open(database, &["sandbox"]).await;
    let order_no = till.order("late").await;
    let (payment, attempt) = till.open_payment(&order_no, "pay", "sandbox").await;
    till.provider.fails(json!([rule("close", "error_before")])).await;
    let (path, body) = (format!("/api/v1/orders/{order_no}/cancel"), r#"{"reason":"customer"}"#);
    let cancelled = till.admin().send(http::Method::POST, &path, "cancel", body).await.expect("the server is there");
    cancelled.expect(200);
    till.provider.pay("sandbox", &attempt).await;
    till.refunds_are(&payment, &["succeeded"]).await;
    till.order_is(&order_no, "closed", "refunded").await;
    assert_eq!(till.payment(&payment).await["refunds"][0]["cause"], "late");
    assert_eq!(till.events(&order_no).await, ["place", "cancel", "late_payment", "return_excess"]);
    assert_eq!(till.reviews().await, ["late_payment"]);
    assert_eq!(till.admin().stock().await, [1_000, 0, 1_000]);
    till.close().await;
}

async fn p10_a_refused_attempt_leaves_room_for_another(database: Database) {
    let till = Till::open(database, &["sandbox"]).await;
    let order_no = till.order("again").await;
    let (payment, first) = till.open_payment(&order_no, "first", "sandbox").await;
    till.provider.refuse("sandbox", &first).await;
    till.attempt_is(&payment, &first, "failed").await;
    let (same, second) = till.open_payment(&order_no, "second", "sandbox").await;
    assert_eq!(same, payment, "an order has one payment");
    assert_ne!(first, second);
    till.provider.pay("sandbox", &second).await;
    till.order_is(&order_no, "paid", "paid").await;
    assert_eq!(till.provider.movements().await.len(), 1);
    till.close().await;
}

async fn p13_while_the_provider_is_asked_a_second_request_is_refused(database: Database) {
    let till = Till::open(database, &["sandbox"]).await;
    let order_no = till.order("impatient").await;
    till.provider.fails(json!([rule("charge", json!({"slow": {"ms": 1_500}}))])).await;
    let first = till.start(&order_no, "first", "sandbox").await.expect(201);
    let second = till.start(&order_no, "second", "sandbox").await.expect(409);
    assert_eq!(second.text("/code"), "payment_in_progress");
    assert_eq!(second.text("/payment_id"), first.text("/payment_id"));
    // The same request is the same attempt.
    till.start(&order_no, "first", "sandbox").await.replays(&first);
    let attempt = first.text("/attempts/0/attempt_id");
    till.attempt_is(&first.text("/payment_id"), &attempt, "requires_action").await;
    till.close().await;
}

async fn p14_paid_twice_at_once_and_again_it_is_one_debit(database: Database) {
    let till = Till::open(database, &["sandbox"]).await;
    till.provider.set(json!({"auto_pay_ms": 0})).await;
    let order_no = till.order("clicks").await;
    let clicks = (0..8).map(|at| {
        let key = if at % 2 == 0 { "one-key".to_owned() } else { format!("key-{at}") };
        let (till, order_no) = (&till, &order_no);
        async move { till.start(order_no, &key, "sandbox").await.status }
    });
    let statuses = futures_util::future::join_all(clicks).await;
    assert!(statuses.iter().all(|status| [201, 409].contains(status)), "{statuses:?}");
    till.order_is(&order_no, "paid", "paid").await;
    let again = till.start(&order_no, "later", "sandbox").await.expect(409);
    assert_eq!(again.text("/code"), "invalid_transition");
    assert_eq!(till.provider.movements().await.len(), 1, "one debit");
    till.close().await;
}

async fn s8_late_money_for_a_refunded_order_moves_no_stock(database: Database) {
    let till = Till::open(database, &["sandbox", "stripe"]).await;
    let order_no = till.order("ghost").await;
    let (payment, first) = till.open_payment(&order_no, "first", "sandbox").await;
    till.provider.fails(json!([rule("close", "error_before")])).await;
    let (_, second) = till.open_payment(&order_no, "second", "stripe").await;
    till.provider.pay("stripe", &second).await;
    till.order_is(&order_no, "paid", "paid").await;
    till.refund(&payment, "all", None).await.expect(201);
    till.order_is(&order_no, "closed", "refunded").await;
    till.provider.pay("sandbox", &first).await;
    till.refunds_are(&payment, &["succeeded", "succeeded"]).await;
    till.order_is(&order_no, "closed", "refunded").await;
    assert_eq!(till.admin().stock().await, [999, 0, 999], "sold once, and nobody decided to put it back");
    till.close().await;
}

async fn a_payer_is_sent_back_to_no_url_that_the_channel_would_not_take(database: Database) {
    let till = Till::open(database, &["alipay", "sandbox"]).await;
    let order_no = till.order("long").await;
    let path = format!("/api/v1/orders/{order_no}/payments");
    let start = async |key: &str, channel: &str, length: usize| {
        let url = format!("https://shop.example/{}", "a".repeat(length - 21));
        let body = json!({"channel": channel, "method": "page", "return_url": url}).to_string();
        till.admin().send(http::Method::POST, &path, key, &body).await.expect("the server is there")
    };
    let refused = start("one", "alipay", 257).await.expect(409);
    assert!(refused.text("/detail").contains("257 characters, and this channel takes at most 256"), "{refused:?}");
    // Any channel is one that takes it.
    let attempts = start("two", "any", 257).await.expect(201).json()["attempts"].clone();
    assert_eq!(attempts[0]["channel"], "sandbox");
    start("three", "alipay", 256).await.expect(201);
    till.close().await;
}
