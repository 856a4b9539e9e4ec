//! Owns who comes with no name: guests, who keep what they began when they log in, and those who become members by
//! themselves.

use std::sync::Arc;

use coord::cache::{Cache, LocalCache};
use domain::CheckoutPolicy;
use http::Method;
use serde_json::{Value, json};

use super::{PASSWORD, add, log_in, own_order, with_token};
use crate::harness::{Answer, Client, Setup, Shop};

/// A shop that lets whoever comes in, with something to sell.
async fn open_shop() -> Shop {
    open_shop_with(Setup::default()).await
}

async fn open_shop_with(setup: Setup) -> Shop {
    let shop = Shop::with(setup).await;
    let policy = CheckoutPolicy { guests: true, registration: true, ..CheckoutPolicy::default() };
    shop.store.policy_set(shop.tenant, &policy, api::now()).await.expect("stored");
    shop.product("A", 100, 50).await;
    shop
}

/// Somebody without a name, in a tenant that lets them in.
pub(super) async fn be_guest(shop: &Shop, tenant: &str) -> Client {
    let body = json!({"tenant": tenant, "device": {"type": "web"}});
    with_token(shop, &shop.admin.nobody().call(Method::POST, "/api/v1/guests").json(&body).send().await.expect(201))
}

async fn register(shop: &Shop, key: &str, body: &Value) -> Answer {
    shop.admin.nobody().post("/api/v1/registrations", key).json(body).send().await
}

/// Logs a member in who was this guest so far.
async fn becomes(guest: &Client, login: &str) -> Answer {
    let body = json!({"login": login, "password": PASSWORD, "device": {"type": "web"}});
    guest.call(Method::POST, "/api/v1/sessions").json(&body).send().await
}

#[tokio::test]
async fn a_shop_lets_strangers_in_only_where_it_says_so() {
    let shop = Shop::open().await;
    let guest = json!({"device": {"type": "web"}});
    let member = json!({"login": "anna", "name": "Anna", "password": PASSWORD});
    let ask = |path: &'static str, body: &Value| {
        let call = shop.admin.nobody().call(Method::POST, path).json(body);
        async move { call.send().await }
    };
    ask("/api/v1/guests", &guest).await.problem(403, "forbidden");
    ask("/api/v1/registrations", &member).await.problem(403, "forbidden");
    let mut elsewhere = member.clone();
    elsewhere["tenant"] = json!("nowhere");
    ask("/api/v1/registrations", &elsewhere).await.problem(404, "not_found");
    shop.close().await;
}

#[tokio::test]
async fn a_guest_buys_and_sees_nobody_elses() {
    let shop = open_shop().await;
    let (one, other) = (be_guest(&shop, "default").await, be_guest(&shop, "default").await);
    assert_eq!(one.get("/api/v1/me").await.str("/role"), "guest");
    let order = one.place("k", &own_order("A")).await.expect(201);
    assert_eq!(order.str("/customer_id"), one.get("/api/v1/me").await.str("/person_id"));
    let path = format!("/api/v1/orders/{}", order.order_no());
    one.get(&path).await.expect(200);
    let strange = other.get(&path).await.problem(404, "not_found");
    let never = other.get("/api/v1/orders/ord_01JD8Q7V0EFXXR6D2J1Q5Z9K3M").await.problem(404, "not_found");
    assert_eq!(strange.str("/detail").len(), never.str("/detail").len());
    // The same key of another guest is another wish.
    assert_ne!(other.place("k", &own_order("A")).await.expect(201).order_no(), order.order_no());
    one.get("/api/v1/members").await.problem(403, "forbidden");
    one.call(Method::POST, "/api/v1/me/second-factor").send().await.problem(403, "forbidden");
    shop.close().await;
}

/// A checkout that was begun as a guest goes on as it was begun: what was sent before the log-in and is sent again behind it
/// is the same request.
#[tokio::test]
async fn a_guest_who_logs_in_keeps_the_checkout() {
    let shop = open_shop().await;
    add(&shop.admin, "anna", "shopper").await;
    let guest = be_guest(&shop, "default").await;
    let sent = guest.place("sent", &own_order("A")).await.expect(201);
    let number = guest.post("/api/v1/order-numbers", "n").send().await.expect(201).order_no();
    let was = guest.get("/api/v1/me").await.str("/person_id");
    let ask = json!({"purpose": "order", "subject": was});
    let token = guest.post("/api/v1/tokens", "t").json(&ask).send().await.expect(201).str("/token");

    let anna = with_token(&shop, &becomes(&guest, "anna").await.expect(201));
    guest.get("/api/v1/me").await.problem(401, "session_ended");
    // The reply was lost, and came late: the same order.
    let again = anna.place("sent", &own_order("A")).await.expect(201);
    assert_eq!((again.order_no(), again.is_replay()), (sent.order_no(), true));
    // The number and the token that the guest had are good.
    let mut numbered = own_order("A");
    numbered["order_no"] = json!(number);
    assert_eq!(anna.place("numbered", &numbered).await.expect(201).order_no(), number);
    let with = anna.post("/api/v1/orders", "with").header("one-time-token", &token);
    with.json(&own_order("A")).send().await.expect(201);
    // What is begun from now on is the member's.
    let own = anna.place("own", &own_order("A")).await.expect(201);
    assert_eq!(own.str("/customer_id"), anna.get("/api/v1/me").await.str("/person_id"));
    let listed = anna.get("/api/v1/orders").await.expect(200);
    assert_eq!(listed.at("/data").as_array().expect("rows").len(), 4, "{}", listed.text());

    // On another device they are the same person, with the same orders; the same key is the same wish there.
    let phone = with_token(&shop, &log_in(&shop, "default", "anna", "app").await.expect(201));
    phone.get(&format!("/api/v1/orders/{}", sent.order_no())).await.expect(200);
    assert_eq!(phone.place("sent", &own_order("A")).await.expect(201).order_no(), sent.order_no());
    assert_eq!(phone.place("own", &own_order("A")).await.expect(201).order_no(), own.order_no());
    // Somebody else has nothing of it.
    add(&shop.admin, "bert", "shopper").await;
    let bert = with_token(&shop, &log_in(&shop, "default", "bert", "app").await.expect(201));
    bert.get(&format!("/api/v1/orders/{}", sent.order_no())).await.problem(404, "not_found");
    bert.place("numbered", &numbered).await.problem(409, "order_no_invalid");
    shop.close().await;
}

/// The reply to a guest's order was lost, and they log in on this device and as another guest on that one; somebody looks
/// after their account besides. The order that is sent again is the one that there is.
#[tokio::test]
async fn a_retry_across_log_ins_on_two_devices_is_the_same_order() {
    // As where nodes share what they know.
    let cache: Arc<dyn Cache> = Arc::new(LocalCache::new(1_000));
    let shop = open_shop_with(Setup { cache: Some(cache), ..Setup::default() }).await;
    let id = add(&shop.admin, "anna", "shopper").await;
    let (phone, laptop) = (be_guest(&shop, "default").await, be_guest(&shop, "default").await);
    let sent = phone.place("sent", &own_order("A")).await.expect(201).order_no();
    let number = phone.post("/api/v1/order-numbers", "number").send().await.expect(201).order_no();
    let phone = with_token(&shop, &becomes(&phone, "anna").await.expect(201));
    let laptop = with_token(&shop, &becomes(&laptop, "anna").await.expect(201));
    let reset = shop.admin.post(&format!("/api/v1/members/{id}/password-reset"), "reset");
    reset.send().await.expect(200);
    for device in [&phone, &laptop] {
        assert_eq!(device.place("sent", &own_order("A")).await.expect(201).order_no(), sent);
        let listed = device.get("/api/v1/orders").await.expect(200);
        assert_eq!(listed.at("/data").as_array().expect("rows").len(), 1, "{}", listed.text());
    }
    // Whoever bought nothing yet is known where they logged in.
    assert_eq!(phone.post("/api/v1/order-numbers", "number").send().await.expect(201).order_no(), number);
    shop.close().await;
}

/// Each time that somebody comes back they are a guest first: what they bought as any of them is theirs.
#[tokio::test]
async fn a_member_keeps_the_orders_of_every_guest_who_they_were() {
    let shop = open_shop().await;
    add(&shop.admin, "anna", "shopper").await;
    let (mut orders, mut client) = (Vec::new(), be_guest(&shop, "default").await);
    for visit in 0..3 {
        let order = client.place(&format!("visit-{visit}"), &own_order("A")).await.expect(201).order_no();
        orders.insert(0, order);
        let anna = with_token(&shop, &becomes(&client, "anna").await.expect(201));
        let listed = anna.get("/api/v1/orders").await.expect(200);
        let listed: Vec<_> =
            listed.at("/data").as_array().expect("rows").iter().map(|row| row["order_no"].clone()).collect();
        assert_eq!(listed, orders, "visit {visit}");
        for (at, order) in orders.iter().enumerate() {
            let cancel = anna.post(&format!("/api/v1/orders/{order}/cancel"), &format!("{visit}-{at}"));
            let status = if at == 0 { 200 } else { 409 };
            cancel.json(&json!({"reason": "customer"})).send().await.expect(status);
        }
        client = be_guest(&shop, "default").await;
    }
    shop.close().await;
}

#[tokio::test]
async fn who_registers_is_a_member_once() {
    let shop = open_shop().await;
    let body = |login: &str, password: &str| json!({"login": login, "name": "Anna", "password": password});
    register(&shop, "r", &body("anna", "short")).await.problem(422, "validation_failed");
    let first = register(&shop, "r", &body("anna", PASSWORD)).await.expect(201);
    assert_eq!(first.str("/role"), "shopper");
    let again = register(&shop, "r", &body("anna", PASSWORD)).await.expect(201);
    assert_eq!((again.text(), again.is_replay()), (first.text(), true));
    register(&shop, "s", &body("anna", PASSWORD)).await.problem(409, "login_taken");
    // The same key of somebody else is another wish.
    register(&shop, "r", &body("bert", PASSWORD)).await.expect(201);
    log_in(&shop, "default", "anna", "app").await.expect(201);
    // Whoever knocks under her name uses up none of her keys.
    register(&shop, "cart", &body("anna", PASSWORD)).await.problem(409, "login_taken");
    let anna = with_token(&shop, &log_in(&shop, "default", "anna", "web").await.expect(201));
    anna.place("cart", &own_order("A")).await.expect(201);
    let mut more = body("carl", PASSWORD);
    more["role"] = json!("admin");
    register(&shop, "m", &more).await.problem(422, "validation_failed");
    shop.close().await;
}

/// Where a shop takes requests without a key, they are known by what they ask for; also across a log-in.
#[tokio::test]
async fn a_request_without_a_key_is_known_across_a_log_in() {
    let shop = open_shop().await;
    let policy = CheckoutPolicy { guests: true, same_within_ms: 60_000, ..CheckoutPolicy::default() };
    shop.store.policy_set(shop.tenant, &policy, api::now()).await.expect("stored");
    // Policies are remembered for two seconds.
    let at_work = || async {
        let nobody = be_guest(&shop, "default").await;
        nobody.call(Method::POST, "/api/v1/orders").json(&own_order("A")).send().await.status == 201
    };
    crate::harness::until("the policy is heard", at_work).await;
    add(&shop.admin, "anna", "shopper").await;
    let guest = be_guest(&shop, "default").await;
    let without = |client: &Client| {
        let call = client.call(Method::POST, "/api/v1/orders").json(&own_order("A"));
        async move { call.send().await }
    };
    let sent = without(&guest).await.expect(201);
    let anna = with_token(&shop, &becomes(&guest, "anna").await.expect(201));
    assert_eq!(without(&anna).await.expect(201).order_no(), sent.order_no());
    shop.close().await;
}
