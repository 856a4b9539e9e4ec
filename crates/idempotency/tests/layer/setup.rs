//! Owns what is refused when a service is set up, and what is published of what was not.

use std::sync::Arc;
use std::time::Duration;

use http::Method;
use idempotency::layer::{
    Duplicates, Idempotency, Misconfigured, Outage, Policy, Reading, Scope, Settings, Syntax, WELL_KNOWN,
};
use idempotency::store::Memory;
use serde_json::json;

use crate::faulty::Faulty;
use crate::harness::{Call, World, once, place};

fn refused(policy: Policy) -> Misconfigured {
    let store = Arc::new(Memory::new().with_answer_bytes_max(1_000));
    let idempotency = Idempotency::new(store, "shop");
    match idempotency.route(Method::POST, "/orders", policy) {
        Ok(_) => panic!("it was taken"),
        Err(misconfigured) => misconfigured,
    }
}

const SECOND: Duration = Duration::from_secs(1);

#[test]
fn f_11_b_11_what_cannot_hold_is_refused_at_set_up() {
    let transactional = || Policy::transactional(Scope::everybody_is_one_caller());
    assert_eq!(
        refused(once().lease(SECOND * 29)),
        Misconfigured::LeaseTooShort { lease: SECOND * 29, handler: SECOND * 30 }
    );
    assert_eq!(refused(once().streams()), Misconfigured::Stream);
    assert_eq!(
        refused(once().retention(SECOND * 100).outlives("stripe", SECOND * 100)),
        Misconfigured::RetentionTooShort {
            provider: "stripe".to_owned(),
            window: SECOND * 100,
            retention: SECOND * 100
        }
    );
    assert_eq!(refused(once().answer_bytes_max(1_001)), Misconfigured::AnswerTooLong { wanted: 1_001, kept: 1_000 });
    assert_eq!(refused(transactional().outage(Outage::Execute)), Misconfigured::OpenTransactional);
    assert_eq!(refused(once().lease(Duration::MAX)), Misconfigured::Time("the lease"));
    let wait = Duplicates::Attach { wait: Duration::MAX };
    assert_eq!(refused(once().duplicates(wait)), Misconfigured::Time("the wait of a duplicate"));
    assert_eq!(refused(once().body_timeout(Duration::ZERO)), Misconfigured::Time("the time for a body"));
    for reading in [Reading::json_without(&["/ok", "nonce"]), Reading::json_at(&["nonce"])] {
        assert!(matches!(refused(once().fingerprint(reading.clone())), Misconfigured::Pointer(_)));
        assert!(matches!(refused(once().fingerprint_before(reading)), Misconfigured::Pointer(_)));
    }
}

#[test]
fn a_transactional_route_needs_a_store_that_has_transactions() {
    let store = Arc::new(Faulty::without_transactions());
    let idempotency = Idempotency::new(store, "shop");
    assert_eq!(idempotency.route(Method::POST, "/orders", everything()).err(), Some(Misconfigured::NoTransactions));
    assert!(idempotency.route(Method::POST, "/orders", once()).is_ok());
    // No transaction of a handler's can write into this process.
    assert_eq!(refused(everything()), Misconfigured::NoTransactions);
}

/// axum's `route_layer` stands around whatever its route has so far.
#[tokio::test]
async fn a_layer_guards_its_own_method_alone() {
    let idempotency = Idempotency::new(Arc::new(Memory::new()), "shop");
    let layer = |method: Method| idempotency.route(method, "/orders", once()).expect("a policy that can hold");
    let route = axum::routing::post(|| async { "placed" }).route_layer(layer(Method::POST));
    let route = route.put(|| async { "changed" }).route_layer(layer(Method::PUT));
    let app = axum::Router::new().route("/orders", route);
    for (method, text) in [(Method::POST, "placed"), (Method::PUT, "changed")] {
        let call = place(&format!("k-{method}")).method(method);
        let first = call.send_to(&app).await.expect(200, "executed");
        assert_eq!(first.text(), text);
        call.send_to(&app).await.replays(&first);
    }
}

#[test]
fn what_holds_is_taken_once() {
    let idempotency = Idempotency::new(Arc::new(Memory::new()), "shop");
    let policy = || once().retention(SECOND * 101).outlives("stripe", SECOND * 100).lease(SECOND * 30);
    assert!(idempotency.route(Method::POST, "/orders", policy()).is_ok());
    assert!(idempotency.route(Method::PUT, "/orders", policy()).is_ok());
    let twice = idempotency.route(Method::POST, "/orders", policy()).err();
    assert_eq!(twice, Some(Misconfigured::Twice("POST /orders".to_owned())));
    assert_eq!(idempotency.route(Method::GET, "/orders", policy()).err(), Some(Misconfigured::Safe(Method::GET)));
}

fn everything() -> Policy {
    Policy::transactional(Scope::everybody_is_one_caller())
        .key_optional()
        .syntax(Syntax::Strict)
        .min_entropy(64)
        .fingerprint(Reading::json_without(&["/nonce"]))
        .lease(SECOND * 90)
        .retention(Duration::from_hours(48))
        .duplicates(Duplicates::Attach { wait: SECOND * 3 })
        .body_bytes_max(100)
        .answer_bytes_max(200)
}

fn described() -> serde_json::Value {
    json!({
        "required": false,
        "syntax": "strict",
        "key_entropy_bits_min": 64,
        "guarantee": "transactional",
        "lease_s": 90.0,
        "retention_s": 172_800.0,
        "fingerprint": {"body": "json", "without": ["/nonce"]},
        "duplicates": {"mode": "attach", "wait_ms": 3_000},
        "without_store": "refuse",
        "body_bytes_max": 100,
        "answer_bytes_max": 200,
        "handler_timeout_ms": 30_000,
    })
}

#[tokio::test]
async fn the_policies_are_published() {
    let world = World::default();
    let node = world.orders(everything());
    let seen = Call::new(Method::GET, WELL_KNOWN).send(&node).await.expect(200, "");
    assert_eq!(seen.header("content-type"), Some("application/json"));
    let page = seen.json();
    let mut route = described();
    route["method"] = "POST".into();
    route["path"] = "/orders".into();
    assert_eq!(page["routes"], json!([route]));
    assert_eq!(page["header"], "Idempotency-Key");
    // Where a problem's `type` points to.
    assert_eq!(page["problems"]["request_in_flight"]["status"], 409);
    assert_eq!(page["problems"]["idempotency_key_reused"]["next"], "new-key");
    assert_eq!(page["problems"].as_object().map(serde_json::Map::len), Some(idempotency::problem::LAYER.len()));
}

#[test]
fn an_openapi_document_learns_of_the_policies() {
    let idempotency = Idempotency::new(Arc::new(Faulty::default()), "shop");
    for (method, path) in [(Method::POST, "/orders"), (Method::PUT, "/orders"), (Method::POST, "/absent")] {
        idempotency.route(method, path, everything()).expect("a policy that can hold");
    }
    let mut document = json!({"openapi": "3.1.0", "paths": {"/orders": {
        "post": {"operationId": "place"},
        "put": {"parameters": [{"in": "header", "name": "idempotency-key", "description": "mine"}]},
        "get": {"operationId": "list"},
    }}});
    assert_eq!(idempotency.describe(&mut document), ["POST /absent"]);
    let orders = &document["paths"]["/orders"];
    assert_eq!(orders["post"]["x-idempotency"], described());
    assert_eq!(orders["post"]["parameters"][0]["name"], "Idempotency-Key");
    assert_eq!(orders["post"]["parameters"][0]["required"], false);
    assert_eq!(
        orders["put"]["parameters"],
        json!([{"in": "header", "name": "idempotency-key", "description": "mine"}])
    );
    assert_eq!(orders["get"], json!({"operationId": "list"}));
}

#[tokio::test]
async fn problems_are_explained_where_the_service_says() {
    let settings = Settings::of("shop").problems_at("https://shop.example/problems/");
    let idempotency = Idempotency::new(Arc::new(Memory::new()), settings);
    let layer = idempotency.route(Method::POST, "/orders", once()).expect("a policy that can hold");
    let app = axum::Router::new().route("/orders", axum::routing::post(|| async {}).route_layer(layer));
    let seen = Call::new(Method::POST, "/orders").send_to(&app).await;
    assert_eq!(seen.json()["type"], "https://shop.example/problems/idempotency_key_missing");
    let link = "<https://shop.example/problems/idempotency_key_missing>; rel=\"describedby\"";
    assert_eq!(seen.header("link"), Some(link));
}
