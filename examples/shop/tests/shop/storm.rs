//! Owns that a shop that is killed in the middle of a storm owes nobody anything: an order and a charge for each key.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use serde_json::json;
use tokio::time::{sleep, timeout};

use crate::ground::{ALICE, Ground, key};

const CLIENTS: u64 = 8;
const KEYS_EACH: u64 = 40;
/// It is killed so often, each time after so many more answers.
const KILLS: u64 = 3;
const ANSWERS_BETWEEN: u64 = CLIENTS * KEYS_EACH * 2 / (KILLS + 1);
const TEA: i64 = 10_000;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn killed_in_mid_storm() {
    let ground = Arc::new(Ground::new(TEA).await);
    let mut shop = ground.serve().await;
    let answers = Arc::new(AtomicU64::new(0));
    let clients: Vec<_> =
        (0..CLIENTS).map(|client| tokio::spawn(buy(Arc::clone(&ground), Arc::clone(&answers), client))).collect();
    for kill in 1..=KILLS {
        let enough = async {
            while answers.load(Ordering::Relaxed) < kill * ANSWERS_BETWEEN {
                sleep(Duration::from_millis(1)).await;
            }
        };
        timeout(Duration::from_mins(2), enough).await.expect("the storm goes on");
        shop.kill();
        shop = ground.serve().await;
    }
    for client in clients {
        client.await.expect("every key is answered");
    }
    let keys = i64::try_from(CLIENTS * KEYS_EACH).expect("a small number");
    assert_eq!(ground.number("SELECT count(*) FROM orders").await, keys);
    assert_eq!(ground.number("SELECT count(*) FROM orders WHERE state = 'paid'").await, keys);
    let sold = ground.number("SELECT sum(quantity)::bigint FROM orders").await;
    assert_eq!(ground.number("SELECT stock FROM products WHERE item = 'tea'").await, TEA - sold);
    let due = ground.number("SELECT sum(total_cents)::bigint FROM orders").await;
    assert_eq!(ground.charges().await, (keys, due));
    drop(shop);
    Arc::into_inner(ground).expect("all clients are done").close().await;
}

/// Orders and pays, each under its key, until there is a final answer to both.
async fn buy(ground: Arc<Ground>, answers: Arc<AtomicU64>, client: u64) {
    for number in 0..KEYS_EACH {
        let order = json!({"item": "tea", "quantity": 1 + (client + number) % 3});
        let (order_key, payment_key) = (key(), key());
        let placed = ground.settle("/orders", ALICE, &order_key, Some(&order)).await;
        assert_eq!((placed.status, &placed.body["state"]), (201, &json!("placed")), "{placed:?}");
        answers.fetch_add(1, Ordering::Relaxed);
        let path = format!("/orders/{}/pay", placed.body["id"]);
        let paid = ground.settle(&path, ALICE, &payment_key, None).await;
        assert_eq!((paid.status, &paid.body["order"]), (200, &placed.body["id"]), "{paid:?}");
        answers.fetch_add(1, Ordering::Relaxed);
        for (path, key, body, first) in
            [("/orders", &order_key, Some(&order), &placed), (path.as_str(), &payment_key, None, &paid)]
        {
            let again = ground.settle(path, ALICE, key, body).await;
            assert_eq!((again.status, again.how.as_str(), &again.body), (first.status, "replayed", &first.body));
        }
    }
}
