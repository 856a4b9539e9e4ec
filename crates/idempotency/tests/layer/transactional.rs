//! Owns what a transactional route does, over transactions in the process: the handler's commit decides, whatever the handler
//! says.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::response::{IntoResponse as _, Response};
use http::{HeaderValue, StatusCode};
use idempotency::Answer;
use idempotency::layer::{Claim, NotCompleted, Policy};
use idempotency::protocol::{CompleteIn, Error, Lease, Standing, Store, Written};
use idempotency::store::Memory;

use crate::faulty::{Fault, Op};
use crate::harness::{Effects, Node, World, by_header, order, place, until};

fn policy() -> Policy {
    Policy::transactional(by_header())
}

/// A transaction in the process: its effect and its record stand when it is committed, and only while the lease holds.
struct Transaction {
    memory: Arc<Memory>,
    effects: Effects,
    written: Option<(Lease, Answer)>,
}

impl CompleteIn for &mut Transaction {
    async fn complete_in(self, _: &dyn Store, lease: &Lease, answer: &Answer) -> Result<Written, Error> {
        match self.memory.standing(&lease.name).await? {
            Some(Standing::Running { fence, .. }) if fence == lease.fence => {
                self.written = Some((lease.clone(), answer.clone()));
                Ok(Written::Done)
            }
            _ => Ok(Written::Lost),
        }
    }
}

impl Transaction {
    fn begin(world: &World) -> Self {
        Self { memory: Arc::clone(&world.store.memory), effects: world.effects.clone(), written: None }
    }

    async fn commit(self) {
        self.effects.one();
        if let Some((lease, answer)) = self.written {
            let written = self.memory.complete(&lease, &answer).await.expect("memory is there");
            assert_eq!(written, Written::Done, "a row lock holds the record from its write to the commit");
        }
    }
}

/// What a handler does after its answer was written.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Ending {
    Commits,
    /// It commits, and takes the reply's loss for a failure.
    CommitsAndFails,
    CommitsAndPanics,
    /// It rolls back, and returns an error.
    Fails,
    Panics,
    /// It forgets to commit.
    Forgets,
    /// Something between it and the layer changes its response.
    Changes,
}

/// A node whose handlers end so, one after the other; the last ending goes on.
fn node(world: &World, endings: &[Ending]) -> Node {
    let endings = Arc::new(Mutex::new(endings.to_vec()));
    let shared = world.clone();
    world.node(policy(), move |claim: Claim| {
        let world = shared.clone();
        let ending = {
            let mut endings = endings.lock().expect("nobody panics under it");
            if endings.len() > 1 { endings.remove(0) } else { endings[0] }
        };
        async move { handle(&world, &claim, ending).await.unwrap_or_else(axum::response::IntoResponse::into_response) }
    })
}

async fn handle(world: &World, claim: &Claim, ending: Ending) -> Result<Response, NotCompleted> {
    let mut transaction = Transaction::begin(world);
    let answer = order(world.effects.count() + 1);
    let answer = ([("set-cookie", "first=only")], answer);
    let completed = claim.complete(&mut transaction, answer).await?;
    match ending {
        Ending::Commits => transaction.commit().await,
        Ending::CommitsAndFails => {
            transaction.commit().await;
            return Ok(StatusCode::BAD_GATEWAY.into_response());
        }
        Ending::CommitsAndPanics => {
            transaction.commit().await;
            panic!("a bug of the handler's, after its commit");
        }
        Ending::Fails => return Ok(StatusCode::BAD_GATEWAY.into_response()),
        Ending::Panics => panic!("a bug of the handler's, before its commit"),
        Ending::Forgets => {}
        Ending::Changes => {
            transaction.commit().await;
            let mut response = completed.into_response();
            *response.status_mut() = StatusCode::ACCEPTED;
            response.headers_mut().insert("location", HeaderValue::from_static("/elsewhere"));
            response.headers_mut().insert("x-added", HeaderValue::from_static("later"));
            response.headers_mut().insert("content-length", HeaderValue::from_static("5"));
            response.headers_mut().append("set-cookie", HeaderValue::from_static("second=too"));
            *response.body_mut() = "other".into();
            return Ok(response);
        }
    }
    Ok(completed.into_response())
}

#[tokio::test]
async fn b_02_effect_and_answer_stand_together() {
    let world = World::default();
    let node = node(&world, &[Ending::Commits]);
    let first = place("k").send(&node).await.expect(201, "executed");
    assert_eq!(first.header("idempotency-status"), Some("executed; guarantee=transactional"));
    assert_eq!(first.header("set-cookie"), Some("first=only"), "the first answer is the handler's");
    assert_eq!(world.store.asked(Op::Complete), 0, "the layer wrote an answer");
    let again = place("k").send(&node).await;
    again.replays(&first);
    assert_eq!((again.header("set-cookie"), world.effects.count()), (None, 1));
}

#[tokio::test]
async fn b_02_a_response_that_was_changed_behind_its_completion_is_sent_as_it_is_kept() {
    let world = World::default();
    let node = node(&world, &[Ending::Changes]);
    let first = place("k").send(&node).await.expect(201, "executed");
    assert_eq!((first.text().as_str(), first.header("location")), ("{\"order\":1}", Some("/orders/1")));
    assert_eq!((first.header("x-added"), first.header("idempotent-replayed")), (None, None));
    assert!(first.header("content-length").is_none_or(|length| length == "11"), "{first:?}");
    let cookies: Vec<_> = first.headers.get_all("set-cookie").iter().collect();
    assert_eq!(cookies, ["first=only", "second=too"], "what is the first client's alone stays its own");
    place("k").send(&node).await.replays(&first);
}

#[tokio::test]
async fn f_05_the_reply_to_the_commit_is_lost_to_the_handler() {
    for ending in [Ending::CommitsAndFails, Ending::CommitsAndPanics] {
        let world = World::default();
        let node = node(&world, &[ending]);
        let first = place("k").send(&node).await.expect(201, "executed");
        assert_eq!(first.text(), "{\"order\":1}");
        place("k").send(&node).await.replays(&first);
        assert_eq!(world.effects.count(), 1, "{ending:?}");
    }
}

#[tokio::test]
async fn f_03_f_08_what_was_rolled_back_is_executed_by_the_next() {
    for (ending, status, how) in [(Ending::Fails, 502, "not-kept"), (Ending::Panics, 500, "")] {
        let world = World::default();
        let node = node(&world, &[ending, Ending::Commits]);
        place("k").send(&node).await.expect(status, how);
        assert!(world.store.memory.is_empty(), "something is kept");
        place("k").send(&node).await.expect(201, "executed");
        assert_eq!(world.effects.count(), 1);
    }
}

#[tokio::test]
async fn who_forgets_to_commit_is_told() {
    let world = World::default();
    let node = node(&world, &[Ending::Forgets, Ending::Commits]);
    place("k").send(&node).await.problem(500, "internal_error");
    assert!(world.store.memory.is_empty(), "something is kept");
    place("k").send(&node).await.expect(201, "executed");
}

#[tokio::test(start_paused = true)]
async fn f_07_the_store_is_down_when_the_handler_has_committed() {
    let world = World::default();
    let node = node(&world, &[Ending::Commits]);
    world.store.breaks(Op::Release, Fault::Down);
    place("k").send(&node).await.problem(503, "outcome_pending");
    world.store.mend();
    let again = place("k").send(&node).await;
    assert_eq!((again.status, again.text(), world.effects.count()), (201, "{\"order\":1}".to_owned(), 1));
}

#[tokio::test(start_paused = true)]
async fn f_05_the_reply_to_the_release_is_lost() {
    for (ending, status) in [(Ending::Commits, 201), (Ending::Fails, 409)] {
        let world = World::default();
        let node = node(&world, &[ending, Ending::Commits]);
        world.store.fails(Op::Release, Fault::LostReply, 1);
        // Whose record is gone cannot say who took it; whoever comes again is told.
        assert_eq!(place("k").send(&node).await.status, status);
        assert_eq!(place("k").send(&node).await.status, 201);
        assert_eq!(world.effects.count(), 1);
    }
}

/// A node whose handlers wait before they complete, and say what came of it.
fn paused(world: &World, policy: Policy, time: Duration, seen: &Arc<Mutex<Vec<String>>>) -> Node {
    let (world_, seen) = (world.clone(), Arc::clone(seen));
    world.node(policy, move |claim: Claim| {
        let (world, seen) = (world_.clone(), Arc::clone(&seen));
        async move {
            tokio::time::sleep(time).await;
            let mut transaction = Transaction::begin(&world);
            let result = claim.complete(&mut transaction, order(world.effects.count() + 1)).await;
            match result {
                Ok(completed) => {
                    transaction.commit().await;
                    seen.lock().expect("nobody panics under it").push("committed".to_owned());
                    completed.into_response()
                }
                Err(error) => {
                    seen.lock().expect("nobody panics under it").push(error.to_string());
                    error.into_response()
                }
            }
        }
    })
}

#[tokio::test(start_paused = true)]
async fn f_09_an_owner_that_slept_past_its_lease_cannot_commit() {
    let world = World::default();
    let seen = Arc::default();
    let short = policy().lease(Duration::from_secs(2)).handler_timeout(Duration::from_secs(2));
    let old = paused(&world, short, Duration::from_secs(9), &seen);
    let new = node(&world, &[Ending::Commits]);
    world.store.breaks(Op::Renew, Fault::Down);
    let first = place("k").start(&old);
    until("it is running", || world.store.memory.len() == 1).await;
    tokio::time::sleep(Duration::from_secs(3)).await;
    let second = place("k").send(&new).await.expect(201, "executed");
    first.await.expect("no panic").problem(503, "outcome_pending");
    until("the old owner woke up", || !seen.lock().expect("nobody panics under it").is_empty()).await;
    assert_eq!(
        *seen.lock().expect("nobody panics under it"),
        ["the lease was lost: the transaction must be rolled back"]
    );
    assert_eq!(world.effects.count(), 1);
    place("k").send(&new).await.replays(&second);
}

/// The fence alone refuses, where the old owner does not know that it is late.
#[tokio::test(start_paused = true)]
async fn f_09_the_fence_refuses_who_does_not_know_that_it_is_late() {
    let world = World::default();
    let seen = Arc::default();
    let old = paused(&world, policy(), Duration::from_secs(9), &seen);
    let new = node(&world, &[Ending::Commits]);
    let first = place("k").start(&old);
    until("it is running", || world.store.memory.len() == 1).await;
    let name = idempotency::protocol::Name::new("alice", idempotency::Key::new("k").expect("a key")).expect("short");
    let Ok(Some(Standing::Running { fence, .. })) = world.store.memory.standing(&name).await else {
        panic!("it is not running")
    };
    // Somebody gave its lease back; the next to come takes over.
    let minute = Duration::from_mins(1);
    let guarantee = idempotency::protocol::Guarantee::Transactional;
    let lease = Lease { name, fence, guarantee, length: minute, retention: minute };
    world.store.memory.release(&lease).await.expect("memory is there");
    let second = place("k").send(&new).await.expect(201, "executed");
    first.await.expect("no panic").problem(409, "request_in_flight");
    assert_eq!(
        *seen.lock().expect("nobody panics under it"),
        ["the lease was lost: the transaction must be rolled back"]
    );
    place("k").send(&new).await.replays(&second);
    assert_eq!(world.effects.count(), 1);
}

#[tokio::test(start_paused = true)]
async fn f_10_who_was_told_to_stop_cannot_commit_even_if_nobody_took_over() {
    let world = World::default();
    let seen = Arc::default();
    let short = policy().lease(Duration::from_secs(2)).handler_timeout(Duration::from_secs(2));
    let node = paused(&world, short, Duration::from_secs(9), &seen);
    world.store.breaks(Op::Renew, Fault::Down);
    place("k").send(&node).await.problem(503, "outcome_pending");
    until("it has ended", || node.idempotency.running() == 0).await;
    assert_eq!(
        *seen.lock().expect("nobody panics under it"),
        ["the lease was lost: the transaction must be rolled back"]
    );
    assert!(world.effects.count() == 0 && world.store.memory.is_empty());
}

#[tokio::test(start_paused = true)]
async fn f_10_who_is_over_its_time_cannot_commit() {
    let world = World::default();
    let seen = Arc::default();
    let node = paused(&world, policy().handler_timeout(Duration::from_secs(5)), Duration::from_secs(9), &seen);
    place("k").send(&node).await.problem(503, "outcome_pending");
    until("it has ended", || node.idempotency.running() == 0).await;
    assert_eq!(
        *seen.lock().expect("nobody panics under it"),
        ["the lease was lost: the transaction must be rolled back"]
    );
    assert!(world.effects.count() == 0 && world.store.memory.is_empty());
}

#[tokio::test]
async fn what_is_not_final_is_not_completed() {
    for status in [401, 403, 408, 429, 500, 503] {
        let world = World::default();
        let shared = world.clone();
        let node = world.node(policy(), move |claim: Claim| {
            let world = shared.clone();
            async move {
                let mut transaction = Transaction::begin(&world);
                let status = StatusCode::from_u16(status).expect("a status");
                let error = claim.complete(&mut transaction, status).await.expect_err("it is not final");
                assert!(matches!(error, NotCompleted::NotFinal(_)), "{error}");
                assert!(transaction.written.is_none());
                StatusCode::IM_A_TEAPOT
            }
        });
        place("k").send(&node).await.expect(418, "not-kept");
    }
}

#[tokio::test]
async fn a_claim_of_an_at_most_once_route_completes_nothing() {
    let world = World::default();
    let shared = world.clone();
    let node = world.node(crate::harness::once(), move |claim: Claim| {
        let world = shared.clone();
        async move {
            let mut transaction = Transaction::begin(&world);
            let error = claim.complete(&mut transaction, "done").await.expect_err("it is not transactional");
            assert!(matches!(error, NotCompleted::NotTransactional), "{error}");
            "returned"
        }
    });
    place("k").send(&node).await.expect(200, "executed");
}

#[tokio::test(start_paused = true)]
async fn c_05_one_of_those_that_wait_takes_over_what_was_rolled_back() {
    let world = World::default();
    let node = node(&world, &[Ending::Fails, Ending::Fails, Ending::Commits]);
    let calls: Vec<_> = (0..8).map(|_| place("k").start(&node)).collect();
    let mut seen = Vec::new();
    for call in calls {
        seen.push(call.await.expect("no panic"));
    }
    let executed: Vec<_> = seen.iter().filter(|it| it.how() == "executed").collect();
    assert_eq!((executed.len(), world.effects.count()), (1, 1), "{seen:?}");
    for other in seen.iter().filter(|it| matches!(it.how(), "attached" | "replayed")) {
        other.replays(executed[0]);
    }
    assert_eq!(seen.iter().filter(|it| it.how() == "not-kept").count(), 2);
}

#[tokio::test]
async fn a_route_without_a_layer_has_no_claim() {
    let app = axum::Router::new().route("/orders", axum::routing::post(|_: Claim| async {}));
    let seen = place("k").send_to(&app).await;
    seen.problem(500, "internal_error");
}
