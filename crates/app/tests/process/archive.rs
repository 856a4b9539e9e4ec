//! Owns `mideng archive` under load: closed orders move, and nobody who asks can tell.

use http::Method;
use serde_json::Value;

use crate::harness::{Answer, Database, Kind, Server};

const ORDERS: usize = 60;

async fn post(node: &Server, path: &str, key: &str) -> Answer {
    node.admin.send(Method::POST, path, key, r#"{"reason": "customer"}"#).await.expect("the server is there")
}

/// Every order with its history, page by page.
async fn everything(node: &Server) -> Vec<(Value, Value)> {
    let (mut all, mut cursor) = (Vec::new(), String::new());
    loop {
        let page = node.admin.get(&format!("/api/v1/orders?limit=7{cursor}")).await.expect(200).json();
        for order in page["data"].as_array().expect("a page has rows") {
            let path = format!("/api/v1/orders/{}", order["order_no"].as_str().expect("a number"));
            assert_eq!(node.admin.get(&path).await.expect(200).json(), *order);
            all.push((order.clone(), node.admin.get(&format!("{path}/history")).await.expect(200).json()));
        }
        match page["next_cursor"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => return all,
        }
    }
}

async fn nobody_can_tell(kind: Kind) {
    let database = Database::new(kind);
    let nodes = database.nodes(2).await;
    let node = &nodes[0];
    node.admin.stock_up(10_000).await;
    let (mut placed, mut cancelled) = (Vec::new(), Vec::new());
    for at in 0..ORDERS {
        let order = node.admin.place(&format!("k{at}")).await.expect("the server is there").expect(201);
        // Every second one is closed.
        if at.is_multiple_of(2) {
            let path = format!("/api/v1/orders/{}/cancel", order.text("/order_no"));
            cancelled.push((path.clone(), post(node, &path, &format!("c{at}")).await.expect(200)));
        }
        placed.push(order);
    }
    let before = everything(node).await;
    assert_eq!(before.len(), ORDERS);

    let shopper = nodes[nodes.len() - 1].admin.clone();
    let load = tokio::spawn(async move {
        for at in 0..40 {
            shopper.place(&format!("meanwhile-{at}")).await.expect("the server is there").expect(201);
        }
    });
    let line = ["archive", "--before", "2100-01-01", "--step", "7", "--database-url", &database.url];
    let moved = database.run(&line).await.succeeded();
    assert!(moved.out.starts_with("30 orders"), "{moved:?}");
    load.await.expect("a client does not panic");
    assert!(database.run(&line).await.succeeded().out.starts_with("0 orders"));

    let mut after = everything(node).await;
    after.retain(|(order, _)| !order["customer_id"].as_str().is_some_and(|name| name.starts_with("meanwhile")));
    assert_eq!(after, before);
    for (at, first) in placed.iter().enumerate() {
        node.admin.place(&format!("k{at}")).await.expect("the server is there").replays(first);
    }
    for (at, (path, first)) in cancelled.iter().enumerate() {
        post(node, path, &format!("c{}", 2 * at)).await.replays(first);
        // A new wish finds the order as it is: closed, and not gone.
        let refused = post(node, path, &format!("again-{at}")).await.expect(409);
        assert_eq!(refused.text("/code"), "invalid_transition");
    }
    assert_eq!(node.admin.stock().await, [10_000, 70, 9_930]);
    database.close(nodes).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn on_sqlite() {
    nobody_can_tell(Kind::Sqlite).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn on_postgres() {
    nobody_can_tell(Kind::Postgres).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn on_mariadb() {
    nobody_can_tell(Kind::MariaDb).await;
}
