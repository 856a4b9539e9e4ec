//! Owns what a lock cannot promise behind sentinels: a replica that had not heard of it becomes the master.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use coord::lock::{Fence, Lock, RedisLock, Released, Terms};
use coord::redis::Timeouts;
use coord::{Error, Redis};
use tokio::time::timeout;

use crate::contract::{AT_ONCE, PATIENT};
use crate::harness::{PASSWORD, PATIENCE, Sentinel, Server, Wire, impatient, until};

/// Renewed after ten seconds, so that a fail-over comes first.
const LONG: Duration = Duration::from_secs(30);

/// Stands for a sequence of a database.
#[derive(Default)]
struct Numbers(AtomicI64);

#[async_trait]
impl Fence for Numbers {
    async fn next(&self, _: &str) -> Result<i64, Error> {
        Ok(self.0.fetch_add(1, Ordering::SeqCst) + 1)
    }
}

/// Stands for what the holders write: one conditional update.
#[derive(Default)]
struct Written {
    highest: i64,
    by: Vec<&'static str>,
}

impl Written {
    fn write(&mut self, by: &'static str, fence: i64) -> bool {
        let is_newest = fence >= self.highest;
        if is_newest {
            self.highest = fence;
            self.by.push(by);
        }
        is_newest
    }
}

#[tokio::test]
async fn a_stale_replica_lets_two_in_and_the_number_keeps_the_first_out() {
    let mut master = Server::start().await;
    let replica = Server::start_behind(&master).await;
    let sentinel = Sentinel::start(Wire::Plain, &master).await;
    let lock = RedisLock::on(impatient(&sentinel.url()), "").fenced(Arc::new(Numbers::default()));

    // From here on the replica hears nothing, and still counts as one.
    replica.ask::<String>("CONFIG SET masterauth wrong").await.expect("it answers");
    master.ask::<i64>("CLIENT KILL TYPE replica").await.expect("it answers");
    until("the replica is cut off", || async {
        replica.ask::<String>("INFO replication").await.is_ok_and(|text| text.contains("master_link_status:down"))
    })
    .await;

    let first = lock.acquire("order-7", Terms { lease: LONG, ..PATIENT }).await.expect("it is free");
    master.kill();
    // The same client: it asks the sentinel anew for the master.
    let second = lock.acquire("order-7", PATIENT).await.expect("the replica has never heard of it");
    assert!(first.is_held() && second.is_held(), "two hold one lock, and neither can know");

    // Why nothing is lost by it: the place of the write compares the numbers.
    let mut written = Written::default();
    assert!(written.write("second", second.fence().expect("it is fenced")));
    assert!(!written.write("first", first.fence().expect("it is fenced")));
    assert_eq!(written.by, ["second"]);

    timeout(PATIENCE, first.lost().cancelled()).await.expect("it is told when it renews");
    assert_eq!(first.release().await.expect("the new master answers"), Released::Lost);
    assert!(second.is_held());
    assert_eq!(second.release().await.expect("the new master answers"), Released::Freed);
}

/// The first sentinel that is named takes the connection and says nothing.
#[tokio::test]
async fn a_silent_sentinel_does_not_hide_the_others() {
    let master = Server::start().await;
    let _replica = Server::start_behind(&master).await;
    let sentinel = Sentinel::start(Wire::Plain, &master).await;
    let silent = std::net::TcpListener::bind("127.0.0.1:0").expect("a port is free");
    let first = silent.local_addr().expect("it is bound");
    let url = sentinel.url().replace("@127", &format!("@{first},127"));
    let short = Timeouts { connect: Duration::from_millis(300), ..Timeouts::default() };
    let redis = Redis::open(url.parse().expect("it is right"), short);
    timeout(PATIENCE, redis.ping()).await.expect("it is bounded").expect("the second sentinel knows the master");
}

#[tokio::test]
async fn a_lock_that_the_replica_knew_outlives_the_master() {
    let mut master = Server::start().await;
    let replica = Server::start_behind(&master).await;
    let sentinel = Sentinel::start(Wire::Plain, &master).await;
    let lock = RedisLock::on(impatient(&sentinel.url()), "");
    let guard = lock.acquire("order-8", Terms { lease: LONG, ..PATIENT }).await.expect("it is free");
    until("the replica knows", || async { replica.ask::<bool>("EXISTS order-8").await.is_ok_and(|there| there) }).await;
    master.kill();
    until("the replica is the master", || async {
        replica.ask::<String>("INFO replication").await.is_ok_and(|text| text.contains("role:master"))
    })
    .await;
    until("it is asked as the master", || async { lock.try_acquire("probe", AT_ONCE).await.is_ok() }).await;
    let refused = lock.try_acquire("order-8", AT_ONCE).await;
    assert!(matches!(refused, Err(coord::lock::NotAcquired::Held)), "{refused:?}");
    assert_eq!(guard.release().await.expect("the new master answers"), Released::Freed);
}

#[tokio::test]
async fn a_master_that_became_a_replica_is_left() {
    let old = Server::start().await;
    let new = Server::start_behind(&old).await;
    let sentinel = Sentinel::start(Wire::Plain, &old).await;
    let lock = RedisLock::on(impatient(&sentinel.url()), "");
    lock.acquire("before", PATIENT).await.expect("it is free").release().await.expect("it answers");
    // By hand, since a sentinel closes the connections of the old master: this one stays open, and answers READONLY.
    sentinel.ask("REMOVE shop").await;
    new.ask::<String>("REPLICAOF NO ONE").await.expect("it answers");
    old.ask::<String>(&format!("REPLICAOF 127.0.0.1 {}", new.port())).await.expect("it answers");
    sentinel.ask(&format!("MONITOR shop 127.0.0.1 {} 1", new.port())).await;
    sentinel.ask(&format!("SET shop auth-pass {PASSWORD}")).await;
    let guard = lock.try_acquire("after", AT_ONCE).await.expect("the new master is found within one attempt");
    assert!(new.ask::<bool>("EXISTS after").await.expect("it answers"));
    assert_eq!(guard.release().await.expect("it answers"), Released::Freed);
}
