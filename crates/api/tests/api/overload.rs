//! Owns what happens when more comes than can be done: refused at once, with a word when to come again.

use crate::harness::{Setup, Shop, order_of, until};

#[tokio::test]
async fn a_full_queue_refuses_and_says_when_to_come_again() {
    let engine = engine::Options { queue_commands_max: 2, batch_commands_max: 1, ..engine::Options::default() };
    let shop = Shop::with(Setup { engine, ..Setup::default() }).await;
    shop.product("A", 1_999, 9).await;
    shop.faults.hold();
    let call = |key: &str| shop.admin.post("/api/v1/orders", key).json(&order_of(&[("A", 1)]));
    let mut running = vec![tokio::spawn(call("k0").send())];
    shop.faults.holding().await;
    for waiting in 1..=2 {
        running.push(tokio::spawn(call(&format!("k{waiting}")).send()));
        until("it waits", async || shop.engine.waiting() == waiting).await;
    }
    let refused = call("k3").send().await.problem(503, "overloaded");
    insta::assert_snapshot!(refused.shown(), @r#"
    503 Service Unavailable
    cache-control: no-store
    content-type: application/problem+json
    retry-after: 1
    x-content-type-options: nosniff
    x-request-id: req_…

    {"type":"/problems/overloaded","title":"Too busy","status":503,"code":"overloaded","detail":"too many commands wait; nothing was done","request_id":"req_…"}
    "#);
    assert_eq!(shop.stock("A").await, [9, 0, 9], "reading goes on");
    shop.faults.release();
    for order in running {
        order.await.expect("the call ends").expect(201);
    }
    call("k3").send().await.expect(201);
    assert_eq!(shop.orders().await.len(), 4);
    shop.close().await;
}

#[tokio::test]
async fn readers_are_counted_by_the_limit_and_probes_are_not() {
    let settings = api::Settings { concurrent_requests_max: 2, ..Default::default() };
    let shop = Shop::with(Setup { settings, ..Setup::default() }).await;
    shop.product("A", 1_999, 9).await;
    shop.faults.hold();
    let call = |key: &str| shop.admin.post("/api/v1/orders", key).json(&order_of(&[("A", 1)]));
    let first = tokio::spawn(call("k0").send());
    shop.faults.holding().await;
    let second = tokio::spawn(call("k1").send());
    until("it waits", async || shop.engine.waiting() == 1).await;
    shop.admin.get("/api/v1/products/A").await.problem(503, "overloaded");
    call("k0").send().await.problem(503, "overloaded");
    for (path, status) in
        [("/livez", 204), ("/readyz", 200), ("/metrics", 200), ("/openapi.json", 200), ("/problems/overloaded", 200)]
    {
        assert_eq!(shop.admin.get(path).await.status, status, "{path}");
    }
    shop.faults.release();
    first.await.expect("the call ends").expect(201);
    second.await.expect("the call ends").expect(201);
    shop.admin.get("/api/v1/products/A").await.expect(200);
    shop.close().await;
}

#[tokio::test]
async fn a_server_that_shuts_down_takes_no_more() {
    let shop = Shop::open().await;
    shop.product("A", 1_999, 9).await;
    shop.engine.close();
    let refused = shop.admin.place("k1", &order_of(&[("A", 1)])).await.problem(503, "shutting_down");
    insta::assert_snapshot!(refused.shown(), @r#"
    503 Service Unavailable
    cache-control: no-store
    content-type: application/problem+json
    retry-after: 1
    x-content-type-options: nosniff
    x-request-id: req_…

    {"type":"/problems/shutting_down","title":"The server is shutting down","status":503,"code":"shutting_down","detail":"the server is shutting down; nothing was done","request_id":"req_…"}
    "#);
    insta::assert_snapshot!(shop.admin.get("/readyz").await.expect(503).text(), @r#"{"status":"closed"}"#);
    shop.close().await;
}
