//! Owns the contract over every lock that there is, and what is true of some of them only.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use coord::lock::{
    Fence, Holder, Keep, LeaseLock, LeaseTable, Lock, NotAcquired, RedisLock, Redlock, Released, WAITING_MAX,
};
use coord::lock::{StripedLock, Taken, Terms};
use coord::{Error, Redis};
use tokio::sync::mpsc;
use tokio::time::{Instant, timeout};

use crate::contract::{AT_ONCE, LEASE, PATIENT, lock_contract};
use crate::harness::{PATIENCE, Server, client, name, until, variable};

lock_contract!(in_the_process, striped);
lock_contract!(on_a_table, rows);
lock_contract!(on_redis, single);
lock_contract!(on_redis_with_tls, with_tls);
lock_contract!(behind_sentinels, sentinel);
lock_contract!(on_a_cluster, cluster);
lock_contract!(on_three_redis, three);

fn striped() -> StripedLock {
    StripedLock::new()
}

fn rows() -> LeaseLock<Rows> {
    LeaseLock::new(Rows::default())
}

fn single() -> RedisLock {
    RedisLock::on(client(&variable("TEST_REDIS_URL")), "lock:")
}

fn with_tls() -> RedisLock {
    let authority = variable("TEST_TLS_FOLDER") + "/authority.pem";
    RedisLock::on(client(&format!("{}?ca={authority}", variable("TEST_REDIS_TLS_URL"))), "lock:")
}

fn sentinel() -> RedisLock {
    RedisLock::on(client(&variable("TEST_REDIS_SENTINEL_URL")), "lock:")
}

fn cluster() -> RedisLock {
    RedisLock::on(client(&variable("TEST_REDIS_CLUSTER_URL")), "lock:")
}

fn three() -> Redlock {
    let urls = variable("TEST_REDLOCK_URLS");
    Redlock::on_all(urls.split(',').map(client), "lock:", Duration::from_millis(400))
}

/// A table of leases as a database would keep it, with the clock of the tests.
#[derive(Default)]
struct Rows(Mutex<HashMap<String, Row>>);

#[derive(Default)]
struct Row {
    holder: Option<String>,
    until: Option<Instant>,
    fence: i64,
}

#[async_trait]
impl LeaseTable for Rows {
    async fn take(&self, name: &str, holder: &Holder, lease: Duration) -> Result<Taken, Error> {
        let mut rows = self.0.lock().expect("nobody panics with it");
        let row = rows.entry(name.to_owned()).or_default();
        let is_ours = row.holder.as_deref() == Some(holder.as_str());
        if row.runs() && !is_ours {
            return Ok(Taken::Held);
        }
        // The row stays when it is given back, and its number with it.
        row.fence += i64::from(!is_ours);
        row.holder = Some(holder.as_str().to_owned());
        row.until = Some(Instant::now() + lease);
        Ok(Taken::Ours { fence: Some(row.fence) })
    }

    async fn extend(&self, name: &str, holder: &Holder, lease: Duration) -> Result<bool, Error> {
        let mut rows = self.0.lock().expect("nobody panics with it");
        let row = rows.get_mut(name).filter(|row| row.runs() && row.holder.as_deref() == Some(holder.as_str()));
        Ok(row.map(|row| row.until = Some(Instant::now() + lease)).is_some())
    }

    async fn give_back(&self, name: &str, holder: &Holder) -> Result<bool, Error> {
        let mut rows = self.0.lock().expect("nobody panics with it");
        let row = rows.get_mut(name).filter(|row| row.runs() && row.holder.as_deref() == Some(holder.as_str()));
        Ok(row.map(|row| row.until = None).is_some())
    }
}

impl Row {
    fn runs(&self) -> bool {
        self.until.is_some_and(|until| Instant::now() < until)
    }
}

#[tokio::test]
async fn in_the_process_who_comes_first_is_served_first() {
    let (lock, name) = (StripedLock::new(), name("queue"));
    let first = lock.try_acquire(&name, AT_ONCE).await.unwrap();
    let (served, mut order) = mpsc::unbounded_channel();
    let mut tasks = tokio::task::JoinSet::new();
    for number in 0..20 {
        let (lock, name, served) = (lock.clone(), name.clone(), served.clone());
        tasks.spawn(async move {
            // Every third gives up while it waits; the others keep their order.
            let wait = if number % 3 == 0 { Duration::from_millis(1) } else { PATIENCE };
            if let Ok(guard) = lock.acquire(&name, Terms { wait, ..PATIENT }).await {
                served.send(number).unwrap();
                drop(guard);
            }
        });
        // In a runtime of one thread: it runs until it waits.
        tokio::task::yield_now().await;
    }
    tokio::time::sleep(Duration::from_millis(20)).await;
    assert_eq!(first.release().await.unwrap(), Released::Freed);
    tasks.join_all().await;
    drop(served);
    let mut seen = Vec::new();
    while let Some(number) = order.recv().await {
        seen.push(number);
    }
    assert_eq!(seen, (0..20).filter(|number| number % 3 != 0).collect::<Vec<_>>());
}

#[tokio::test]
async fn in_the_process_only_so_many_wait_for_one_name() {
    let (lock, name) = (StripedLock::new(), name("crowded"));
    let first = lock.try_acquire(&name, AT_ONCE).await.unwrap();
    let mut waiting = tokio::task::JoinSet::new();
    for _ in 0..WAITING_MAX {
        let (lock, name) = (lock.clone(), name.clone());
        waiting.spawn(async move { drop(lock.acquire(&name, PATIENT).await.unwrap()) });
        // In a runtime of one thread: it runs until it waits.
        tokio::task::yield_now().await;
    }
    let refused = timeout(PATIENCE / 4, lock.acquire(&name, PATIENT)).await.expect("it is refused at once");
    assert!(matches!(refused, Err(NotAcquired::Held)));
    // Those who gave up make room.
    waiting.abort_all();
    while waiting.join_next().await.is_some() {}
    let wait = Terms { wait: Duration::from_millis(5), ..PATIENT };
    assert!(matches!(lock.acquire(&name, wait).await, Err(NotAcquired::Held)));
    drop(first);
    drop(lock.acquire(&name, PATIENT).await.unwrap());
}

#[tokio::test(start_paused = true)]
async fn in_the_process_a_lease_ends_to_the_moment() {
    let (lock, name) = (StripedLock::new(), name("moment"));
    let began_at = Instant::now();
    let old = lock.try_acquire(&name, Terms { keep: Keep::OneLease, ..AT_ONCE }).await.unwrap();
    let new = lock.acquire(&name, PATIENT).await.unwrap();
    // The timer of the runtime counts in milliseconds, and rounds up.
    assert!(began_at.elapsed() >= LEASE && began_at.elapsed() <= LEASE + Duration::from_millis(2));
    assert!(!old.is_held() && new.is_held());
    assert!(new.fence() > old.fence());
}

#[tokio::test(start_paused = true)]
async fn in_the_process_nothing_of_a_lease_is_left_behind_its_guard() {
    let lock = StripedLock::new();
    let terms = Terms { keep: Keep::OneLease, lease: Duration::from_hours(1), ..AT_ONCE };
    for _ in 0..100 {
        drop(lock.try_acquire("again", terms).await.unwrap());
    }
    let tasks = || async { tokio::runtime::Handle::current().metrics().num_alive_tasks() == 0 };
    let began_at = Instant::now();
    until("their clocks have stopped", tasks).await;
    assert!(began_at.elapsed() < Duration::from_mins(1), "they ran until the end of the lease");
}

#[tokio::test(start_paused = true)]
async fn a_wait_that_no_clock_knows_is_a_long_one() {
    async fn waits(lock: &dyn Lock) {
        let terms = Terms { wait: Duration::MAX, retry: Duration::MAX, lease: Duration::MAX, keep: Keep::OneLease };
        let first = lock.acquire("wait", terms).await.unwrap();
        drop(lock.acquire("wait", terms).await.unwrap());
        assert!(!first.is_held(), "a lease is a day at most");
    }
    waits(&striped()).await;
    waits(&rows()).await;
}

#[tokio::test(start_paused = true)]
async fn a_number_that_comes_after_the_lease_makes_no_holder() {
    struct Slow;
    #[async_trait]
    impl Fence for Slow {
        async fn next(&self, _: &str) -> Result<i64, Error> {
            tokio::time::sleep(LEASE).await;
            Ok(7)
        }
    }
    let lock = LeaseLock::new(Rows::default()).fenced(Arc::new(Slow));
    let refused = lock.try_acquire("late", AT_ONCE).await;
    assert!(matches!(refused, Err(NotAcquired::Away(Error::Late { lease })) if lease == LEASE), "{refused:?}");
}

#[tokio::test(start_paused = true)]
async fn a_number_that_nobody_gives_leaves_the_lock_free() {
    struct Broken;
    #[async_trait]
    impl Fence for Broken {
        async fn next(&self, _: &str) -> Result<i64, Error> {
            Err(Error::away("the database", "it is down"))
        }
    }
    let rows = Arc::new(Rows::default());
    let lock = LeaseLock::new(Borrowed(Arc::clone(&rows))).fenced(Arc::new(Broken));
    assert!(matches!(lock.try_acquire("a", AT_ONCE).await, Err(NotAcquired::Away(_))));
    let free = LeaseLock::new(Borrowed(rows));
    // Long before the lease would end, by the tests' clock.
    let guard = free.acquire("a", Terms { wait: LEASE / 10, ..PATIENT }).await.expect("it was given back");
    assert_eq!(guard.fence(), Some(2));
}

/// Several locks on one table.
struct Borrowed(Arc<Rows>);

#[async_trait]
impl LeaseTable for Borrowed {
    async fn take(&self, name: &str, holder: &Holder, lease: Duration) -> Result<Taken, Error> {
        self.0.take(name, holder, lease).await
    }

    async fn extend(&self, name: &str, holder: &Holder, lease: Duration) -> Result<bool, Error> {
        self.0.extend(name, holder, lease).await
    }

    async fn give_back(&self, name: &str, holder: &Holder) -> Result<bool, Error> {
        self.0.give_back(name, holder).await
    }
}

/// Does what it is asked at once, and answers late.
struct Far(Rows);

const DISTANCE: Duration = Duration::from_millis(200);

#[async_trait]
impl LeaseTable for Far {
    async fn take(&self, name: &str, holder: &Holder, lease: Duration) -> Result<Taken, Error> {
        let taken = self.0.take(name, holder, lease).await;
        tokio::time::sleep(DISTANCE).await;
        taken
    }

    async fn extend(&self, name: &str, holder: &Holder, lease: Duration) -> Result<bool, Error> {
        let extended = self.0.extend(name, holder, lease).await;
        tokio::time::sleep(DISTANCE).await;
        extended
    }

    async fn give_back(&self, name: &str, holder: &Holder) -> Result<bool, Error> {
        self.0.give_back(name, holder).await
    }
}

#[tokio::test(start_paused = true)]
async fn a_lease_counts_from_before_it_was_asked_for() {
    let lock = LeaseLock::new(Far(Rows::default()));
    let began_at = Instant::now();
    let guard = lock.try_acquire("far", AT_ONCE).await.unwrap();
    assert!(guard.left().unwrap() + DISTANCE < LEASE, "{:?}", guard.left());
    // The renewal is asked for at a third of the lease, and its answer is there by then.
    tokio::time::sleep_until(began_at + LEASE / 3 + DISTANCE + Duration::from_millis(5)).await;
    let left = guard.left().unwrap();
    assert!(left + DISTANCE < LEASE && left > LEASE / 2, "{left:?}");
    assert_eq!(guard.release().await.unwrap(), Released::Freed);
}

#[tokio::test]
async fn nobody_believes_longer_than_redis_does() {
    let server = Server::start().await;
    let (lock, name) = (RedisLock::on(client(&server.url()), ""), name("belief"));
    let guard = lock.try_acquire(&name, AT_ONCE).await.unwrap();
    let began_at = Instant::now();
    while began_at.elapsed() < LEASE * 2 {
        let asked_at = Instant::now();
        let left = guard.left().unwrap();
        let kept = Duration::from_millis(server.ask::<u64>(&format!("PTTL {name}")).await.unwrap());
        // Redis's lease ends no earlier than so long after the question.
        assert!(left <= kept + asked_at.elapsed(), "{left:?} {kept:?}");
    }
}

#[tokio::test]
async fn a_flush_and_a_theft_are_told() {
    let server = Server::start().await;
    let redis: Redis = client(&server.url());
    let lock = RedisLock::on(redis, "");
    for (hurt, name) in [("FLUSHALL", "flushed"), ("SET stolen by-somebody", "stolen")] {
        let guard = lock.try_acquire(name, AT_ONCE).await.unwrap();
        server.ask::<String>(hurt).await.unwrap();
        timeout(PATIENCE, guard.lost().cancelled()).await.expect("it is told");
        assert!(!guard.is_held());
        assert_eq!(guard.release().await.unwrap(), Released::Lost);
    }
    let kept: String = server.ask("GET stolen").await.unwrap();
    assert_eq!(kept, "by-somebody", "only the holder gives back");
}

#[tokio::test]
async fn redis_alone_gives_no_number() {
    let lock = single();
    assert_eq!(lock.try_acquire(&name("unfenced"), AT_ONCE).await.unwrap().fence(), None);
}
