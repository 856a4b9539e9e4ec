//! Owns the overview: numbers of this node, per tenant, and the lights for who looks after the whole.

use api::Light;
use domain::access::Role;

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
        assert_eq!(overview["replayed_in_hour"].as_u64(), Some(sum("replayed")));
        (sum("executed"), sum("replayed"), sum("refused"))
    };
    // The product and an order.
    assert_eq!(sums(&shop.admin).await, (2, 2, 1));
    let other = shop.client(shop.tenant("other").await, "admin", Role::Admin).await;
    assert_eq!(sums(&other).await, (0, 0, 0));
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
