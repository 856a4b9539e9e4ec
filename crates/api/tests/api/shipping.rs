//! Owns parcels over HTTP: versions that are named, late retries that change nothing, an order's whole history.

use serde_json::{Value, json};

use crate::harness::{Answer, Call, Shop, order_of};

/// A paid order of three of one product and two of another, at version 2, and its path.
async fn paid() -> (Shop, String) {
    let shop = Shop::open().await;
    shop.product("A", 0, 9).await;
    shop.product("B", 0, 9).await;
    let order = shop.admin.place("place", &order_of(&[("A", 3), ("B", 2)])).await.expect(201);
    assert_eq!((order.str("/status").as_str(), order.header("etag")), ("paid", Some("\"2\"")));
    let path = format!("/api/v1/orders/{}", order.order_no());
    (shop, path)
}

fn parcel(tracking_no: &str) -> Value {
    json!({"carrier": "SF", "tracking_no": tracking_no})
}

fn part(tracking_no: &str, lines: &[(u32, i64)]) -> Value {
    let lines: Vec<_> = lines.iter().map(|(line, quantity)| json!({"line": line, "quantity": quantity})).collect();
    json!({"carrier": "SF", "tracking_no": tracking_no, "lines": lines})
}

fn ship(shop: &Shop, path: &str, key: &str) -> Call {
    shop.admin.post(&format!("{path}/ship"), key)
}

async fn correct(shop: &Shop, path: &str, tag: &str, tracking_no: &str) -> Answer {
    shop.admin.put(&format!("{path}/shipment")).if_match(tag).json(&parcel(tracking_no)).send().await
}

/// The story that If-Match is there for: 666 is corrected to 888, then the retry of 666 arrives.
#[tokio::test]
async fn a_late_retry_of_666_does_not_undo_888() {
    let (shop, path) = paid().await;
    ship(&shop, &path, "s1").if_match("\"2\"").json(&parcel("111")).send().await.expect(200);
    let six = correct(&shop, &path, "\"3\"", "666").await.expect(200);
    assert_eq!((six.header("etag"), six.str("/shipments/0/tracking_no").as_str()), (Some("\"4\""), "666"));
    let eight = correct(&shop, &path, "\"4\"", "888").await.expect(200);
    assert_eq!(eight.header("etag"), Some("\"5\""));
    correct(&shop, &path, "\"3\"", "666").await.replays(&six);
    let now = shop.admin.get(&path).await.expect(200);
    assert_eq!(now.str("/shipments/0/tracking_no"), "888", "the retry was answered, not applied");
    // The same wish under a key of its own, made for a version that is gone.
    let put = shop.admin.put(&format!("{path}/shipment")).header("idempotency-key", "late").if_match("\"3\"");
    let stale = put.clone().json(&parcel("666")).send().await.problem(412, "version_mismatch");
    assert_eq!(stale.at("/current_version"), 5);
    insta::assert_snapshot!(stale.shown(), @r#"
    412 Precondition Failed
    cache-control: no-store
    content-type: application/problem+json
    idempotency-status: executed
    x-content-type-options: nosniff
    x-request-id: req_…

    {"type":"/problems/version_mismatch","title":"The object has changed","status":412,"code":"version_mismatch","detail":"the order ord_… has version 5, not the one that If-Match names","request_id":"req_…","current_version":5}
    "#);
    put.json(&parcel("666")).send().await.replays(&stale);
    assert_eq!(shop.admin.get(&path).await.expect(200).json(), now.json());
    shop.close().await;
}

#[tokio::test]
async fn without_if_match_nothing_is_stored_under_the_key() {
    let (shop, path) = paid().await;
    let missing = ship(&shop, &path, "s1").json(&parcel("1")).send().await.problem(428, "precondition_required");
    insta::assert_snapshot!(missing.shown(), @r#"
    428 Precondition Required
    cache-control: no-store
    content-type: application/problem+json
    x-content-type-options: nosniff
    x-request-id: req_…

    {"type":"/problems/precondition_required","title":"If-Match is missing","status":428,"code":"precondition_required","detail":"send the header If-Match with the ETag of the order as you read it","request_id":"req_…"}
    "#);
    let put = shop.admin.put(&format!("{path}/shipment")).json(&parcel("1"));
    put.send().await.problem(428, "precondition_required");
    ship(&shop, &path, "s1").if_match("\"2\"").json(&parcel("1")).send().await.expect(200);
    shop.close().await;
}

#[tokio::test]
async fn a_key_is_looked_at_before_if_match() {
    let (shop, path) = paid().await;
    let first = ship(&shop, &path, "s1").if_match("\"2\"").json(&parcel("1")).send().await.expect(200);
    // The version has moved on by this very request: its retry is still answered as the first was.
    ship(&shop, &path, "s1").if_match("\"2\"").json(&parcel("1")).send().await.replays(&first);
    let other = ship(&shop, &path, "s1").if_match("\"3\"").json(&parcel("1")).send().await;
    other.problem(422, "idempotency_key_reused");
    shop.close().await;
}

#[tokio::test]
async fn what_is_no_entity_tag() {
    let (shop, path) = paid().await;
    for tag in ["2", "*", "W/\"2\"", "\"2\", \"3\"", "\"2", "2\"", "", "\"\"2\"\"", "\"2\"x", "\u{fc}"] {
        let answer = ship(&shop, &path, "s1").if_match(tag).json(&parcel("1")).send().await;
        answer.problem(400, "if_match_invalid");
    }
    let twice = ship(&shop, &path, "s1").if_match("\"2\"").if_match("\"2\"").json(&parcel("1")).send().await;
    twice.problem(400, "if_match_invalid");
    for tag in ["\"\"", "\"0\"", "\"-1\"", "\"3\"", "\"4294967296\"", "\"abc\""] {
        let answer =
            ship(&shop, &path, &format!("k{}", tag.trim_matches('"'))).if_match(tag).json(&parcel("1")).send().await;
        answer.problem(412, "version_mismatch");
    }
    shop.close().await;
}

#[tokio::test]
async fn an_order_is_sent_in_two_parcels_and_received() {
    let (shop, path) = paid().await;
    let first = ship(&shop, &path, "s1").if_match("\"2\"").json(&part("1", &[(1, 2)])).send().await.expect(200);
    assert_eq!((first.str("/status").as_str(), first.str("/fulfillment_status").as_str()), ("paid", "partial"));
    let too_many = ship(&shop, &path, "s2").if_match("\"3\"").json(&part("2", &[(1, 2)])).send().await;
    let too_many = too_many.problem(409, "quantity_exceeds_unshipped");
    assert_eq!((too_many.at("/line"), too_many.at("/left")), (json!(1), json!(1)));
    let unknown = ship(&shop, &path, "s3").if_match("\"3\"").json(&part("2", &[(7, 1)])).send().await;
    unknown.problem(409, "line_not_found");
    let taken = ship(&shop, &path, "s4").if_match("\"3\"").json(&part("1", &[(2, 1)])).send().await;
    taken.problem(409, "tracking_no_taken");
    shop.admin.post(&format!("{path}/receive"), "early").send().await.problem(409, "invalid_transition");
    let rest = ship(&shop, &path, "s5").if_match("\"3\"").json(&parcel("2")).send().await.expect(200);
    assert_eq!(rest.at("/shipments/1/lines"), json!([{"line": 1, "quantity": 1}, {"line": 2, "quantity": 2}]));
    assert_eq!((rest.str("/status").as_str(), rest.str("/fulfillment_status").as_str()), ("shipped", "shipped"));
    correct(&shop, &path, "\"4\"", "22").await.expect(200);
    let received = shop.admin.post(&format!("{path}/receive"), "r1").text("{}").send().await.expect(200);
    assert_eq!(
        (received.str("/status").as_str(), received.str("/fulfillment_status").as_str()),
        ("completed", "received")
    );
    insta::assert_snapshot!(received.shown(), @r#"
    200 OK
    cache-control: no-store
    content-type: application/json
    etag: "6"
    idempotency-status: executed
    x-content-type-options: nosniff
    x-request-id: req_…

    {"order_no":"ord_…","status":"completed","payment_status":"paid","fulfillment_status":"received","version":6,"customer_id":"c-1","lines":[{"line":1,"sku":"A","name":"Product A","quantity":3,"unit_price":{"amount":0,"currency":"CNY"},"total":{"amount":0,"currency":"CNY"}},{"line":2,"sku":"B","name":"Product B","quantity":2,"unit_price":{"amount":0,"currency":"CNY"},"total":{"amount":0,"currency":"CNY"}}],"total":{"amount":0,"currency":"CNY"},"note":null,"created_at":"<time>","updated_at":"<time>","expires_at":"<time>","close_reason":null,"shipments":[{"shipment_id":"shp_…","carrier":"SF","tracking_no":"1","lines":[{"line":1,"quantity":2}],"shipped_at":"<time>"},{"shipment_id":"shp_…","carrier":"SF","tracking_no":"22","lines":[{"line":1,"quantity":1},{"line":2,"quantity":2}],"shipped_at":"<time>"}]}
    "#);
    let history = shop.admin.get(&format!("{path}/history")).await.expect(200);
    insta::assert_snapshot!(history.shown().replace("},{", "},\n{"), @r#"
    200 OK
    cache-control: no-store
    content-type: application/json
    x-content-type-options: nosniff
    x-request-id: req_…

    [{"version":1,"event":"place","from":null,"to":"pending_payment","at":"<time>","actor":"service:admin","key":"place"},
    {"version":2,"event":"pay","from":"pending_payment","to":"paid","at":"<time>","actor":"service:admin","key":"place"},
    {"version":3,"event":"ship_part","from":"paid","to":"paid","at":"<time>","actor":"service:admin","key":"s1"},
    {"version":4,"event":"ship_all","from":"paid","to":"shipped","at":"<time>","actor":"service:admin","key":"s5"},
    {"version":5,"event":"correct_shipment","from":"shipped","to":"shipped","at":"<time>","actor":"service:admin","key":"put:…"},
    {"version":6,"event":"receive","from":"shipped","to":"completed","at":"<time>","actor":"service:admin","key":"r1"}]
    "#);
    assert_eq!(shop.stock("A").await, [6, 0, 6]);
    shop.close().await;
}

/// A carrier's integration that lost its key sends the same parcel again.
#[tokio::test]
async fn the_same_parcel_under_a_new_key_is_one_parcel() {
    let (shop, path) = paid().await;
    ship(&shop, &path, "s1").if_match("\"2\"").json(&part("1", &[(1, 2)])).send().await.expect(200);
    let again = ship(&shop, &path, "s2").if_match("\"2\"").json(&part("1", &[(1, 2)])).send().await.expect(200);
    assert_eq!(again.at("/shipments").as_array().map(Vec::len), Some(1));
    assert_eq!(again.header("etag"), Some("\"3\""));
    shop.close().await;
}

#[tokio::test]
async fn an_unpaid_order_is_not_sent() {
    let shop = Shop::open().await;
    shop.product("A", 1_999, 9).await;
    let order_no = shop.admin.place("k1", &order_of(&[("A", 1)])).await.expect(201).order_no();
    let path = format!("/api/v1/orders/{order_no}");
    let refused = ship(&shop, &path, "s1").if_match("\"1\"").json(&parcel("1")).send().await;
    let refused = refused.problem(409, "invalid_transition");
    assert_eq!((refused.str("/from").as_str(), refused.str("/event").as_str()), ("pending_payment", "ship_all"));
    correct(&shop, &path, "\"1\"", "2").await.problem(409, "invalid_transition");
    shop.pay(&order_no, 1_999).await;
    correct(&shop, &path, "\"2\"", "2").await.problem(409, "no_shipment");
    shop.close().await;
}
