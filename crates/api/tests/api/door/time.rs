//! Owns that what is done for who is not let in is the same work, whoever they say they are.

use http::Method;
use serde_json::{Value, json};

use crate::harness::Shop;
use crate::people::{PASSWORD, add};

/// S15: one hash for each try, whether there is such a person, tenant or password, or not. How long one hash takes is asked
/// where it is made.
#[tokio::test]
async fn s15_every_try_costs_one_hash() {
    let shop = Shop::open().await;
    add(&shop.admin, "anna", "shopper").await;
    let gone = add(&shop.admin, "gone", "shopper").await;
    shop.admin.post(&format!("/api/v1/members/{gone}/disable"), "k1").send().await.expect(200);
    shop.tenant("closed").await;
    let body = |tenant: &str, door: &str, login: &str, password: &str| -> Value {
        json!({"tenant": tenant, "as": door, "login": login, "password": password, "device": {"type": "web"}})
    };
    let long = "x".repeat(400);
    for (place, tried) in [
        ("the right one", body("default", "member", "anna", PASSWORD)),
        ("a wrong one", body("default", "member", "anna", "a guess")),
        ("a wrong one of who is shut out", body("default", "member", "gone", "a guess")),
        ("the right one of who is shut out", body("default", "member", "gone", PASSWORD)),
        ("nobody", body("default", "member", "nobody", "a guess")),
        ("the other door", body("default", "staff", "anna", PASSWORD)),
        ("no tenant", body("nowhere", "member", "anna", "a guess")),
        ("nobody of another tenant", body("closed", "member", "anna", "a guess")),
        ("no name of a tenant", body("No Such/Tenant", "member", "anna", "a guess")),
        ("no name", body("default", "member", "", "a guess")),
        ("no name that can be", body("default", "member", "\u{0}", "a guess")),
        ("no password", body("default", "member", "anna", "")),
        ("no password of nobody", body("default", "member", "nobody", "")),
        ("a password that is too long", body("default", "member", "anna", &long)),
        ("one that is too long of nobody", body("default", "member", "nobody", &long)),
    ] {
        let before = shop.people.passwords_hashed();
        let answer = shop.admin.nobody().call(Method::POST, "/api/v1/sessions").json(&tried).send().await;
        assert_eq!(shop.people.passwords_hashed() - before, 1, "{place}: {}", answer.text());
    }
    shop.close().await;
}
