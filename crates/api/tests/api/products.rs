//! Owns products over HTTP: an upsert that is safe to send again, and codes of every spelling.

use serde_json::{Value, json};

use crate::harness::{Answer, Shop};

fn named(name: &str, amount: i64) -> Value {
    json!({"name": name, "price": {"amount": amount, "currency": "CNY"}, "initial_stock": 5})
}

async fn put(shop: &Shop, name: &str) -> Answer {
    shop.admin.put("/api/v1/products/A").json(&named(name, 1_999)).send().await
}

#[tokio::test]
async fn a_product_is_made_changed_and_read() {
    let shop = Shop::open().await;
    let made = put(&shop, "Chair").await.expect(201);
    insta::assert_snapshot!(made.shown(), @r#"
    201 Created
    cache-control: no-store
    content-type: application/json
    etag: "1"
    idempotency-status: executed
    location: /api/v1/products/A
    x-content-type-options: nosniff
    x-request-id: req_…

    {"sku":"A","name":"Chair","price":{"amount":1999,"currency":"CNY"},"stock":{"on_hand":5,"reserved":0,"available":5},"version":1,"created_at":"<time>","updated_at":"<time>"}
    "#);
    let changed = put(&shop, "Armchair").await.expect(200);
    assert_eq!((changed.header("etag"), changed.at("/version")), (Some("\"2\""), json!(2)));
    let read = shop.admin.get("/api/v1/products/A").await.expect(200);
    assert_eq!((read.json(), read.header("etag")), (changed.json(), Some("\"2\"")));
    // The stock in the warehouse is looked at only when the product is new.
    assert_eq!(shop.stock("A").await, [5, 0, 5]);
    shop.close().await;
}

#[tokio::test]
async fn a_put_without_a_key_is_answered_again_as_the_first() {
    let shop = Shop::open().await;
    let first = put(&shop, "Chair").await.expect(201);
    let again = put(&shop, "Chair").await;
    again.replays(&first);
    let order = crate::harness::order_of(&[("A", 1)]);
    shop.admin.place("k1", &order).await.expect(201);
    put(&shop, "Chair").await.replays(&first);
    shop.close().await;
}

/// Chair, Armchair, Chair: the third is a wish of its own, not the first sent again.
#[tokio::test]
async fn a_b_a_applies_the_third() {
    let shop = Shop::open().await;
    put(&shop, "Chair").await.expect(201);
    put(&shop, "Armchair").await.expect(200);
    let third = put(&shop, "Chair").await.expect(200);
    assert_eq!((third.is_replay(), third.str("/name").as_str(), third.at("/version")), (false, "Chair", json!(3)));
    put(&shop, "Chair").await.replays(&third);
    let fourth = put(&shop, "Armchair").await.expect(200);
    assert_eq!((fourth.is_replay(), fourth.at("/version")), (false, json!(4)));
    assert_eq!(shop.admin.get("/api/v1/products/A").await.str("/name"), "Armchair");
    shop.close().await;
}

#[tokio::test]
async fn a_put_with_a_key_is_one_wish_for_good() {
    let shop = Shop::open().await;
    let keyed = |key: &str, name: &str| {
        shop.admin.put("/api/v1/products/A").header("idempotency-key", key).json(&named(name, 1)).send()
    };
    let first = keyed("k1", "Chair").await.expect(201);
    keyed("k2", "Armchair").await.expect(200);
    keyed("k1", "Chair").await.replays(&first);
    keyed("k1", "Armchair").await.problem(422, "idempotency_key_reused");
    assert_eq!(shop.admin.get("/api/v1/products/A").await.str("/name"), "Armchair");
    shop.close().await;
}

#[tokio::test]
async fn if_match_is_honoured() {
    let shop = Shop::open().await;
    put(&shop, "Chair").await.expect(201);
    let guarded =
        |tag: &str, name: &str| shop.admin.put("/api/v1/products/A").if_match(tag).json(&named(name, 1_999)).send();
    let changed = guarded("\"1\"", "Armchair").await.expect(200);
    guarded("\"1\"", "Armchair").await.replays(&changed);
    let stale = guarded("\"1\"", "Stool").await.problem(412, "version_mismatch");
    assert_eq!(stale.at("/current_version"), 2);
    let absent = shop.admin.put("/api/v1/products/NEW").if_match("\"1\"").json(&named("N", 1)).send().await;
    assert_eq!(absent.problem(412, "version_mismatch").at("/current_version"), 0);
    shop.admin.get("/api/v1/products/NEW").await.problem(404, "not_found");
    shop.close().await;
}

/// Whoever makes a product under a code that is taken changes nothing, and their own repetition is answered as the first was.
#[tokio::test]
async fn if_none_match_makes_and_changes_nothing() {
    let shop = Shop::open().await;
    let only_new = |key: &str, name: &str| {
        let call = shop.admin.put("/api/v1/products/A").header("if-none-match", "*").json(&named(name, 1_999));
        if key.is_empty() { call.send() } else { call.header("idempotency-key", key).send() }
    };
    let first = only_new("k1", "Chair").await.expect(201);
    let taken = only_new("k2", "Stool").await.problem(412, "product_exists");
    assert_eq!(taken.at("/current_version"), 1);
    only_new("k2", "Stool").await.replays(&taken);
    only_new("", "Chair").await.problem(412, "product_exists");
    put(&shop, "Armchair").await.expect(200);
    only_new("k1", "Chair").await.replays(&first);
    assert_eq!(shop.admin.get("/api/v1/products/A").await.str("/name"), "Armchair");
    let plain = shop.admin.put("/api/v1/products/A").header("idempotency-key", "k1").json(&named("Chair", 1_999));
    plain.send().await.problem(422, "idempotency_key_reused");

    let both = |sku: &str, tag: &str| {
        let call = shop.admin.put(&format!("/api/v1/products/{sku}")).header("if-none-match", "*");
        call.if_match(tag).json(&named("N", 1)).send()
    };
    both("A", "\"2\"").await.problem(412, "product_exists");
    // A tag matches nothing where nothing is.
    for tag in ["\"0\"", "\"abc\""] {
        both("NEW", tag).await.problem(412, "version_mismatch");
    }
    for strange in ["\"2\"", "*, \"2\"", "", "\u{fc}"] {
        let call = shop.admin.put("/api/v1/products/NEW").header("if-none-match", strange);
        call.json(&named("N", 1)).send().await.problem(400, "if_match_invalid");
    }
    shop.admin.get("/api/v1/products/NEW").await.problem(404, "not_found");
    shop.close().await;
}

#[tokio::test]
async fn codes_of_every_spelling() {
    let shop = Shop::open().await;
    // Two codes that differ only in case are two products, as in real catalogues.
    for (sku, path) in [
        ("85123A", "85123A"),
        ("85123a", "85123a"),
        ("BANK CHARGES", "BANK%20CHARGES"),
        ("a/b", "a%2Fb"),
        ("100%", "100%25"),
        ("椅子", "%E6%A4%85%E5%AD%90"),
        ("a?b#c", "a%3Fb%23c"),
        ("..", "%2E%2E"),
        ("a+b", "a%2Bb"),
    ] {
        let made = shop.admin.put(&format!("/api/v1/products/{path}")).json(&named(sku, 1)).send().await.expect(201);
        assert_eq!(made.str("/sku"), sku);
        let location = made.header("location").expect("a Location").to_owned();
        assert_eq!(shop.admin.get(&location).await.expect(200).str("/sku"), sku, "{location}");
        let moved = shop.admin.post(&format!("{location}/stock-movements"), &format!("m-{path}"));
        let moved = moved.json(&json!({"quantity": 1, "reason": "count"})).send().await.expect(201);
        assert_eq!(moved.at("/stock/on_hand"), 6);
    }
    let listed = shop.admin.get("/api/v1/products?limit=200").await.expect(200).at("/data");
    assert_eq!(listed.as_array().map(Vec::len), Some(9));
    shop.close().await;
}

#[tokio::test]
async fn stock_is_moved_by_hand_within_bounds() {
    let shop = Shop::open().await;
    put(&shop, "Chair").await.expect(201);
    let adjust = |key: &str, quantity: i64| {
        let call = shop.admin.post("/api/v1/products/A/stock-movements", key);
        call.json(&json!({"quantity": quantity, "reason": "delivery"})).send()
    };
    let moved = adjust("m1", 7).await.expect(201);
    insta::assert_snapshot!(moved.shown(), @r#"
    201 Created
    cache-control: no-store
    content-type: application/json
    idempotency-status: executed
    x-content-type-options: nosniff
    x-request-id: req_…

    {"movement_id":"mov_…","sku":"A","quantity":7,"reason":"delivery","stock":{"on_hand":12,"reserved":0,"available":12},"created_at":"<time>"}
    "#);
    adjust("m2", -13).await.problem(409, "stock_insufficient");
    adjust("m3", -12).await.expect(201);
    assert_eq!(shop.stock("A").await, [0, 0, 0]);
    let missing = shop.admin.post("/api/v1/products/NONE/stock-movements", "m4");
    missing.json(&json!({"quantity": 1, "reason": "r"})).send().await.problem(404, "not_found");
    shop.close().await;
}
