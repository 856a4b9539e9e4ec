//! Owns what becomes of a request whose executor is gone on an at-most-once route (F-04): nobody executes it without proof.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use http::StatusCode;
use idempotency::Answer;
use idempotency::layer::{Claim, Numbers, Resolution, Resolver};
use idempotency::protocol::Doubt;
use tokio::sync::Semaphore;

use crate::faulty::{Fault, Op};
use crate::harness::{World, once, order, place, until};

/// Leaves a record behind whose executor is gone, and waits until its lease is over.
async fn died(world: &World) {
    // A node of its own takes the claim and dies: its runtime is gone with its tasks.
    let gate = Arc::new(Semaphore::new(0));
    let dying = world.node(once().lease(Duration::from_secs(40)), move || {
        let gate = Arc::clone(&gate);
        async move {
            let _ = gate.acquire().await;
            StatusCode::OK
        }
    });
    world.store.breaks(Op::Renew, Fault::Down);
    let first = place("k").start(&dying);
    until("it is running", || world.store.memory.len() == 1).await;
    first.abort();
    tokio::time::sleep(Duration::from_secs(41)).await;
    world.store.mend();
}

/// Says what it was told to, and remembers what it was asked.
struct Told {
    resolution: Mutex<Resolution>,
    asked: Mutex<Vec<String>>,
}

#[async_trait]
impl Resolver for Told {
    async fn resolve(&self, _: &Doubt, numbers: &Numbers) -> Resolution {
        self.asked.lock().expect("nobody panics under it").push(numbers.derive("charge"));
        self.resolution.lock().expect("nobody panics under it").clone()
    }
}

fn told(resolution: Resolution) -> Arc<Told> {
    Arc::new(Told { resolution: Mutex::new(resolution), asked: Mutex::default() })
}

#[tokio::test(start_paused = true)]
async fn f_04_without_a_resolver_nobody_executes_what_is_in_doubt() {
    let world = World::default();
    let node = world.plain();
    died(&world).await;
    for _ in 0..3 {
        place("k").send(&node).await.problem(409, "outcome_unknown").comes_again_after(30);
    }
    let node = world.orders(once().retry_after(Duration::from_secs(90)));
    place("k").send(&node).await.problem(409, "outcome_unknown").comes_again_after(90);
    place("k").body("other").send(&node).await.problem(422, "idempotency_key_reused");
    assert_eq!(world.effects.count(), 0);
}

#[tokio::test(start_paused = true)]
async fn f_04_a_resolver_ends_a_doubt_with_proof() {
    let answer = Answer { status: 201, headers: vec![("location".into(), "/orders/9".into())], body: "found".into() };
    for (resolution, how, text, effects) in [
        (Resolution::Executed(answer), "replayed", "found", 0),
        (Resolution::NotExecuted, "executed", "{\"order\":1}", 1),
    ] {
        let world = World::default();
        let resolver = told(Resolution::StillUnknown);
        let derived = Arc::new(Mutex::new(String::new()));
        let (counted, noted) = (world.effects.clone(), Arc::clone(&derived));
        let node = world.node(once().resolver(resolver.clone()), move |claim: Claim| {
            *noted.lock().expect("nobody panics under it") = claim.derive("charge");
            std::future::ready(order(counted.one()))
        });
        died(&world).await;
        place("k").send(&node).await.problem(409, "outcome_unknown");
        *resolver.resolution.lock().expect("nobody panics under it") = resolution;
        let seen = place("k").send(&node).await.expect(201, how);
        assert_eq!((seen.text().as_str(), world.effects.count()), (text, effects));
        place("k").send(&node).await.expect(201, "replayed");
        let asked = resolver.asked.lock().expect("nobody panics under it").clone();
        assert_eq!(asked.len(), 2, "a doubt that was ended is asked for again");
        assert!(asked[0].len() == 32 && asked.iter().all(|number| *number == asked[0]), "{asked:?}");
        if effects == 1 {
            assert_eq!(
                *derived.lock().expect("nobody panics under it"),
                asked[0],
                "the provider is asked under the same number"
            );
        }
    }
}

#[tokio::test(start_paused = true)]
async fn f_04_a_resolver_that_hangs_is_not_waited_for() {
    struct Hangs;
    #[async_trait]
    impl Resolver for Hangs {
        async fn resolve(&self, _: &Doubt, _: &Numbers) -> Resolution {
            std::future::pending().await
        }
    }
    let world = World::default();
    let node = world.orders(once().resolver(Arc::new(Hangs)));
    died(&world).await;
    place("k").send(&node).await.problem(409, "outcome_unknown");
    assert_eq!(world.effects.count(), 0);
}

#[tokio::test(start_paused = true)]
async fn f_04_a_resolver_that_panics_leaves_an_answer() {
    struct Panics;
    #[async_trait]
    impl Resolver for Panics {
        async fn resolve(&self, _: &Doubt, _: &Numbers) -> Resolution {
            panic!("for the test")
        }
    }
    let world = World::default();
    let node = world.orders(once().resolver(Arc::new(Panics)));
    died(&world).await;
    place("k").send(&node).await.problem(503, "outcome_pending");
    assert_eq!(world.effects.count(), 0);
}
