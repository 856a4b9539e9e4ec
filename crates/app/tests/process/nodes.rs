//! Owns several servers on one database, of each kind: what one of them answered, all of them did.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use http::Method;
use serde_json::json;

use crate::harness::{Answer, Database, Kind, Proxy, Server, Shopper, on_every_database, until};

on_every_database!(
    c_04_a_hundred_identical_requests_over_all_nodes,
    c_07_more_callers_than_connections,
    s1_the_last_units_from_all_nodes,
    s6_carts_in_opposite_order_from_all_nodes,
    o6_many_orders_at_once,
    nodes_that_start_together_share_one_shop,
);

/// How many servers there are where there can be more than one.
const NODES: usize = 3;

async fn shop(database: &Database, stock: i64) -> Vec<Server> {
    let nodes = database.nodes(NODES).await;
    nodes[0].admin.stock_up(stock).await;
    nodes
}

/// Sends these requests at once, to one node after the other, each over a connection of its own.
async fn at_once<F>(nodes: &[Server], count: usize, request: impl Fn(Shopper, usize) -> F) -> Vec<Answer>
where
    F: Future<Output = Answer> + Send + 'static,
{
    let sent = (0..count).map(|at| tokio::spawn(request(nodes[at % nodes.len()].admin.clone(), at)));
    let mut answers = Vec::with_capacity(count);
    for answer in sent.collect::<Vec<_>>() {
        answers.push(answer.await.expect("a client does not panic"));
    }
    answers
}

async fn placed(shopper: Shopper, key: String) -> Answer {
    shopper.place(&key).await.expect("the server is there")
}

async fn c_04_a_hundred_identical_requests_over_all_nodes(database: Database) {
    let nodes = shop(&database, 1_000).await;
    let answers = at_once(&nodes, 100, |shopper, _| placed(shopper, "one".to_owned())).await;
    let bodies: BTreeSet<_> = answers.iter().map(|answer| answer.clone().expect(201).body).collect();
    assert_eq!(bodies.len(), 1, "{bodies:?}");
    let executed = answers.iter().filter(|answer| !answer.is_replay).count();
    assert_eq!(executed, 1, "one of them was executed");
    assert_eq!(nodes[0].admin.orders().await, ["one"]);
    assert_eq!(nodes[0].admin.stock().await, [1_000, 1, 999]);
    database.close(nodes).await;
}

/// Duplicates that wait hold no connection: five hundred of them do not keep an order out.
async fn c_07_more_callers_than_connections(database: Database) {
    let nodes = shop(&database, 1_000).await;
    let key = |at: usize| if at.is_multiple_of(50) { format!("own-{at}") } else { "shared".to_owned() };
    let held = database.hold_stock().await;
    let orders = at_once(&nodes, 500, |shopper, at| placed(shopper, key(at)));
    // While nobody's order can be committed, everybody's questions are answered.
    let questions = async {
        tokio::time::sleep(Duration::from_millis(500)).await;
        for node in &nodes {
            let asked = async { (node.admin.orders().await, node.admin.stock().await) };
            let asked = tokio::time::timeout(Duration::from_secs(2), asked).await;
            let (orders, stock) = asked.expect("it does not wait for them");
            assert!(held.is_none() || (orders.is_empty() && stock == [1_000, 0, 1_000]), "{orders:?} {stock:?}");
        }
        drop(held);
    };
    let (answers, ()) = tokio::join!(orders, questions);
    for answer in answers {
        answer.expect(201);
    }
    assert_eq!(nodes[0].admin.orders().await.len(), 11);
    database.close(nodes).await;
}

async fn s1_the_last_units_from_all_nodes(database: Database) {
    let nodes = shop(&database, 20).await;
    let answers = at_once(&nodes, 90, |shopper, at| placed(shopper, format!("k{at}"))).await;
    let with = |status| answers.iter().filter(|answer| answer.status == status).count();
    assert_eq!((with(201), with(409)), (20, 70), "{answers:?}");
    assert_eq!(nodes[0].admin.stock().await, [20, 20, 0]);
    database.close(nodes).await;
}

async fn s6_carts_in_opposite_order_from_all_nodes(database: Database) {
    let nodes = shop(&database, 10_000).await;
    let price = json!({"amount": 500, "currency": "CNY"});
    let other = json!({"name": "Table", "price": price, "initial_stock": 10_000}).to_string();
    let put = nodes[0].admin.send(Method::PUT, "/api/v1/products/B", "stock-up-b", &other).await;
    put.expect("the server is there").expect(201);
    let answers = at_once(&nodes, 240, |shopper, at| async move {
        let skus = if at.is_multiple_of(2) { ["A", "B"] } else { ["B", "A"] };
        let lines = skus.map(|sku| json!({"sku": sku, "quantity": 1}));
        let body = json!({"customer_id": format!("k{at}"), "lines": lines}).to_string();
        let sent = shopper.send(Method::POST, "/api/v1/orders", &format!("k{at}"), &body).await;
        sent.expect("the server is there")
    });
    for answer in answers.await {
        answer.expect(201);
    }
    assert_eq!(nodes[0].admin.stock().await, [10_000, 240, 9_760]);
    database.close(nodes).await;
}

/// Ten thousand, of which as many are on their way at once as there are shoppers.
async fn o6_many_orders_at_once(database: Database) {
    const SHOPPERS: usize = 500;
    const ORDERS: usize = 10_000;
    let nodes = shop(&database, 100_000).await;
    let shoppers: Vec<_> = (0..SHOPPERS)
        .map(|shopper| {
            let admin = nodes[shopper % nodes.len()].admin.clone();
            tokio::spawn(async move {
                let mut numbers = Vec::new();
                for order in 0..ORDERS / SHOPPERS {
                    let answer = placed(admin.clone(), format!("k{shopper}-{order}")).await;
                    numbers.push(answer.expect(201).text("/order_no"));
                }
                numbers
            })
        })
        .collect();
    let mut numbers = BTreeSet::new();
    for shopper in shoppers {
        numbers.extend(shopper.await.expect("a shopper does not panic"));
    }
    assert_eq!(numbers.len(), ORDERS, "each has a number of its own");
    let keys: BTreeSet<_> = nodes[0].admin.orders().await.into_iter().collect();
    assert_eq!(keys.len(), ORDERS);
    database.close(nodes).await;
}

/// Three servers on an empty database at once: one makes the tables and the account, and each is of the same shop.
async fn nodes_that_start_together_share_one_shop(database: Database) {
    let nodes = database.nodes(NODES).await;
    nodes[0].admin.stock_up(5).await;
    for node in &nodes {
        assert_eq!(node.admin.stock().await, [5, 0, 5]);
    }
    database.close(nodes).await;
}

/// The order is there and nobody was told: the server finds out by its key and answers as if nothing had been.
async fn f_05_the_answer_to_a_commit_is_lost(kind: Kind) {
    let database = Database::new(kind);
    let proxy = Proxy::new(&database.url).await;
    let node = database.node(&proxy.url).await;
    node.admin.stock_up(100).await;
    for round in 1..=5 {
        proxy.lose_next_commit();
        let key = format!("k{round}");
        let answer = placed(node.admin.clone(), key.clone()).await.expect(201);
        assert_eq!((proxy.lost(), answer.is_replay), (round, false));
        placed(node.admin.clone(), key).await.replays(&answer);
    }
    assert_eq!(node.admin.stock().await, [100, 5, 95]);
    database.close(vec![node]).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn f_05_on_postgres() {
    f_05_the_answer_to_a_commit_is_lost(Kind::Postgres).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn f_05_on_mariadb() {
    f_05_the_answer_to_a_commit_is_lost(Kind::MariaDb).await;
}

/// One of three nodes is killed in a storm: the others go on, and what it had answered is answered the same by them.
async fn f_02_a_node_is_killed_and_the_others_go_on(kind: Kind) {
    let database = Database::new(kind);
    let mut nodes = shop(&database, 100_000).await;
    let doomed = nodes.pop().expect("three nodes");
    let shopper = Arc::new(doomed.admin.clone());
    let clients: Vec<_> = (0..8)
        .map(|client| {
            let shopper = shopper.clone();
            tokio::spawn(async move {
                let mut log = Vec::new();
                for order in 0.. {
                    let key = format!("c{client}-{order}");
                    let answer = shopper.place(&key).await.ok();
                    let is_cut = answer.is_none();
                    log.push((key, answer));
                    if is_cut {
                        break;
                    }
                }
                log
            })
        })
        .collect();
    until("some orders were placed", async || nodes[0].admin.orders().await.len() > 40).await;
    doomed.kill().await;
    let mut sent = BTreeSet::new();
    for client in clients {
        for (at, (key, first)) in client.await.expect("a client does not panic").into_iter().enumerate() {
            let again = placed(nodes[at % 2].admin.clone(), key.clone()).await.expect(201);
            if let Some(first) = first {
                again.replays(&first.expect(201));
            }
            sent.insert(key);
        }
    }
    let orders = nodes[1].admin.orders().await;
    assert_eq!(orders.len(), sent.len(), "one order for each key");
    assert_eq!(orders.into_iter().collect::<BTreeSet<_>>(), sent);
    database.close(nodes).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn f_02_on_postgres() {
    f_02_a_node_is_killed_and_the_others_go_on(Kind::Postgres).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn f_02_on_mariadb() {
    f_02_a_node_is_killed_and_the_others_go_on(Kind::MariaDb).await;
}
