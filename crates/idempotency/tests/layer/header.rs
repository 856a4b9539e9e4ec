//! Owns the rows H: what the header of the key may look like.

use http::Method;
use idempotency::layer::{Claim, Syntax};

use crate::faulty::Op;
use crate::harness::{Call, World, once, order, place};

#[tokio::test]
async fn h_01_no_key_on_a_required_route() {
    let world = World::default();
    let node = world.plain();
    let call = Call::new(Method::POST, "/orders").body("{}");
    call.send(&node).await.problem(400, "idempotency_key_missing");
    assert_eq!((world.effects.count(), world.store.asked(Op::Begin)), (0, 0), "the store was asked");
}

#[tokio::test]
async fn h_02_no_key_on_an_optional_route() {
    let world = World::default();
    let effects = world.effects.clone();
    let node = world.node(once().key_optional(), move |claim: Option<Claim>| {
        std::future::ready((order(effects.one()).0, format!("{}", claim.is_some())))
    });
    let call = Call::new(Method::POST, "/orders").body("{}");
    for _ in 0..2 {
        let seen = call.send(&node).await.expect(201, "");
        assert_eq!(seen.text(), "false");
    }
    assert_eq!((world.effects.count(), world.store.memory.len()), (2, 0), "there is a record");
    assert_eq!(call.header("idempotency-key", "k").send(&node).await.expect(201, "executed").text(), "true");
}

#[tokio::test]
async fn h_03_quoted_and_bare_name_the_same_key() {
    let world = World::default();
    let node = world.plain();
    let first = place("\"8e03978e-40d5\"").send(&node).await.expect(201, "executed");
    place("8e03978e-40d5").send(&node).await.replays(&first);
    let strict = world.orders(once().syntax(Syntax::Strict));
    place("\"8e03978e-40d5\"").send(&strict).await.replays(&first);
    place("8e03978e-40d5").send(&strict).await.problem(400, "idempotency_key_invalid");
    assert_eq!(world.effects.count(), 1);
}

#[tokio::test]
async fn h_04_only_strings_where_strict() {
    let world = World::default();
    let node = world.orders(once().syntax(Syntax::Strict));
    for line in ["abc", "42", ":YQ==:", "(\"a\")"] {
        place(line).send(&node).await.problem(400, "idempotency_key_invalid");
    }
    assert_eq!((world.effects.count(), world.store.asked(Op::Begin)), (0, 0));
}

#[tokio::test]
async fn h_05_two_lines_or_a_list() {
    let world = World::default();
    let node = world.plain();
    place("a").header("idempotency-key", "a").send(&node).await.problem(400, "idempotency_key_invalid");
    place("\"a\", \"b\"").send(&node).await.problem(400, "idempotency_key_invalid");
    assert_eq!((world.effects.count(), world.store.asked(Op::Begin)), (0, 0));
}

#[tokio::test]
async fn h_06_what_is_no_key() {
    let world = World::default();
    let node = world.plain();
    let long = "k".repeat(256);
    for line in ["", "\"\"", "  ", &long, "a b", "schl\u{fc}ssel", "\"abc", "\"a\\n\""] {
        place(line).send(&node).await.problem(400, "idempotency_key_invalid");
    }
    assert_eq!((world.effects.count(), world.store.asked(Op::Begin)), (0, 0));
}

#[tokio::test]
async fn h_07_h_08_h_09_which_keys_are_the_same() {
    let world = World::default();
    let node = world.plain();
    let first = place("\"a\\\"b\";foo=1").send(&node).await.expect(201, "executed");
    place("\"a\\\"b\"").send(&node).await.replays(&first);
    place("\"A\\\"B\"").send(&node).await.expect(201, "executed");
    assert_eq!(world.effects.count(), 2);
}

#[tokio::test]
async fn h_10_what_changes_nothing_passes() {
    let world = World::default();
    let node = world.plain();
    let layer = node.idempotency.route(Method::PUT, "/things", once()).expect("a policy that can hold");
    let effects = world.effects.clone();
    let thing = axum::routing::any(move || std::future::ready(order(effects.one()))).layer(layer);
    let app = axum::Router::new().route("/things", thing);
    for (round, method) in [Method::GET, Method::HEAD, Method::OPTIONS, Method::GET].into_iter().enumerate() {
        let call = Call::new(method, "/things").header("idempotency-key", "k");
        let seen = call.send_to(&app).await.expect(201, "");
        assert_eq!(seen.header("location"), Some(format!("/orders/{}", round + 1).as_str()), "it was not executed");
        assert_eq!(seen.header("idempotent-replayed"), None);
    }
    assert_eq!(world.store.memory.len(), 0, "there is a record");
}

#[tokio::test]
async fn h_11_weak_keys_where_strong_ones_are_asked_for() {
    let world = World::default();
    let node = world.orders(once().min_entropy(80));
    for weak in ["order-1", "aaaaaaaaaaaaaaaaaaaaaaaaaaaa"] {
        place(weak).send(&node).await.problem(400, "idempotency_key_invalid");
    }
    assert_eq!((world.effects.count(), world.store.asked(Op::Begin)), (0, 0));
    place("8e03978e-40d5-43e8-bc93-6894a57f9324").send(&node).await.expect(201, "executed");
}

#[tokio::test]
async fn one_callers_key_is_not_anothers() {
    let world = World::default();
    let node = world.plain();
    let first = place("k").send(&node).await.expect(201, "executed");
    place("k").header("x-caller", "bob").send(&node).await.expect(201, "executed");
    place("k").header("x-caller", "alice").send(&node).await.replays(&first);
    place("k").header("x-caller", "nobody").send(&node).await.problem(403, "caller_unknown");
    // Names that are too long for an index are told apart all the same.
    let long = |end: &str| "c".repeat(400) + end;
    let first = place("k").header("x-caller", long("1")).send(&node).await.expect(201, "executed");
    place("k").header("x-caller", long("2")).send(&node).await.expect(201, "executed");
    place("k").header("x-caller", long("1")).send(&node).await.replays(&first);
    assert_eq!(world.effects.count(), 4);
}
