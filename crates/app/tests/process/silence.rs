//! Owns a way to the database on which nothing passes any more and nothing is closed: nobody waits for ever, and it is as
//! before when it is over.

use std::time::Duration;

use futures_util::future::join_all;
use tokio::time::Instant;

use crate::harness::{Database, Kind, Proxy, on_every_server, until};

on_every_server!(nobody_waits_for_ever, a_server_that_waits_can_be_stopped);

/// What a question to the database may take, and a little more.
const BOUND: Duration = Duration::from_secs(15);

async fn nobody_waits_for_ever(kind: Kind) {
    let database = Database::new(kind);
    let proxy = Proxy::new(&database.url).await;
    let node = database.node(&proxy.url).await;
    node.admin.stock_up(5).await;
    let placed = node.admin.place("k0").await.expect("the server is there").expect(201);
    let order = placed.location.expect("a new order has a place");
    node.admin.get("/api/v1/orders").await.expect(200);
    proxy.hush(true);
    let (list, history) = ("/api/v1/orders".to_owned(), format!("{order}/history"));
    let ask = async |path: String| {
        let begun = Instant::now();
        let answer = node.admin.get(&path).await.expect(503);
        assert_eq!(answer.text("/code"), "storage_unavailable", "{path}");
        assert!(begun.elapsed() < BOUND, "{path} took {:?}", begun.elapsed());
    };
    // At once, while it is still known who asks; more of them than there are connections for objects.
    let objects = (0..20).map(|_| ask(order.clone()));
    tokio::join!(ask(list), ask(history), ask("/api/v1/products".to_owned()), join_all(objects));
    // By now it is not: a credential is looked up anew.
    ask("/api/v1/orders".to_owned()).await;
    proxy.hush(false);
    let answers = async || node.admin.get("/api/v1/orders").await.status == 200;
    until("lists are answered again", answers).await;
    node.admin.place("k1").await.expect("the server is there").expect(201);
    database.close(vec![node]).await;
}

async fn a_server_that_waits_can_be_stopped(kind: Kind) {
    let database = Database::new(kind);
    let proxy = Proxy::new(&database.url).await;
    let node = database.node(&proxy.url).await;
    node.admin.stock_up(5).await;
    proxy.hush(true);
    tokio::time::sleep(Duration::from_millis(1_500)).await;
    let begun = Instant::now();
    node.stop().await;
    assert!(begun.elapsed() < Duration::from_secs(25), "it took {:?} to stop", begun.elapsed());
    proxy.hush(false);
    database.close(Vec::new()).await;
}
