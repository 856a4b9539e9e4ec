//! Owns the rows H: what the header of the key may look like.

use http::Method;

use crate::harness::{Client, Shop, order_of};

/// Sends an order with these values of the key's header, and gives status and code.
async fn outcome(client: &Client, lines: &[&[u8]]) -> (u16, String) {
    let call = client.call(Method::POST, "/api/v1/orders").json(&order_of(&[("A", 1)]));
    let call = lines.iter().fold(call, |call, line| call.header("idempotency-key", line));
    let answer = call.send().await;
    let code = answer.json()["code"].as_str().unwrap_or_default().to_owned();
    (answer.status, code)
}

#[tokio::test]
async fn h_01_no_key_on_a_required_route() {
    let shop = Shop::open().await;
    shop.product("A", 1_999, 9).await;
    let loads = shop.faults.loads();
    let call = shop.admin.call(Method::POST, "/api/v1/orders").json(&order_of(&[("A", 1)]));
    let answer = call.send().await.problem(400, "idempotency_key_missing");
    insta::assert_snapshot!(answer.shown(), @r#"
    400 Bad Request
    cache-control: no-store
    content-type: application/problem+json
    link: </problems/idempotency_key_missing>; rel="describedby"
    x-content-type-options: nosniff
    x-request-id: req_…

    {"type":"/problems/idempotency_key_missing","title":"Idempotency-Key is missing","status":400,"code":"idempotency_key_missing","detail":"send the header Idempotency-Key with a new random value, and the same value with every repetition","request_id":"req_…"}
    "#);
    for path in ["products/A/stock-movements", "orders/ord_00000000000000000000000000/cancel"] {
        let call = shop.admin.call(Method::POST, &format!("/api/v1/{path}")).text("{}");
        call.send().await.problem(400, "idempotency_key_missing");
    }
    assert_eq!(shop.faults.loads(), loads, "the store was asked");
    assert_eq!(shop.stock("A").await, [9, 0, 9]);
    shop.close().await;
}

#[tokio::test]
async fn h_02_no_key_on_an_optional_route() {
    let shop = Shop::open().await;
    let take = || shop.admin.call(Method::POST, "/api/v1/order-numbers").send();
    let (first, second) = (take().await.expect(201), take().await.expect(201));
    assert_ne!(first.order_no(), second.order_no(), "each arrival without a key is a wish of its own");
    assert!(!second.is_replay());
    let keyed = || shop.admin.post("/api/v1/order-numbers", "page-1").send();
    let first = keyed().await.expect(201);
    keyed().await.replays(&first);
    shop.close().await;
}

#[tokio::test]
async fn h_03_quoted_and_bare_name_the_same_key() {
    let shop = Shop::open().await;
    shop.product("A", 1_999, 9).await;
    let first = shop.admin.place("\"8e03978e-40d5-43e8-bc93-6894a57f9324\"", &order_of(&[("A", 1)])).await.expect(201);
    shop.admin.place("8e03978e-40d5-43e8-bc93-6894a57f9324", &order_of(&[("A", 1)])).await.replays(&first);
    assert_eq!(shop.stock("A").await, [9, 1, 8]);
    shop.close().await;
}

#[tokio::test]
async fn h_05_two_lines_or_a_list() {
    let shop = Shop::open().await;
    shop.product("A", 1_999, 9).await;
    let two: &[&[u8]] = &[b"a", b"a"];
    for lines in [two, &[b"\"a\"", b"\"b\""], &[b"\"a\", \"b\""], &[b"a, b"], &[b"a,b"], &[b"(\"a\")"]] {
        assert_eq!(outcome(&shop.admin, lines).await, (400, "idempotency_key_invalid".to_owned()), "{lines:?}");
    }
    assert_eq!(shop.stock("A").await, [9, 0, 9]);
    shop.close().await;
}

#[tokio::test]
async fn h_06_what_is_not_a_key() {
    let shop = Shop::open().await;
    shop.product("A", 1_999, 99).await;
    let loads = shop.faults.loads();
    let long = "k".repeat(256);
    let bad: [&[u8]; 11] = [
        b"",
        b"   ",
        b"\"\"",
        long.as_bytes(),
        b"a b",
        b"\"a b\"",
        b"a\tb",
        "schl\u{fc}ssel".as_bytes(),
        b"a\xffb",
        b"\"abc",
        b"\"a\\n\"",
    ];
    for line in bad {
        assert_eq!(outcome(&shop.admin, &[line]).await, (400, "idempotency_key_invalid".to_owned()), "{line:?}");
    }
    assert_eq!(shop.faults.loads(), loads, "the store was asked");
    assert_eq!(outcome(&shop.admin, &[&long.as_bytes()[1..]]).await.0, 201, "255 characters are a key");
    shop.close().await;
}

#[tokio::test]
async fn h_07_parameters_do_not_count() {
    let shop = Shop::open().await;
    shop.product("A", 1_999, 9).await;
    let first = shop.admin.place("\"a\";foo=1", &order_of(&[("A", 1)])).await.expect(201);
    shop.admin.place("\"a\"; bar", &order_of(&[("A", 1)])).await.replays(&first);
    shop.admin.place("a", &order_of(&[("A", 1)])).await.replays(&first);
    shop.close().await;
}

#[tokio::test]
async fn h_08_an_escaped_key_is_decoded() {
    let shop = Shop::open().await;
    shop.product("A", 1_999, 9).await;
    let first = shop.admin.place(r#""a\"b""#, &order_of(&[("A", 1)])).await.expect(201);
    shop.admin.place(r#""a\"b""#, &order_of(&[("A", 1)])).await.replays(&first);
    let history = shop.admin.get(&format!("/api/v1/orders/{}/history", first.order_no())).await.expect(200);
    assert_eq!(history.str("/0/key"), "a\"b");
    shop.admin.place(r#""a\\b""#, &order_of(&[("A", 1)])).await.expect(201);
    shop.close().await;
}

#[tokio::test]
async fn h_09_keys_differing_only_in_case() {
    let shop = Shop::open().await;
    shop.product("A", 1_999, 9).await;
    let upper = shop.admin.place("Order-A", &order_of(&[("A", 1)])).await.expect(201);
    let lower = shop.admin.place("order-a", &order_of(&[("A", 1)])).await.expect(201);
    assert_ne!(upper.order_no(), lower.order_no());
    assert_eq!(shop.stock("A").await, [9, 2, 7]);
    shop.close().await;
}

#[tokio::test]
async fn h_10_a_key_on_a_reading_request_passes_through() {
    let shop = Shop::open().await;
    shop.product("A", 1_999, 9).await;
    let read = |method| shop.admin.call(method, "/api/v1/products/A").header("idempotency-key", "k1").send();
    let first = read(Method::GET).await.expect(200);
    shop.admin
        .post("/api/v1/products/A/stock-movements", "m1")
        .text(r#"{"quantity":1,"reason":"count"}"#)
        .send()
        .await
        .expect(201);
    let second = read(Method::GET).await.expect(200);
    assert!(!second.is_replay() && second.body != first.body, "a reading is never replayed");
    assert_eq!(read(Method::HEAD).await.status, 200);
    read(Method::OPTIONS).await.problem(405, "method_not_allowed");
    shop.admin.place("k1", &order_of(&[("A", 1)])).await.expect(201);
    shop.close().await;
}
