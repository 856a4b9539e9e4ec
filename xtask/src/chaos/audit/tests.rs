//! Owns the proof that the audit can fail: one planted fault for each promise, and none in a good log.

use serde_json::json;

use super::{Breach, Case, Order, judge};
use crate::chaos::client::{Answer, Outcome};
use crate::chaos::ledger::Entry;
use crate::chaos::wish::Wish;

/// Two orders, the second of which was shipped; their keys were answered, and are answered the same now.
struct World {
    cases: Vec<Case>,
    orders: Vec<Order>,
}

fn answer(status: u16, order_no: &str, state: &str, version: u64) -> Answer {
    let body = json!({"order_no": order_no, "customer_id": "c", "status": state, "version": version}).to_string();
    let etag = Some(format!("\"{version}\""));
    Answer { status, content_type: Some("application/json".to_owned()), etag, location: None, body }
}

fn case(wish: Wish, answer: &Answer) -> Case {
    let mut before = Entry::new(wish);
    before.answers.push(answer.clone());
    before.executed = 1;
    Case { before, now: Ok(answer.clone()), executed: 1 }
}

fn order(order_no: &str, key: &str, status: &str, version: u64) -> Order {
    Order {
        number: order_no.to_owned(),
        customer_id: key.to_owned(),
        status: status.to_owned(),
        version,
        close_reason: None,
    }
}

fn world() -> World {
    let place = |key: &str| Wish::place(key.to_owned(), &[("tea-1", 1)]);
    let cases = vec![
        case(place("k1"), &answer(201, "ord_1", "pending_payment", 1)),
        case(place("k2"), &answer(201, "ord_2", "paid", 2)),
        case(Wish::ship("k3".to_owned(), "ord_2", 2), &answer(200, "ord_2", "shipped", 3)),
    ];
    let orders = vec![order("ord_2", "k2", "shipped", 3), order("ord_1", "k1", "pending_payment", 1)];
    World { cases, orders }
}

impl World {
    fn found(&self) -> Vec<Breach> {
        judge(&self.cases, &self.orders)
    }
}

fn problem(status: u16, code: &str) -> Answer {
    let body = json!({"code": code, "request_id": "r1"}).to_string();
    Answer { status, content_type: Some("application/problem+json".to_owned()), etag: None, location: None, body }
}

#[test]
fn a_good_log_has_no_breach() {
    assert_eq!(world().found(), []);
}

#[test]
fn a_refusal_that_is_kept_is_no_breach() {
    let mut world = world();
    let wish = Wish::place("k4".to_owned(), &[("scarce", 1)]);
    world.cases.push(case(wish, &problem(409, "stock_insufficient")));
    assert_eq!(world.found(), []);
}

#[test]
fn an_answer_in_time_explains_a_5xx() {
    let mut world = world();
    let entry = &mut world.cases[0].before;
    entry.answers.clear();
    entry.dark = 3;
    assert_eq!(world.found(), []);
}

#[test]
fn a_lost_order_is_found() {
    let mut world = world();
    world.orders.pop();
    let lost = Breach::Lost { key: "k1".to_owned(), order_no: "ord_1".to_owned() };
    assert_eq!(world.found(), [lost]);
}

#[test]
fn two_orders_under_one_key_are_found() {
    let mut world = world();
    world.orders.push(order("ord_3", "k1", "pending_payment", 1));
    let orders = vec!["ord_1".to_owned(), "ord_3".to_owned()];
    assert_eq!(world.found(), [Breach::Doubled { key: "k1".to_owned(), orders }]);
}

#[test]
fn an_order_that_nobody_was_told_of_is_found() {
    let mut world = world();
    world.orders.push(order("ord_3", "k9", "pending_payment", 1));
    let stranger = Breach::Stranger { order_no: "ord_3".to_owned(), customer_id: "k9".to_owned() };
    assert_eq!(world.found(), [stranger]);
}

#[test]
fn a_refused_key_that_made_an_order_is_found() {
    let mut world = world();
    let wish = Wish::place("k4".to_owned(), &[("scarce", 1)]);
    world.cases.push(case(wish, &problem(409, "stock_insufficient")));
    world.orders.push(order("ord_4", "k4", "pending_payment", 1));
    assert!(matches!(&world.found()[..], [Breach::Stranger { .. }]), "{:?}", world.found());
}

#[test]
fn a_replay_that_differs_is_found() {
    for change in [
        |answer: &mut Answer| answer.status = 200,
        |answer: &mut Answer| answer.body.push(' '),
        |answer: &mut Answer| answer.etag = None,
        |answer: &mut Answer| answer.location = Some("/elsewhere".to_owned()),
    ] {
        let mut world = world();
        world.cases[0].now.as_mut().map(change).expect("it was answered");
        assert!(matches!(&world.found()[..], [Breach::Differs { .. }]), "{:?}", world.found());
    }
}

#[test]
fn two_answers_during_the_run_are_found() {
    let mut world = world();
    world.cases[0].before.answers.push(problem(409, "stock_insufficient"));
    assert!(matches!(&world.found()[..], [Breach::Differs { .. }]), "{:?}", world.found());
}

#[test]
fn an_unexplained_5xx_is_found() {
    let mut world = world();
    world.orders.pop();
    let case = &mut world.cases[0];
    case.before.answers.clear();
    case.now = Err("503 outcome_pending".to_owned());
    let unexplained = Breach::Unexplained { key: "k1".to_owned(), last: "503 outcome_pending".to_owned() };
    assert_eq!(world.found(), [unexplained]);
}

#[test]
fn an_answer_that_should_not_come_is_found() {
    let mut world = world();
    let wish = Wish::cancel("k5".to_owned(), "ord_1");
    world.cases.push(case(wish, &problem(401, "unauthorized")));
    assert!(matches!(&world.found()[..], [Breach::Unexpected { .. }]), "{:?}", world.found());
}

#[test]
fn a_second_execution_is_found() {
    let mut world = world();
    world.cases[1].executed = 2;
    assert_eq!(world.found(), [Breach::ExecutedTwice { key: "k2".to_owned(), times: 2 }]);
}

#[test]
fn a_change_that_is_lost_or_applied_twice_is_found() {
    for (state, version) in [("paid", 2), ("shipped", 4), ("completed", 3)] {
        let mut world = world();
        world.orders[0] = order("ord_2", "k2", state, version);
        assert!(matches!(&world.found()[..], [Breach::State { .. }]), "{:?}", world.found());
    }
}

#[test]
fn an_order_that_expired_is_no_breach_and_one_that_somebody_closed_is() {
    let mut world = world();
    for (reason, version, breaches) in [("timeout", 2, 0), ("customer", 2, 1), ("timeout", 3, 1)] {
        let closed = order("ord_1", "k1", "closed", version);
        world.orders[1] = Order { close_reason: Some(reason.to_owned()), ..closed };
        assert_eq!(world.found().len(), breaches, "{reason} {version}");
    }
}

#[test]
fn what_is_remembered_of_tries_is_right() {
    let mut entry = Entry::new(Wish::place("k1".to_owned(), &[("tea-1", 1)]));
    let outcome = |answer: &Answer, idempotency: &str| Outcome::Answered {
        answer: answer.clone(),
        idempotency: Some(idempotency.to_owned()),
        retry_after: None,
    };
    let made = answer(201, "ord_1", "pending_payment", 1);
    assert!(!entry.note(&Outcome::Silence("timed out".to_owned())));
    assert!(!entry.note(&outcome(&problem(503, "outcome_pending"), "")));
    assert!(!entry.note(&outcome(&problem(409, "request_in_flight"), "")));
    assert!(entry.note(&outcome(&made, "executed")));
    assert!(entry.note(&outcome(&made, "replayed")));
    assert_eq!((entry.tries, entry.dark, entry.executed), (5, 2, 1));
    assert_eq!(entry.answers, [made]);
}

#[test]
fn an_order_that_is_being_paid_may_become_paid_and_nothing_else() {
    for (state, breaches) in [("paid", 0), ("pending_payment", 0), ("shipped", 1), ("completed", 1)] {
        let mut world = world();
        let wish = Wish::pay("k4".to_owned(), "ord_1");
        world.cases.push(case(wish, &Answer { body: "{}".to_owned(), ..problem(201, "") }));
        let version = if state == "pending_payment" { 1 } else { 2 };
        world.orders[1] = order("ord_1", "k1", state, version);
        assert_eq!(world.found().len(), breaches, "{state}: {:?}", world.found());
    }
}
