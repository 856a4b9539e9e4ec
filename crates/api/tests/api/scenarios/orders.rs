//! Owns the scenarios O: orders that were made twice, half, or under a number that another has.

use std::collections::BTreeSet;

use serde_json::json;

use crate::harness::{Shop, Step, all, order_of};

/// Takes an order number, as a checkout page does when it opens.
async fn number(shop: &Shop) -> String {
    shop.admin.call(http::Method::POST, "/api/v1/order-numbers").send().await.expect(201).order_no()
}

#[tokio::test]
async fn o1_parallel_clicks_on_pay() {
    let shop = Shop::open().await;
    shop.product("A", 1_999, 99).await;
    let order_no = number(&shop).await;
    // A shop that makes a new key for each click: the order number is what protects it.
    let order = json!({"order_no": order_no, "customer_id": "c", "lines": [{"sku": "A", "quantity": 1}]});
    let clicks = (0..20).map(|click| shop.admin.post("/api/v1/orders", &format!("click-{click}")).json(&order).send());
    let answers = all(clicks).await;
    assert_eq!(answers.iter().filter(|answer| answer.status == 201).count(), 1);
    let bodies: BTreeSet<_> = answers.iter().map(|answer| answer.clone().body).collect();
    assert_eq!(bodies.len(), 1, "every click sees the same order");
    assert!(answers.iter().all(|answer| matches!(answer.status, 200 | 201)));
    assert_eq!(shop.orders().await, [order_no]);
    assert_eq!(shop.stock("A").await, [99, 1, 98]);
    shop.close().await;
}

#[tokio::test]
async fn o2_the_second_tab_comes_after_the_first_committed() {
    let shop = Shop::open().await;
    shop.product("A", 1_999, 9).await;
    let order_no = number(&shop).await;
    let order = json!({"order_no": order_no, "customer_id": "c", "lines": [{"sku": "A", "quantity": 1}]});
    let first = shop.admin.place("tab-1", &order).await.expect(201);
    assert_eq!(first.order_no(), order_no);
    let second = shop.admin.place("tab-2", &order).await.expect(200);
    assert_eq!(second.body, first.body);
    // The cart was edited in the second tab: another wish, which does not replace the first.
    let edited = json!({"order_no": order_no, "customer_id": "c", "lines": [{"sku": "A", "quantity": 2}]});
    shop.admin.place("tab-3", &edited).await.problem(409, "order_no_taken");
    assert_eq!(shop.stock("A").await, [9, 1, 8]);
    shop.close().await;
}

#[tokio::test]
async fn o3_the_order_is_stored_and_the_client_knows_nothing() {
    let shop = Shop::open().await;
    shop.product("A", 1_999, 9).await;
    shop.faults.next([Step::LoseReply]);
    let first = shop.admin.place("k1", &order_of(&[("A", 1)])).await.expect(201);
    let shop = shop.restart().await;
    shop.admin.place("k1", &order_of(&[("A", 1)])).await.replays(&first);
    assert_eq!(shop.orders().await, [first.order_no()]);
    shop.close().await;
}

#[tokio::test]
async fn o5_a_refresh_sends_the_put_twice() {
    let shop = Shop::open().await;
    shop.product("FREE", 0, 9).await;
    let order_no = shop.admin.place("k1", &order_of(&[("FREE", 1)])).await.expect(201).order_no();
    let path = format!("/api/v1/orders/{order_no}");
    let parcel = shop.admin.post(&format!("{path}/ship"), "s1").if_match("\"2\"");
    parcel.json(&json!({"carrier": "SF", "tracking_no": "1"})).send().await.expect(200);
    let correct = shop.admin.put(&format!("{path}/shipment")).if_match("\"3\"");
    let correct = correct.json(&json!({"carrier": "SF", "tracking_no": "2"}));
    let first = correct.clone().send().await.expect(200);
    correct.send().await.replays(&first);
    let history = shop.admin.get(&format!("{path}/history")).await.expect(200).json();
    let events: Vec<_> = history.as_array().expect("a list").iter().map(|entry| entry["event"].clone()).collect();
    assert_eq!(events, ["place", "pay", "ship_all", "correct_shipment"]);
    shop.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn o6_ten_thousand_orders_at_once() {
    const CONNECTIONS: usize = 100;
    const EACH: usize = 100;
    let shop = Shop::open().await;
    shop.product("A", 1_999, 1_000_000).await;
    let customers = (0..CONNECTIONS).map(|customer| {
        let admin = shop.admin.clone();
        async move {
            let mut wire = admin.connect().await;
            let mut numbers = Vec::with_capacity(EACH);
            for order in 0..EACH {
                let call = admin.post("/api/v1/orders", &format!("o6-{customer}-{order}"));
                numbers.push(wire.send(call.json(&order_of(&[("A", 1)]))).await.expect(201).order_no());
            }
            numbers
        }
    });
    let numbers: BTreeSet<String> = all(customers).await.into_iter().flatten().collect();
    assert_eq!(numbers.len(), CONNECTIONS * EACH, "every order has a number of its own");
    let stored: BTreeSet<String> = shop.orders().await.into_iter().collect();
    assert_eq!(stored, numbers);
    let sold = i64::try_from(CONNECTIONS * EACH).expect("a small number");
    assert_eq!(shop.stock("A").await, [1_000_000, sold, 1_000_000 - sold]);
    shop.close().await;
}

#[tokio::test]
async fn o7_numbers_need_no_counter_that_could_be_lost() {
    let mut shop = Shop::open().await;
    shop.product("A", 1_999, 99).await;
    let mut numbers = BTreeSet::new();
    for round in 0..3 {
        for order in 0..5 {
            let answer = shop.admin.place(&format!("k-{round}-{order}"), &order_of(&[("A", 1)])).await.expect(201);
            assert!(numbers.insert(answer.order_no()));
            assert!(numbers.insert(number(&shop).await));
        }
        // All memory of the process is gone.
        shop = shop.restart().await;
    }
    assert_eq!(shop.orders().await.len(), 15);
    shop.close().await;
}

#[tokio::test]
async fn o8_one_step_of_a_placement_fails() {
    let shop = Shop::open().await;
    shop.product("A", 1_999, 9).await;
    shop.product("B", 1_999, 1).await;
    // Denied by the rules: the second line has no stock.
    let short = shop.admin.place("k1", &order_of(&[("A", 2), ("B", 2)])).await.problem(409, "stock_insufficient");
    assert_eq!(short.at("/skus"), json!(["B"]));
    let unknown = shop.admin.place("k2", &order_of(&[("A", 2), ("NONE", 1)])).await.problem(409, "product_not_found");
    assert_eq!(unknown.at("/skus"), json!(["NONE"]));
    // Denied by the storage, in the middle of a batch of parallel placements: the batch is split and tried again.
    shop.faults.hold();
    let first = tokio::spawn(shop.admin.post("/api/v1/orders", "p0").json(&order_of(&[("A", 1)])).send());
    shop.faults.holding().await;
    let others: Vec<_> = (1..=4)
        .map(|order| {
            tokio::spawn(shop.admin.post("/api/v1/orders", &format!("p{order}")).json(&order_of(&[("A", 1)])).send())
        })
        .collect();
    crate::harness::until("they wait", async || shop.engine.waiting() == 4).await;
    shop.faults.next([Step::Conflict, Step::LoseReply]);
    shop.faults.next([Step::Refuse, Step::Conflict, Step::LoseReply, Step::LoseCommit]);
    shop.faults.release();
    first.await.expect("the call ends").expect(201);
    for other in others {
        other.await.expect("the call ends").expect(201);
    }
    assert_eq!(shop.orders().await.len(), 5);
    assert_eq!(shop.stock("A").await, [9, 5, 4]);
    assert_eq!(shop.stock("B").await, [1, 0, 1]);
    shop.close().await;
}

#[tokio::test]
async fn o9_the_merchant_closes_what_is_paid_or_shipped() {
    let shop = Shop::open().await;
    shop.product("FREE", 0, 9).await;
    let order_no = shop.admin.place("k1", &order_of(&[("FREE", 2)])).await.expect(201).order_no();
    let path = format!("/api/v1/orders/{order_no}");
    let close = |key| shop.admin.post(&format!("{path}/cancel"), key).json(&json!({"reason": "merchant"})).send();
    let refused = close("c1").await.problem(409, "invalid_transition");
    assert_eq!((refused.str("/from").as_str(), refused.str("/event").as_str()), ("paid", "cancel"));
    let parcel = shop.admin.post(&format!("{path}/ship"), "s1").if_match("\"2\"");
    parcel.json(&json!({"carrier": "SF", "tracking_no": "1"})).send().await.expect(200);
    assert_eq!(close("c2").await.problem(409, "invalid_transition").str("/from"), "shipped");
    shop.admin.post(&format!("{path}/receive"), "r1").send().await.expect(200);
    assert_eq!(close("c3").await.problem(409, "invalid_transition").str("/from"), "completed");
    assert_eq!(shop.stock("FREE").await, [7, 0, 7]);
    shop.close().await;
}
