//! Owns the rows C: what becomes of those that come while the first is running.

use std::sync::Arc;
use std::time::Duration;

use axum::response::IntoResponse as _;
use http::StatusCode;
use idempotency::layer::{Duplicates, NotStarted, Policy};
use tokio::sync::Semaphore;
use tokio::time::Instant;

use crate::faulty::Op;
use crate::harness::{Node, World, once, order, place, until};

/// Nodes whose handlers wait for a permit before they make their order.
struct Gated {
    world: World,
    nodes: Vec<Node>,
    gate: Arc<Semaphore>,
}

fn gated(policy: &Policy, nodes: usize) -> Gated {
    let world = World::default();
    let gate = Arc::new(Semaphore::new(0));
    let node = |_| {
        let (effects, gate) = (world.effects.clone(), Arc::clone(&gate));
        world.node(policy.clone(), move || {
            let (effects, gate) = (effects.clone(), Arc::clone(&gate));
            async move {
                gate.acquire().await.expect("the gate stays").forget();
                order(effects.one())
            }
        })
    };
    let nodes = (0..nodes).map(node).collect();
    Gated { world, nodes, gate }
}

impl Gated {
    async fn is_running(&self) {
        until("the first is running", || self.world.store.memory.len() == 1).await;
    }
}

fn attach(wait: Duration) -> Policy {
    once().duplicates(Duplicates::Attach { wait })
}

#[tokio::test(start_paused = true)]
async fn c_01_a_duplicate_is_refused_at_once() {
    let it = gated(&once().duplicates(Duplicates::Refuse).retry_after(Duration::from_secs(7)), 1);
    let first = place("k").start(&it.nodes[0]);
    it.is_running().await;
    let began = Instant::now();
    place("k").send(&it.nodes[0]).await.problem(409, "request_in_flight").comes_again_after(7);
    assert!(began.elapsed() < Duration::from_millis(1), "it waited");
    it.gate.add_permits(1);
    let first = first.await.expect("no panic").expect(201, "executed");
    place("k").send(&it.nodes[0]).await.replays(&first);
    assert_eq!(it.world.effects.count(), 1);
}

#[tokio::test(start_paused = true)]
async fn c_02_a_duplicate_waits_for_the_same_answer() {
    for node in [0, 1] {
        let it = gated(&attach(Duration::from_secs(10)), 2);
        let first = place("k").start(&it.nodes[0]);
        it.is_running().await;
        let second = place("k").start(&it.nodes[node]);
        until("the second has asked", || it.world.store.asked(Op::Begin) >= 2).await;
        it.gate.add_permits(1);
        let first = first.await.expect("no panic").expect(201, "executed");
        second.await.expect("no panic").expect(201, "attached").replays(&first);
        assert_eq!(it.world.effects.count(), 1);
    }
}

#[tokio::test(start_paused = true)]
async fn c_02_a_duplicate_in_the_same_process_is_woken() {
    let it = gated(&attach(Duration::from_secs(10)), 1);
    let first = place("k").start(&it.nodes[0]);
    it.is_running().await;
    let second = place("k").start(&it.nodes[0]);
    until("the second has asked", || it.world.store.asked(Op::Begin) == 2).await;
    tokio::time::sleep(Duration::from_millis(900)).await;
    assert_eq!(it.world.store.asked(Op::Begin), 2, "it asks while nothing has changed");
    it.gate.add_permits(1);
    let began = Instant::now();
    second.await.expect("no panic").expect(201, "attached");
    assert!(began.elapsed() < Duration::from_millis(5), "it was not woken but looked: {:?}", began.elapsed());
    first.await.expect("no panic").expect(201, "executed");
}

#[tokio::test(start_paused = true)]
async fn c_03_patience_ends() {
    for node in [0, 1] {
        let it = gated(&attach(Duration::from_secs(3)), 2);
        let first = place("k").start(&it.nodes[0]);
        it.is_running().await;
        let began = Instant::now();
        place("k").send(&it.nodes[node]).await.problem(409, "request_in_flight").comes_again_after(1);
        let waited = began.elapsed();
        assert!((Duration::from_secs(3)..Duration::from_millis(3_100)).contains(&waited), "{waited:?}");
        it.gate.add_permits(1);
        first.await.expect("no panic").expect(201, "executed");
        assert_eq!(it.world.effects.count(), 1);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn c_04_a_hundred_at_once_on_three_nodes() {
    let world = World::default();
    let nodes = [world.plain(), world.plain(), world.plain()];
    for round in 0..20 {
        let key = format!("k{round}");
        let calls: Vec<_> = (0..100).map(|at| place(&key).start(&nodes[at % 3])).collect();
        let mut seen = Vec::new();
        for call in calls {
            seen.push(call.await.expect("no panic"));
        }
        let executed: Vec<_> = seen.iter().filter(|it| it.how() == "executed").collect();
        assert_eq!(executed.len(), 1, "round {round}");
        for other in seen.iter().filter(|it| it.how() != "executed") {
            other.replays(executed[0]);
        }
        assert_eq!(world.effects.count(), round + 1);
    }
}

#[tokio::test(start_paused = true)]
async fn c_05_one_of_those_that_wait_takes_over() {
    let world = World::default();
    let gate = Arc::new(Semaphore::new(0));
    let (effects, entered) = (world.effects.clone(), Arc::clone(&gate));
    let node = world.node(attach(Duration::from_secs(10)), move || {
        let (effects, gate) = (effects.clone(), Arc::clone(&entered));
        async move {
            gate.acquire().await.expect("the gate stays").forget();
            // The first that runs has to give up before its effect.
            if effects.one() == 1 {
                return NotStarted(StatusCode::CONFLICT).into_response();
            }
            order(1).into_response()
        }
    });
    let calls: Vec<_> = (0..8).map(|_| place("k").start(&node)).collect();
    until("all have asked", || world.store.asked(Op::Begin) == 8).await;
    gate.add_permits(8);
    let mut seen = Vec::new();
    for call in calls {
        seen.push(call.await.expect("no panic"));
    }
    let count = |how: &str| seen.iter().filter(|it| it.how() == how).count();
    assert_eq!((count("not-kept"), count("executed"), count("attached")), (1, 1, 6), "{seen:?}");
    assert_eq!(world.effects.count(), 2);
}

#[tokio::test(start_paused = true)]
async fn c_06_who_waits_may_leave() {
    let it = gated(&attach(Duration::from_mins(1)), 1);
    let first = place("k").start(&it.nodes[0]);
    it.is_running().await;
    let waiters: Vec<_> = (0..50).map(|_| place("k").start(&it.nodes[0])).collect();
    until("all have asked", || it.world.store.asked(Op::Begin) == 51).await;
    for waiter in &waiters {
        waiter.abort();
    }
    until("only the first has a task", || it.nodes[0].idempotency.running() == 1).await;
    it.gate.add_permits(1);
    first.await.expect("no panic").expect(201, "executed");
    assert_eq!(it.world.effects.count(), 1);
}

/// A waiter asks the store and lets go of it: the store is never asked two things at the same time for longer than it takes.
#[tokio::test(start_paused = true)]
async fn c_07_who_waits_holds_nothing_of_the_store() {
    let it = gated(&attach(Duration::from_secs(30)), 2);
    let first = place("k").start(&it.nodes[0]);
    it.is_running().await;
    let waiters: Vec<_> = (0..20).map(|_| place("k").start(&it.nodes[1])).collect();
    until("all have asked", || it.world.store.asked(Op::Begin) >= 21).await;
    until("no task of theirs is left", || it.nodes[1].idempotency.running() == 0).await;
    // Those of another node ask again and again, ever more seldom.
    let before = it.world.store.asked(Op::Begin);
    tokio::time::sleep(Duration::from_secs(10)).await;
    let asked = it.world.store.asked(Op::Begin) - before;
    assert!(asked <= 20 * 50, "{asked} questions of 20 waiters in 10 s");
    it.gate.add_permits(1);
    first.await.expect("no panic").expect(201, "executed");
    for waiter in waiters {
        waiter.await.expect("no panic").expect(201, "attached");
    }
}
