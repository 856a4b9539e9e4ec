//! Owns the overview: numbers of this node, per tenant, and the lights for who looks after the whole.

use api::Light;
use domain::access::Role;
use http::Method;
use serde_json::json;

use crate::harness::{Shop, order_of};

#[tokio::test]
async fn what_came_is_counted_for_its_tenant() {
    let shop = Shop::open().await;
    shop.product("A", 1_999, 1).await;
    for (key, quantity) in [("k1", 1), ("k1", 1), ("k1", 1), ("k2", 9)] {
        shop.admin.place(key, &order_of(&[("A", quantity)])).await;
    }
    let sums = async |client: &crate::harness::Client| {
        let overview = client.get("/api/v1/overview").await.expect(200).json();
        let minutes = overview["minutes"].as_array().expect("an hour").clone();
        assert_eq!(minutes.len(), 60);
        let sum = |name: &str| minutes.iter().map(|beat| beat[name].as_u64().expect("a count")).sum::<u64>();
        for name in ["orders", "executed", "replayed"] {
            assert_eq!(overview[format!("{name}_in_hour")].as_u64(), Some(sum(name)), "{name}");
        }
        assert!(overview["orders_per_second"].is_f64(), "{overview}");
        ["orders", "executed", "replayed", "refused"].map(sum)
    };
    // The product and an order.
    assert_eq!(sums(&shop.admin).await, [1, 2, 2, 1]);
    let other = shop.client(shop.tenant("other").await, "admin", Role::Admin).await;
    assert_eq!(sums(&other).await, [0; 4]);
    shop.close().await;
}

/// An order that is there already is found under another key, and not placed again.
#[tokio::test]
async fn an_order_is_counted_when_it_is_placed() {
    let shop = Shop::open().await;
    shop.product("A", 1_999, 9).await;
    let number = shop.admin.call(Method::POST, "/api/v1/order-numbers").send().await.expect(201).order_no();
    let body = json!({"order_no": number, "customer_id": "c", "lines": [{"sku": "A", "quantity": 1}]});
    for (key, status) in [("k1", 201), ("k2", 200), ("k2", 200)] {
        shop.admin.place(key, &body).await.expect(status);
    }
    shop.admin.cancel("k3", &number).await.expect(200);
    let overview = shop.admin.get("/api/v1/overview").await.expect(200).json();
    // The product, the number, the order, what found it, and its end.
    let told = ["orders_in_hour", "executed_in_hour", "replayed_in_hour"].map(|name| overview[name].as_u64());
    assert_eq!(told, [Some(1), Some(5), Some(1)]);
    shop.close().await;
}

/// The lights look at every tenant's rows.
#[tokio::test]
async fn the_lights_are_for_the_first_tenant() {
    let shop = Shop::open().await;
    let lights = vec![
        Light { id: "I-1", title: "stock is never negative", violations: 0 },
        Light { id: "I-2", title: "money is conserved", violations: 3 },
    ];
    shop.lights.show(|looked| {
        (looked.lights, looked.at, looked.outbox_waiting) = (lights, Some(domain::Timestamp(5)), 7);
    });
    let overview = shop.admin.get("/api/v1/overview").await.expect(200).json();
    let installation = &overview["installation"];
    assert_eq!(installation["lights"][1]["violations"], 3);
    assert_eq!(installation["checked_at"], "1970-01-01T00:00:00.005Z");
    assert_eq!(installation["outbox_waiting"], 7);
    let other = shop.client(shop.tenant("other").await, "admin", Role::Admin).await;
    assert!(other.get("/api/v1/overview").await.expect(200).json()["installation"].is_null());
    shop.close().await;
}
