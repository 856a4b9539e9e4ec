//! Owns a way to the database on which nothing passes any more and nothing is closed: nobody waits for ever, and it is as
//! before when it is over.

use std::time::Duration;

use tokio::time::Instant;

use crate::harness::{Database, Kind, Proxy, on_every_server, until};

on_every_server!(nobody_waits_for_ever, a_server_that_waits_can_be_stopped);

/// What a question to the database may take, and a little more.
const BOUND: Duration = Duration::from_secs(12);

async fn nobody_waits_for_ever(kind: Kind) {
    let database = Database::new(kind);
    let proxy = Proxy::new(&database.url).await;
    let node = database.node(&proxy.url).await;
    node.admin.stock_up(5).await;
    node.admin.get("/api/v1/orders").await.expect(200);
    proxy.hush(true);
    // By then a credential is looked up anew.
    tokio::time::sleep(Duration::from_millis(2_500)).await;
    for path in ["/api/v1/orders", "/api/v1/products"] {
        let begun = Instant::now();
        node.admin.get(path).await.expect(503);
        assert!(begun.elapsed() < BOUND, "{path} took {:?}", begun.elapsed());
    }
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
