//! Owns what is true of sentinels and clusters as such: TLS all the way, and a node that is away.

use coord::lock::{Lock, RedisLock, Released};
use tokio::time::Instant;

use crate::contract::{AT_ONCE, PATIENT};
use crate::harness::{Cluster, PATIENCE, Sentinel, Server, Wire, client, impatient, until};

async fn taken_and_given_back(url: &str) {
    let lock = RedisLock::on(client(url), "");
    for number in 0..20 {
        let name = format!("order-{number}");
        let guard = lock.try_acquire(&name, AT_ONCE).await.unwrap_or_else(|error| panic!("{url}: {error:?}"));
        assert_eq!(guard.release().await.expect("it answers"), Released::Freed);
    }
}

#[tokio::test]
async fn sentinels_and_their_master_speak_tls() {
    let master = Server::start_with(Wire::Tls, &[]).await;
    let _replica = Server::start_behind(&master).await;
    let sentinel = Sentinel::start(Wire::Tls, &master).await;
    taken_and_given_back(&sentinel.url()).await;
    let without = sentinel.url().replace("rediss", "redis");
    let (without, _) = without.split_once('?').expect("it has a parameter");
    client(without).ping().await.expect_err("nobody there speaks plainly");
}

#[tokio::test]
async fn a_cluster_speaks_tls() {
    let cluster = Cluster::start(Wire::Tls).await;
    taken_and_given_back(&cluster.url()).await;
}

#[tokio::test]
async fn a_node_of_a_cluster_that_is_away_takes_only_its_own_names_with_it() {
    let mut cluster = Cluster::start(Wire::Plain).await;
    let lock = RedisLock::on(impatient(&cluster.url()), "");
    let names: Vec<_> = (0..60).map(|number| format!("order-{number}")).collect();
    for name in &names {
        drop(lock.acquire(name, PATIENT).await.expect("it is free"));
    }
    cluster.nodes[1].kill();
    let began_at = Instant::now();
    let mut away = 0;
    for name in &names {
        away += usize::from(lock.try_acquire(name, AT_ONCE).await.is_err());
    }
    // About a third of the slots were its own. No attempt waits for long, not even one after the other.
    assert!(away > 0 && away < names.len(), "{away} of {}", names.len());
    assert!(began_at.elapsed() < PATIENCE * 2, "{:?}", began_at.elapsed());
    cluster.nodes[1].start_again().await;
    until("all of it is there again", || async {
        let mut away = 0;
        for name in &names {
            away += usize::from(lock.try_acquire(name, AT_ONCE).await.is_err());
        }
        away == 0
    })
    .await;
}

#[tokio::test]
async fn a_cluster_that_was_away_as_a_whole_comes_back() {
    let mut cluster = Cluster::start(Wire::Plain).await;
    let lock = RedisLock::on(impatient(&cluster.url()), "");
    lock.try_acquire("a", AT_ONCE).await.expect("it is free").release().await.expect("it answers");
    cluster.nodes.iter_mut().for_each(Server::kill);
    let began_at = Instant::now();
    lock.try_acquire("a", AT_ONCE).await.expect_err("nobody is there");
    assert!(began_at.elapsed() < PATIENCE / 2, "{:?}", began_at.elapsed());
    for node in &mut cluster.nodes {
        node.start_again().await;
    }
    let guard = lock.acquire("a", PATIENT).await.expect("it comes back by itself");
    assert_eq!(guard.release().await.expect("it answers"), Released::Freed);
}
