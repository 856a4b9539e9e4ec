//! Owns the promise of leases in rows: one holder at a time, told by the database's clock, and numbers that only grow.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use coord::lock::{Fence as _, Keep, LeaseLock, Lock as _, NotAcquired, Terms};

use crate::ground::{Kind, on_every_database};
use crate::shop::Shop;

on_every_database!(
    a_lease_has_one_holder_and_its_numbers_grow,
    a_lease_that_ended_is_taken_over_and_the_holder_is_told,
    numbers_grow_whoever_asks,
    leases_that_ended_long_ago_are_removed,
);

// Each test closes its store: what is given back in the background may be opening a connection, and PostgreSQL removes no
// database while one has not said who it is.

const LEASE: Duration = Duration::from_secs(20);

fn terms(lease: Duration, wait: Duration) -> Terms {
    Terms { lease, wait, retry: Duration::from_millis(2), keep: Keep::OneLease }
}

async fn a_lease_has_one_holder_and_its_numbers_grow(kind: Kind) {
    let shop = Shop::stocked(kind).await;
    let lock = Arc::new(LeaseLock::new(shop.store.clone()));
    let tasks: Vec<_> = (0..8)
        .map(|_| {
            let lock = lock.clone();
            tokio::spawn(async move {
                let mut fences = Vec::new();
                for _ in 0..4 {
                    let guard = lock.acquire("a", terms(LEASE, LEASE)).await.expect("its turn comes");
                    fences.push(guard.fence().expect("a table gives numbers"));
                    assert!(matches!(lock.try_acquire("a", terms(LEASE, LEASE)).await, Err(NotAcquired::Held)));
                    guard.release().await.expect("the database is there");
                }
                fences
            })
        })
        .collect();
    let mut fences = BTreeSet::new();
    for task in tasks {
        let own = task.await.expect("nobody panics");
        assert!(own.is_sorted(), "{own:?}");
        fences.extend(own);
    }
    assert_eq!(fences.len(), 32, "each hold has a number of its own");
    shop.store.close().await;
}

async fn a_lease_that_ended_is_taken_over_and_the_holder_is_told(kind: Kind) {
    let shop = Shop::stocked(kind).await;
    let lock = LeaseLock::new(shop.store.clone());
    let first = lock.try_acquire("a", terms(Duration::from_millis(200), LEASE)).await.expect("it is free");
    let second = lock.acquire("a", terms(LEASE, LEASE)).await.expect("the first ends");
    assert!(first.lost().is_cancelled(), "the holder knew before anybody else had it");
    assert!(second.fence() > first.fence());
    drop(first);
    assert!(matches!(lock.try_acquire("a", terms(LEASE, LEASE)).await, Err(NotAcquired::Held)));
    assert!(lock.try_acquire("A", terms(LEASE, LEASE)).await.is_ok(), "another name");
    assert!(matches!(lock.try_acquire(&"n".repeat(256), terms(LEASE, LEASE)).await, Err(NotAcquired::Away(_))));
    shop.store.close().await;
}

async fn numbers_grow_whoever_asks(kind: Kind) {
    let shop = Shop::stocked(kind).await;
    let tasks: Vec<_> = (0..6)
        .map(|_| {
            let store = shop.store.clone();
            tokio::spawn(async move {
                let mut own = Vec::new();
                for _ in 0..5 {
                    own.push(store.next("a").await.expect("a number"));
                }
                own
            })
        })
        .collect();
    let mut all = BTreeSet::new();
    for task in tasks {
        let own = task.await.expect("nobody panics");
        assert!(own.is_sorted(), "{own:?}");
        all.extend(own);
    }
    assert_eq!(all.len(), 30);
    shop.store.close().await;
}

async fn leases_that_ended_long_ago_are_removed(kind: Kind) {
    let shop = Shop::stocked(kind).await;
    let lock = LeaseLock::new(shop.store.clone());
    let before = lock.try_acquire("old", terms(LEASE, LEASE)).await.expect("it is free");
    let number = before.fence();
    before.release().await.expect("the database is there");
    let held = lock.try_acquire("held", terms(LEASE, LEASE)).await.expect("it is free");
    shop.ground.plant("update leases set lease_until = 1 where name = 'old'").await;
    assert_eq!(shop.store.leases_purge(10).await.expect("a step"), 1);
    assert_eq!(shop.store.leases_purge(10).await.expect("a step"), 0);
    let after = lock.try_acquire("old", terms(LEASE, LEASE)).await.expect("it is free");
    assert!(after.fence() > number, "{:?} {number:?}", after.fence());
    assert!(matches!(lock.try_acquire("held", terms(LEASE, LEASE)).await, Err(NotAcquired::Held)));
    drop(held);
    shop.store.close().await;
}
