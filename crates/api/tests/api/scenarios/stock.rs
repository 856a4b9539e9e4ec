//! Owns the scenarios S: stock that was sold twice, lost, or given back twice.

use engine::Answered;
use serde_json::json;

use crate::harness::{Answer, Shop, all, order_of};

/// Moves stock by hand.
async fn adjust(shop: &Shop, key: &str, sku: &str, quantity: i64) -> Answer {
    let path = format!("/api/v1/products/{sku}/stock-movements");
    shop.admin.post(&path, key).json(&json!({"quantity": quantity, "reason": "count"})).send().await
}

/// The status of what the engine answered.
fn status(answered: &Answered) -> u16 {
    match answered {
        Answered::Executed(answer) | Answered::Replayed(answer) => answer.status,
        other => panic!("not an answer: {other:?}"),
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn s1_the_last_unit_and_many_buyers() {
    let shop = Shop::open().await;
    shop.product("A", 1_999, 1).await;
    let buyers = (0..30)
        .map(|buyer| shop.admin.post("/api/v1/orders", &format!("b{buyer}")).json(&order_of(&[("A", 1)])).send());
    let answers = all(buyers).await;
    assert_eq!(answers.iter().filter(|answer| answer.status == 201).count(), 1);
    for loser in answers.into_iter().filter(|answer| answer.status != 201) {
        loser.problem(409, "stock_insufficient");
    }
    assert_eq!(shop.stock("A").await, [1, 1, 0]);
    shop.close().await;
}

#[tokio::test]
async fn s2_stock_is_set_to_zero_between_cart_and_order() {
    let shop = Shop::open().await;
    shop.product("A", 1_999, 5).await;
    let placed = shop.admin.place("k1", &order_of(&[("A", 2)])).await.expect(201);
    // What is promised cannot be taken away; what is not, can.
    adjust(&shop, "m1", "A", -5).await.problem(409, "stock_insufficient");
    let taken = adjust(&shop, "m2", "A", -3).await.expect(201);
    assert_eq!(taken.at("/stock"), json!({"on_hand": 2, "reserved": 2, "available": 0}));
    let late = shop.admin.place("k2", &order_of(&[("A", 1)])).await.problem(409, "stock_insufficient");
    insta::assert_snapshot!(late.text().split_once(",\"request_id").map_or("", |(text, _)| text), @r#"{"type":"/problems/stock_insufficient","title":"Not enough stock","status":409,"code":"stock_insufficient","detail":"not enough stock of A""#);
    assert_eq!(status(&shop.pay(&placed.order_no(), 3_998).await), 200);
    assert_eq!(shop.stock("A").await, [0, 0, 0]);
    shop.close().await;
}

#[tokio::test]
async fn s3_the_same_sku_on_two_lines_counts_together() {
    let shop = Shop::open().await;
    shop.product("A", 1_999, 3).await;
    shop.admin.place("k1", &order_of(&[("A", 2), ("A", 2)])).await.problem(409, "stock_insufficient");
    let taken = shop.admin.place("k2", &order_of(&[("A", 2), ("A", 1)])).await.expect(201);
    assert_eq!(taken.at("/lines").as_array().map(Vec::len), Some(2));
    assert_eq!(shop.stock("A").await, [3, 3, 0]);
    shop.close().await;
}

/// Also S5: no update of what is reserved is lost.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn s4_reserve_and_release_at_once() {
    let shop = Shop::open().await;
    shop.product("A", 1_999, 1_000).await;
    let buyers = (0..40).map(|buyer| {
        let admin = shop.admin.clone();
        async move {
            let placed = admin.place(&format!("p{buyer}"), &order_of(&[("A", 3)])).await.expect(201);
            if buyer % 2 == 0 {
                admin.cancel(&format!("c{buyer}"), &placed.order_no()).await.expect(200);
            }
        }
    });
    all(buyers).await;
    assert_eq!(shop.stock("A").await, [1_000, 60, 940]);
    shop.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn s5_parallel_reservations_are_all_counted() {
    let shop = Shop::open().await;
    shop.product("A", 1_999, 1_000).await;
    let mut tasks = Vec::new();
    for task in 0..60_i64 {
        let admin = shop.admin.clone();
        tasks.push(async move {
            let call = match task % 3 {
                0 => admin
                    .post("/api/v1/products/A/stock-movements", &format!("t{task}"))
                    .json(&json!({"quantity": 1, "reason": "r"})),
                _ => admin.post("/api/v1/orders", &format!("t{task}")).json(&order_of(&[("A", 1)])),
            };
            call.send().await.expect(201);
        });
    }
    all(tasks).await;
    assert_eq!(shop.stock("A").await, [1_020, 40, 980]);
    shop.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn s6_carts_that_name_the_same_products_in_opposite_order() {
    let shop = Shop::open().await;
    shop.product("A", 1_999, 1_000).await;
    shop.product("B", 1_999, 1_000).await;
    let carts = (0..40).map(|cart| {
        let lines = if cart % 2 == 0 { [("A", 1), ("B", 1)] } else { [("B", 1), ("A", 1)] };
        shop.admin.post("/api/v1/orders", &format!("cart-{cart}")).json(&order_of(&lines)).send()
    });
    for answer in all(carts).await {
        answer.expect(201);
    }
    assert_eq!(shop.stock("A").await, [1_000, 40, 960]);
    assert_eq!(shop.stock("B").await, [1_000, 40, 960]);
    shop.close().await;
}

#[tokio::test]
async fn s7_cancelled_twice_is_given_back_once() {
    let shop = Shop::open().await;
    shop.product("A", 1_999, 5).await;
    let order_no = shop.admin.place("k1", &order_of(&[("A", 2)])).await.expect(201).order_no();
    let first = shop.admin.cancel("c1", &order_no).await.expect(200);
    assert_eq!((first.str("/status").as_str(), first.str("/close_reason").as_str()), ("closed", "customer"));
    shop.admin.cancel("c1", &order_no).await.replays(&first);
    let second = shop.admin.cancel("c2", &order_no).await.problem(409, "invalid_transition");
    insta::assert_snapshot!(second.text().split_once(",\"request_id").map_or("", |(text, _)| text), @r#"{"type":"/problems/invalid_transition","title":"The order cannot do that now","status":409,"code":"invalid_transition","detail":"an order that is closed cannot take the event cancel""#);
    assert_eq!(shop.stock("A").await, [5, 0, 5]);
    // A payment that comes for it finds it closed and takes no stock again.
    assert_eq!(status(&shop.pay(&order_no, 3_998).await), 409);
    assert_eq!(shop.stock("A").await, [5, 0, 5]);
    shop.close().await;
}

#[tokio::test]
async fn s9_more_unpaid_orders_than_stock_cannot_be() {
    let shop = Shop::open().await;
    shop.product("A", 1_999, 3).await;
    let mut placed = Vec::new();
    for order in 0..6 {
        let answer = shop.admin.place(&format!("k{order}"), &order_of(&[("A", 1)])).await;
        match order {
            0..3 => placed.push(answer.expect(201).order_no()),
            _ => drop(answer.problem(409, "stock_insufficient")),
        }
    }
    for order_no in &placed {
        assert_eq!(status(&shop.pay(order_no, 1_999).await), 200);
        assert_eq!(status(&shop.pay(order_no, 1_999).await), 409, "paid is paid");
    }
    assert_eq!(shop.stock("A").await, [0, 0, 0]);
    shop.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn s11_a_hundred_orders_are_a_hundred_allocations() {
    let shop = Shop::open().await;
    shop.product("A", 1_999, 500).await;
    let orders = (0..100)
        .map(|order| shop.admin.post("/api/v1/orders", &format!("k{order}")).json(&order_of(&[("A", 1)])).send());
    for answer in all(orders).await {
        answer.expect(201);
    }
    assert_eq!(shop.stock("A").await, [500, 100, 400]);
    assert_eq!(shop.orders().await.len(), 100);
    shop.close().await;
}
