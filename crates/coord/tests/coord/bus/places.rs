//! Owns who is listened to behind sentinels and in a cluster: the master of now, and of a cluster the one that counts.

use coord::Bus;
use coord::bus::RedisBus;

use super::{GAP_BY, gap_by, message, next_message, until_heard};
use crate::harness::{Cluster, PASSWORD, Sentinel, Server, Wire, impatient, until};

fn open(url: &str) -> RedisBus {
    RedisBus::open(impatient(url), "bus")
}

async fn until_listened_to(server: &Server, by: i64) {
    until("it is listened to", || async {
        let answer: redis::RedisResult<(String, i64)> = server.ask("PUBSUB NUMSUB bus@0").await;
        answer.is_ok_and(|(_, listeners)| listeners == by)
    })
    .await;
}

#[tokio::test]
async fn a_new_master_is_heard_after_a_gap() {
    let mut master = Server::start().await;
    let replica = Server::start_behind(&master).await;
    let sentinel = Sentinel::start(Wire::Plain, &master).await;
    let [speaker, bus] = [(); 2].map(|()| open(&sentinel.url()));
    let mut listener = bus.subscribe();
    until_heard(&speaker, &mut listener).await;
    master.kill();
    gap_by(&mut listener, GAP_BY).await;
    until_heard(&speaker, &mut listener).await;
    until_listened_to(&replica, 2).await;
}

/// By hand, since a sentinel closes the connections of the old master: these stay open, and a replica welcomes who listens
/// and who publishes.
#[tokio::test]
async fn a_master_that_became_a_replica_is_left() {
    let old = Server::start().await;
    let new = Server::start_behind(&old).await;
    let sentinel = Sentinel::start(Wire::Plain, &old).await;
    let [speaker, bus] = [(); 2].map(|()| open(&sentinel.url()));
    let mut listener = bus.subscribe();
    until_heard(&speaker, &mut listener).await;
    until_listened_to(&old, 2).await;
    sentinel.ask("REMOVE shop").await;
    new.ask::<String>("REPLICAOF NO ONE").await.expect("it answers");
    old.ask::<String>(&format!("REPLICAOF 127.0.0.1 {}", new.port())).await.expect("it answers");
    sentinel.ask(&format!("MONITOR shop 127.0.0.1 {} 1", new.port())).await;
    sentinel.ask(&format!("SET shop auth-pass {PASSWORD}")).await;
    gap_by(&mut listener, GAP_BY).await;
    until_listened_to(&new, 2).await;
    // By the connection that was made when the old one was the master.
    speaker.publish(b"to the new one").await.expect("it is said there");
    assert_eq!(next_message(&mut listener).await, message("to the new one"));
    assert!(new.ask::<bool>("EXISTS bus").await.expect("it answers"));
}

#[tokio::test]
async fn of_a_cluster_the_node_that_counts_is_listened_to() {
    let mut cluster = Cluster::start(Wire::Plain).await;
    let [speaker, bus] = [(); 2].map(|()| open(&cluster.url()));
    let mut listener = bus.subscribe();
    until_heard(&speaker, &mut listener).await;
    let mut counts = None;
    for (at, node) in cluster.nodes.iter().enumerate() {
        let has_it = node.ask::<bool>("EXISTS bus").await.is_ok_and(|there| there);
        until_listened_to(node, if has_it { 2 } else { 0 }).await;
        counts = counts.or(has_it.then_some(at));
    }
    let counts = counts.expect("one of them has the key");

    // Who knows another node only is led to it.
    let other = (counts + 1) % 3;
    let place = format!(":{PASSWORD}@127.0.0.1:{}", cluster.nodes[other].port());
    let led = open(&Wire::Plain.url("+cluster", &place));
    until_heard(&speaker, &mut led.subscribe()).await;
    until_listened_to(&cluster.nodes[counts], 3).await;
    drop(led);

    // Another node that goes is nothing to who listens.
    cluster.nodes[other].kill();
    until_heard(&speaker, &mut listener).await;
    cluster.nodes[other].start_again().await;

    cluster.nodes[counts].kill();
    gap_by(&mut listener, GAP_BY).await;
    gap_by(&mut listener, GAP_BY).await;
    cluster.nodes[counts].start_again().await;
    until_heard(&speaker, &mut listener).await;
}

/// A slot that moves takes the counter with it.
#[tokio::test]
async fn a_counter_that_moves_within_a_cluster_is_followed() {
    let cluster = Cluster::start(Wire::Tls).await;
    let [speaker, bus] = [(); 2].map(|()| open(&cluster.url()));
    let mut listener = bus.subscribe();
    until_heard(&speaker, &mut listener).await;
    let mut has_it = Vec::new();
    for node in &cluster.nodes {
        has_it.push(node.ask::<bool>("EXISTS bus").await.is_ok_and(|there| there));
    }
    let from = has_it.iter().position(|&has_it| has_it).expect("one of them has the key");
    let to = (from + 1) % 3;
    let slot: i64 = cluster.nodes[from].ask("CLUSTER KEYSLOT bus").await.expect("it answers");
    let name: String = cluster.nodes[to].ask("CLUSTER MYID").await.expect("it answers");
    cluster.nodes[from].ask::<i64>("DEL bus").await.expect("it answers");
    for node in [to, from] {
        // A listener's question may make the key anew just now, and a node gives no slot away that has keys.
        until("the slot moves", || async {
            let _emptied = cluster.nodes[from].ask::<i64>("DEL bus").await;
            cluster.nodes[node].ask::<String>(&format!("CLUSTER SETSLOT {slot} NODE {name}")).await.is_ok()
        })
        .await;
    }
    gap_by(&mut listener, GAP_BY).await;
    until_listened_to(&cluster.nodes[to], 2).await;
    until_heard(&speaker, &mut listener).await;
    until_listened_to(&cluster.nodes[from], 0).await;
}
