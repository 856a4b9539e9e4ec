//! Owns the order number that a checkout page takes before there is an order.

use std::time::Duration;

use domain::access::Role;
use serde_json::{Value, json};

use crate::harness::{Client, Setup, Shop};

fn order(order_no: &str, quantity: i64) -> Value {
    json!({"order_no": order_no, "customer_id": "c", "lines": [{"sku": "A", "quantity": quantity}]})
}

async fn take(client: &Client) -> String {
    client.call(http::Method::POST, "/api/v1/order-numbers").send().await.expect(201).order_no()
}

async fn shop() -> Shop {
    let shop = Shop::open().await;
    shop.product("A", 1_999, 5).await;
    shop
}

#[tokio::test]
async fn a_number_is_issued_and_becomes_an_order() {
    let shop = shop().await;
    let issued = shop.admin.post("/api/v1/order-numbers", "page").text("{}").send().await.expect(201);
    insta::assert_snapshot!(issued.shown(), @r#"
    201 Created
    cache-control: no-store
    content-type: application/json
    idempotency-status: executed
    x-content-type-options: nosniff
    x-request-id: req_…

    {"order_no":"ord_…","expires_at":"<time>"}
    "#);
    shop.admin.get(&format!("/api/v1/orders/{}", issued.order_no())).await.problem(404, "not_found");
    let placed = shop.admin.place("k1", &order(&issued.order_no(), 1)).await.expect(201);
    assert_eq!(placed.order_no(), issued.order_no());
    shop.close().await;
}

#[tokio::test]
async fn a_number_belongs_to_who_took_it() {
    let shop = shop().await;
    let other = shop.client(shop.tenant, "other", Role::Service).await;
    let order_no = take(&shop.admin).await;
    let refused = other.place("k1", &order(&order_no, 1)).await.problem(409, "order_no_invalid");
    insta::assert_snapshot!(refused.shown(), @r#"
    409 Conflict
    cache-control: no-store
    content-type: application/problem+json
    idempotency-status: executed
    x-content-type-options: nosniff
    x-request-id: req_…

    {"type":"/problems/order_no_invalid","title":"The order number is not valid","status":409,"code":"order_no_invalid","detail":"the order number ord_… was not issued to you, or has expired","request_id":"req_…"}
    "#);
    shop.admin.place("k1", &order(&order_no, 1)).await.expect(201);
    // Once it is an order, it is taken, for them as for anybody.
    other.place("k2", &order(&order_no, 1)).await.problem(409, "order_no_taken");
    shop.close().await;
}

#[tokio::test]
async fn a_number_that_nobody_issued_is_not_taken() {
    let shop = shop().await;
    shop.admin.place("k1", &order("ord_01JD8Q7V0EFXXR6D2J1Q5Z9K3M", 1)).await.problem(409, "order_no_invalid");
    for text in ["", "1", "ord_", "pay_01JD8Q7V0EFXXR6D2J1Q5Z9K3M", "ord_01jd8q7v0efxxr6d2j1q5z9k3m"] {
        let answer = shop.admin.place("k2", &order(text, 1)).await.problem(422, "validation_failed");
        assert_eq!(answer.str("/errors/0/pointer"), "/order_no");
    }
    shop.close().await;
}

#[tokio::test]
async fn an_expired_number_is_not_taken() {
    let settings = api::Settings { order_number_validity: Duration::from_millis(1), ..Default::default() };
    let shop = Shop::with(Setup { settings, ..Setup::default() }).await;
    shop.product("A", 1_999, 5).await;
    let order_no = take(&shop.admin).await;
    let issued = api::now();
    crate::harness::until("it has expired", async || api::now() > issued.plus_ms(1)).await;
    shop.admin.place("k1", &order(&order_no, 1)).await.problem(409, "order_no_invalid");
    assert_eq!(shop.stock("A").await, [5, 0, 5]);
    shop.close().await;
}

#[tokio::test]
async fn a_refused_order_does_not_use_its_number_up() {
    let shop = shop().await;
    let order_no = take(&shop.admin).await;
    shop.admin.place("k1", &order(&order_no, 6)).await.problem(409, "stock_insufficient");
    shop.admin.place("k2", &order(&order_no, 0)).await.problem(422, "validation_failed");
    let placed = shop.admin.place("k3", &order(&order_no, 5)).await.expect(201);
    assert_eq!(placed.order_no(), order_no);
    shop.close().await;
}

#[tokio::test]
async fn a_new_key_with_the_same_number_and_body_finds_the_order() {
    let shop = shop().await;
    let order_no = take(&shop.admin).await;
    let first = shop.admin.place("k1", &order(&order_no, 1)).await.expect(201);
    shop.admin.cancel("c1", &order_no).await.expect(200);
    // The order as it is now: what the first was told is history, and nobody is told that it failed.
    let found = shop.admin.place("k2", &order(&order_no, 1)).await.expect(200);
    assert_eq!((found.order_no(), found.str("/status")), (first.order_no(), "closed".to_owned()));
    assert_eq!((found.header("location"), found.is_replay()), (None, false));
    shop.admin.place("k2", &order(&order_no, 1)).await.replays(&found);
    let other = shop.admin.place("k3", &order(&order_no, 2)).await.problem(409, "order_no_taken");
    insta::assert_snapshot!(other.shown(), @r#"
    409 Conflict
    cache-control: no-store
    content-type: application/problem+json
    idempotency-status: executed
    x-content-type-options: nosniff
    x-request-id: req_…

    {"type":"/problems/order_no_taken","title":"The order number is taken","status":409,"code":"order_no_taken","detail":"the order number ord_… belongs to another order","request_id":"req_…"}
    "#);
    shop.close().await;
}

/// After the record of a key is purged, the order still knows the request that made it.
#[tokio::test]
async fn a_purged_key_still_finds_its_order() {
    let shop = shop().await;
    let body = json!({"customer_id": "c", "lines": [{"sku": "A", "quantity": 1}]});
    let first = shop.admin.place("k1", &body).await.expect(201);
    let purged = shop.store.records_purge(api::now().plus_ms(1_000), 500).await.expect("the records are purged");
    assert!(purged > 0);
    let found = shop.admin.place("k1", &body).await.expect(200);
    assert_eq!(found.json(), first.json());
    let purged = shop.store.records_purge(api::now().plus_ms(1_000), 500).await.expect("the records are purged");
    assert!(purged > 0);
    let other = json!({"customer_id": "c", "lines": [{"sku": "A", "quantity": 2}]});
    shop.admin.place("k1", &other).await.problem(422, "idempotency_key_reused");
    assert_eq!(shop.stock("A").await, [5, 1, 4]);
    shop.close().await;
}
