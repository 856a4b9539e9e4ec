//! Owns the list of what moved a product's stock.

use domain::access::Role;
use serde_json::{Value, json};

use super::{pages, refuses_bad_parameters};
use crate::harness::{Shop, order_of};
use crate::people::somebody;

const PATH: &str = "/api/v1/products/A/stock-movements";

/// A product that was delivered, counted by a person, and sold.
async fn moved(shop: &Shop) -> String {
    shop.product("A", 1_999, 5).await;
    shop.product("B", 1, 7).await;
    shop.admin.post(PATH, "m1").json(&json!({"quantity": 3, "reason": "a delivery"})).send().await.expect(201);
    let merchant = somebody(shop, "merchant-mei", "merchant").await;
    merchant.post(PATH, "m2").json(&json!({"quantity": -2, "reason": "broken"})).send().await.expect(201);
    let order_no = shop.admin.place("k", &order_of(&[("A", 1)])).await.expect(201).order_no();
    shop.pay(&order_no, 1_999).await;
    order_no
}

#[tokio::test]
async fn movements_are_listed_newest_first_with_who_made_them() {
    let shop = Shop::open().await;
    let order_no = moved(&shop).await;
    let rows = pages(&shop.admin, PATH, 200).await;
    let told = |row: &Value| {
        let text = |name: &str| row[name].as_str().unwrap_or("-").to_owned();
        let which = ["movement_id", "order_no", "refund_id"].map(|name| row[name].is_string());
        (row["quantity"].as_i64(), text("source"), text("reason"), text("actor"), which)
    };
    let line = |quantity: i64, source: &str, reason: &str, actor: &str, which: [bool; 3]| {
        (Some(quantity), source.to_owned(), reason.to_owned(), actor.to_owned(), which)
    };
    let merchant = rows[1]["actor"].as_str().expect("somebody").to_owned();
    assert!(merchant.starts_with("staff:"), "{merchant}");
    assert_eq!(
        rows.iter().map(told).collect::<Vec<_>>(),
        [
            line(-1, "sale", "-", "service:payments", [false, true, false]),
            line(-2, "by_hand", "broken", &merchant, [true, false, false]),
            line(3, "by_hand", "a delivery", "service:admin", [true, false, false]),
            line(5, "initial", "-", "service:admin", [false, false, false]),
        ]
    );
    assert_eq!(rows[0]["order_no"], order_no);
    for limit in [1, 2, 3, 4] {
        assert_eq!(pages(&shop.admin, PATH, limit).await, rows, "pages of {limit}");
    }
    shop.close().await;
}

#[tokio::test]
async fn who_may_look_at_movements_and_of_what() {
    let shop = Shop::open().await;
    moved(&shop).await;
    for role in ["support", "auditor"] {
        let somebody = somebody(&shop, &format!("{role}-1"), role).await;
        assert_eq!(pages(&somebody, PATH, 200).await.len(), 4, "{role}");
    }
    let shopper = somebody(&shop, "shopper-1", "shopper").await;
    shopper.get(PATH).await.problem(403, "forbidden");
    let other = shop.tenant("another").await;
    let stranger = shop.client(other, "server", Role::Admin).await;
    stranger.get(PATH).await.problem(404, "not_found");
    shop.admin.get("/api/v1/products/NONE/stock-movements").await.problem(404, "not_found");
    refuses_bad_parameters(&shop.admin, PATH, &["cursor=MS5vcmRfMQ"]).await;
    shop.close().await;
}
