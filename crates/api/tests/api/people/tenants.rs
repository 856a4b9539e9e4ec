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
    // Whatever is thought of the password by now: this key was answered.
    add("password").send().await.replays(&first);
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

/// A tenant opens with the administrator of the request that opened it, and with nobody else's; what was refused leaves none.
#[tokio::test]
async fn a_tenant_has_the_administrator_who_was_asked_for() {
    let shop = Shop::open().await;
    let body = |login: &str, password: &str| json!({"name": "acme", "admin": {"login": login, "name": login, "password": password}});
    let create = |key: &str, login: &str, password: &str| {
        shop.admin.post("/api/v1/tenants", key).json(&body(login, password)).send()
    };
    let weak = create("t1", "admin-a", "password").await.problem(422, "validation_failed");
    assert_eq!(weak.str("/errors/0/pointer"), "/admin/password");
    assert_eq!(shop.admin.get("/api/v1/tenants").await.at("/data").as_array().map(Vec::len), Some(1));
    let (one, other) = tokio::join!(create("t2", "admin-b", PASSWORD), create("t3", "admin-c", PASSWORD));
    let (opened, refused) = if one.status == 201 { ("admin-b", &other) } else { ("admin-c", &one) };
    assert_eq!((refused.status, refused.str("/code")), (409, "name_taken".to_owned()), "{}", refused.text());
    let root = with_token(&shop, &log_in(&shop, "acme", opened, "web").await.expect(201));
    let staff = root.get("/api/v1/staff").await.expect(200);
    assert_eq!(staff.at("/data").as_array().map(Vec::len), Some(1), "{}", staff.text());
    assert_eq!(staff.str("/data/0/login"), opened);
    let stranger = if opened == "admin-b" { "admin-c" } else { "admin-b" };
    log_in(&shop, "acme", stranger, "web").await.problem(401, "login_failed");
    // Asked again, each is told what it was told.
    create("t2", "admin-b", PASSWORD).await.replays(&one);
    create("t3", "admin-c", PASSWORD).await.replays(&other);
    shop.close().await;
}

/// Who gives a reason has it kept, whoever they are.
#[tokio::test]
async fn s28_a_reason_is_read_from_everybody() {
    let shop = Shop::open().await;
    let anna = add(&shop.admin, "anna", "shopper").await;
    let path = format!("/api/v1/members/{anna}/sign-out");
    let call = |key: &str, reason: &str| shop.admin.post(&path, key).header("x-reason", reason).send();
    call("s1", "%ff").await.problem(400, "parameter_invalid");
    call("s1", &"x".repeat(201)).await.problem(400, "parameter_invalid");
    call("s1", "%E5%AE%A2%E6%88%B7%E8%A6%81%E6%B1%82").await.expect(200);
    shop.close().await;
}
