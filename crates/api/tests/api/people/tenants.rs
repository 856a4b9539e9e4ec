//! Owns tenants as the installation's first one sees them, and what the audit log keeps.

use domain::access::Role;
use http::Method;
use serde_json::json;

use super::{PASSWORD, add, log_in, with_token};
use crate::harness::Shop;

#[tokio::test]
async fn a_tenant_is_created_once_and_suspended() {
    let shop = Shop::open().await;
    let body = json!({"name": "acme", "admin": {"login": "admin-root", "name": "Root", "password": PASSWORD}});
    let create = |key: &str| shop.admin.post("/api/v1/tenants", key).json(&body);
    let made = create("t1").send().await.expect(201);
    create("t1").send().await.replays(&made);
    create("t2").send().await.problem(409, "name_taken");
    let mut other = body.clone();
    other["admin"]["login"] = json!("another");
    shop.admin.post("/api/v1/tenants", "t1").json(&other).send().await.problem(422, "idempotency_key_reused");
    let id = made.str("/tenant_id");
    let root = with_token(&shop, &log_in(&shop, "acme", "admin-root", "web").await.expect(201));
    // Its administrator looks after people, and not after tenants.
    add(&root, "merchant-mei", "merchant").await;
    root.get("/api/v1/tenants").await.problem(403, "forbidden");
    assert_eq!(root.get("/api/v1/staff").await.expect(200).at("/data").as_array().map(Vec::len), Some(2));
    assert_eq!(shop.admin.get("/api/v1/staff").await.expect(200).at("/data"), json!([]), "they are not in the first");
    let suspended = shop.admin.post(&format!("/api/v1/tenants/{id}/suspend"), "s1").send().await.expect(200);
    assert_eq!(suspended.str("/status"), "suspended");
    root.get("/api/v1/me").await.problem(403, "tenant_suspended");
    log_in(&shop, "acme", "admin-root", "web").await.problem(403, "tenant_suspended");
    shop.admin.post(&format!("/api/v1/tenants/{id}/suspend"), "s2").send().await.problem(409, "invalid_transition");
    shop.admin.post(&format!("/api/v1/tenants/{id}/resume"), "s3").send().await.expect(200);
    root.get("/api/v1/me").await.expect(200);
    shop.close().await;
}

/// The keys of a suspended tenant's servers are worth nothing, and the first tenant cannot shut itself out.
#[tokio::test]
async fn servers_of_a_suspended_tenant_are_out_too() {
    let shop = Shop::open().await;
    let theirs = shop.tenant("neighbour").await;
    let server = shop.client(theirs, "shop", Role::Service).await;
    let tenants = shop.admin.get("/api/v1/tenants").await.expect(200);
    let ids = [tenants.str("/data/0/tenant_id"), tenants.str("/data/1/tenant_id")];
    shop.admin.post(&format!("/api/v1/tenants/{}/suspend", ids[0]), "s0").send().await.problem(409, "not_oneself");
    shop.admin.post(&format!("/api/v1/tenants/{}/suspend", ids[1]), "s1").send().await.expect(200);
    server.get("/api/v1/products").await.problem(403, "tenant_suspended");
    shop.close().await;
}

/// A password is no part of what a key is compared with, and is not kept anywhere in the open.
#[tokio::test]
async fn a_member_is_added_once_whatever_the_password() {
    let shop = Shop::open().await;
    let body = |password: &str| json!({"login": "anna", "name": "Anna", "password": password});
    let add = |password: &str| shop.admin.post("/api/v1/members", "m1").json(&body(password));
    let first = add("a first password").send().await.expect(201);
    add("another password").send().await.replays(&first);
    shop.admin.post("/api/v1/members", "m2").json(&body(PASSWORD)).send().await.problem(409, "login_taken");
    let personal = json!({"login": "christopher", "name": "C", "password": "christopher1"});
    let weak = shop.admin.post("/api/v1/members", "m3").json(&personal).send().await;
    let weak = weak.problem(422, "validation_failed");
    assert_eq!(weak.str("/errors/0/pointer"), "/password");
    shop.admin
        .call(Method::POST, "/api/v1/members")
        .json(&body(PASSWORD))
        .send()
        .await
        .problem(400, "idempotency_key_missing");
    shop.close().await;
}
