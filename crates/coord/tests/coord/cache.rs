//! Owns the contract over every cache, and what Redis does to what was put there.

use std::collections::HashMap;
use std::time::Duration;

use coord::cache::{ENTRY_MAX, Entry, LocalCache, NAME_MAX, RedisCache};
use coord::{Cache, Error};
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use tokio::runtime::Runtime;
use tokio::time::Instant;

use crate::harness::{Sentinel, Server, Wire, client, impatient, name, until, variable};

const MINUTE: Duration = Duration::from_mins(1);

fn entry(version: u64, bytes: impl Into<Vec<u8>>) -> Entry {
    Entry { version, bytes: bytes.into().into() }
}

async fn holds(cache: &impl Cache) {
    a_newer_version_stays(cache).await;
    bounds_are_kept(cache).await;
    it_goes_with_its_time(cache).await;
}

async fn a_newer_version_stays(cache: &impl Cache) {
    let (name, other) = (name("session"), name("other"));
    assert_eq!(cache.get(&name).await.expect("it answers"), None);
    // Around where Lua's numbers are exact no more, and where a number gets a digit more.
    let versions = [0, 9, 10, (1 << 53) - 1, 1 << 53, (1 << 53) + 1, u64::MAX - 1, u64::MAX];
    for (at, &version) in versions.iter().enumerate() {
        cache.put(&name, entry(version, "new"), MINUTE).await.expect("it answers");
        assert_eq!(cache.get(&name).await.expect("it answers"), Some(entry(version, "new")));
        for &older in &versions[..at] {
            cache.put(&name, entry(older, "late"), MINUTE).await.expect("it answers");
        }
        assert_eq!(cache.get(&name).await.expect("it answers"), Some(entry(version, "new")));
        cache.put(&name, entry(version, "again"), MINUTE).await.expect("it answers");
        assert_eq!(cache.get(&name).await.expect("it answers"), Some(entry(version, "again")));
    }
    assert_eq!(cache.get(&other).await.expect("it answers"), None);
}

async fn bounds_are_kept(cache: &impl Cache) {
    let name = name("bounds");
    let bytes: Vec<u8> = (0..=u8::MAX).cycle().take(ENTRY_MAX).collect();
    for bytes in [Vec::new(), bytes.clone()] {
        cache.put(&name, entry(1, bytes.clone()), MINUTE).await.expect("it fits");
        assert_eq!(cache.get(&name).await.expect("it answers"), Some(entry(1, bytes)));
    }
    let refused = cache.put(&name, entry(2, [&bytes[..], b"x"].concat()), MINUTE).await;
    assert!(matches!(refused, Err(Error::TooLong { most: ENTRY_MAX, .. })), "{refused:?}");
    let long = format!("{name}{}", "x".repeat(NAME_MAX - name.len()));
    cache.put(&long, entry(1, "row"), MINUTE).await.expect("it fits");
    assert_eq!(cache.get(&long).await.expect("it answers"), Some(entry(1, "row")));
    let longer = format!("{long}x");
    let refused = cache.put(&longer, entry(1, "row"), MINUTE).await;
    assert!(matches!(refused, Err(Error::TooLong { most: NAME_MAX, .. })), "{refused:?}");
    assert_eq!(cache.get(&longer).await.expect("it answers"), None);
}

async fn it_goes_with_its_time(cache: &impl Cache) {
    let (name, put_at) = (name("time"), Instant::now());
    let ttl = Duration::from_millis(700);
    cache.put(&name, entry(7, "row"), ttl).await.expect("it answers");
    until("it goes", || async { cache.get(&name).await.expect("it answers").is_none() }).await;
    // A shade early, for a clock that counts whole milliseconds.
    assert!(put_at.elapsed() + Duration::from_millis(20) >= ttl, "{:?}", put_at.elapsed());
    // It guards nothing any more. And as long as can be is no error, nor is no time at all.
    cache.put(&name, entry(6, "older"), Duration::MAX).await.expect("it answers");
    assert_eq!(cache.get(&name).await.expect("it answers"), Some(entry(6, "older")));
    cache.put(&name, entry(6, "older"), Duration::ZERO).await.expect("it answers");
    until("it goes", || async { cache.get(&name).await.expect("it answers").is_none() }).await;
}

#[tokio::test]
async fn in_the_process() {
    holds(&LocalCache::new(1_000)).await;
}

#[tokio::test]
async fn on_redis() {
    holds(&RedisCache::new(client(&variable("TEST_REDIS_URL")), "cache:")).await;
}

#[tokio::test]
async fn behind_sentinels() {
    holds(&RedisCache::new(client(&variable("TEST_REDIS_SENTINEL_URL")), "cache:")).await;
}

#[tokio::test]
async fn on_a_cluster() {
    holds(&RedisCache::new(client(&variable("TEST_REDIS_CLUSTER_URL")), "cache:")).await;
}

/// Which of three names, and what is put there: few versions, so that they meet.
type Put = (usize, u64, Vec<u8>);

/// Puts in any order, by two nodes, leave for each name the last of those with the greatest version.
fn as_the_rule_says(runtime: &Runtime, nodes: [&dyn Cache; 2], cases: u32) {
    let version = prop_oneof![0..4_u64, Just(1 << 53), Just((1 << 53) + 1), Just(u64::MAX)];
    let puts = prop::collection::vec((0..3_usize, version, prop::collection::vec(any::<u8>(), 0..40)), 1..25);
    let mut runner = TestRunner::new(Config { cases, failure_persistence: None, ..Config::default() });
    let outcome = runner.run(&puts, |puts: Vec<Put>| {
        let names = ["a", "b", "c"].map(name);
        runtime.block_on(async {
            let mut model: HashMap<usize, Entry> = HashMap::new();
            for (number, (at, version, bytes)) in puts.into_iter().enumerate() {
                let put = entry(version, bytes);
                nodes[number % 2].put(&names[at], put.clone(), MINUTE).await.expect("it answers");
                if model.get(&at).is_none_or(|kept| kept.version <= put.version) {
                    model.insert(at, put);
                }
                for (at, name) in names.iter().enumerate() {
                    let found = nodes[(number + 1) % 2].get(name).await.expect("it answers");
                    prop_assert_eq!(found.as_ref(), model.get(&at));
                }
            }
            Ok(())
        })
    });
    outcome.unwrap_or_else(|failed| panic!("{failed}"));
}

#[test]
fn in_the_process_the_greatest_version_stays() {
    let (runtime, cache) = (Runtime::new().expect("a runtime"), LocalCache::new(1_000));
    as_the_rule_says(&runtime, [&cache, &cache], 256);
}

#[test]
fn on_redis_the_greatest_version_stays() {
    let runtime = Runtime::new().expect("a runtime");
    let [one, other] = [(); 2].map(|()| RedisCache::new(client(&variable("TEST_REDIS_URL")), "cache:"));
    as_the_rule_says(&runtime, [&one, &other], 64);
}

#[tokio::test]
async fn a_flush_forgets_versions_too() {
    let server = Server::start().await;
    let cache = RedisCache::new(client(&server.url()), "");
    cache.put("session", entry(4, "ended"), MINUTE).await.expect("it answers");
    server.ask::<String>("FLUSHALL").await.expect("it answers");
    assert_eq!(cache.get("session").await.expect("it answers"), None);
    // Why an entry is a hint: who read the row before it ended, and is this late, is believed for one time to live.
    cache.put("session", entry(3, "late"), MINUTE).await.expect("it answers");
    assert_eq!(cache.get("session").await.expect("it answers"), Some(entry(3, "late")));
    let left: i64 = server.ask("PTTL session").await.expect("it answers");
    assert!((1..=60_000).contains(&left), "{left}");
}

#[tokio::test]
async fn what_is_no_entry_is_an_error_and_goes_with_the_next_put() {
    let server = Server::start().await;
    let cache = RedisCache::new(client(&server.url()), "");
    for strange in ["strange", "9999999999999999999x-and-more"] {
        server.ask::<String>(&format!("SET session {strange}")).await.expect("it answers");
        let error = cache.get("session").await.expect_err("it is no entry");
        assert!(matches!(error, Error::Away { .. }) && !error.to_string().contains(strange), "{error:?}");
        cache.put("session", entry(1, "row"), MINUTE).await.expect("it answers");
        assert_eq!(cache.get("session").await.expect("it answers"), Some(entry(1, "row")));
    }
    server.ask::<i64>("RPUSH list a").await.expect("it answers");
    cache.get("list").await.expect_err("it is a list");
    cache.put("list", entry(1, "row"), MINUTE).await.expect_err("it is a list");
}

#[tokio::test]
async fn without_redis_it_is_an_error_in_time() {
    let mut server = Server::start().await;
    let cache = RedisCache::new(impatient(&server.url()), "");
    cache.put("session", entry(1, "row"), MINUTE).await.expect("it answers");
    server.kill();
    let began_at = Instant::now();
    for _ in 0..100 {
        cache.get("session").await.expect_err("nobody answers");
        cache.put("session", entry(2, "row"), MINUTE).await.expect_err("nobody answers");
    }
    assert!(began_at.elapsed() < Duration::from_secs(8), "{:?}", began_at.elapsed());
}

/// The bound of what a stale replica brings back is the time that the older entry was given.
#[tokio::test]
async fn a_stale_replica_brings_an_older_entry_back_for_its_own_time() {
    const TTL: Duration = Duration::from_secs(18);
    let mut master = Server::start().await;
    let replica = Server::start_behind(&master).await;
    let sentinel = Sentinel::start(Wire::Plain, &master).await;
    let cache = RedisCache::new(impatient(&sentinel.url()), "");
    cache.put("session", entry(3, "row"), TTL).await.expect("it answers");
    let put_at = Instant::now();
    until("the replica knows", || async { replica.ask::<bool>("EXISTS session").await.is_ok_and(|there| there) }).await;

    // From here on the replica hears nothing, and still counts as one.
    replica.ask::<String>("CONFIG SET masterauth wrong").await.expect("it answers");
    master.ask::<i64>("CLIENT KILL TYPE replica").await.expect("it answers");
    until("the replica is cut off", || async {
        replica.ask::<String>("INFO replication").await.is_ok_and(|text| text.contains("master_link_status:down"))
    })
    .await;
    cache.put("session", entry(4, "ended"), MINUTE).await.expect("it answers");
    assert_eq!(cache.get("session").await.expect("it answers"), Some(entry(4, "ended")));
    master.kill();

    until("the replica is asked", || async { cache.get("session").await.is_ok() }).await;
    assert_eq!(cache.get("session").await.expect("it answers"), Some(entry(3, "row")), "the end was forgotten");
    until("it goes", || async { cache.get("session").await.is_ok_and(|kept| kept.is_none()) }).await;
    assert!(put_at.elapsed() < TTL + Duration::from_secs(2), "{:?}", put_at.elapsed());
}
