//! Owns the rows C: many arrivals of one request at once.

use std::time::Duration;

use tokio::task::JoinHandle;

use crate::harness::{Answer, Call, Setup, Shop, Step, all, order_of, until};

/// A server whose requests wait only shortly for their answer.
async fn impatient() -> Shop {
    let settings = api::Settings { answer_wait: Duration::from_millis(50), ..Default::default() };
    let shop = Shop::with(Setup { settings, ..Setup::default() }).await;
    shop.product("A", 1_999, 9).await;
    shop
}

/// A shop with an order of one whose first arrival is held in the storage.
async fn held() -> (Shop, Call, JoinHandle<Answer>) {
    let shop = Shop::open().await;
    shop.product("A", 1_999, 9).await;
    let call = shop.admin.post("/api/v1/orders", "k1").json(&order_of(&[("A", 1)]));
    shop.faults.hold();
    let first = tokio::spawn(call.clone().send());
    shop.faults.holding().await;
    (shop, call, first)
}

#[tokio::test]
async fn c_02_a_duplicate_attaches_and_gets_the_answer() {
    let (shop, call, first) = held().await;
    let second = tokio::spawn(call.send());
    until("the duplicate waits", async || shop.engine.waiting() == 1).await;
    shop.faults.release();
    let first = first.await.expect("the call ends").expect(201);
    assert!(!first.is_replay());
    second.await.expect("the call ends").replays(&first);
    assert_eq!(shop.stock("A").await, [9, 1, 8]);
    shop.close().await;
}

#[tokio::test]
async fn c_03_a_duplicate_that_waits_too_long_is_told_to_ask_again() {
    let shop = impatient().await;
    let call = shop.admin.post("/api/v1/orders", "k1").json(&order_of(&[("A", 1)]));
    shop.faults.hold();
    let first = tokio::spawn(call.clone().send());
    shop.faults.holding().await;
    let second = call.clone().send().await.problem(409, "request_in_flight");
    insta::assert_snapshot!(second.shown(), @r#"
    409 Conflict
    cache-control: no-store
    content-type: application/problem+json
    retry-after: 1
    x-content-type-options: nosniff
    x-request-id: req_…

    {"type":"/problems/request_in_flight","title":"The same request is running","status":409,"code":"request_in_flight","detail":"an earlier arrival of this request is still running","request_id":"req_…"}
    "#);
    first.await.expect("the call ends").problem(503, "outcome_pending");
    shop.faults.release();
    // Nothing final was said, so the key is not spent: it tells what became of the first arrival.
    let told = call.clone().send().await.expect(201);
    call.send().await.replays(&told);
    assert_eq!(shop.orders().await, [told.order_no()]);
    shop.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn c_04_a_hundred_parallel_identical_requests() {
    let shop = Shop::open().await;
    shop.product("A", 1_999, 999).await;
    let call = shop.admin.post("/api/v1/orders", "k1").json(&order_of(&[("A", 1)]));
    let answers = all((0..100).map(|_| call.clone().send())).await;
    let executed: Vec<_> = answers.iter().filter(|answer| !answer.is_replay()).collect();
    assert_eq!(executed.len(), 1);
    answers.iter().filter(|answer| answer.is_replay()).for_each(|answer| answer.replays(executed[0]));
    assert_eq!(shop.stock("A").await, [999, 1, 998]);
    assert_eq!(shop.orders().await.len(), 1);
    shop.close().await;
}

#[tokio::test]
async fn c_05_an_owner_that_rolls_back_leaves_one_order_to_all_who_wait() {
    let (shop, call, first) = held().await;
    shop.faults.next([Step::Conflict; 2]);
    let waiters: Vec<_> = (0..5).map(|_| tokio::spawn(call.clone().send())).collect();
    until("the duplicates wait", async || shop.engine.waiting() == 5).await;
    shop.faults.release();
    let mut answers = vec![first.await.expect("the call ends").expect(201)];
    for waiter in waiters {
        answers.push(waiter.await.expect("the call ends").expect(201));
    }
    let (replays, executed): (Vec<_>, Vec<_>) = answers.iter().partition(|answer| answer.is_replay());
    assert_eq!((replays.len(), executed.len()), (5, 1));
    for answer in replays {
        answer.replays(executed[0]);
    }
    assert_eq!(shop.stock("A").await, [9, 1, 8]);
    shop.close().await;
}

#[tokio::test]
async fn c_06_a_waiter_that_goes_away_leaves_nothing_behind() {
    let shop = Shop::open().await;
    shop.product("A", 1_999, 9).await;
    let call = shop.admin.post("/api/v1/orders", "k1").json(&order_of(&[("A", 1)]));
    shop.faults.hold();
    let first = tokio::spawn(call.clone().send());
    shop.faults.holding().await;
    for waiting in 1..=5 {
        let wire = shop.admin.connect().await;
        wire.send_and_leave(call.clone(), until("it waits", async || shop.engine.waiting() == waiting)).await;
    }
    shop.faults.release();
    let first = first.await.expect("the call ends").expect(201);
    call.send().await.replays(&first);
    until("nobody waits", async || shop.engine.waiting() == 0).await;
    shop.close().await;
}

/// Waiters hold no connection of the database: reading goes on, and they all get their answer.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn c_07_more_waiters_than_connections() {
    let shop = Shop::open().await;
    shop.product("A", 1_999, 999).await;
    let call = shop.admin.post("/api/v1/orders", "k1").json(&order_of(&[("A", 1)]));
    shop.faults.hold();
    let first = tokio::spawn(call.clone().send());
    shop.faults.holding().await;
    let waiters: Vec<_> = (0..64).map(|_| tokio::spawn(call.clone().send())).collect();
    until("all but the first wait", async || shop.engine.waiting() == 64).await;
    let reads = all((0..20).map(|_| shop.admin.call(http::Method::GET, "/api/v1/products/A").send())).await;
    assert!(reads.iter().all(|read| read.status == 200), "readers do not wait for waiters");
    shop.faults.release();
    let first = first.await.expect("the call ends").expect(201);
    for waiter in waiters {
        waiter.await.expect("the call ends").replays(&first);
    }
    assert_eq!(shop.orders().await.len(), 1);
    shop.close().await;
}
