//! Owns the rows B: what a first answer looks like, and how faithful its replay is.

use domain::access::Role;
use http::Method;
use serde_json::json;

use crate::harness::{Setup, Shop, order_of};

#[tokio::test]
async fn b_01_first_answer() {
    let shop = Shop::open().await;
    shop.product("A", 1_999, 9).await;
    let body = json!({"customer_id": "c-1", "note": "ring twice", "lines": [{"sku": "A", "quantity": 2}]});
    let first = shop.admin.post("/api/v1/orders", "k1").header("x-request-id", "first").json(&body).send().await;
    assert!(!first.is_replay());
    assert_eq!(first.header("location"), Some(format!("/api/v1/orders/{}", first.order_no()).as_str()));
    insta::assert_snapshot!(first.shown(), @r#"
    201 Created
    cache-control: no-store
    content-type: application/json
    etag: "1"
    idempotency-status: executed
    location: /api/v1/orders/ord_…
    x-content-type-options: nosniff
    x-request-id: first

    {"order_no":"ord_…","status":"pending_payment","payment_status":"unpaid","fulfillment_status":"unfulfilled","version":1,"customer_id":"c-1","lines":[{"line":1,"sku":"A","name":"Product A","quantity":2,"unit_price":{"amount":1999,"currency":"CNY"},"total":{"amount":3998,"currency":"CNY"}}],"total":{"amount":3998,"currency":"CNY"},"note":"ring twice","created_at":"<time>","updated_at":"<time>","expires_at":"<time>","close_reason":null,"shipments":[]}
    "#);
    assert_eq!(shop.orders().await, [first.order_no()]);
    let read = shop.admin.get(first.header("location").expect("a Location")).await.expect(200);
    assert_eq!((read.json(), read.header("etag")), (first.json(), first.header("etag")));
    shop.close().await;
}

#[tokio::test]
async fn b_02_replay_is_byte_equal() {
    let shop = Shop::open().await;
    shop.product("A", 1_999, 9).await;
    let first = shop.admin.place("k1", &order_of(&[("A", 2)])).await.expect(201);
    // What the order became since does not show: an answer is what was said.
    shop.admin.cancel("k2", &first.order_no()).await.expect(200);
    for _ in 0..3 {
        let again = shop.admin.place("k1", &order_of(&[("A", 2)])).await;
        again.replays(&first);
        assert_eq!(again.header("cache-control"), Some("no-store"));
        assert_eq!(again.header("idempotency-status"), Some("replayed"));
        assert_ne!(again.header("x-request-id"), first.header("x-request-id"));
    }
    assert_eq!(shop.orders().await.len(), 1);
    assert_eq!(shop.stock("A").await, [9, 0, 9]);
    shop.close().await;
}

#[tokio::test]
async fn b_02_replay_of_every_changing_route() {
    let shop = Shop::open().await;
    shop.product("FREE", 0, 9).await;
    let order = shop.admin.place("k1", &order_of(&[("FREE", 2)])).await.expect(201);
    let path = format!("/api/v1/orders/{}", order.order_no());
    let parcel = json!({"carrier": "SF", "tracking_no": "1"});
    let calls = [
        shop.admin.post("/api/v1/order-numbers", "r0"),
        shop.admin
            .post("/api/v1/products/FREE/stock-movements", "r1")
            .json(&json!({"quantity": 3, "reason": "delivery"})),
        shop.admin
            .put("/api/v1/products/NEW")
            .header("idempotency-key", "r2")
            .json(&json!({"name": "N", "price": {"amount": 1, "currency": "CNY"}})),
        shop.admin.post(&format!("{path}/ship"), "r3").if_match("\"2\"").json(&parcel),
        shop.admin
            .put(&format!("{path}/shipment"))
            .header("idempotency-key", "r4")
            .if_match("\"3\"")
            .json(&json!({"carrier": "SF", "tracking_no": "2"})),
        shop.admin.post(&format!("{path}/receive"), "r5"),
        shop.admin.post(&format!("{path}/cancel"), "r6").json(&json!({"reason": "merchant"})),
    ];
    let mut firsts = Vec::new();
    for call in &calls {
        firsts.push(call.clone().send().await);
    }
    let statuses: Vec<_> = firsts.iter().map(|answer| answer.status).collect();
    assert_eq!(statuses, [201, 201, 201, 200, 200, 200, 409]);
    for (call, first) in calls.into_iter().zip(firsts) {
        call.send().await.replays(&first);
    }
    assert_eq!(shop.stock("FREE").await, [10, 0, 10]);
    shop.close().await;
}

#[tokio::test]
async fn b_02_a_refusal_is_replayed_with_the_first_request_id() {
    let shop = Shop::open().await;
    shop.product("A", 1_999, 1).await;
    let call = |id| shop.admin.post("/api/v1/orders", "k1").header("x-request-id", id).json(&order_of(&[("A", 2)]));
    let first = call("first").send().await.problem(409, "stock_insufficient");
    shop.admin
        .post("/api/v1/products/A/stock-movements", "m")
        .json(&json!({"quantity": 9, "reason": "delivery"}))
        .send()
        .await
        .expect(201);
    let again = call("second").send().await.problem(409, "stock_insufficient");
    again.replays(&first);
    assert_eq!((again.str("/request_id").as_str(), again.header("x-request-id")), ("first", Some("second")));
    insta::assert_snapshot!(again.shown(), @r#"
    409 Conflict
    cache-control: no-store
    content-type: application/problem+json
    idempotency-status: replayed
    idempotent-replayed: true
    x-content-type-options: nosniff
    x-request-id: second

    {"type":"/problems/stock_insufficient","title":"Not enough stock","status":409,"code":"stock_insufficient","detail":"not enough stock of A","request_id":"first","skus":["A"]}
    "#);
    shop.admin.place("k2", &order_of(&[("A", 2)])).await.expect(201);
    shop.close().await;
}

#[tokio::test]
async fn b_04_bad_input_does_not_use_the_key_up() {
    let shop = Shop::open().await;
    shop.product("A", 1_999, 9).await;
    let bad = shop.admin.place("k1", &order_of(&[("A", 0)])).await.problem(422, "validation_failed");
    insta::assert_snapshot!(bad.shown(), @r#"
    422 Unprocessable Entity
    cache-control: no-store
    content-type: application/problem+json
    x-content-type-options: nosniff
    x-request-id: req_…

    {"type":"/problems/validation_failed","title":"The input can never be right","status":422,"code":"validation_failed","detail":"/lines/0/quantity: 0 is not between 1 and 1000000000","request_id":"req_…","errors":[{"code":"out_of_range","message":"0 is not between 1 and 1000000000","pointer":"/lines/0/quantity"}]}
    "#);
    shop.admin.post("/api/v1/orders", "k1").text("{").send().await.problem(400, "body_malformed");
    shop.admin.place("k1", &order_of(&[("A", 1)])).await.expect(201);
    shop.close().await;
}

#[tokio::test]
async fn b_05_what_outer_layers_refuse_does_not_use_the_key_up() {
    let shop = Shop::open().await;
    shop.product("A", 1_999, 9).await;
    let service = shop.client(shop.tenant, "shop", Role::Service).await;
    let auditor = shop.client(shop.tenant, "shop", Role::Auditor).await;
    let order = order_of(&[("A", 1)]);
    let refused = service.nobody().place("k1", &order).await.problem(401, "unauthorized");
    insta::assert_snapshot!(refused.shown(), @r#"
    401 Unauthorized
    cache-control: no-store
    content-type: application/problem+json
    www-authenticate: Bearer
    x-content-type-options: nosniff
    x-request-id: req_…

    {"type":"/problems/unauthorized","title":"No valid credential","status":401,"code":"unauthorized","detail":"send one header Authorization: Bearer with an API key or an access token","request_id":"req_…"}
    "#);
    auditor.place("k1", &order).await.problem(403, "forbidden");
    assert!(!service.place("k1", &order).await.expect(201).is_replay());
    shop.close().await;
}

#[tokio::test]
async fn b_05_overload_does_not_use_the_key_up() {
    let setup =
        Setup { settings: api::Settings { concurrent_requests_max: 1, ..Default::default() }, ..Setup::default() };
    let shop = Shop::with(setup).await;
    shop.product("A", 1_999, 9).await;
    shop.faults.hold();
    let first = tokio::spawn(shop.admin.post("/api/v1/orders", "k1").json(&order_of(&[("A", 1)])).send());
    shop.faults.holding().await;
    let shed = shop.admin.place("k2", &order_of(&[("A", 1)])).await.problem(503, "overloaded");
    insta::assert_snapshot!(shed.shown(), @r#"
    503 Service Unavailable
    cache-control: no-store
    content-type: application/problem+json
    retry-after: 1
    x-content-type-options: nosniff
    x-request-id: req_…

    {"type":"/problems/overloaded","title":"Too busy","status":503,"code":"overloaded","detail":"too many requests are being worked on; nothing was done","request_id":"req_…"}
    "#);
    assert_eq!(shop.admin.get("/livez").await.status, 204, "the probes are not behind the limit");
    shop.faults.release();
    first.await.expect("the call ends").expect(201);
    assert!(!shop.admin.place("k2", &order_of(&[("A", 1)])).await.expect(201).is_replay());
    shop.close().await;
}

#[tokio::test]
async fn b_06_an_empty_body_is_framed_as_one() {
    let shop = Shop::open().await;
    let alive = shop.admin.get("/livez").await;
    assert_eq!((alive.status, alive.body.len(), alive.header("transfer-encoding")), (204, 0, None));
    shop.product("A", 1_999, 9).await;
    let get = shop.admin.get("/api/v1/products/A").await.expect(200);
    let head = shop.admin.call(Method::HEAD, "/api/v1/products/A").send().await.expect(200);
    assert_eq!((head.body.len(), head.header("content-length")), (0, get.header("content-length")));
    shop.close().await;
}

#[tokio::test]
async fn b_08_replays_share_nothing_of_the_first_connection() {
    let shop = Shop::open().await;
    shop.product("A", 1_999, 9).await;
    shop.admin.place("k1", &order_of(&[("A", 1)])).await.expect(201);
    let again = shop.admin.place("k1", &order_of(&[("A", 1)])).await.expect(201);
    for name in ["set-cookie", "connection", "keep-alive", "server", "trailer"] {
        assert_eq!(again.header(name), None);
    }
    assert_eq!(again.headers.get_all("date").iter().count(), 1);
    shop.close().await;
}

#[tokio::test]
async fn b_09_accept_encoding_changes_nothing() {
    let shop = Shop::open().await;
    shop.product("A", 1_999, 9).await;
    let call = |coding| {
        shop.admin.post("/api/v1/orders", "k1").header("accept-encoding", coding).json(&order_of(&[("A", 1)])).send()
    };
    let first = call("gzip, br").await.expect(201);
    assert_eq!(first.header("content-encoding"), None);
    call("identity").await.replays(&first);
    shop.close().await;
}

#[tokio::test]
async fn b_12_http_1_first_then_http_2() {
    let shop = Shop::open().await;
    shop.product("A", 1_999, 9).await;
    let call = shop.admin.post("/api/v1/orders", "k1").json(&order_of(&[("A", 1)]));
    let first = call.clone().send().await.expect(201);
    call.send_http2().await.replays(&first);
    let call = shop.admin.post("/api/v1/orders", "k2").json(&order_of(&[("A", 1)]));
    let first = call.clone().send_http2().await.expect(201);
    call.send().await.replays(&first);
    shop.close().await;
}
