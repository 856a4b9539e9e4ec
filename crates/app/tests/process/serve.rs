//! Owns the life of `mideng serve`: one on a folder, drained when it is told to stop, sweeping while it runs.

use std::time::Duration;

use http::Method;
use serde_json::json;

use crate::harness::{Folder, until};

#[tokio::test]
async fn two_servers_on_one_folder() {
    let folder = Folder::new();
    let first = folder.serve(&[]).await;
    let second = folder.run(&["serve", "--listen", "127.0.0.1:0"]).await;
    second.failed_saying(&["another mideng serves", "mideng.db", "--data"]);
    first.admin.get("/readyz").await.expect(200);
    first.kill().await;
    // A server that was killed holds no lock.
    folder.serve(&[]).await.stop().await;
}

#[tokio::test]
async fn an_address_that_is_taken() {
    let (one, two) = (Folder::new(), Folder::new());
    let first = one.serve(&[]).await;
    let address = first.admin.address.to_string();
    two.run(&["serve", "--listen", &address]).await.failed_saying(&[&address, "something else"]);
    first.stop().await;
}

#[tokio::test]
async fn sigterm_drains_what_runs() {
    let folder = Folder::new();
    let server = folder.serve(&["--commit-delay-us", "300000", "--batch-commands-max", "1"]).await;
    server.admin.stock_up(9).await;
    let orders: Vec<_> = (0..3)
        .map(|order| {
            let admin = server.admin.clone();
            tokio::spawn(async move { admin.place(&format!("k{order}")).await })
        })
        .collect();
    until("one runs and two wait", async || {
        let page = server.admin.get("/metrics").await.expect(200).body;
        String::from_utf8_lossy(&page).lines().any(|line| line == "mideng_queue_commands 2")
    })
    .await;
    server.terminate().await;
    let mut placed = Vec::new();
    for order in orders {
        placed.push(order.await.expect("no panic").expect("the answer comes").expect(201));
    }
    server.ended().await;
    let server = folder.serve(&[]).await;
    for (order, first) in placed.iter().enumerate() {
        server.admin.place(&format!("k{order}")).await.expect("the server is there").replays(first);
    }
    server.stop().await;
}

#[tokio::test]
async fn an_order_that_nobody_pays_expires() {
    let folder = Folder::new();
    let server = folder.serve(&["--payment-timeout", "1s"]).await;
    let admin = &server.admin;
    admin.stock_up(5).await;
    let placed = admin.place("k1").await.expect("the server is there").expect(201);
    assert_eq!(admin.stock().await, [5, 1, 4]);
    let path = placed.location.clone().expect("a Location");
    until("the order is closed", async || admin.get(&path).await.text("/status") == "closed").await;
    assert_eq!(admin.get(&path).await.text("/close_reason"), "timeout");
    assert_eq!(admin.stock().await, [5, 0, 5]);
    let history = admin.get(&format!("{path}/history")).await.json();
    let last = &history.as_array().expect("a list")[1..];
    let steps: Vec<_> = last.iter().map(|step| (&step["event"], &step["actor"], &step["to"])).collect();
    assert_eq!(steps, [(&json!("expire"), &json!("system:mideng"), &json!("closed"))]);
    // Nobody can give it back a second time, and its placing is still answered as it was.
    let cancel = admin.send(Method::POST, &format!("{path}/cancel"), "c1", r#"{"reason":"customer"}"#).await;
    assert_eq!(cancel.expect("the server is there").expect(409).text("/from"), "closed");
    admin.place("k1").await.expect("the server is there").replays(&placed);
    server.stop().await;
    folder.check().await;
}

#[tokio::test]
async fn metrics_on_an_address_of_their_own() {
    let folder = Folder::new();
    let port = ports::Port::reserve().expect("a free port");
    let address = port.address();
    let server = folder.serve(&["--metrics-listen", &address.to_string()]).await;
    server.admin.stock_up(5).await;
    let prometheus = crate::harness::Shopper { address, secret: String::new() };
    let page = prometheus.get("/metrics").await.expect(200);
    assert!(String::from_utf8_lossy(&page.body).contains("mideng_batch_commands"), "{:?}", page.body);
    prometheus.get("/api/v1/products").await.expect(404);
    server.stop().await;
}

/// A client that never ends its request does not keep a server from stopping for ever.
#[tokio::test]
async fn silent_connections_do_not_keep_a_server_up() {
    let folder = Folder::new();
    let server = folder.serve(&[]).await;
    let mut idle = Vec::new();
    for _ in 0..5 {
        idle.push(tokio::net::TcpStream::connect(server.admin.address).await.expect("the server listens"));
    }
    server.admin.get("/livez").await.expect(204);
    let stopped = tokio::time::timeout(Duration::from_secs(10), server.stop()).await;
    assert!(stopped.is_ok(), "idle connections are closed at once");
    drop(idle);
}
