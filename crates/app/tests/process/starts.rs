//! Owns starting a server while its database is not there yet, or goes away again.

use std::time::Duration;

use tokio::process::Command;

use crate::harness::{Database, Kind, Proxy, on_every_server};

on_every_server!(
    a_start_waits_for_its_database,
    a_start_outlives_a_way_that_breaks,
    a_start_outlives_a_way_that_falls_silent,
    a_start_outlives_a_database_that_is_killed,
    a_start_that_may_not_wait_says_so,
    a_start_that_waits_can_be_stopped,
);

const LISTEN: &str = "127.0.0.1:0";

/// Servers and their database are started together, and one is there first.
async fn a_start_waits_for_its_database(kind: Kind) {
    let database = Database::new(kind);
    let proxy = Proxy::new(&database.url).await;
    proxy.shut(true);
    let opened = async {
        tokio::time::sleep(Duration::from_millis(1_200)).await;
        proxy.shut(false);
    };
    let (node, ()) = tokio::join!(database.node(&proxy.url), opened);
    assert!(proxy.refused() >= 2, "it came again: {}", proxy.refused());
    node.admin.stock_up(5).await;
    database.close(vec![node]).await;
}

/// Each connection breaks a little later than the one before: whatever a start is doing is begun anew.
async fn a_start_outlives_a_way_that_breaks(kind: Kind) {
    let database = Database::new(kind);
    let proxy = Proxy::new(&database.url).await;
    proxy.break_connections(20);
    let node = database.node(&proxy.url).await;
    assert!(proxy.broken() > 3, "{} broke", proxy.broken());
    node.admin.stock_up(5).await;
    database.close(vec![node]).await;
}

/// Nothing is closed, and nothing comes any more: on the connection that keeps others from starting; on the one that
/// looks at the server's settings; on the one that reads what is there.
async fn a_start_outlives_a_way_that_falls_silent(kind: Kind) {
    const LET: usize = usize::MAX;
    let database = Database::new(kind);
    database.nodes(1).await.remove(0).stop().await;
    let proxy = Proxy::new(&database.url).await;
    proxy.silence_connections(&[2, LET, 4, LET, LET, 4]);
    let node = database.node(&proxy.url).await;
    assert_eq!(proxy.silenced(), 3);
    proxy.let_go();
    node.admin.stock_up(5).await;
    database.close(vec![node]).await;
}

/// At each of the last questions before the server listens, when the database was brought up to date long ago.
async fn a_start_outlives_a_database_that_is_killed(kind: Kind) {
    let database = Database::new(kind);
    database.nodes(1).await.remove(0).stop().await;
    let proxy = Proxy::new(&database.url).await;
    database.node(&proxy.url).await.stop().await;
    let pieces = proxy.pieces();
    let last = (pieces / 3..=pieces).rev().step_by(2).collect::<Vec<_>>();
    for four in last.chunks(4) {
        let starts = four.iter().map(async |&piece| {
            let proxy = Proxy::new(&database.url).await;
            proxy.break_all_at(piece);
            let node = database.node(&proxy.url).await;
            node.stop().await;
        });
        futures_util::future::join_all(starts).await;
    }
    database.close(Vec::new()).await;
}

async fn a_start_that_may_not_wait_says_so(kind: Kind) {
    let database = Database::new(kind);
    let proxy = Proxy::new(&database.url).await;
    proxy.shut(true);
    let flags = ["serve", "--listen", LISTEN, "--database-wait", "0s", "--database-url", &proxy.url];
    database.run(&flags).await.failed_saying(&["preparing", "127.0.0.1", "the database failed while"]);
}

async fn a_start_that_waits_can_be_stopped(kind: Kind) {
    let database = Database::new(kind);
    let proxy = Proxy::new(&database.url).await;
    proxy.shut(true);
    let mut child = database.serving_by(&proxy.url).spawn().expect("the binary runs");
    while proxy.refused() == 0 {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    let id = child.id().expect("the process runs").to_string();
    assert!(Command::new("kill").args(["-TERM", &id]).status().await.expect("kill runs").success());
    let status = tokio::time::timeout(Duration::from_secs(10), child.wait()).await;
    assert!(status.expect("it does not wait any more").expect("it can be waited for").success());
}
