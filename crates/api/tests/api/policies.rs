//! Owns what a shop may ask of a checkout: one order that waits, and requests without a key that are one (F2).

use std::time::Duration;

use domain::CheckoutPolicy;
use domain::access::Role;
use domain::order::PendingLimit;
use http::Method;
use serde_json::{Value, json};

use crate::harness::{Answer, Client, Setup, Shop, until};

fn order(customer: &str, sku: &str, quantity: i64) -> Value {
    json!({"customer_id": customer, "lines": [{"sku": sku, "quantity": quantity}]})
}

async fn shop(policy: CheckoutPolicy) -> Shop {
    let shop = Shop::open().await;
    shop.product("A", 1_999, 9).await;
    shop.product("B", 500, 9).await;
    shop.store.policy_set(shop.tenant, &policy, api::now()).await.expect("the policy is set");
    shop
}

async fn without_key(client: &Client, body: &Value) -> Answer {
    client.call(Method::POST, "/api/v1/orders").json(body).send().await
}

#[tokio::test]
async fn f2_one_order_of_a_member_waits_for_payment() {
    let shop = shop(CheckoutPolicy { pending_limit: PendingLimit::OnePerMember, ..CheckoutPolicy::default() }).await;
    let first = shop.admin.place("k1", &order("c", "A", 1)).await.expect(201);
    let refused = shop.admin.place("k2", &order("c", "B", 1)).await.problem(409, "order_pending");
    assert_eq!(refused.str("/order_no"), first.order_no());
    shop.admin.place("k1", &order("c", "A", 1)).await.replays(&first);
    shop.admin.place("k3", &order("d", "A", 1)).await.expect(201);
    shop.pay(&first.order_no(), 1_999).await;
    shop.admin.place("k4", &order("c", "B", 1)).await.expect(201);
    // The refusal stays what it was.
    shop.admin.place("k2", &order("c", "B", 1)).await.replays(&refused);
    shop.close().await;
}

#[tokio::test]
async fn f2_one_order_of_a_member_waits_for_each_product() {
    let shop = shop(CheckoutPolicy { pending_limit: PendingLimit::OnePerProduct, ..CheckoutPolicy::default() }).await;
    let first = shop.admin.place("k1", &order("c", "A", 1)).await.expect(201);
    shop.admin.place("k2", &order("c", "A", 2)).await.problem(409, "order_pending");
    shop.admin.place("k3", &order("c", "B", 1)).await.expect(201);
    shop.admin.cancel("x", &first.order_no()).await.expect(200);
    shop.admin.place("k4", &order("c", "A", 2)).await.expect(201);
    shop.close().await;
}

#[tokio::test]
async fn f2_requests_without_a_key_that_ask_for_the_same_are_one() {
    let shop = shop(CheckoutPolicy { same_within_ms: 60_000, ..CheckoutPolicy::default() }).await;
    let first = without_key(&shop.admin, &order("c", "A", 1)).await.expect(201);
    without_key(&shop.admin, &order("c", "A", 1)).await.replays(&first);
    // Another customer, another quantity, another caller: other wishes.
    let other = shop.client(shop.tenant, "other", Role::Service).await;
    without_key(&shop.admin, &order("d", "A", 1)).await.expect(201);
    without_key(&shop.admin, &order("c", "A", 2)).await.expect(201);
    without_key(&other, &order("c", "A", 1)).await.expect(201);
    // With keys, two wishes are two.
    shop.admin.place("k1", &order("c", "A", 1)).await.expect(201);
    assert_eq!(shop.orders().await.len(), 5);
    shop.close().await;
}

/// What was refused is asked anew: there is no key that it would end.
#[tokio::test]
async fn f2_a_refusal_without_a_key_is_not_kept() {
    let shop = shop(CheckoutPolicy { same_within_ms: 60_000, ..CheckoutPolicy::default() }).await;
    without_key(&shop.admin, &order("c", "A", 10)).await.problem(409, "stock_insufficient");
    let more = json!({"quantity": 5, "reason": "a delivery"});
    shop.admin.post("/api/v1/products/A/stock-movements", "m").json(&more).send().await.expect(201);
    without_key(&shop.admin, &order("c", "A", 10)).await.expect(201);
    shop.close().await;
}

/// However the time is cut into pieces, two clicks within the time are one and two beyond it are two.
#[tokio::test]
async fn f2_the_same_wish_after_some_time_is_a_new_one() {
    const WITHIN: i64 = 400;
    // Who is told to come again was told so at the end of this, which counts in twice.
    let settings = api::Settings { answer_wait: Duration::from_millis(50), ..Default::default() };
    let shop = Shop::with(Setup { settings, ..Setup::default() }).await;
    shop.product("A", 1_999, 9).await;
    let policy = CheckoutPolicy { same_within_ms: WITHIN, ..CheckoutPolicy::default() };
    shop.store.policy_set(shop.tenant, &policy, api::now()).await.expect("the policy is set");
    let mut orders = Vec::new();
    for round in 1..=3 {
        let first = without_key(&shop.admin, &order("c", "A", 1)).await.expect(201);
        assert!(!first.is_replay(), "round {round}");
        let placed = api::now();
        let again = without_key(&shop.admin, &order("c", "A", 1)).await;
        // A machine that pauses may take longer than the time.
        if api::now() < placed.plus_ms(WITHIN / 2) {
            again.replays(&first);
        }
        orders.push(first.order_no());
        until("the time is over", async || api::now() > placed.plus_ms(WITHIN + 200)).await;
    }
    orders.dedup();
    assert_eq!(orders.len(), 3);
    shop.close().await;
}

#[tokio::test]
async fn a_key_is_required_where_the_shop_does_not_say_otherwise() {
    let shop = shop(CheckoutPolicy::default()).await;
    without_key(&shop.admin, &order("c", "A", 1)).await.problem(400, "idempotency_key_missing");
    shop.close().await;
}

#[tokio::test]
async fn a_policy_that_is_changed_is_followed_within_seconds() {
    let shop = shop(CheckoutPolicy::default()).await;
    shop.admin.place("k", &order("c", "A", 1)).await.expect(201);
    let policy = CheckoutPolicy { pending_limit: PendingLimit::OnePerMember, ..CheckoutPolicy::default() };
    shop.store.policy_set(shop.tenant, &policy, api::now()).await.expect("the policy is set");
    assert_eq!(shop.store.policy(shop.tenant).await.expect("it is read"), policy);
    let number = std::cell::Cell::new(0);
    let follows = async || {
        number.set(number.get() + 1);
        let placed = shop.admin.place(&format!("k{}", number.get()), &order("m", "B", 1)).await;
        tokio::time::sleep(Duration::from_millis(100)).await;
        placed.header("content-type") == Some("application/problem+json")
    };
    // Orders that were placed before it was followed hold no place; the next one does.
    until("the policy is followed", follows).await;
    shop.close().await;
}
