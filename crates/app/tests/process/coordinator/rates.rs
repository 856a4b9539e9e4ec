//! Owns rate limits over two nodes: together they let pass what one would.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::time::Duration;

use tokio::task::JoinSet;
use tokio::time::{Instant, sleep};

use crate::harness::{Database, Kind, Redis, Shopper};

/// So many a second, of which half a second's worth may be kept: no pause of this machine loses any.
const RATE: u32 = 400;
const LIMITS: &str = "limits: [{by: credential, count: 400, per: 1s, burst: 200, when_away: closed}]\n";
const CLIENTS: usize = 4;
const TIME: Duration = Duration::from_secs(3);

#[derive(Default)]
struct Counts {
    passed: AtomicU32,
    is_over: AtomicBool,
}

/// It is counted from one moment in which nothing was left to another one, so what passed between them is the rate.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn f18_two_nodes_pass_the_rate_of_one() {
    let redis = Redis::start().await;
    let database = Database::new(Kind::Postgres);
    database.settings(LIMITS);
    let flags = ["--redis-url", &redis.url()];
    let nodes = [database.node_with(&flags).await, database.node_with(&flags).await];
    let counts = Arc::new(Counts::default());
    let mut clients = JoinSet::new();
    for node in &nodes {
        for _ in 0..CLIENTS {
            clients.spawn(ask(node.admin.clone(), Arc::clone(&counts)));
        }
    }
    let asker = nodes[0].admin.clone();
    let (from, before) = empty(&asker, &counts).await;
    sleep(TIME).await;
    let (to, after) = empty(&asker, &counts).await;
    counts.is_over.store(true, Ordering::SeqCst);
    clients.join_all().await;
    let rate = f64::from(after - before) / (to - from).as_secs_f64();
    let off = rate / f64::from(RATE) - 1.0;
    assert!(off.abs() <= 0.01, "{rate:.1} a second passed, of {RATE}");
    database.close(nodes.into()).await;
}

async fn ask(shopper: Shopper, counts: Arc<Counts>) {
    while !counts.is_over.load(Ordering::SeqCst) {
        if !passes(&shopper, &counts).await {
            sleep(Duration::from_millis(4)).await;
        }
    }
}

async fn passes(shopper: &Shopper, counts: &Counts) -> bool {
    let answer = shopper.get("/api/v1/products/A").await;
    match answer.status {
        404 => counts.passed.fetch_add(1, Ordering::SeqCst),
        429 => return false,
        _ => panic!("{answer:?}"),
    };
    true
}

/// The next moment in which nothing is left, and how many had passed by then.
async fn empty(shopper: &Shopper, counts: &Counts) -> (Instant, u32) {
    let is_late = Instant::now() + Duration::from_secs(10);
    while passes(shopper, counts).await {
        assert!(Instant::now() < is_late, "nothing is ever refused");
    }
    (Instant::now(), counts.passed.load(Ordering::SeqCst))
}
