//! Owns what every lock must do, whoever keeps it.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use coord::Lock;
use coord::lock::{Keep, NotAcquired, Released, Terms};
use tokio::time::{Instant, sleep, timeout};

use crate::harness::{PATIENCE, name};

/// Long enough that a busy machine renews it in time.
pub const LEASE: Duration = Duration::from_millis(900);

/// Renewed, and waited for as long as a test may last.
pub const PATIENT: Terms = Terms { lease: LEASE, wait: PATIENCE, retry: Duration::from_millis(5), keep: Keep::Renewed };
pub const AT_ONCE: Terms = Terms { wait: Duration::ZERO, ..PATIENT };

/// Makes a module of tests for a lock, by the name of a function that makes the lock.
macro_rules! lock_contract {
    ($name:ident, $make:ident) => {
        mod $name {
            use crate::contract;

            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn one_holder_among_32_tasks() {
                contract::one_holder_among_32_tasks(std::sync::Arc::new(super::$make())).await;
            }

            #[tokio::test]
            async fn it_is_held_free_and_held_again() {
                contract::it_is_held_free_and_held_again(&super::$make()).await;
            }

            #[tokio::test]
            async fn a_lease_that_ran_out_is_free_and_not_released_by_its_old_holder() {
                contract::a_lease_that_ran_out_is_free_and_not_released_by_its_old_holder(&super::$make()).await;
            }

            #[tokio::test]
            async fn it_is_kept_past_three_leases() {
                contract::it_is_kept_past_three_leases(&super::$make()).await;
            }

            #[tokio::test]
            async fn a_wait_has_an_end() {
                contract::a_wait_has_an_end(&super::$make()).await;
            }

            #[tokio::test]
            async fn it_is_entered_again_by_its_handles() {
                contract::it_is_entered_again_by_its_handles(&super::$make()).await;
            }

            #[tokio::test]
            async fn who_gives_up_in_the_middle_leaves_nothing() {
                contract::who_gives_up_in_the_middle_leaves_nothing(&super::$make()).await;
            }
        }
    };
}
pub(crate) use lock_contract;

pub async fn one_holder_among_32_tasks(lock: Arc<impl Lock + 'static>) {
    const TURNS: usize = 4;
    let name: Arc<str> = name("crowd").into();
    let inside = Arc::new(AtomicUsize::new(0));
    let mut tasks = tokio::task::JoinSet::new();
    for _ in 0..32 {
        let (lock, name, inside) = (Arc::clone(&lock), Arc::clone(&name), Arc::clone(&inside));
        tasks.spawn(async move {
            for _ in 0..TURNS {
                let guard = lock.acquire(&name, PATIENT).await.expect("it comes to everybody");
                assert_eq!(inside.fetch_add(1, Ordering::SeqCst), 0, "two hold it");
                tokio::task::yield_now().await;
                assert!(guard.is_held());
                assert_eq!(inside.fetch_sub(1, Ordering::SeqCst), 1, "two hold it");
                assert_eq!(guard.release().await.expect("it answers"), Released::Freed);
            }
            TURNS
        });
    }
    let turns: usize = tasks.join_all().await.into_iter().sum();
    assert_eq!(turns, 32 * TURNS);
}

pub async fn it_is_held_free_and_held_again(lock: &impl Lock) {
    let (one, other) = (name("one"), name("other"));
    let guard = lock.try_acquire(&one, AT_ONCE).await.expect("it is free");
    assert_eq!(guard.name(), one);
    assert!(guard.is_held());
    assert!(matches!(lock.try_acquire(&one, AT_ONCE).await, Err(NotAcquired::Held)));
    let beside = lock.try_acquire(&other, AT_ONCE).await.expect("another name is free");
    assert_eq!(guard.release().await.expect("it answers"), Released::Freed);
    let again = lock.try_acquire(&one, AT_ONCE).await.expect("it is free again");
    // Dropped, it is given back soon, long before its lease ends.
    drop((again, beside));
    let long = Terms { lease: Duration::from_mins(10), ..PATIENT };
    drop(lock.acquire(&one, long).await.expect("it was dropped"));
    drop(lock.acquire(&one, long).await.expect("it was dropped as well"));
}

pub async fn a_lease_that_ran_out_is_free_and_not_released_by_its_old_holder(lock: &impl Lock) {
    let name = name("ran-out");
    let began_at = Instant::now();
    let old = lock.try_acquire(&name, Terms { keep: Keep::OneLease, ..AT_ONCE }).await.expect("it is free");
    let new = lock.acquire(&name, PATIENT).await.expect("it comes free");
    // A shade early, for a table whose clock counts whole milliseconds.
    assert!(began_at.elapsed() + Duration::from_millis(20) >= LEASE, "{:?}", began_at.elapsed());
    timeout(PATIENCE, old.lost().cancelled()).await.expect("it is told");
    assert!(!old.is_held());
    assert_eq!(old.release().await.expect("it answers"), Released::Lost);
    assert!(new.is_held());
    assert!(matches!(lock.try_acquire(&name, AT_ONCE).await, Err(NotAcquired::Held)));
    assert_eq!(new.release().await.expect("it answers"), Released::Freed);
}

pub async fn it_is_kept_past_three_leases(lock: &impl Lock) {
    let name = name("kept");
    let guard = lock.try_acquire(&name, AT_ONCE).await.expect("it is free");
    let other = lock.acquire(&name, Terms { wait: LEASE * 7 / 2, ..PATIENT }).await;
    assert!(matches!(other, Err(NotAcquired::Held)), "{other:?}");
    assert!(guard.is_held());
    assert!(guard.left().is_none_or(|left| left <= LEASE));
    assert_eq!(guard.release().await.expect("it answers"), Released::Freed);
}

pub async fn a_wait_has_an_end(lock: &impl Lock) {
    let name = name("waited-for");
    let _guard = lock.try_acquire(&name, AT_ONCE).await.expect("it is free");
    let wait = Duration::from_millis(300);
    let began_at = Instant::now();
    let refused = lock.acquire(&name, Terms { wait, ..PATIENT }).await;
    assert!(matches!(refused, Err(NotAcquired::Held)), "{refused:?}");
    let waited = began_at.elapsed();
    assert!(waited >= wait && waited < wait + Duration::from_secs(4), "{waited:?}");
}

pub async fn it_is_entered_again_by_its_handles(lock: &impl Lock) {
    let name = name("entered");
    let outer = lock.try_acquire(&name, AT_ONCE).await.expect("it is free");
    let inner = outer.enter();
    assert_eq!(inner.fence(), outer.fence());
    assert_eq!(outer.release().await.expect("nobody is asked"), Released::Entered);
    assert!(inner.is_held());
    assert!(matches!(lock.try_acquire(&name, AT_ONCE).await, Err(NotAcquired::Held)));
    assert_eq!(inner.release().await.expect("it answers"), Released::Freed);
    drop(lock.try_acquire(&name, AT_ONCE).await.expect("it is free again"));
}

pub async fn who_gives_up_in_the_middle_leaves_nothing(lock: &impl Lock) {
    let name = name("given-up");
    let long = Terms { lease: Duration::from_mins(10), ..PATIENT };
    for step in 0..400 {
        let attempt = lock.acquire(&name, long);
        // Some are dropped before the question is sent, some while it is on its way, some have it by then.
        let _given_up = timeout(Duration::from_micros(step % 40 * 25), attempt).await;
    }
    drop(timeout(PATIENCE, lock.acquire(&name, long)).await.expect("in time").expect("nobody is left who has it"));
    sleep(Duration::ZERO).await;
}
