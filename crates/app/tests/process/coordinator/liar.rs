//! Owns a Redis that lies in the middle of a storm: it forgets, falls silent, dies, comes back empty, comes back as of long
//! ago, and is two at once. No wish makes two orders of it, and nobody waits for it for long.

use http::Method;
use serde_json::json;

use super::storm::Storm;
use crate::harness::{Database, Redis, Server, Way, on_every_database, until};

on_every_database!(
    f_14_redis_forgets_in_a_storm,
    f_14_redis_is_silent_in_a_storm,
    f_14_redis_dies_in_a_storm,
    f_14_redis_fails_over_to_a_stale_replica_in_a_storm,
);

/// How many wishes have to come true in each state of things.
const WISHES: usize = 12;
const LIMITS: &str = "limits: [{by: credential, count: 1000, per: 1s, when_away: open}]\n";
const POLICY: [&str; 6] = ["--order-lock", "2s", "--same-within", "10m", "--pending-orders", "one_per_product"];

/// A shop of two nodes, where there can be two, each with a way to Redis of its own.
struct Shop {
    database: Database,
    nodes: Vec<Server>,
    ways: Vec<Way>,
}

impl Shop {
    async fn open(database: Database, redis: &Redis) -> Self {
        database.settings(LIMITS);
        let ways = [Way::to(redis).await, Way::to(redis).await];
        let count = database.nodes_max(ways.len());
        let ways: Vec<_> = ways.into_iter().take(count).collect();
        let flags: Vec<_> = ways.iter().map(|way| ["--redis-url", way.url.as_str()]).collect();
        let nodes = futures_util::future::join_all(flags.iter().map(|flags| database.node_with(flags))).await;
        nodes[0].admin.stock_up(1_000_000).await;
        let set = [&["policy", "set", "--database-url", &database.url][..], &POLICY].concat();
        database.run(&set).await.succeeded();
        for node in &nodes {
            until("the node knows the policy", || async {
                // Without a key it is refused for that, until a key may be missing.
                let none = json!({"customer_id": "nobody", "lines": []}).to_string();
                let answer = node.admin.send_with(Method::POST, "/api/v1/orders", &[], &none).await;
                answer.expect("the server is there").text("/code") == "validation_failed"
            })
            .await;
        }
        Self { database, nodes, ways }
    }

    /// What a counter of a node has come to, over all its labels.
    async fn counted(&self, node: usize, counter: &str) -> f64 {
        let page = self.nodes[node].admin.get("/metrics").await.expect(200);
        let page = String::from_utf8_lossy(&page.body).into_owned();
        let lines = page.lines().filter(|line| line.starts_with(counter));
        lines.filter_map(|line| line.rsplit_once(' ')?.1.parse::<f64>().ok()).sum()
    }

    /// Waits until every node had to do without locks and limits, more often than before.
    async fn does_without(&self, before: &[[f64; 2]]) {
        for (node, before) in before.iter().enumerate() {
            until("the node does without Redis", async || {
                let [locks, limits] = self.missed(node).await;
                locks > before[0] && limits > before[1]
            })
            .await;
        }
    }

    async fn missed(&self, node: usize) -> [f64; 2] {
        [self.counted(node, "mideng_order_lock_away_total").await, self.counted(node, "mideng_limits_away_total").await]
    }

    async fn all_missed(&self) -> Vec<[f64; 2]> {
        futures_util::future::join_all((0..self.nodes.len()).map(|node| self.missed(node))).await
    }

    async fn close(self, storm: Storm) {
        storm.end().await;
        self.database.close(self.nodes).await;
    }
}

/// Every node asks it: it counts what comes.
async fn is_asked(redis: &Redis) {
    let asked = async || redis.ask("INFO commandstats").await.contains("cmdstat_evalsha");
    redis.ask("CONFIG RESETSTAT").await;
    until("Redis is asked", asked).await;
}

async fn f_14_redis_forgets_in_a_storm(database: Database) {
    let redis = Redis::start().await;
    let shop = Shop::open(database, &redis).await;
    let storm = Storm::begin(&shop.nodes);
    storm.goes_on(WISHES).await;
    until("a member's turn is kept in Redis", || async {
        redis.ask("KEYS mideng:*:lock:order:*").await.contains("order:")
    })
    .await;
    for _ in 0..10 {
        redis.ask("FLUSHALL").await;
        redis.ask("SCRIPT FLUSH").await;
        storm.goes_on(1).await;
    }
    is_asked(&redis).await;
    shop.close(storm).await;
}

async fn f_14_redis_is_silent_in_a_storm(database: Database) {
    let redis = Redis::start().await;
    let shop = Shop::open(database, &redis).await;
    let storm = Storm::begin(&shop.nodes);
    storm.goes_on(WISHES).await;
    let before = shop.all_missed().await;
    redis.ask("CLIENT PAUSE 3000 ALL").await;
    shop.does_without(&before).await;
    storm.goes_on(WISHES).await;
    let before = shop.all_missed().await;
    redis.stop().await;
    shop.does_without(&before).await;
    storm.goes_on(WISHES).await;
    redis.resume().await;
    is_asked(&redis).await;
    storm.goes_on(WISHES).await;
    shop.close(storm).await;
}

async fn f_14_redis_dies_in_a_storm(database: Database) {
    let mut redis = Redis::start().await;
    let shop = Shop::open(database, &redis).await;
    let storm = Storm::begin(&shop.nodes);
    for _ in 0..2 {
        storm.goes_on(WISHES).await;
        let before = shop.all_missed().await;
        redis.kill().await;
        shop.does_without(&before).await;
        storm.goes_on(WISHES).await;
        redis.start_again().await;
        is_asked(&redis).await;
    }
    storm.goes_on(WISHES).await;
    shop.close(storm).await;
}

/// The replica has heard nothing for a while. One node goes to it while the other one still asks the master: for a
/// moment each of them has a Redis that grants everything.
async fn f_14_redis_fails_over_to_a_stale_replica_in_a_storm(database: Database) {
    let (master, replica) = (Redis::start().await, Redis::start().await);
    let shop = Shop::open(database, &master).await;
    replica.follow(&master).await;
    let storm = Storm::begin(&shop.nodes);
    storm.goes_on(WISHES).await;
    replica.cut_off().await;
    storm.goes_on(WISHES).await;
    replica.ask("REPLICAOF NO ONE").await;
    for way in shop.ways.iter().rev() {
        way.turn_to(&replica);
        is_asked(&replica).await;
        storm.goes_on(WISHES).await;
    }
    shop.close(storm).await;
}
