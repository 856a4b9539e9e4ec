//! Owns who may do what as people see it: the matrix of routes and roles, strangers' objects, log-ins and sessions.

mod audit;
mod checkout;
mod desk;
mod guests;
mod late;
mod matrix;
mod members_of_bodies;
mod objects;
pub(crate) mod proofs;
mod providers;
mod rotation;
mod sessions;
pub(crate) mod strangers;
mod tenants;

use http::Method;
use serde_json::{Value, json};

use crate::harness::{Answer, Client, Shop};

pub(crate) use matrix::filled;

pub(crate) const PASSWORD: &str = "three red birds";

/// Adds somebody to the tenant of `by`; their id.
pub(crate) async fn add(by: &Client, login: &str, role: &str) -> String {
    let path = if role == "shopper" { "/api/v1/members" } else { "/api/v1/staff" };
    let mut body = json!({"login": login, "name": format!("Name of {login}"), "password": PASSWORD});
    if role != "shopper" {
        body["role"] = json!(role);
    }
    by.post(path, &format!("add {login}").replace(' ', "-")).json(&body).send().await.expect(201).str("/person_id")
}

/// Logs somebody in, on a device of this kind.
pub(crate) async fn log_in(shop: &Shop, tenant: &str, login: &str, device: &str) -> Answer {
    let kind = if ["admin", "merchant", "support", "auditor"].iter().any(|role| login.starts_with(role)) {
        "staff"
    } else {
        "member"
    };
    let body = json!({
        "tenant": tenant, "as": kind, "login": login, "password": PASSWORD, "device": {"type": device},
    });
    shop.admin.nobody().call(Method::POST, "/api/v1/sessions").json(&body).send().await
}

/// A client with the access token of an answer.
pub(crate) fn with_token(shop: &Shop, tokens: &Answer) -> Client {
    Client { address: shop.admin.address, bearer: Some(tokens.str("/access_token")) }
}

/// Somebody new of the default tenant, logged in.
pub(crate) async fn somebody(shop: &Shop, login: &str, role: &str) -> Client {
    add(&shop.admin, login, role).await;
    with_token(shop, &log_in(shop, "default", login, "app").await.expect(201))
}

/// An order's body without a customer: people buy for themselves.
pub(crate) fn own_order(sku: &str) -> Value {
    json!({"lines": [{"sku": sku, "quantity": 1}]})
}
