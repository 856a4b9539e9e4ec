//! Owns the rows R: what makes two requests under one key the same.

use http::Method;
use serde_json::json;

use crate::harness::{Shop, head, order_of, raw};

#[tokio::test]
async fn r_01_the_same_key_with_another_body() {
    let shop = Shop::open().await;
    shop.product("A", 1_999, 9).await;
    let first = shop.admin.place("k1", &order_of(&[("A", 1)])).await.expect(201);
    let other = shop.admin.place("k1", &order_of(&[("A", 2)])).await.problem(422, "idempotency_key_reused");
    insta::assert_snapshot!(other.shown(), @r#"
    422 Unprocessable Entity
    cache-control: no-store
    content-type: application/problem+json
    link: </problems/idempotency_key_reused>; rel="describedby"
    x-content-type-options: nosniff
    x-request-id: req_…

    {"type":"/problems/idempotency_key_reused","title":"Idempotency-Key was used for another request","status":422,"code":"idempotency_key_reused","detail":"this idempotency key was used for another request; take a new key for a new request","request_id":"req_…"}
    "#);
    assert!(!other.text().contains(&first.order_no()), "the first answer is not told");
    shop.admin.place("k1", &order_of(&[("A", 1)])).await.replays(&first);
    assert_eq!(shop.stock("A").await, [9, 1, 8]);
    shop.close().await;
}

#[tokio::test]
async fn r_02_another_body_while_the_first_is_in_flight() {
    let shop = Shop::open().await;
    shop.product("A", 1_999, 9).await;
    shop.faults.hold();
    let first = tokio::spawn(shop.admin.post("/api/v1/orders", "k1").json(&order_of(&[("A", 1)])).send());
    shop.faults.holding().await;
    let other = tokio::spawn(shop.admin.post("/api/v1/orders", "k1").json(&order_of(&[("A", 2)])).send());
    crate::harness::until("the other waits", async || shop.engine.waiting() == 1).await;
    shop.faults.release();
    other.await.expect("the call ends").problem(422, "idempotency_key_reused");
    first.await.expect("the call ends").expect(201);
    assert_eq!(shop.stock("A").await, [9, 1, 8]);
    shop.close().await;
}

#[tokio::test]
async fn r_03_spelling_does_not_count() {
    let shop = Shop::open().await;
    shop.product("A", 1_999, 9).await;
    let send = |body| shop.admin.post("/api/v1/orders", "k1").text(body).send();
    let first = send(r#"{"customer_id":"c","lines":[{"sku":"A","quantity":1}]}"#).await.expect(201);
    for same in [
        r#" { "lines" : [ { "quantity" : 1.0 , "sku" : "\u0041" } ] , "customer_id" : "c" } "#,
        r#"{"customer_id":"c","lines":[{"sku":"A","quantity":1e0}]}"#,
        r#"{"customer_id":"c","lines":[{"sku":"A","quantity":0.1e1}]}"#,
    ] {
        send(same).await.replays(&first);
    }
    for other in [
        r#"{"customer_id":"C","lines":[{"sku":"A","quantity":1}]}"#,
        r#"{"customer_id":"c","note":null,"lines":[{"sku":"A","quantity":1}]}"#,
        r#"{"customer_id":"c","lines":[{"sku":"A","quantity":1},{"sku":"A","quantity":1}]}"#,
    ] {
        send(other).await.problem(422, "idempotency_key_reused");
    }
    shop.close().await;
}

#[tokio::test]
async fn r_05_the_target_counts() {
    let shop = Shop::open().await;
    shop.product("A", 1_999, 9).await;
    shop.product("B", 1_999, 9).await;
    let one = shop.admin.place("o1", &order_of(&[("A", 1)])).await.expect(201).order_no();
    let two = shop.admin.place("o2", &order_of(&[("A", 1)])).await.expect(201).order_no();
    shop.admin.cancel("k1", &one).await.expect(200);
    shop.admin.cancel("k1", &two).await.problem(422, "idempotency_key_reused");
    let path = format!("/api/v1/orders/{one}/cancel");
    let cancel = |path: &str| shop.admin.post(path, "k1").json(&json!({"reason": "customer"}));
    cancel(&format!("{path}?force=1")).send().await.problem(422, "idempotency_key_reused");
    cancel(&path).if_match("\"1\"").send().await.problem(422, "idempotency_key_reused");
    shop.admin.place("k1", &order_of(&[("A", 1)])).await.problem(422, "idempotency_key_reused");
    let product = json!({"name": "A", "price": {"amount": 1, "currency": "CNY"}});
    let put = |sku: &str| {
        shop.admin.call(Method::PUT, &format!("/api/v1/products/{sku}")).header("idempotency-key", "k2").json(&product)
    };
    put("A").send().await.expect(200);
    put("B").send().await.problem(422, "idempotency_key_reused");
    assert_eq!(shop.admin.get("/api/v1/products/B").await.str("/name"), "Product B");
    assert_eq!(shop.stock("A").await, [9, 1, 8]);
    shop.close().await;
}

#[tokio::test]
async fn r_06_another_key_is_another_purchase() {
    let shop = Shop::open().await;
    shop.product("A", 1_999, 9).await;
    let first = shop.admin.place("k1", &order_of(&[("A", 1)])).await.expect(201);
    let second = shop.admin.place("k2", &order_of(&[("A", 1)])).await.expect(201);
    assert_ne!(first.order_no(), second.order_no());
    assert_eq!(shop.stock("A").await, [9, 2, 7]);
    shop.close().await;
}

#[tokio::test]
async fn r_09_never_two_readings_of_one_body() {
    let shop = Shop::open().await;
    shop.product("A", 1_999, 9).await;
    let send = |key: &str, body: &str| shop.admin.post("/api/v1/orders", key).text(body).send();
    let twice = send("k1", r#"{"customer_id":"a","customer_id":"b","lines":[{"sku":"A","quantity":1}]}"#).await;
    insta::assert_snapshot!(twice.problem(400, "body_malformed").shown(), @r#"
    400 Bad Request
    cache-control: no-store
    content-type: application/problem+json
    x-content-type-options: nosniff
    x-request-id: req_…

    {"type":"/problems/body_malformed","title":"Malformed body","status":400,"code":"body_malformed","detail":"the member \"customer_id\" stands twice in one object, the second time before byte 72","request_id":"req_…"}
    "#);
    send("k1", r#"{"customer_id":"a","lines":[{"sku":"A","quantity":1,"quantit\u0079":2}]}"#)
        .await
        .problem(400, "body_malformed");
    send("k1", r#"{"customer_id":"a","lines":[{"sku":"A","quantity":1e99999999999999999999}]}"#)
        .await
        .problem(400, "body_malformed");
    // 2^53 and 2^53 + 1 are one number to a reader of floats.
    let price = |amount: &str| format!(r#"{{"name":"big","price":{{"amount":{amount},"currency":"CNY"}}}}"#);
    let put = |amount: &str| {
        shop.admin.put("/api/v1/products/BIG").header("idempotency-key", "p1").text(&price(amount)).send()
    };
    let first = put("9007199254740993").await.expect(201);
    assert_eq!(first.at("/price/amount"), 9_007_199_254_740_993_i64);
    put("9007199254740992").await.problem(422, "idempotency_key_reused");
    put("9007199254740993.0").await.replays(&first);
    shop.close().await;
}

#[tokio::test]
async fn r_10_a_body_over_the_limit_does_not_touch_the_key() {
    let shop = Shop::open().await;
    shop.product("A", 1_999, 9).await;
    let loads = shop.faults.loads();
    let limit = api::Settings::default().body_bytes_max;
    let order = order_of(&[("A", 1)]).to_string();
    let padded = |bytes: usize| format!("{order}{}", " ".repeat(bytes - order.len()));
    let lines = |more: &str| format!("idempotency-key: k1\r\ncontent-type: application/json\r\n{more}");
    let bearer = shop.admin.bearer.clone().expect("the admin has a key");
    let mut announced = head("POST /api/v1/orders", &bearer, &lines(&format!("content-length: {}\r\n", limit + 1)));
    announced.extend(padded(limit + 1).bytes());
    raw(shop.admin.address, announced).await.problem(413, "body_too_large");
    let mut chunked = head("POST /api/v1/orders", &bearer, &lines("transfer-encoding: chunked\r\n"));
    chunked.extend(format!("{:x}\r\n{}\r\n0\r\n\r\n", limit + 1, padded(limit + 1)).bytes());
    raw(shop.admin.address, chunked).await.problem(413, "body_too_large");
    assert_eq!(shop.faults.loads(), loads, "the store was asked");
    let first = shop.admin.post("/api/v1/orders", "k1").text(&padded(limit)).send().await.expect(201);
    shop.admin.place("k1", &order_of(&[("A", 1)])).await.replays(&first);
    shop.close().await;
}
