//! Owns the rows F of at-most-once routes: clients that leave, handlers that fail, stores that are not there.

use std::time::Duration;

use axum::response::IntoResponse as _;
use http::{Method, StatusCode};
use idempotency::Answer;
use idempotency::layer::{Claim, Outage, Policy};
use idempotency::protocol::{Doubt, Finding, Lease, Store as _, Written};

use crate::faulty::{Fault, Op};
use crate::harness::{Call, Node, World, once, order, place, until};

/// A node whose handler takes so long.
fn slow(world: &World, policy: Policy, time: Duration) -> Node {
    let effects = world.effects.clone();
    world.node(policy, move || {
        let effects = effects.clone();
        async move {
            tokio::time::sleep(time).await;
            order(effects.one())
        }
    })
}

#[tokio::test(start_paused = true)]
async fn f_01_the_client_leaves_and_the_work_goes_on() {
    let world = World::default();
    let node = slow(&world, once(), Duration::from_secs(5));
    let first = place("k").start(&node);
    until("it is running", || world.store.memory.len() == 1).await;
    first.abort();
    let again = place("k").send(&node).await.expect(201, "attached");
    assert_eq!((again.text(), world.effects.count()), ("{\"order\":1}".to_owned(), 1));
}

#[tokio::test(start_paused = true)]
async fn f_01_the_client_leaves_before_the_store_has_answered() {
    let world = World::default();
    let node = world.plain();
    world.store.fails(Op::Begin, Fault::Slow(Duration::from_secs(1)), 1);
    let first = place("k").start(&node);
    until("the store was asked", || world.store.asked(Op::Begin) == 1).await;
    first.abort();
    until("it was executed all the same", || world.effects.count() == 1).await;
    place("k").send(&node).await.expect(201, "replayed");
}

/// Not for its client's sake: what is cut off within a transaction may harm whoever shares its connection.
#[tokio::test(start_paused = true)]
async fn a_request_without_a_key_runs_to_its_end_as_well() {
    let world = World::default();
    let node = slow(&world, once().key_optional(), Duration::from_secs(5));
    let call = Call::new(Method::POST, "/orders");
    let left = call.start(&node);
    until("it is running", || node.idempotency.running() == 1).await;
    left.abort();
    until("it was executed all the same", || world.effects.count() == 1).await;
    call.send(&node).await.expect(201, "");
    assert_eq!(world.effects.count(), 2);
}

#[tokio::test(start_paused = true)]
async fn f_05_the_reply_to_the_last_write_is_lost() {
    let world = World::default();
    let node = world.plain();
    world.store.fails(Op::Complete, Fault::LostReply, 1);
    let first = place("k").send(&node).await.expect(201, "executed");
    assert_eq!((world.store.asked(Op::Complete), world.store.asked(Op::Release)), (2, 1), "it is asked again");
    place("k").send(&node).await.replays(&first);
    assert_eq!(world.effects.count(), 1);
}

#[tokio::test(start_paused = true)]
async fn f_06_the_store_is_down_when_a_request_comes() {
    let world = World::default();
    let node = world.plain();
    for fault in [Fault::Down, Fault::LostReply] {
        world.store.breaks(Op::Begin, fault);
        let key = format!("{fault:?}");
        place(&key).send(&node).await.problem(503, "idempotency_store_unavailable").comes_again_after(2);
        assert_eq!(world.effects.count(), 0);
    }
    world.store.mend();
    place("Down").send(&node).await.expect(201, "executed");
}

#[tokio::test(start_paused = true)]
async fn f_06_a_store_that_hangs_is_not_waited_for_and_its_late_claim_is_given_back() {
    let world = World::default();
    let node = world.plain();
    world.store.fails(Op::Begin, Fault::Slow(Duration::from_mins(1)), 1);
    place("k").send(&node).await.problem(503, "idempotency_store_unavailable");
    until("the late claim was given back", || world.store.asked(Op::Release) == 1).await;
    assert_eq!(world.effects.count(), 0, "the client was told that nothing was done");
    place("k").send(&node).await.expect(201, "executed");
}

#[tokio::test(start_paused = true)]
async fn f_06_a_route_may_go_on_without_its_store() {
    let world = World::default();
    let node = world.orders(once().outage(Outage::Execute));
    for fault in [Fault::Down, Fault::Slow(Duration::from_mins(1))] {
        world.store.fails(Op::Begin, fault, 1);
        place("k").send(&node).await.expect(201, "unguarded");
    }
    assert_eq!(world.effects.count(), 2);
    // The claim that came late is nobody's, and what was done is not done again.
    until("the late claim was put in doubt", || world.store.asked(Op::Doubt) == 1).await;
    place("k").send(&node).await.problem(409, "outcome_unknown");
    assert_eq!(world.effects.count(), 2);
}

#[tokio::test(start_paused = true)]
async fn f_07_the_store_goes_down_while_the_handler_runs() {
    let world = World::default();
    let node = world.plain();
    world.store.breaks(Op::Complete, Fault::Down);
    place("k").send(&node).await.problem(503, "outcome_pending").comes_again_after(2);
    let refuses = world.orders(once().duplicates(idempotency::layer::Duplicates::Refuse));
    place("k").send(&refuses).await.problem(409, "request_in_flight");
    tokio::time::sleep(Duration::from_secs(20)).await;
    world.store.mend();
    let seen = place("k").send(&node).await.expect(201, "attached");
    assert_eq!((seen.text(), world.effects.count()), ("{\"order\":1}".to_owned(), 1));
}

#[tokio::test(start_paused = true)]
async fn f_07_the_store_stays_down_for_longer_than_the_lease() {
    let world = World::default();
    let node = world.plain();
    world.store.breaks(Op::Complete, Fault::Down);
    place("k").send(&node).await.problem(503, "outcome_pending");
    until("nobody tries any more", || node.idempotency.running() == 0).await;
    world.store.mend();
    tokio::time::sleep(Duration::from_secs(5)).await;
    place("k").send(&node).await.problem(409, "outcome_unknown");
    assert_eq!(world.effects.count(), 1, "it was executed a second time");
}

#[tokio::test(start_paused = true)]
async fn f_07_a_write_that_hangs_is_not_dropped() {
    let world = World::default();
    let node = world.plain();
    world.store.fails(Op::Complete, Fault::Slow(Duration::from_secs(20)), 1);
    place("k").send(&node).await.problem(503, "outcome_pending");
    until("it was written", || node.idempotency.running() == 0).await;
    assert_eq!(world.store.asked(Op::Complete), 1);
    place("k").send(&node).await.expect(201, "replayed");
}

#[tokio::test(start_paused = true)]
async fn f_08_a_handler_panics() {
    let world = World::default();
    let effects = world.effects.clone();
    let node = world.node(once(), move || {
        effects.one();
        async move {
            tokio::task::yield_now().await;
            assert!(effects.count() == 0, "a bug of the handler's");
        }
    });
    place("k").send(&node).await.problem(500, "internal_error");
    place("k").send(&node).await.problem(409, "outcome_unknown");
    assert_eq!(world.effects.count(), 1);
    assert_eq!(node.idempotency.running(), 0, "its task is left behind");
}

/// A handler that waits to be told to stop, and says what it was told.
fn obedient(world: &World, policy: Policy) -> Node {
    let effects = world.effects.clone();
    world.node(policy, move |claim: Claim| {
        let effects = effects.clone();
        async move {
            tokio::select! {
                () = claim.lost().cancelled_owned() => {
                    claim.release();
                    StatusCode::CONFLICT.into_response()
                }
                () = tokio::time::sleep(Duration::from_secs(25)) => order(effects.one()).into_response(),
            }
        }
    })
}

#[tokio::test(start_paused = true)]
async fn a_lease_is_renewed_while_the_handler_runs() {
    let world = World::default();
    let policy = once().handler_timeout(Duration::from_secs(3)).lease(Duration::from_secs(3));
    // A lease of three seconds is renewed every second.
    let node = slow(&world, policy, Duration::from_millis(2_900));
    place("k").send(&node).await.expect(201, "executed");
    assert_eq!(world.store.asked(Op::Renew), 2);
}

#[tokio::test(start_paused = true)]
async fn f_10_a_handler_whose_lease_cannot_be_renewed_is_told_to_stop() {
    let world = World::default();
    let policy = || once().handler_timeout(Duration::from_secs(30)).lease(Duration::from_secs(30));
    let node = obedient(&world, policy());
    place("k").send(&node).await.expect(201, "executed");
    assert_eq!(world.effects.count(), 1);
    // One renewal that fails is no loss.
    world.store.fails(Op::Renew, Fault::Down, 1);
    place("k2").send(&node).await.expect(201, "executed");
    world.store.breaks(Op::Renew, Fault::Down);
    let shorter = obedient(&world, once().handler_timeout(Duration::from_secs(20)).lease(Duration::from_secs(20)));
    let seen = place("k3").send(&shorter).await;
    assert!(seen.status == 409 || seen.status == 503, "{seen:?}");
    assert_eq!(world.effects.count(), 2);
}

#[tokio::test(start_paused = true)]
async fn f_10_a_handler_whose_lease_was_lost_is_told_to_stop() {
    let world = World::default();
    let node = obedient(&world, once());
    let call = place("k").start(&node);
    until("it is running", || world.store.memory.len() == 1).await;
    // An operator ends the lease behind its back.
    let lease = current_lease(&world).await;
    world.store.memory.doubt(&lease).await.expect("memory is there");
    let seen = call.await.expect("no panic");
    assert_eq!((seen.status, world.effects.count()), (409, 0), "{seen:?}");
}

#[tokio::test(start_paused = true)]
async fn f_10_whose_place_was_taken_is_not_given_the_answer_of_another_request() {
    let world = World::default();
    let slow = slow(&world, once(), Duration::from_secs(5));
    let first = place("k").start(&slow);
    until("it is running", || world.store.memory.len() == 1).await;
    // An operator errs, and another request comes under the key.
    let lease = current_lease(&world).await;
    world.store.memory.doubt(&lease).await.expect("memory is there");
    let doubt = Doubt { name: lease.name, fence: lease.fence };
    let settled = world.store.memory.settle(&doubt, &Finding::NotExecuted, lease.retention).await;
    assert_eq!(settled.expect("memory is there"), Written::Done);
    let other = place("k").body("another").send(&world.plain()).await.expect(201, "executed");
    let first = first.await.expect("no panic").problem(503, "outcome_pending");
    assert_ne!(first.header("location"), other.header("location"));
    place("k").body("another").send(&slow).await.replays(&other);
}

#[tokio::test(start_paused = true)]
async fn f_10_whose_doubt_was_settled_with_an_answer_is_given_that() {
    let world = World::default();
    let slow = slow(&world, once(), Duration::from_secs(5));
    let first = place("k").start(&slow);
    until("it is running", || world.store.memory.len() == 1).await;
    let lease = current_lease(&world).await;
    world.store.memory.doubt(&lease).await.expect("memory is there");
    let doubt = Doubt { name: lease.name, fence: lease.fence };
    let found = Answer { status: 201, headers: Vec::new(), body: "found".into() };
    let settled = world.store.memory.settle(&doubt, &Finding::Executed(found), lease.retention).await;
    assert_eq!(settled.expect("memory is there"), Written::Done);
    assert_eq!(first.await.expect("no panic").expect(201, "executed").text(), "found");
}

/// The lease of the only record, as its holder has it.
async fn current_lease(world: &World) -> Lease {
    let name = idempotency::protocol::Name::new("alice", idempotency::Key::new("k").expect("a key")).expect("short");
    let standing = world.store.memory.standing(&name).await.expect("memory is there");
    let Some(idempotency::protocol::Standing::Running { fence, .. }) = standing else {
        panic!("it is not running: {standing:?}")
    };
    Lease {
        name,
        fence,
        guarantee: idempotency::protocol::Guarantee::AtMostOnce,
        length: Duration::from_mins(1),
        retention: Duration::from_mins(1),
    }
}

#[tokio::test(start_paused = true)]
async fn a_handler_over_its_time_is_told_and_its_client_too() {
    let world = World::default();
    let node = slow(&world, once().handler_timeout(Duration::from_secs(10)), Duration::from_secs(15));
    place("k").send(&node).await.problem(503, "outcome_pending");
    assert_eq!(world.effects.count(), 0);
    // It is not cut off, and what it says in the end is kept.
    let seen = place("k").send(&node).await.expect(201, "attached");
    assert_eq!((seen.text(), world.effects.count()), ("{\"order\":1}".to_owned(), 1));
}

#[tokio::test(start_paused = true)]
async fn a_handler_over_its_time_may_heed_it() {
    let world = World::default();
    // It would need 25 s.
    let node = obedient(&world, once().handler_timeout(Duration::from_secs(10)));
    place("k").send(&node).await.problem(503, "outcome_pending");
    until("it has stopped", || node.idempotency.running() == 0).await;
    assert!(world.effects.count() == 0 && world.store.memory.is_empty());
}

#[tokio::test(start_paused = true)]
async fn f_17_a_graceful_end_waits_for_what_runs() {
    let world = World::default();
    let node = slow(&world, once(), Duration::from_secs(5));
    let first = place("k").start(&node);
    until("it is running", || world.store.memory.len() == 1).await;
    first.abort();
    let early = node.idempotency.drain(Duration::from_secs(1)).await;
    assert_eq!((early.left, world.effects.count()), (1, 0));
    for key in ["new", "k"] {
        let seen = place(key).send(&node).await.problem(503, "shutting_down").comes_again_after(1);
        // The first runs, and will have been done.
        assert!(!seen.text().to_lowercase().contains("nothing was done"), "{seen:?}");
    }
    // What is left behind keeps its lease: another node does not execute beside it.
    let other = world.orders(once().duplicates(idempotency::layer::Duplicates::Refuse));
    place("k").send(&other).await.problem(409, "request_in_flight");
    assert_eq!(node.idempotency.drain(Duration::from_mins(1)).await.left, 0);
    assert_eq!(world.effects.count(), 1);
    place("k").send(&other).await.expect(201, "replayed");
}

#[tokio::test(start_paused = true)]
async fn f_17_who_waits_when_the_end_comes_begins_nothing() {
    let world = World::default();
    let effects = world.effects.clone();
    let node = world.node(once(), move || {
        let effects = effects.clone();
        async move {
            tokio::time::sleep(Duration::from_secs(5)).await;
            effects.one();
            idempotency::layer::NotStarted(StatusCode::CONFLICT)
        }
    });
    let first = place("k").start(&node);
    until("it is running", || world.store.memory.len() == 1).await;
    let second = place("k").start(&node);
    until("the second has asked", || world.store.asked(Op::Begin) == 2).await;
    assert_eq!(node.idempotency.drain(Duration::from_mins(1)).await.left, 0);
    first.await.expect("no panic").expect(409, "not-kept");
    second.await.expect("no panic").problem(503, "outcome_pending");
    assert_eq!((world.effects.count(), node.idempotency.running()), (1, 0));
}

#[tokio::test(start_paused = true)]
async fn a_claim_says_who_and_what_and_derives_the_same_numbers_for_ever() {
    let world = World::default();
    let node = world.node(once(), |claim: Claim| async move {
        format!("{} {} {} {}", claim.scope(), claim.key(), claim.guarantee(), claim.derive("charge"))
    });
    let seen = place("k").send(&node).await.expect(200, "executed");
    // Pinned: another number would charge again under keys that were used before an upgrade.
    assert_eq!(seen.text(), "alice k at-most-once 413ca90f9f3e2fa81223607ed0229cdf");
}
