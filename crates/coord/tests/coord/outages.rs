//! Owns what becomes of a lock when its one Redis is stopped, killed, or started again empty.

use std::time::Duration;

use coord::lock::{Lock, NotAcquired, RedisLock, Released, Terms};
use coord::redis::Timeouts;
use coord::{Error, Redis};
use tokio::time::{Instant, timeout};

use crate::contract::{AT_ONCE, LEASE, PATIENT};
use crate::harness::{PATIENCE, Proxy, Server, client, impatient, until};

/// Two connections and two answers, by the time-outs of every day, and what a busy machine adds.
const BOUND: Duration = Duration::from_secs(8);

#[tokio::test]
async fn a_server_that_was_stopped_is_an_error_in_time_and_comes_back() {
    let server = Server::start().await;
    let lock = RedisLock::on(impatient(&server.url()), "");
    let guard = lock.try_acquire("held", AT_ONCE).await.expect("it is free");
    server.pause();
    let stopped_at = Instant::now();
    let refused = lock.try_acquire("another", AT_ONCE).await;
    assert!(matches!(refused, Err(NotAcquired::Away(Error::Away { .. }))), "{refused:?}");
    assert!(stopped_at.elapsed() < BOUND, "{:?}", stopped_at.elapsed());
    // Nobody could renew: the holder is told no later than the lease ends.
    timeout(PATIENCE, guard.lost().cancelled()).await.expect("it is told");
    assert!(!guard.is_held());
    let released_at = Instant::now();
    assert!(guard.release().await.is_ok_and(|released| released == Released::Lost));
    assert!(released_at.elapsed() < BOUND, "{:?}", released_at.elapsed());
    server.resume();
    let again = lock.acquire("held", PATIENT).await.expect("it comes back by itself");
    assert_eq!(again.release().await.expect("it answers"), Released::Freed);
}

#[tokio::test]
async fn the_loss_is_told_before_redis_lets_another_in() {
    let server = Server::start().await;
    // Its answers may be late for longer than the lease lasts.
    let patient = Timeouts { connect: PATIENCE, answer: PATIENCE };
    let lock = RedisLock::on(Redis::open(server.url().parse().expect("an address"), patient), "");
    let guard = lock.try_acquire("held", AT_ONCE).await.expect("it is free");
    let taken_at = Instant::now();
    server.pause();
    timeout(PATIENCE, guard.lost().cancelled()).await.expect("it is told");
    // The last renewal may have come through before the pause, and no other.
    assert!(taken_at.elapsed() < LEASE * 2, "{:?}", taken_at.elapsed());
    server.resume();
}

#[tokio::test]
async fn a_server_that_was_killed_comes_back_empty() {
    let mut server = Server::start().await;
    let lock = RedisLock::on(impatient(&server.url()), "");
    let old = lock.try_acquire("held", Terms { lease: PATIENCE, ..AT_ONCE }).await.expect("it is free");
    server.kill();
    let began_at = Instant::now();
    let refused = lock.try_acquire("held", AT_ONCE).await;
    assert!(matches!(refused, Err(NotAcquired::Away(_))), "{refused:?}");
    assert!(began_at.elapsed() < BOUND, "{:?}", began_at.elapsed());
    server.start_again().await;
    let new = lock.acquire("held", PATIENT).await.expect("it comes back by itself");
    // What a lock on one Redis without a disk cannot promise.
    assert!(old.is_held() && new.is_held(), "two hold it, and the first does not know yet");
    timeout(PATIENCE, old.lost().cancelled()).await.expect("it is told at the next renewal");
    assert!(new.is_held());
}

#[tokio::test]
async fn many_who_ask_while_it_is_away_wait_together() {
    let server = Server::start().await;
    // None of them has a connection: one makes it, for as long as that may take, and the others hear of it.
    let lock = std::sync::Arc::new(RedisLock::on(impatient(&server.url()), ""));
    server.pause();
    let began_at = Instant::now();
    let mut tasks = tokio::task::JoinSet::new();
    for number in 0..200 {
        let lock = std::sync::Arc::clone(&lock);
        tasks.spawn(async move { lock.try_acquire(&format!("name-{number}"), AT_ONCE).await.is_err() });
    }
    assert!(tasks.join_all().await.into_iter().all(|refused| refused));
    // One after the other they would need minutes.
    assert!(began_at.elapsed() < BOUND, "{:?}", began_at.elapsed());
    server.resume();
}

#[tokio::test]
async fn scripts_that_a_server_forgot_are_taught_again() {
    let server = Server::start().await;
    let lock = RedisLock::on(client(&server.url()), "");
    lock.try_acquire("a", AT_ONCE).await.expect("it is free").release().await.expect("it answers");
    server.ask::<String>("SCRIPT FLUSH").await.expect("it answers");
    let guard = lock.try_acquire("a", AT_ONCE).await.expect("it is free");
    assert_eq!(guard.release().await.expect("it answers"), Released::Freed);
}

#[tokio::test]
async fn a_connection_that_was_closed_is_made_anew_unseen() {
    let server = Server::start().await;
    let lock = RedisLock::on(client(&server.url()), "");
    let guard = lock.try_acquire("kept", AT_ONCE).await.expect("it is free");
    for _ in 0..5 {
        server.ask::<i64>("CLIENT KILL TYPE normal").await.expect("it answers");
        let beside = lock.try_acquire("beside", AT_ONCE).await.expect("it is asked a second time");
        assert_eq!(beside.release().await.expect("it answers"), Released::Freed);
    }
    assert!(guard.is_held());
    assert_eq!(guard.release().await.expect("it answers"), Released::Freed);
}

#[tokio::test]
async fn an_attempt_whose_answer_is_lost_is_given_back() {
    let server = Server::start().await;
    let lock = RedisLock::on(impatient(&server.url()), "");
    lock.try_acquire("first", AT_ONCE).await.expect("it is free").release().await.expect("it answers");
    server.pause();
    // It lies in the server's socket, and is read when that goes on.
    let long = Terms { lease: Duration::from_mins(10), ..AT_ONCE };
    lock.try_acquire("unheard", long).await.expect_err("nobody answers");
    server.resume();
    until("it is given back", || async { server.ask::<bool>("EXISTS unheard").await.is_ok_and(|there| !there) }).await;
    let again = lock.acquire("unheard", PATIENT).await.expect("it was given back, or never taken");
    assert_eq!(again.release().await.expect("it answers"), Released::Freed);
}

#[tokio::test]
async fn a_connection_that_only_seems_to_be_there_is_left() {
    let server = Server::start().await;
    let proxy = Proxy::start(server.port()).await;
    let lock = RedisLock::on(impatient(&proxy.url()), "");
    lock.try_acquire("first", AT_ONCE).await.expect("it is free").release().await.expect("it answers");
    // As behind a router that has forgotten it: TCP would tell after minutes.
    proxy.silence();
    let refused = lock.try_acquire("second", AT_ONCE).await;
    assert!(matches!(refused, Err(NotAcquired::Away(_))), "{refused:?}");
    let guard = lock.try_acquire("third", AT_ONCE).await.expect("a new connection is made");
    assert_eq!(guard.release().await.expect("it answers"), Released::Freed);
}

#[tokio::test]
async fn a_lock_whose_answer_is_lost_is_still_ours() {
    let server = Server::start().await;
    let proxy = Proxy::start(server.port()).await;
    let lock = RedisLock::on(client(&proxy.url()), "");
    for _ in 0..5 {
        let warm = lock.try_acquire("warm", AT_ONCE).await.expect("it is free");
        warm.release().await.expect("it answers");
        proxy.cut_next_answer();
        // It is taken, nobody hears of it, and the same holder asks again.
        let guard = lock.try_acquire("cut", AT_ONCE).await.expect("nobody else has it");
        assert!(proxy.has_cut());
        proxy.cut_next_answer();
        // Given back, and the second question finds nothing: whose it was is not known any more.
        guard.release().await.expect_err("nobody knows");
        assert!(proxy.has_cut());
        assert!(!server.ask::<bool>("EXISTS cut").await.expect("it answers"));
    }
}
