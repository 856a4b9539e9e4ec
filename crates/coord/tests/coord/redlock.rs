//! Owns what a lock on three nodes survives: one of them, and not two.

use std::time::Duration;

use coord::lock::{Lock, NotAcquired, Redlock, Released, Terms};
use tokio::time::{Instant, timeout};

use crate::contract::{AT_ONCE, PATIENT};
use crate::harness::{PATIENCE, Proxy, Server, impatient, until};

const NODE_TIMEOUT: Duration = Duration::from_millis(400);
/// An attempt asks all at once, and gives back by one more question; a busy machine adds to it.
const BOUND: Duration = Duration::from_secs(4);
const LONG: Terms = Terms { lease: PATIENCE, ..AT_ONCE };

async fn three() -> ([Server; 3], Redlock) {
    let servers = [Server::start().await, Server::start().await, Server::start().await];
    let nodes: Vec<_> = servers.iter().map(|server| impatient(&server.url())).collect();
    (servers, Redlock::on_all(nodes, "", NODE_TIMEOUT))
}

#[tokio::test]
async fn one_that_is_killed_changes_nothing() {
    let (mut servers, lock) = three().await;
    let before = lock.try_acquire("before", AT_ONCE).await.expect("it is free");
    servers[0].kill();
    let guard = lock.try_acquire("a", AT_ONCE).await.expect("two of three grant it");
    assert!(matches!(lock.try_acquire("a", AT_ONCE).await, Err(NotAcquired::Held)));
    // Past the first lease: it is renewed on two.
    assert!(matches!(
        lock.acquire("before", Terms { wait: AT_ONCE.lease * 2, ..PATIENT }).await,
        Err(NotAcquired::Held)
    ));
    assert!(before.is_held() && guard.is_held());
    assert_eq!(before.release().await.expect("two answer"), Released::Freed);
    assert_eq!(guard.release().await.expect("two answer"), Released::Freed);
}

#[tokio::test]
async fn one_that_is_stopped_costs_its_time_out_and_no_more() {
    let (servers, lock) = three().await;
    servers[1].pause();
    let began_at = Instant::now();
    let guard = lock.try_acquire("a", LONG).await.expect("two of three grant it");
    assert!(began_at.elapsed() < BOUND, "{:?}", began_at.elapsed());
    assert_eq!(guard.release().await.expect("two answer"), Released::Freed);
    servers[1].resume();
}

#[tokio::test]
async fn without_two_nobody_gets_it_and_nothing_stays() {
    let (mut servers, lock) = three().await;
    servers[0].kill();
    servers[1].pause();
    let began_at = Instant::now();
    let refused = lock.try_acquire("a", LONG).await;
    assert!(matches!(refused, Err(NotAcquired::Away(_))), "{refused:?}");
    assert!(began_at.elapsed() < BOUND, "{:?}", began_at.elapsed());
    // The third had granted it.
    until("it is given back", || async { servers[2].ask::<bool>("EXISTS a").await.is_ok_and(|there| !there) }).await;
    servers[1].resume();
    let guard = lock.acquire("a", PATIENT).await.expect("two are there again");
    assert_eq!(guard.release().await.expect("two answer"), Released::Freed);
}

#[tokio::test]
async fn connections_that_died_in_silence_are_made_anew() {
    let servers = [Server::start().await, Server::start().await, Server::start().await];
    let proxies = [Proxy::start(servers[0].port()).await, Proxy::start(servers[1].port()).await];
    let urls = [proxies[0].url(), proxies[1].url(), servers[2].url()];
    let lock = Redlock::on_all(urls.iter().map(|url| impatient(url)), "", NODE_TIMEOUT);
    let before = lock.try_acquire("before", AT_ONCE).await.expect("it is free");
    assert_eq!(before.release().await.expect("all answer"), Released::Freed);
    for proxy in &proxies {
        proxy.silence();
    }
    let refused = lock.try_acquire("a", AT_ONCE).await;
    assert!(matches!(refused, Err(NotAcquired::Away(_))), "{refused:?}");
    // New connections work, and nobody but the lock can make them.
    let guard = lock.acquire("a", PATIENT).await.expect("the network is healed");
    assert_eq!(guard.release().await.expect("two answer"), Released::Freed);
}

#[tokio::test]
async fn who_loses_most_of_the_nodes_is_told() {
    let (mut servers, lock) = three().await;
    let guard = lock.try_acquire("a", AT_ONCE).await.expect("it is free");
    servers[0].kill();
    servers[1].kill();
    timeout(PATIENCE, guard.lost().cancelled()).await.expect("it is told");
    assert!(!guard.is_held());
}

#[tokio::test]
async fn two_that_forgot_it_are_most_of_them() {
    let (servers, lock) = three().await;
    let old = lock.try_acquire("a", LONG).await.expect("it is free");
    for server in &servers[..2] {
        server.ask::<String>("FLUSHALL").await.expect("it answers");
    }
    let new = lock.try_acquire("a", AT_ONCE).await.expect("two have forgotten");
    assert!(old.is_held() && new.is_held(), "two hold it, and the first does not know yet");
    assert_eq!(old.release().await.expect("all answer"), Released::Lost);
    assert_eq!(new.release().await.expect("all answer"), Released::Freed);
}

#[tokio::test]
async fn a_node_that_somebody_else_holds_is_outvoted() {
    let (servers, lock) = three().await;
    servers[2].ask::<String>("SET a by-somebody").await.expect("it answers");
    let guard = lock.try_acquire("a", AT_ONCE).await.expect("two of three grant it");
    assert_eq!(guard.release().await.expect("all answer"), Released::Freed);
    assert_eq!(servers[2].ask::<String>("GET a").await.expect("it answers"), "by-somebody");
}

#[tokio::test]
async fn a_lock_that_somebody_has_leaves_nothing_on_the_others() {
    let (servers, lock) = three().await;
    for server in &servers[..2] {
        server.ask::<String>("SET a by-somebody").await.expect("it answers");
    }
    assert!(matches!(lock.try_acquire("a", LONG).await, Err(NotAcquired::Held)));
    // The third had granted it, and the attempt is over.
    assert!(!servers[2].ask::<bool>("EXISTS a").await.expect("it answers"));
}
