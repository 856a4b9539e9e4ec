//! Owns one-time tokens (F4): taken when the page opens, used up by the request that is accepted, in its transaction.

use std::time::Duration;

use domain::CheckoutPolicy;
use domain::access::Role;
use http::Method;
use serde_json::{Value, json};

use crate::harness::{Answer, Client, Setup, Shop, until};

fn order(customer: &str, quantity: i64) -> Value {
    json!({"customer_id": customer, "lines": [{"sku": "A", "quantity": quantity}]})
}

async fn shop() -> Shop {
    let shop = Shop::open().await;
    shop.product("A", 1_999, 9).await;
    shop
}

async fn take(client: &Client, body: &Value) -> String {
    client.call(Method::POST, "/api/v1/tokens").json(body).send().await.expect(201).str("/token")
}

async fn token(client: &Client) -> String {
    take(client, &json!({"purpose": "order", "subject": "c"})).await
}

async fn place(client: &Client, key: &str, token: &str, body: &Value) -> Answer {
    client.post("/api/v1/orders", key).header("one-time-token", token).json(body).send().await
}

#[tokio::test]
async fn a_token_is_issued_for_one_purpose_and_subject() {
    let shop = shop().await;
    let body = json!({"purpose": "order", "subject": "c"});
    let issued = shop.admin.call(Method::POST, "/api/v1/tokens").json(&body).send().await.expect(201);
    assert_eq!((issued.str("/purpose"), issued.str("/subject")), ("order".to_owned(), "c".to_owned()));
    assert_eq!(issued.header("cache-control"), Some("no-store"));
    for (body, pointer) in [
        (json!({"purpose": "order", "subject": ""}), "/subject"),
        (json!({"purpose": "tea", "subject": "c"}), "/purpose"),
        (json!({"purpose": "payment", "subject": "c"}), "/subject"),
        (json!({"purpose": "refund", "subject": "ord_01JD8Q7V0EFXXR6D2J1Q5Z9K3M"}), "/subject"),
        (json!({"purpose": "order", "subject": "c", "content": [1]}), "/content"),
    ] {
        let refused = shop.admin.call(Method::POST, "/api/v1/tokens").json(&body).send().await;
        assert_eq!(refused.problem(422, "validation_failed").str("/errors/0/pointer"), pointer, "{body}");
    }
    shop.close().await;
}

/// A page that makes a new key for each click: its token tells that it is one wish.
#[tokio::test]
async fn f4_a_used_token_answers_with_the_order_it_led_to() {
    let shop = shop().await;
    let token = token(&shop.admin).await;
    let first = place(&shop.admin, "k1", &token, &order("c", 1)).await.expect(201);
    let again = place(&shop.admin, "k2", &token, &order("c", 1)).await;
    again.replays(&first);
    // From now on the second key is a name of that order, too.
    shop.admin.place("k2", &order("c", 1)).await.replays(&first);
    shop.admin.place("k2", &order("c", 2)).await.problem(422, "idempotency_key_reused");
    shop.admin.place("k1", &order("c", 1)).await.replays(&first);
    assert_eq!((shop.orders().await.len(), shop.stock("A").await), (1, [9, 1, 8]));
    // What was executed came under the first key: what came under the second, and from where, was not that.
    for (key, request, from) in
        [("k1", json!("POST /api/v1/orders"), json!("127.0.0.1")), ("k2", json!(null), json!(null))]
    {
        let found = shop.admin.get(&format!("/api/v1/keys?key={key}")).await.expect(200).json();
        assert_eq!((&found["data"][0]["request"], &found["data"][0]["from"]), (&request, &from), "{key}: {found}");
    }
    shop.close().await;
}

#[tokio::test]
async fn f4_a_used_token_is_refused_to_another_order() {
    let shop = shop().await;
    let token = token(&shop.admin).await;
    let first = place(&shop.admin, "k1", &token, &order("c", 1)).await.expect(201);
    let refused = place(&shop.admin, "k2", &token, &order("c", 2)).await.problem(409, "token_used");
    assert!(!refused.text().contains(&first.order_no()), "nothing of the other is told");
    // The refusal is final under its key, as every one is.
    place(&shop.admin, "k2", &token, &order("c", 2)).await.replays(&refused);
    shop.admin.place("k3", &order("c", 2)).await.expect(201);
    shop.close().await;
}

/// What was refused made nothing, so the page may go on with the token it has.
#[tokio::test]
async fn f4_a_refused_order_leaves_its_token() {
    let shop = shop().await;
    let token = token(&shop.admin).await;
    place(&shop.admin, "k1", &token, &order("c", 10)).await.problem(409, "stock_insufficient");
    place(&shop.admin, "k2", &token, &order("c", 2)).await.expect(201);
    place(&shop.admin, "k3", &token, &order("c", 3)).await.problem(409, "token_used");
    shop.close().await;
}

#[tokio::test]
async fn f4_a_hundred_clicks_at_once_with_one_token_make_one_order() {
    let shop = shop().await;
    let token = token(&shop.admin).await;
    let clicks = (0..100).map(|at| {
        let (client, token) = (shop.admin.clone(), token.clone());
        tokio::spawn(async move { place(&client, &format!("k{at}"), &token, &order("c", 1)).await })
    });
    let mut numbers = Vec::new();
    for click in clicks.collect::<Vec<_>>() {
        numbers.push(click.await.expect("a click ends").expect(201).order_no());
    }
    numbers.dedup();
    assert_eq!((numbers.len(), shop.orders().await), (1, numbers));
    shop.close().await;
}

#[tokio::test]
async fn a_token_is_bound_to_its_caller_purpose_subject_and_body() {
    let shop = shop().await;
    let other = shop.client(shop.tenant, "other", Role::Service).await;
    let tenant = shop.tenant("elsewhere").await;
    let elsewhere = shop.client(tenant, "admin", Role::Admin).await;
    let bound = json!({"purpose": "order", "subject": "c", "content": {"lines": [{"quantity": 1.0, "sku": "A"}], "customer_id": "c"}});
    let (token, bound) = (token(&shop.admin).await, take(&shop.admin, &bound).await);
    for (client, token, body) in [
        (&other, token.as_str(), order("c", 1)),
        (&elsewhere, &token, order("c", 1)),
        (&shop.admin, &token, order("d", 1)),
        (&shop.admin, &bound, order("c", 2)),
        (&shop.admin, "tok_", order("c", 1)),
        (&shop.admin, &format!("{token}A"), order("c", 1)),
    ] {
        place(client, "k", token, &body).await.problem(422, "token_invalid");
    }
    let placed = place(&shop.admin, "k", &bound, &order("c", 1)).await.expect(201);
    // A token for orders is none for payments, and none is taken where nobody asks for one.
    let (pay, cancel) = (
        format!("/api/v1/orders/{}/payments", placed.order_no()),
        format!("/api/v1/orders/{}/cancel", placed.order_no()),
    );
    for (path, body) in [(pay, json!({"channel": "sandbox"})), (cancel, json!({"reason": "customer"}))] {
        let call = shop.admin.post(&path, "p").header("one-time-token", token.as_str()).json(&body);
        call.send().await.problem(422, "token_invalid");
    }
    shop.close().await;
}

#[tokio::test]
async fn an_expired_token_is_refused_but_what_it_did_is_answered() {
    let settings = api::Settings { token_validity: Duration::from_millis(300), ..Default::default() };
    let shop = Shop::with(Setup { settings, ..Setup::default() }).await;
    shop.product("A", 1_999, 9).await;
    let (used, idle) = (token(&shop.admin).await, token(&shop.admin).await);
    let first = place(&shop.admin, "k1", &used, &order("c", 1)).await.expect(201);
    let issued = api::now();
    until("they have expired", async || api::now() > issued.plus_ms(300)).await;
    place(&shop.admin, "k1", &used, &order("c", 1)).await.replays(&first);
    place(&shop.admin, "k2", &used, &order("c", 1)).await.replays(&first);
    place(&shop.admin, "k3", &idle, &order("c", 1)).await.problem(409, "token_expired");
    // Also when the records are gone: the order knows its request for ever.
    shop.store.records_purge(api::now().plus_ms(1_000), 500).await.expect("the records are purged");
    let found = place(&shop.admin, "k1", &used, &order("c", 1)).await.expect(200);
    assert_eq!(found.json(), first.json());
    shop.close().await;
}

#[tokio::test]
async fn a_shop_may_take_orders_only_with_a_token() {
    let shop = shop().await;
    let policy = CheckoutPolicy { checkout_token: true, ..CheckoutPolicy::default() };
    shop.store.policy_set(shop.tenant, &policy, api::now()).await.expect("the policy is set");
    shop.admin.place("k1", &order("c", 1)).await.problem(409, "token_required");
    let token = token(&shop.admin).await;
    let first = place(&shop.admin, "k2", &token, &order("c", 1)).await.expect(201);
    // Nobody is told anything else because the token was left out of a repetition.
    shop.admin.place("k2", &order("c", 1)).await.replays(&first);
    let tenant = shop.tenant("elsewhere").await;
    assert_eq!(shop.store.policy(tenant).await.expect("it is read"), CheckoutPolicy::default());
    shop.close().await;
}

/// A second key, and the token, are names of the order for as long as it is, as the first key is.
#[tokio::test]
async fn f4_every_name_of_an_order_finds_it_when_its_records_are_purged() {
    let shop = shop().await;
    let token = token(&shop.admin).await;
    let first = place(&shop.admin, "k1", &token, &order("c", 1)).await.expect(201);
    place(&shop.admin, "k2", &token, &order("c", 1)).await.replays(&first);
    for _ in 0..2 {
        shop.store.records_purge(api::now().plus_ms(1_000), 500).await.expect("the records are purged");
        for key in ["k1", "k2", "k3"] {
            assert_eq!(place(&shop.admin, key, &token, &order("c", 1)).await.expect(200).order_no(), first.order_no());
        }
        shop.admin.place("k2", &order("c", 2)).await.problem(422, "idempotency_key_reused");
    }
    // The names are its own, whatever else a repetition says or leaves out.
    for _ in 0..2 {
        shop.store.records_purge(api::now().plus_ms(1_000), 500).await.expect("the records are purged");
        for key in ["k1", "k2", "k3"] {
            assert_eq!(shop.admin.place(key, &order("c", 1)).await.expect(200).order_no(), first.order_no());
        }
    }
    for _ in 0..2 {
        place(&shop.admin, "k4", &token, &order("c", 2)).await.problem(409, "token_used");
    }
    assert_eq!(shop.orders().await.len(), 1);
    shop.close().await;
}

/// What a key placed long ago is that key's order, whatever else its request is called today.
#[tokio::test]
async fn f4_a_key_keeps_its_own_order_beside_a_token_of_another() {
    let shop = shop().await;
    let own = shop.admin.place("k1", &order("c", 1)).await.expect(201);
    shop.store.records_purge(api::now().plus_ms(1_000), 500).await.expect("the records are purged");
    let token = token(&shop.admin).await;
    let other = place(&shop.admin, "k2", &token, &order("c", 1)).await.expect(201);
    assert_eq!(place(&shop.admin, "k1", &token, &order("c", 1)).await.expect(200).order_no(), own.order_no());
    place(&shop.admin, "k3", &token, &order("c", 1)).await.replays(&other);
    shop.close().await;
}
