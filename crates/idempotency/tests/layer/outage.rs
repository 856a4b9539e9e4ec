//! Owns the rows F-06 of arrivals that learned something before the store went away: what was begun is neither begun beside
//! it nor denied.

use std::sync::Arc;
use std::time::Duration;

use idempotency::layer::{Outage, Policy};
use idempotency::store::Memory;
use tokio::sync::Semaphore;
use tokio::task::JoinHandle;

use crate::faulty::{Fault, Faulty, Op};
use crate::harness::{Node, Seen, World, once, order, place, until};

/// A request that runs until it may end.
struct Running {
    world: World,
    node: Node,
    gate: Arc<Semaphore>,
    first: JoinHandle<Seen>,
}

impl Running {
    async fn under(policy: Policy) -> Self {
        Self::of(World::default(), policy).await
    }

    async fn of(world: World, policy: Policy) -> Self {
        let (effects, gate) = (world.effects.clone(), Arc::new(Semaphore::new(0)));
        let held = Arc::clone(&gate);
        let node = world.node(policy, move || {
            let (effects, gate) = (effects.clone(), Arc::clone(&held));
            async move {
                let number = effects.one();
                gate.acquire().await.expect("the gate stays").forget();
                order(number)
            }
        });
        let first = place("k").start(&node);
        until("the first is running", || world.effects.count() == 1).await;
        Self { world, node, gate, first }
    }

    async fn ends(self) -> Seen {
        self.ends_as("executed").await
    }

    async fn ends_as(self, how: &str) -> Seen {
        self.gate.add_permits(9);
        self.first.await.expect("no panic").expect(201, how)
    }
}

#[tokio::test(start_paused = true)]
async fn who_was_told_that_it_runs_does_not_go_on_without_the_store() {
    for fault in [Fault::Down, Fault::Slow(Duration::from_mins(1))] {
        let it = Running::under(once().outage(Outage::Execute)).await;
        let second = place("k").start(&it.node);
        until("the second was told", || it.world.store.asked(Op::Begin) == 2).await;
        it.world.store.breaks(Op::Begin, fault);
        let world = it.world.clone();
        it.ends().await;
        second.await.expect("no panic").problem(503, "outcome_pending");
        assert_eq!(world.effects.count(), 1, "it was executed beside, or after, itself");
    }
}

#[tokio::test(start_paused = true)]
async fn nobody_goes_on_beside_a_request_that_runs_here() {
    for fault in [Fault::Down, Fault::Slow(Duration::from_secs(7))] {
        let it = Running::under(once().outage(Outage::Execute)).await;
        it.world.store.fails(Op::Begin, fault, 1);
        let second = place("k").start(&it.node);
        until("the second has asked", || it.world.store.asked(Op::Begin) == 2).await;
        tokio::time::sleep(Duration::from_secs(8)).await;
        let world = it.world.clone();
        let first = it.ends().await;
        second.await.expect("no panic").replays(&first);
        assert_eq!(world.effects.count(), 1, "it was executed beside itself");
    }
}

#[tokio::test(start_paused = true)]
async fn nobody_goes_on_beside_a_request_that_runs_here_without_a_record() {
    for comes_back in [false, true] {
        let world = World::default();
        world.store.breaks(Op::Begin, Fault::Down);
        let it = Running::of(world.clone(), once().outage(Outage::Execute)).await;
        if comes_back {
            world.store.mend();
        }
        let second = place("k").start(&it.node);
        until("the second has asked", || world.store.asked(Op::Begin) == 2).await;
        tokio::time::sleep(Duration::from_secs(1)).await;
        let node = it.node.clone();
        it.ends_as("unguarded").await;
        second.await.expect("no panic").problem(503, "outcome_pending");
        if comes_back {
            place("k").send(&node).await.problem(409, "outcome_unknown");
        }
        assert_eq!(world.effects.count(), 1, "it was executed beside, or after, itself");
    }
}

/// The store comes back between two looks of a duplicate that waits for the one without a record.
#[tokio::test(start_paused = true)]
async fn who_waited_for_a_request_without_a_record_does_not_execute_it() {
    let world = World::default();
    world.store.breaks(Op::Begin, Fault::Down);
    let it = Running::of(world.clone(), once().outage(Outage::Execute)).await;
    let second = place("k").start(&it.node);
    until("the second has asked", || world.store.asked(Op::Begin) == 2).await;
    tokio::time::sleep(Duration::from_millis(10)).await;
    world.store.mend();
    let node = it.node.clone();
    it.ends_as("unguarded").await;
    second.await.expect("no panic").problem(503, "outcome_pending");
    place("k").send(&node).await.problem(409, "outcome_unknown");
    assert_eq!(world.effects.count(), 1, "it was executed after itself");
}

#[tokio::test(start_paused = true)]
async fn a_handler_without_a_record_has_its_time_as_well() {
    let world = World::default();
    world.store.breaks(Op::Begin, Fault::Down);
    let it = Running::of(world, once().outage(Outage::Execute).handler_timeout(Duration::from_secs(3))).await;
    let Running { first, gate, node, .. } = it;
    first.await.expect("no panic").problem(503, "outcome_pending");
    assert_eq!(node.idempotency.running(), 1, "it is not cut off");
    gate.add_permits(1);
    until("it ends", || node.idempotency.running() == 0).await;
}

#[tokio::test(start_paused = true)]
async fn a_store_that_is_full_is_no_outage() {
    let world = World { store: Arc::new(Faulty::over(Memory::new().with_records_max(1))), ..World::default() };
    let node = world.orders(once().outage(Outage::Execute));
    place("k").send(&node).await.expect(201, "executed");
    place("k2").send(&node).await.problem(503, "idempotency_store_unavailable");
    assert_eq!(world.effects.count(), 1, "it was executed without a record");
}

#[tokio::test(start_paused = true)]
async fn who_was_told_that_it_runs_is_not_told_that_nothing_was_done() {
    for fault in [Fault::Down, Fault::LostReply, Fault::Slow(Duration::from_mins(1))] {
        let it = Running::under(once()).await;
        let second = place("k").start(&it.node);
        until("the second was told", || it.world.store.asked(Op::Begin) == 2).await;
        it.world.store.breaks(Op::Begin, fault);
        it.ends().await;
        second.await.expect("no panic").problem(503, "outcome_pending").comes_again_after(2);
    }
}

#[tokio::test(start_paused = true)]
async fn who_could_not_look_does_not_deny_what_was_done() {
    let world = World::default();
    let node = world.plain();
    place("k").send(&node).await.expect(201, "executed");
    world.store.breaks(Op::Begin, Fault::Down);
    let seen = place("k").send(&node).await.problem(503, "idempotency_store_unavailable");
    assert!(seen.text().contains("an earlier one may have been applied"), "{seen:?}");
}
