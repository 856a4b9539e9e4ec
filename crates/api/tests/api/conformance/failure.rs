//! Owns the rows F that need no second process: clients and storages that fail half way.

use std::time::Duration;

use crate::harness::{Call, Setup, Shop, Step, order_of, until};

async fn shop() -> Shop {
    let settings = api::Settings { answer_wait: Duration::from_millis(200), ..Default::default() };
    let shop = Shop::with(Setup { settings, ..Setup::default() }).await;
    shop.product("A", 1_999, 9).await;
    shop
}

fn order(shop: &Shop, key: &str) -> Call {
    shop.admin.post("/api/v1/orders", key).json(&order_of(&[("A", 1)]))
}

#[tokio::test]
async fn f_01_the_client_goes_away_before_the_answer() {
    let shop = shop().await;
    shop.faults.hold();
    shop.admin.connect().await.send_and_leave(order(&shop, "k1"), shop.faults.holding()).await;
    shop.faults.release();
    until("the order is there", async || shop.stock("A").await == [9, 1, 8]).await;
    let told = order(&shop, "k1").send().await.expect(201);
    assert!(told.is_replay(), "the effect was recorded although nobody waited");
    assert_eq!(shop.orders().await, [told.order_no()]);
    shop.close().await;
}

#[tokio::test]
async fn f_05_the_commit_succeeded_and_its_reply_was_lost() {
    let shop = shop().await;
    shop.faults.next([Step::LoseReply]);
    let first = order(&shop, "k1").send().await.expect(201);
    assert!(!first.is_replay(), "this very arrival was executed");
    order(&shop, "k1").send().await.replays(&first);
    assert_eq!(shop.stock("A").await, [9, 1, 8]);
    shop.close().await;
}

#[tokio::test]
async fn f_05_the_commit_was_lost_and_nobody_was_told() {
    let shop = shop().await;
    shop.faults.next([Step::LoseCommit, Step::LoseReply, Step::LoseCommit]);
    let first = order(&shop, "k1").send().await.expect(201);
    order(&shop, "k1").send().await.replays(&first);
    assert_eq!(shop.stock("A").await, [9, 1, 8]);
    shop.close().await;
}

#[tokio::test]
async fn f_06_the_store_is_down_at_the_claim() {
    let shop = shop().await;
    shop.faults.set_down(true);
    // The engine tries again for longer than a request waits: nothing final can be said yet.
    order(&shop, "k1").send().await.problem(503, "outcome_pending");
    until("the server says so", async || shop.admin.get("/readyz").await.status == 503).await;
    insta::assert_snapshot!(shop.admin.get("/readyz").await.text(), @r#"{"status":"struggling"}"#);
    shop.faults.set_down(false);
    let told = order(&shop, "k1").send().await.expect(201);
    assert_eq!(shop.orders().await, [told.order_no()]);
    until("the server is ready again", async || shop.admin.get("/readyz").await.status == 200).await;
    shop.close().await;
}

#[tokio::test]
async fn f_07_the_store_is_down_at_completion() {
    let shop = shop().await;
    shop.faults.hold();
    shop.faults.next([Step::LoseReply]);
    let first = tokio::spawn(order(&shop, "k1").send());
    shop.faults.holding().await;
    shop.faults.set_down(true);
    shop.faults.release();
    let pending = first.await.expect("the call ends").problem(503, "outcome_pending");
    insta::assert_snapshot!(pending.shown(), @r#"
    503 Service Unavailable
    cache-control: no-store
    content-type: application/problem+json
    retry-after: 2
    x-content-type-options: nosniff
    x-request-id: req_…

    {"type":"/problems/outcome_pending","title":"The outcome is not known yet","status":503,"code":"outcome_pending","detail":"it is not known yet whether the request was applied; ask again with the same key","request_id":"req_…"}
    "#);
    // While it is not known, a duplicate is told the same, and another request under the key is not run either.
    order(&shop, "k1").send().await.problem(503, "outcome_pending");
    shop.faults.set_down(false);
    let told = order(&shop, "k1").send().await.expect(201);
    assert!(told.is_replay());
    assert_eq!(shop.orders().await, [told.order_no()]);
    shop.close().await;
}

#[tokio::test]
async fn f_16_a_deadlock_is_tried_again() {
    let shop = shop().await;
    shop.faults.next([Step::Conflict; 3]);
    let first = order(&shop, "k1").send().await.expect(201);
    order(&shop, "k1").send().await.replays(&first);
    shop.close().await;
}

#[tokio::test]
async fn f_16_a_deadlock_without_end_is_given_up_and_leaves_nothing() {
    let settings = api::Settings::default();
    let engine = engine::Options { retries_max: 3, ..engine::Options::default() };
    let shop = Shop::with(Setup { settings, engine, ..Setup::default() }).await;
    shop.product("A", 1_999, 9).await;
    shop.faults.next([Step::Conflict; 4]);
    let busy = order(&shop, "k1").send().await.problem(503, "overloaded");
    insta::assert_snapshot!(busy.shown(), @r#"
    503 Service Unavailable
    cache-control: no-store
    content-type: application/problem+json
    retry-after: 1
    x-content-type-options: nosniff
    x-request-id: req_…

    {"type":"/problems/overloaded","title":"Too busy","status":503,"code":"overloaded","detail":"the database was too busy; nothing was done","request_id":"req_…"}
    "#);
    assert_eq!(shop.stock("A").await, [9, 0, 9]);
    assert!(!order(&shop, "k1").send().await.expect(201).is_replay());
    shop.close().await;
}

#[tokio::test]
async fn f_08_a_command_that_breaks_its_transaction_is_alone() {
    let shop = shop().await;
    shop.faults.next([Step::Refuse]);
    let broken = order(&shop, "k1").send().await.problem(500, "internal_error");
    insta::assert_snapshot!(broken.shown(), @r#"
    500 Internal Server Error
    cache-control: no-store
    content-type: application/problem+json
    x-content-type-options: nosniff
    x-request-id: req_…

    {"type":"/problems/internal_error","title":"Internal error","status":500,"code":"internal_error","detail":"the request could not be applied; nothing was done","request_id":"req_…"}
    "#);
    assert!(!broken.text().contains("planned"), "the storage's words stay inside");
    assert!(!order(&shop, "k1").send().await.expect(201).is_replay(), "nothing was stored under the key");
    shop.close().await;
}

#[tokio::test]
async fn f_07_a_broken_disk_stops_the_writing() {
    let shop = shop().await;
    let kept = order(&shop, "k0").send().await.expect(201);
    shop.faults.next([Step::Break]);
    order(&shop, "k1").send().await.problem(503, "outcome_pending");
    let refused = order(&shop, "k2").send().await.problem(503, "storage_unavailable");
    insta::assert_snapshot!(refused.shown(), @r#"
    503 Service Unavailable
    cache-control: no-store
    content-type: application/problem+json
    retry-after: 2
    x-content-type-options: nosniff
    x-request-id: req_…

    {"type":"/problems/storage_unavailable","title":"The database is not available","status":503,"code":"storage_unavailable","detail":"the server cannot write; nothing was done","request_id":"req_…"}
    "#);
    order(&shop, "k0").send().await.problem(503, "storage_unavailable");
    insta::assert_snapshot!(shop.admin.get("/readyz").await.expect(503).text(), @r#"{"status":"stopped"}"#);
    assert_eq!(shop.admin.get("/livez").await.status, 204);
    let path = format!("/api/v1/orders/{}", kept.order_no());
    assert_eq!(shop.admin.get(&path).await.expect(200).json(), kept.json(), "reading goes on");
    let shop = shop.restart().await;
    order(&shop, "k0").send().await.replays(&kept);
    assert!(!order(&shop, "k1").send().await.expect(201).is_replay());
    shop.close().await;
}

#[tokio::test]
async fn f_17_a_shutdown_drains_what_is_in_flight() {
    let shop = shop().await;
    shop.faults.hold();
    let settled = tokio::spawn(order(&shop, "k1").send());
    shop.faults.holding().await;
    let mut idle = shop.admin.connect().await;
    idle.send(shop.admin.call(http::Method::GET, "/livez")).await;
    shop.stop.cancel();
    let address = shop.admin.address;
    until("no new connection is taken", async || tokio::net::TcpStream::connect(address).await.is_err()).await;
    shop.faults.release();
    let first = settled.await.expect("the call ends").expect(201);
    let shop = shop.restart().await;
    order(&shop, "k1").send().await.replays(&first);
    assert_eq!(shop.stock("A").await, [9, 1, 8]);
    shop.close().await;
}
