//! Owns rate limits over several nodes: what passes on Redis, and that it is the same as in the process.

use std::num::NonZeroU32;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use coord::limit::{LocalLimit, Rate, RedisLimit};
use coord::{Error, Limit};
use tokio::time::Instant;

use crate::harness::{Server, client, impatient, name, variable};

fn rate(count: u32, per: Duration) -> Rate {
    Rate::new(NonZeroU32::new(count).expect("more than none"), per)
}

/// Whatever counts: a burst at once, then what comes back, and what it says of that.
async fn a_burst_and_no_more(limit: &impl Limit) {
    let (name, rate) = (name("burst"), rate(5, Duration::from_secs(500)));
    for left in (0..5).rev() {
        let decision = limit.check(&name, rate, 1).await.expect("it counts");
        assert_eq!((decision.allowed, decision.remaining, decision.limit), (true, left, 5));
        assert_eq!(decision.retry_after, None);
    }
    let refused = limit.check(&name, rate, 1).await.expect("it counts");
    assert_eq!((refused.allowed, refused.remaining), (false, 0));
    let after = refused.retry_after.expect("it comes back");
    assert!(after > Duration::from_secs(80) && after <= Duration::from_secs(100), "{after:?}");
    assert!(refused.reset_after > Duration::from_mins(8) && refused.reset_after <= Duration::from_secs(500));
    let never = limit.check(&name, rate, 6).await.expect("it counts");
    assert_eq!((never.allowed, never.retry_after), (false, None));
    let look = limit.check(&name, rate, 0).await.expect("it counts");
    assert!(look.allowed && look.remaining == 0);
    let other = limit.check(&crate::harness::name("other"), rate, 5).await.expect("it counts");
    assert_eq!((other.allowed, other.remaining), (true, 0));
}

/// What was said of the next time is true: then, and not before.
async fn it_comes_back_when_it_was_said(limit: &impl Limit) {
    let (name, rate) = (name("back"), rate(1, Duration::from_millis(700)));
    assert!(limit.check(&name, rate, 1).await.expect("it counts").allowed);
    let taken_at = Instant::now();
    let after = limit.check(&name, rate, 1).await.expect("it counts").retry_after.expect("it comes back");
    assert!(after <= Duration::from_millis(700));
    while !limit.check(&name, rate, 1).await.expect("it counts").allowed {
        assert!(taken_at.elapsed() < Duration::from_secs(10), "it does not come back");
    }
    assert!(taken_at.elapsed() >= Duration::from_millis(690), "{:?}", taken_at.elapsed());
}

#[tokio::test]
async fn in_the_process() {
    let limit = LocalLimit::new(1_000);
    a_burst_and_no_more(&limit).await;
    it_comes_back_when_it_was_said(&limit).await;
}

#[tokio::test]
async fn on_redis() {
    for server in ["TEST_REDIS_URL", "TEST_REDIS_SENTINEL_URL", "TEST_REDIS_CLUSTER_URL"] {
        let limit = RedisLimit::new(client(&variable(server)), "limit:");
        a_burst_and_no_more(&limit).await;
        it_comes_back_when_it_was_said(&limit).await;
    }
}

/// Four nodes that know nothing of each other ask as fast as they can.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn several_nodes_together_pass_what_one_would() {
    let (name, rate) = (Arc::new(name("together")), rate(1_000, Duration::from_secs(1)));
    let passed = Arc::new(AtomicU32::new(0));
    let began_at = Instant::now();
    let mut tasks = tokio::task::JoinSet::new();
    for _ in 0..4 {
        let limit = Arc::new(RedisLimit::new(client(&variable("TEST_REDIS_URL")), "limit:"));
        for _ in 0..4 {
            let (limit, name, passed) = (Arc::clone(&limit), Arc::clone(&name), Arc::clone(&passed));
            tasks.spawn(async move {
                while began_at.elapsed() < Duration::from_secs(3) {
                    if limit.check(&name, rate, 1).await.expect("it counts").allowed {
                        passed.fetch_add(1, Ordering::SeqCst);
                    }
                }
            });
        }
    }
    tasks.join_all().await;
    // A burst, and what came back in the whole time.
    let most = 1_000.0 + began_at.elapsed().as_secs_f64() * 1_000.0;
    let passed = f64::from(passed.load(Ordering::SeqCst));
    assert!(passed <= most * 1.01, "{passed} passed, and {most} may");
    // All of it was asked for.
    assert!(passed >= 3_900.0, "{passed} passed, and {most} may");
}

#[tokio::test]
async fn a_cell_goes_with_its_time_and_a_strange_key_is_an_error() {
    let server = Server::start().await;
    let limit = RedisLimit::new(client(&server.url()), "");
    limit.check("a", rate(10, Duration::from_secs(10)), 1).await.expect("it counts");
    let kept: i64 = server.ask("PTTL a").await.expect("it answers");
    assert!((1..=1_000).contains(&kept), "{kept}");
    server.ask::<String>("SET b strange").await.expect("it answers");
    let error = limit.check("b", rate(10, Duration::from_secs(10)), 1).await.expect_err("it is no moment");
    assert!(matches!(error, Error::Away { .. }), "{error:?}");
}

#[tokio::test]
async fn without_redis_it_is_an_error_in_time() {
    let mut server = Server::start().await;
    let limit = RedisLimit::new(impatient(&server.url()), "");
    let second = rate(10, Duration::from_secs(1));
    limit.check("a", second, 1).await.expect("it counts");
    server.kill();
    let began_at = Instant::now();
    for _ in 0..100 {
        limit.check("a", second, 1).await.expect_err("nobody counts");
    }
    assert!(began_at.elapsed() < Duration::from_secs(8), "{:?}", began_at.elapsed());
}
