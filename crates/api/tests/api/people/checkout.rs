//! Owns what the staff say of a checkout: who may, in which version, within which bounds, and that the next order follows.

use domain::access::Role;
use serde_json::{Value, json};

use super::{PASSWORD, log_in, somebody, with_token};
use crate::harness::{Answer, Call, Client, Shop, order_of, until};

const PATH: &str = "/api/v1/policies/checkout";

/// A policy that is off but for this.
fn policy(but: &Value) -> Value {
    let mut policy = json!({
        "checkout_token": false, "order_lock_ms": 0, "pending_limit": "unlimited", "same_within_ms": 0,
        "order_units_max": 0, "guests": false, "registration": false,
    });
    for (name, value) in but.as_object().expect("members") {
        policy[name] = value.clone();
    }
    policy
}

fn put(by: &Client, but: &Value) -> Call {
    by.put(PATH).json(&policy(but))
}

async fn place(shop: &Shop, key: &str, units: i64) -> Answer {
    shop.admin.place(key, &order_of(&[("A", units)])).await
}

/// Off at first, then what was put; a PUT that comes again is a retry until somebody has put something else.
#[tokio::test]
async fn a_policy_is_put_once_and_for_the_version_it_was_read_at() {
    let shop = Shop::open().await;
    let read = async || shop.admin.get(PATH).await.expect(200);
    let first = read().await;
    assert_eq!(first.json(), policy(&json!({"version": 1, "changed_at": null})));
    assert_eq!(first.header("etag"), Some("\"1\""));
    let all = json!({
        "checkout_token": true, "order_lock_ms": 60_000, "pending_limit": "one_per_product", "same_within_ms": 3_600_000,
        "order_units_max": 1_000_000, "guests": true, "registration": true,
    });
    let set = put(&shop.admin, &all).if_match("\"1\"").header("idempotency-key", "\"k1\"").send().await.expect(200);
    assert_eq!((set.header("etag"), set.at("/version")), (Some("\"2\""), json!(2)));
    for (name, value) in all.as_object().expect("members") {
        assert_eq!(set.json()[name], *value, "{name}");
    }
    assert_eq!(read().await.text(), set.text());
    let stale = put(&shop.admin, &json!({})).if_match("\"1\"").send().await.problem(412, "version_mismatch");
    assert_eq!(stale.at("/current_version"), json!(2));
    let again = || put(&shop.admin, &all).if_match("\"1\"").header("idempotency-key", "\"k1\"");
    again().send().await.replays(&set);
    let other = put(&shop.admin, &json!({})).header("idempotency-key", "\"k1\"").send().await;
    other.problem(422, "idempotency_key_reused");
    // Without a key the same wish is new again once another has come between.
    let units = |units: i64| put(&shop.admin, &json!({"order_units_max": units})).send();
    let two = units(2).await.expect(200);
    units(2).await.replays(&two);
    units(3).await.expect(200);
    let anew = units(2).await.expect(200);
    assert_eq!((anew.header("etag"), anew.is_replay()), (Some("\"5\""), false));
    again().send().await.replays(&set);
    assert_eq!(read().await.at("/order_units_max"), json!(2), "a repetition sets nothing");
    shop.close().await;
}

#[tokio::test]
async fn what_is_out_of_bounds_is_told_at_its_place() {
    let shop = Shop::open().await;
    for (but, pointers) in [
        (json!({"order_lock_ms": 60_001}), &["/order_lock_ms"][..]),
        (json!({"order_lock_ms": -1}), &["/order_lock_ms"]),
        (json!({"same_within_ms": 3_600_001}), &["/same_within_ms"]),
        (json!({"order_units_max": 1_000_001}), &["/order_units_max"]),
        (json!({"order_units_max": -1, "same_within_ms": i64::MAX}), &["/same_within_ms", "/order_units_max"]),
        (json!({"pending_limit": "two", "order_lock_ms": -1}), &["/pending_limit", "/order_lock_ms"]),
        (json!({"guests": "on"}), &["/guests"]),
        (json!({"order_lock_ms": "3s"}), &["/order_lock_ms"]),
    ] {
        let refused = put(&shop.admin, &but).send().await.problem(422, "validation_failed");
        let errors = refused.at("/errors");
        let told: Vec<_> = errors.as_array().expect("a list").iter().map(|error| &error["pointer"]).collect();
        assert_eq!(told, pointers, "{but}");
    }
    // All of it is said, or nothing.
    let mut part = policy(&json!({}));
    part.as_object_mut().expect("members").remove("guests");
    shop.admin.put(PATH).json(&part).send().await.problem(422, "validation_failed");
    assert_eq!(shop.admin.get(PATH).await.at("/version"), json!(1), "nothing was put");
    shop.close().await;
}

/// The node that changed it does so at once, whatever it remembered; another one within seconds.
#[tokio::test]
async fn the_next_order_follows() {
    let shop = Shop::open().await;
    shop.product("A", 1_999, 90).await;
    let three = place(&shop, "before", 3).await.expect(201);
    put(&shop.admin, &json!({"order_units_max": 2})).send().await.expect(200);
    assert_eq!(place(&shop, "k1", 3).await.problem(409, "refused_by_rule").str("/rule"), "order_units");
    place(&shop, "k1", 2).await.expect(201);
    place(&shop, "before", 3).await.replays(&three);
    put(&shop.admin, &json!({"checkout_token": true})).send().await.expect(200);
    place(&shop, "k2", 3).await.problem(409, "token_required");
    put(&shop.admin, &json!({})).send().await.expect(200);
    place(&shop, "k3", 3).await.expect(201);
    // Beside the API, as by another node.
    let policy = domain::CheckoutPolicy { order_units_max: 2, ..domain::CheckoutPolicy::default() };
    shop.store.policy_set(shop.tenant, &policy, api::now()).await.expect("it is set");
    assert_eq!(shop.admin.get(PATH).await.at("/version"), json!(5), "it counts the version, too");
    let number = std::cell::Cell::new(0);
    let follows = async || {
        number.set(number.get() + 1);
        place(&shop, &format!("later-{}", number.get()), 3).await.status == 409
    };
    until("it is followed", follows).await;
    shop.close().await;
}

#[tokio::test]
async fn only_who_may_change_policies_sets_it() {
    let shop = Shop::open().await;
    let mut others = Vec::new();
    for role in [Role::Service, Role::Auditor] {
        others.push(shop.client(shop.tenant, role.name(), role).await);
    }
    for role in ["merchant", "support", "auditor", "shopper"] {
        others.push(somebody(&shop, &format!("{role}-1"), role).await);
    }
    for other in &others {
        other.get(PATH).await.problem(403, "forbidden");
        put(other, &json!({"guests": true})).send().await.problem(403, "forbidden");
    }
    let chief = somebody(&shop, "admin-wu", "admin").await;
    let reason = "guests%20may%20come";
    let set = put(&chief, &json!({"guests": true})).header("x-reason", reason).send().await.expect(200);
    assert_eq!(set.at("/version"), json!(2));
    let log = shop.admin.get("/api/v1/audit?action=policies.checkout").await.expect(200);
    let subject = "token off lock 0ms pending unlimited same 0ms units 0 guests on registration off";
    assert_eq!((log.str("/data/0/subject"), log.str("/data/0/reason")), (subject.into(), "guests may come".into()));
    // A proof of long ago is none.
    let session = chief.get("/api/v1/me").await.str("/session_id").parse().expect("an id");
    let long_ago = api::now().plus_ms(-16 * 60_000);
    assert!(shop.store.session_prove(session, (long_ago.into(), false), None).await.expect("stored"));
    put(&chief, &json!({})).send().await.problem(403, "step_up_needed");
    shop.close().await;
}

/// Another shop's policy is its own.
#[tokio::test]
async fn a_policy_is_each_shops_own() {
    let shop = Shop::open().await;
    let body = json!({"name": "acme", "admin": {"login": "admin-root", "name": "Root", "password": PASSWORD}});
    shop.admin.post("/api/v1/tenants", "t1").json(&body).send().await.expect(201);
    let root = with_token(&shop, &log_in(&shop, "acme", "admin-root", "web").await.expect(201));
    put(&root, &json!({"order_units_max": 1})).send().await.expect(200);
    assert_eq!(shop.admin.get(PATH).await.at("/version"), json!(1));
    shop.product("A", 1_999, 9).await;
    place(&shop, "k", 2).await.expect(201);
    shop.close().await;
}
