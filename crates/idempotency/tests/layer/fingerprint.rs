//! Owns the rows R: what makes a request another one.

use std::time::Duration;

use axum::Router;
use axum::routing::any;
use http::Method;
use idempotency::layer::{Outage, Policy, Reading};

use crate::faulty::{Fault, Op};
use crate::harness::{World, once, order, place, until};

/// Sends both bodies under one key; true if the second was taken for the first.
async fn same(reading: Reading, content_type: [&str; 2], bodies: [&str; 2]) -> bool {
    let world = World::default();
    let node = world.orders(once().fingerprint(reading));
    let call = |at: usize| place("k").header("content-type", content_type[at]).body(bodies[at].to_owned());
    let first = call(0).send(&node).await.expect(201, "executed");
    let second = call(1).send(&node).await;
    assert_eq!(world.effects.count(), 1);
    if second.how() == "replayed" {
        second.replays(&first);
        return true;
    }
    second.problem(422, "idempotency_key_reused");
    false
}

const JSON: [&str; 2] = ["application/json"; 2];

#[tokio::test]
async fn r_01_another_body_under_the_same_key() {
    let world = World::default();
    let node = world.plain();
    let first = place("k").body("secret").send(&node).await.expect(201, "executed");
    let refused = place("k").body("other").send(&node).await.problem(422, "idempotency_key_reused");
    assert!(!refused.text().contains("order\":") && refused.header("location").is_none(), "{refused:?}");
    place("k").body("secret").send(&node).await.replays(&first);
    assert_eq!(world.effects.count(), 1);
}

#[tokio::test(start_paused = true)]
async fn r_02_another_body_while_the_first_is_running() {
    let world = World::default();
    let effects = world.effects.clone();
    let node = world.node(once(), move || {
        let effects = effects.clone();
        async move {
            tokio::time::sleep(Duration::from_secs(5)).await;
            order(effects.one())
        }
    });
    let first = place("k").body("a").start(&node);
    crate::harness::until("the first is running", || world.store.memory.len() == 1).await;
    place("k").body("b").send(&node).await.problem(422, "idempotency_key_reused");
    assert_eq!(world.effects.count(), 0, "it did not wait for the first");
    first.await.expect("no panic").expect(201, "executed");
    assert_eq!(world.effects.count(), 1);
}

#[tokio::test]
async fn r_03_spelling_counts_or_does_not() {
    let bodies = [r#"{"a":1,"b":[2]}"#, "{\"b\": [2.0],\n \"a\": 1e0}"];
    assert!(same(Reading::json(), JSON, bodies).await);
    assert!(!same(Reading::bytes(), JSON, bodies).await);
    assert!(!same(Reading::json(), JSON, [r#"{"a":1}"#, r#"{"a":2}"#]).await);
    assert!(!same(Reading::bytes(), ["text/plain", "application/json"], ["1", "1"]).await);
    assert!(same(Reading::bytes(), ["application/json", "Application/JSON; charset=utf-8"], ["1", "1"]).await);
}

#[tokio::test]
async fn r_04_pointers_leave_out_or_choose() {
    let bodies =
        [r#"{"sku":"A","at":1,"meta":{"nonce":"x","n":1}}"#, r#"{"sku":"A","at":2,"meta":{"nonce":"y","n":1}}"#];
    assert!(same(Reading::json_without(&["/at", "/meta/nonce"]), JSON, bodies).await);
    assert!(!same(Reading::json_without(&["/at"]), JSON, bodies).await);
    assert!(same(Reading::json_at(&["/sku", "/meta/n"]), JSON, bodies).await);
    assert!(!same(Reading::json_at(&["/sku", "/at"]), JSON, bodies).await);
    assert!(!same(Reading::json_at(&["/a"]), JSON, ["{}", r#"{"a":null}"#]).await);
    let number = |_: &http::request::Parts, body: &[u8]| {
        let body: serde_json::Value = serde_json::from_slice(body).map_err(|error| error.to_string())?;
        body["sku"].as_str().map(str::to_owned).ok_or_else(|| "there is no sku".to_owned())
    };
    assert!(same(Reading::business_key(number), JSON, bodies).await);
    assert!(!same(Reading::business_key(number), JSON, [bodies[0], r#"{"sku":"B"}"#]).await);
}

/// A service whose every path makes orders, twice nested.
fn everywhere(world: &World, policy: &Policy) -> Router {
    let node = world.plain();
    let effects = world.effects.clone();
    let layer = node.idempotency.route(Method::POST, "/{version}/{*rest}", policy.clone()).expect("a good policy");
    let handler = any(move || std::future::ready(order(effects.one()))).layer(layer);
    let inner = Router::new().route("/orders/{id}", handler.clone()).route("/refunds/{id}", handler.clone());
    Router::new()
        .nest("/v1", inner.clone())
        .nest("/v2", inner)
        .nest_service("/a", handler.clone())
        .nest_service("/b", handler)
}

#[tokio::test]
async fn r_05_the_target_counts() {
    let world = World::default();
    let app = everywhere(&world, &once());
    let call = place("k").path("/v1/orders/7");
    let first = call.send_to(&app).await.expect(201, "executed");
    for other in [
        call.clone().path("/v2/orders/7"),
        call.clone().path("/v1/orders/8"),
        call.clone().path("/v1/refunds/7"),
        call.clone().path("/v1/orders/7?a=1"),
        call.clone().method(Method::PUT),
        call.clone().header("if-match", "\"1\""),
    ] {
        other.send_to(&app).await.problem(422, "idempotency_key_reused");
    }
    call.send_to(&app).await.replays(&first);
    // A service that is nested whole sees nothing of the prefix, and it counts all the same.
    let call = place("nested").path("/a/x");
    call.send_to(&app).await.expect(201, "executed");
    call.path("/b/x").send_to(&app).await.problem(422, "idempotency_key_reused");
    assert_eq!(world.effects.count(), 2);
}

#[tokio::test]
async fn r_06_another_key_is_another_wish() {
    let world = World::default();
    let node = world.plain();
    place("k1").send(&node).await.expect(201, "executed");
    place("k2").send(&node).await.expect(201, "executed");
    assert_eq!(world.effects.count(), 2);
}

#[tokio::test]
async fn r_07_records_of_the_reading_before_are_recognised() {
    let world = World::default();
    let first = place("k").body(r#"{"a":1}"#).send(&world.plain()).await.expect(201, "executed");
    let careless = world.orders(once().fingerprint(Reading::json()));
    place("k").body(r#"{"a":1}"#).send(&careless).await.problem(422, "idempotency_key_reused");
    let careful = world.orders(once().fingerprint(Reading::json()).fingerprint_before(Reading::bytes()));
    place("k").body(r#"{"a":1}"#).send(&careful).await.replays(&first);
    place("k").body(r#"{"a":2}"#).send(&careful).await.problem(422, "idempotency_key_reused");
    assert_eq!(world.effects.count(), 1);
}

#[tokio::test]
async fn r_07_a_body_that_can_not_be_read_any_more_still_learns_what_became_of_it() {
    let world = World::default();
    let first = place("k").body("no json").send(&world.plain()).await.expect(201, "executed");
    for outage in [Outage::Refuse, Outage::Execute] {
        let policy = once().fingerprint(Reading::json()).fingerprint_before(Reading::bytes()).outage(outage);
        let node = world.orders(policy);
        place("k").body("no json").send(&node).await.replays(&first);
        place("k").body("neither").send(&node).await.problem(422, "idempotency_key_reused");
        // What nobody knows is not begun, and its key stays free.
        place("new").body("no json").send(&node).await.problem(400, "body_malformed");
        world.store.fails(Op::Look, Fault::Down, 1);
        place("k").body("no json").send(&node).await.problem(503, "idempotency_store_unavailable");
    }
    assert_eq!((world.effects.count(), world.store.asked(Op::Begin), world.store.memory.len()), (1, 1, 1));
}

#[tokio::test(start_paused = true)]
async fn r_07_a_body_that_can_not_be_read_any_more_waits_for_the_one_that_runs() {
    let world = World::default();
    let effects = world.effects.clone();
    let old = world.node(once(), move || {
        let effects = effects.clone();
        async move {
            tokio::time::sleep(Duration::from_secs(3)).await;
            order(effects.one())
        }
    });
    let first = place("k").body("no json").start(&old);
    until("it is running", || world.store.memory.len() == 1).await;
    let node = world.orders(once().fingerprint(Reading::json()).fingerprint_before(Reading::bytes()));
    let second = place("k").body("no json").send(&node).await;
    second.replays(&first.await.expect("no panic").expect(201, "executed"));
}

#[tokio::test]
async fn r_08_the_boundary_of_parts_does_not_count() {
    let body = |boundary: &str, content: &str| {
        format!("--{boundary}\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\n{content}\r\n--{boundary}--\r\n")
    };
    let types = ["multipart/form-data; boundary=one", "multipart/form-data; boundary=two"];
    assert!(same(Reading::multipart(), types, [&body("one", "x"), &body("two", "x")]).await);
    assert!(!same(Reading::multipart(), types, [&body("one", "x"), &body("two", "y")]).await);
    assert!(!same(Reading::bytes(), types, [&body("one", "x"), &body("two", "x")]).await);
}

#[tokio::test]
async fn r_09_a_body_that_can_be_read_in_two_ways_is_refused() {
    let world = World::default();
    let node = world.orders(once().fingerprint(Reading::json()));
    for body in [r#"{"a":1,"a":2}"#, "1e99999999999999999999", "{", "not json"] {
        place("k").body(body).send(&node).await.problem(400, "body_malformed");
    }
    assert_eq!((world.effects.count(), world.store.asked(Op::Begin)), (0, 0), "the key was looked up");
    assert!(!same(Reading::json(), JSON, ["9007199254740992", "9007199254740993"]).await);
}

#[tokio::test(start_paused = true)]
async fn r_10_a_body_over_the_limit_leaves_the_key_alone() {
    let world = World::default();
    let node = world.orders(once().body_bytes_max(10));
    place("k").body("12345678901").send(&node).await.problem(413, "body_too_large");
    place("k").body("1").header("content-length", "11").send(&node).await.problem(413, "body_too_large");
    assert_eq!(world.store.asked(Op::Begin), 0, "the key was looked up");
    place("k").body("1234567890").send(&node).await.expect(201, "executed");
    assert_eq!(world.effects.count(), 1);
}
