//! Owns who may see and do what: tenants that never meet, principals with a space of keys each, roles, revoked keys.

use domain::access::Role;
use http::Method;
use serde_json::json;
use tower::ServiceExt as _;

use crate::harness::{Client, Shop, order_of, until};

/// A second tenant's server, with a product of the same name in its shop.
async fn neighbour(shop: &Shop) -> Client {
    let tenant = shop.tenant("neighbour").await;
    let client = shop.client(tenant, "admin", Role::Admin).await;
    let product = json!({"name": "Theirs", "price": {"amount": 5, "currency": "USD"}, "initial_stock": 3});
    client.put("/api/v1/products/A").json(&product).send().await.expect(201);
    client
}

/// What a client reads of an answer that is not there, without what names the request and the id.
fn blank(text: &str, id: &str) -> String {
    let (before, _) = text.split_once("\"request_id\"").expect("a problem has a request_id");
    before.replace(id, "<id>")
}

#[tokio::test]
async fn another_tenants_object_never_existed() {
    let shop = Shop::open().await;
    shop.product("A", 1_999, 9).await;
    shop.product("MINE", 1_999, 9).await;
    let theirs = neighbour(&shop).await;
    let mine = shop.admin.place("k1", &order_of(&[("A", 1)])).await.expect(201).order_no();
    let never = "ord_01JD8Q7V0EFXXR6D2J1Q5Z9K3M";
    let body = json!({"reason": "customer"});
    let parcel = json!({"carrier": "SF", "tracking_no": "1"});
    let calls = |id: &str, key: &str| {
        let path = format!("/api/v1/orders/{id}");
        [
            theirs.call(Method::GET, &path),
            theirs.call(Method::GET, &format!("{path}/history")),
            theirs.post(&format!("{path}/cancel"), &format!("{key}1")).json(&body),
            theirs.post(&format!("{path}/ship"), &format!("{key}2")).if_match("\"1\"").json(&parcel),
            theirs.put(&format!("{path}/shipment")).if_match("\"1\"").json(&parcel),
            theirs.post(&format!("{path}/receive"), &format!("{key}3")),
        ]
    };
    for (foreign, unknown) in calls(&mine, "f").into_iter().zip(calls(never, "u")) {
        let foreign = foreign.send().await.problem(404, "not_found");
        let unknown = unknown.send().await.problem(404, "not_found");
        assert_eq!(blank(foreign.text(), &mine), blank(unknown.text(), never));
        assert_eq!(foreign.headers.len(), unknown.headers.len());
    }
    theirs.get("/api/v1/products/MINE").await.problem(404, "not_found");
    let moved = theirs.post("/api/v1/products/MINE/stock-movements", "m1").json(&json!({"quantity": 1, "reason": "r"}));
    moved.send().await.problem(404, "not_found");
    theirs.place("p1", &order_of(&[("MINE", 1)])).await.problem(409, "product_not_found");
    assert_eq!(theirs.get("/api/v1/orders").await.at("/data"), json!([]));
    assert_eq!(theirs.get("/api/v1/products").await.at("/data").as_array().map(Vec::len), Some(1));
    assert_eq!(shop.stock("A").await, [9, 1, 8]);
    shop.close().await;
}

#[tokio::test]
async fn the_same_key_in_two_tenants_is_two_keys() {
    let shop = Shop::open().await;
    shop.product("A", 1_999, 9).await;
    let theirs = neighbour(&shop).await;
    let mine = shop.admin.place("k1", &order_of(&[("A", 1)])).await.expect(201);
    let other = theirs.place("k1", &order_of(&[("A", 2)])).await.expect(201);
    assert_eq!(other.at("/total"), json!({"amount": 10, "currency": "USD"}));
    shop.admin.place("k1", &order_of(&[("A", 1)])).await.replays(&mine);
    theirs.place("k1", &order_of(&[("A", 2)])).await.replays(&other);
    shop.close().await;
}

#[tokio::test]
async fn the_same_key_of_two_principals_is_two_keys_and_a_rotated_credential_is_one() {
    let shop = Shop::open().await;
    shop.product("A", 1_999, 9).await;
    let web = shop.client(shop.tenant, "web", Role::Service).await;
    let phone = shop.client(shop.tenant, "phone", Role::Service).await;
    let first = web.place("k1", &order_of(&[("A", 1)])).await.expect(201);
    assert!(!phone.place("k1", &order_of(&[("A", 1)])).await.expect(201).is_replay());
    let rotated = shop.client(shop.tenant, "web", Role::Service).await;
    rotated.place("k1", &order_of(&[("A", 1)])).await.replays(&first);
    let history = shop.admin.get(&format!("/api/v1/orders/{}/history", first.order_no())).await.expect(200);
    assert_eq!(history.str("/0/actor"), "service:web");
    shop.close().await;
}

#[tokio::test]
async fn an_auditor_looks_and_changes_nothing() {
    let shop = Shop::open().await;
    shop.product("A", 1_999, 9).await;
    let auditor = shop.client(shop.tenant, "audit", Role::Auditor).await;
    let order_no = shop.admin.place("k1", &order_of(&[("A", 1)])).await.expect(201).order_no();
    for path in
        ["/api/v1/products", "/api/v1/products/A", "/api/v1/orders", &format!("/api/v1/orders/{order_no}/history")]
    {
        auditor.get(path).await.expect(200);
    }
    let product = json!({"name": "A", "price": {"amount": 1, "currency": "CNY"}});
    for call in [
        auditor.put("/api/v1/products/A").json(&product),
        auditor.post("/api/v1/products/A/stock-movements", "k").json(&json!({"quantity": 1, "reason": "r"})),
        auditor.post("/api/v1/order-numbers", "k"),
        auditor.post("/api/v1/orders", "k").json(&order_of(&[("A", 1)])),
        auditor.post(&format!("/api/v1/orders/{order_no}/cancel"), "k").json(&json!({"reason": "customer"})),
    ] {
        call.send().await.problem(403, "forbidden");
    }
    assert_eq!(shop.stock("A").await, [9, 1, 8]);
    shop.close().await;
}

#[tokio::test]
async fn metrics_are_open_to_this_machine() {
    let shop = Shop::open().await;
    let page = shop.admin.nobody().get("/metrics").await.expect(200);
    assert_eq!(page.header("content-type"), Some("text/plain; version=0.0.4; charset=utf-8"));
    shop.close().await;
}

/// A test has no other machine: the router is asked without a socket, so without an address that could be ours.
#[tokio::test]
async fn metrics_from_elsewhere_need_a_key_of_an_auditor() {
    let shop = Shop::open().await;
    let service = shop.client(shop.tenant, "shop", Role::Service).await;
    let auditor = shop.client(shop.tenant, "audit", Role::Auditor).await;
    for (client, status) in [(service.nobody(), 401), (service, 403), (auditor, 200), (shop.admin.clone(), 200)] {
        let request = client.call(Method::GET, "/metrics").request.map(axum::body::Body::new);
        let response = shop.router().oneshot(request).await.expect("a router always answers");
        assert_eq!(response.status(), status, "{client:?}");
    }
    shop.close().await;
}

#[tokio::test]
async fn a_revoked_key_is_refused_soon() {
    let shop = Shop::open().await;
    let client = shop.client(shop.tenant, "leaver", Role::Service).await;
    client.get("/api/v1/orders").await.expect(200);
    let key = shop.store.api_keys(shop.tenant).await.expect("the keys are listed").swap_remove(0);
    assert_eq!(key.key.account.as_str(), "leaver");
    assert!(shop.store.api_key_revoke(shop.tenant, key.number, api::now()).await.expect("it is revoked"));
    until("the key is refused", async || client.get("/api/v1/orders").await.status == 401).await;
    client.place("k1", &order_of(&[("A", 1)])).await.problem(401, "unauthorized");
    shop.admin.get("/api/v1/orders").await.expect(200);
    shop.close().await;
}

#[tokio::test]
async fn what_is_no_credential() {
    let shop = Shop::open().await;
    let secret = shop.admin.bearer.clone().expect("the admin has a key");
    let nobody = shop.admin.nobody();
    let longer = format!("Bearer {secret}x");
    let shorter = format!("Bearer {}", &secret[..secret.len() - 1]);
    let bare = secret.clone();
    let basic = format!("Basic {secret}");
    let upper = format!("Bearer {}", secret.to_uppercase());
    for line in
        ["", "Bearer", "Bearer ", "Bearer mk_", "Bearer mk_0", &longer, &shorter, &bare, &basic, &upper, "Bearer é"]
    {
        let answer = nobody.call(Method::GET, "/api/v1/orders").header("authorization", line).send().await;
        let answer = answer.problem(401, "unauthorized");
        assert_eq!(answer.header("www-authenticate"), Some("Bearer"));
        assert!(!answer.text().contains(&secret[3..]), "a secret is never told");
    }
    let twice = nobody.call(Method::GET, "/api/v1/orders");
    let twice =
        twice.header("authorization", format!("Bearer {secret}")).header("authorization", format!("Bearer {secret}"));
    twice.send().await.problem(401, "unauthorized");
    let spelled = nobody.call(Method::GET, "/api/v1/orders").header("authorization", format!("bearer {secret}"));
    spelled.send().await.expect(200);
    shop.close().await;
}
