//! Owns `mideng copy`: a shop that moves from database to database answers as it always did, and a copy that was
//! broken off goes on.

use std::time::Duration;

use http::Method;
use serde_json::{Value, json};

use crate::harness::{Answer, Database, Folder, Kind, Server};

const ORDERS: usize = 40;

async fn place_all(node: &Server) -> Vec<Answer> {
    let mut answers = Vec::new();
    for at in 0..ORDERS {
        answers.push(node.admin.place(&format!("k{at}")).await.expect("the server is there"));
    }
    // More lines than a copy takes in one step.
    let lines = vec![json!({"sku": "A", "quantity": 1}); 1_600];
    let large = json!({"customer_id": "large", "lines": lines}).to_string();
    answers.push(node.admin.send(Method::POST, "/api/v1/orders", "large", &large).await.expect("the server is there"));
    answers
}

async fn copy(from: &Database, to: &Database) {
    let folder = Folder::new();
    folder.run(&["copy", "--from", &from.url, "--to", &to.url]).await.succeeded();
}

/// Around the three kinds and back: each answers what the first one did, and goes on with numbers of its own.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_shop_moves_from_database_to_database() {
    let mut here = Database::new(Kind::Sqlite);
    let nodes = here.nodes(1).await;
    nodes[0].admin.stock_up(10_000).await;
    let first = place_all(&nodes[0]).await;
    for node in nodes {
        node.stop().await;
    }
    for kind in [Kind::Postgres, Kind::MariaDb, Kind::Sqlite] {
        let there = Database::new(kind);
        copy(&here, &there).await;
        let nodes = there.nodes(1).await;
        for (again, first) in place_all(&nodes[0]).await.iter().zip(&first) {
            again.replays(first);
        }
        let own = format!("on-{kind:?}");
        nodes[0].admin.place(&own).await.expect("the server is there").expect(201);
        for node in nodes {
            node.stop().await;
        }
        here = there;
    }
    let nodes = here.nodes(1).await;
    assert_eq!(nodes[0].admin.orders().await.len(), ORDERS + 1 + 3);
    here.close(nodes).await;
}

/// Killed at any moment, the same command goes on; until then no server runs on the half of it.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_copy_that_was_killed_goes_on() {
    let (from, to) = (Database::new(Kind::Sqlite), Database::new(Kind::Postgres));
    let nodes = from.nodes(1).await;
    nodes[0].admin.stock_up(10_000).await;
    let first = place_all(&nodes[0]).await;
    for node in nodes {
        node.stop().await;
    }
    let folder = Folder::new();
    for moment in [100, 160, 220, 280] {
        let mut child =
            folder.command(&["copy", "--from", &from.url, "--to", &to.url]).spawn().expect("the binary runs");
        let _ended = tokio::time::timeout(Duration::from_millis(moment), child.wait()).await;
        child.kill().await.expect("it is killed");
    }
    let whole = folder.run(&["copy", "--from", &from.url, "--to", &to.url]).await;
    if !whole.status.success() {
        // One of those that were to be killed was done before.
        whole.failed_saying(&["rows of its own"]);
    }
    let nodes = to.nodes(1).await;
    for (again, first) in place_all(&nodes[0]).await.iter().zip(&first) {
        again.replays(first);
    }
    to.close(nodes).await;
}

/// Nothing is copied over a shop, and nothing out of one that is served.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_copy_that_would_do_harm_is_refused() {
    let (one, two) = (Database::new(Kind::Sqlite), Database::new(Kind::Sqlite));
    let nodes = one.nodes(1).await;
    let folder = Folder::new();
    let line = ["copy", "--from", &one.url, "--to", &two.url];
    folder.run(&line).await.failed_saying(&["another mideng serves"]);
    for node in nodes {
        node.stop().await;
    }
    for node in two.nodes(1).await {
        node.stop().await;
    }
    folder.run(&line).await.failed_saying(&["rows of its own"]);
    let report = folder.run(&["check", "--json", "--database-url", &two.url]).await;
    let report: Value = serde_json::from_str(&report.out).expect("a report");
    assert_eq!(report["clean"], true);
}
