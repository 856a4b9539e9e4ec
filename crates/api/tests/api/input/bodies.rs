//! Owns bodies that are not as they must be: a table of them, each with its status, code and place.

use serde_json::{Value, json};

use crate::harness::{Shop, order_of};

const ORDERS: &str = "/api/v1/orders";
const MOVES: &str = "/api/v1/products/A/stock-movements";
const PRODUCT: &str = "/api/v1/products/NEW";
/// A well-formed number that no order has.
const CANCEL: &str = "/api/v1/orders/ord_01JD8Q7V0EFXXR6D2J1Q5Z9K3M/cancel";
const SHIP: &str = "/api/v1/orders/ord_01JD8Q7V0EFXXR6D2J1Q5Z9K3M/ship";
const SHIPMENT: &str = "/api/v1/orders/ord_01JD8Q7V0EFXXR6D2J1Q5Z9K3M/shipment";
const RECEIVE: &str = "/api/v1/orders/ord_01JD8Q7V0EFXXR6D2J1Q5Z9K3M/receive";

/// Path, body, and what is wrong: the pointer and code of the first wrong place.
const INVALID: &[(&str, &str, &str, &str)] = &[
    (ORDERS, "{}", "", "missing_member"),
    (ORDERS, "[]", "", "wrong_type"),
    (ORDERS, r#"[null,"c",[{"sku":"A","quantity":1}],null]"#, "", "wrong_type"),
    (ORDERS, r#"{"customer_id":"c","lines":[["A",1,null]]}"#, "/lines/0", "wrong_type"),
    (PRODUCT, r#"{"name":"n","price":[1,"CNY"]}"#, "/price", "wrong_type"),
    (MOVES, r#"[1,"r"]"#, "", "wrong_type"),
    (CANCEL, r#"["customer"]"#, "", "wrong_type"),
    (ORDERS, "null", "", "wrong_type"),
    (ORDERS, "\"order\"", "", "wrong_type"),
    (ORDERS, "7", "", "wrong_type"),
    (ORDERS, r#"{"customer_id":"c"}"#, "", "missing_member"),
    (ORDERS, r#"{"customer_id":"c","lines":[]}"#, "/lines", "out_of_range"),
    (ORDERS, r#"{"customer_id":"c","lines":null}"#, "/lines", "wrong_type"),
    (ORDERS, r#"{"customer_id":"c","lines":{}}"#, "/lines", "wrong_type"),
    (ORDERS, r#"{"customer_id":"c","lines":[null]}"#, "/lines/0", "wrong_type"),
    (ORDERS, r#"{"customer_id":7,"lines":[{"sku":"A","quantity":1}]}"#, "/customer_id", "wrong_type"),
    (ORDERS, r#"{"customer_id":"","lines":[{"sku":"A","quantity":1}]}"#, "/customer_id", "empty"),
    (ORDERS, r#"{"customer_id":" c","lines":[{"sku":"A","quantity":1}]}"#, "/customer_id", "invalid_characters"),
    (ORDERS, r#"{"customer_id":"c\u0000","lines":[{"sku":"A","quantity":1}]}"#, "/customer_id", "invalid_characters"),
    (ORDERS, r#"{"customer_id":"c","extra":1,"lines":[{"sku":"A","quantity":1}]}"#, "/extra", "unknown_member"),
    (ORDERS, r#"{"customer_id":"c","tenant":"t","lines":[{"sku":"A","quantity":1}]}"#, "/tenant", "unknown_member"),
    (ORDERS, r#"{"customer_id":"c","lines":[{"sku":"A","quantity":1,"total":1}]}"#, "/lines/0/total", "unknown_member"),
    (ORDERS, r#"{"customer_id":"c","lines":[{"sku":"A"}]}"#, "/lines/0", "missing_member"),
    (ORDERS, r#"{"customer_id":"c","lines":[{"sku":"A","quantity":0}]}"#, "/lines/0/quantity", "out_of_range"),
    (ORDERS, r#"{"customer_id":"c","lines":[{"sku":"A","quantity":-1}]}"#, "/lines/0/quantity", "out_of_range"),
    (ORDERS, r#"{"customer_id":"c","lines":[{"sku":"A","quantity":1000000001}]}"#, "/lines/0/quantity", "out_of_range"),
    (
        ORDERS,
        r#"{"customer_id":"c","lines":[{"sku":"A","quantity":9223372036854775808}]}"#,
        "/lines/0/quantity",
        "out_of_range",
    ),
    (ORDERS, r#"{"customer_id":"c","lines":[{"sku":"A","quantity":1e30}]}"#, "/lines/0/quantity", "wrong_type"),
    (ORDERS, r#"{"customer_id":"c","lines":[{"sku":"A","quantity":1.5}]}"#, "/lines/0/quantity", "wrong_type"),
    (ORDERS, r#"{"customer_id":"c","lines":[{"sku":"A","quantity":"1"}]}"#, "/lines/0/quantity", "wrong_type"),
    (ORDERS, r#"{"customer_id":"c","lines":[{"sku":"A","quantity":true}]}"#, "/lines/0/quantity", "wrong_type"),
    (
        ORDERS,
        r#"{"customer_id":"c","lines":[{"sku":"A","quantity":1},{"sku":"","quantity":1}]}"#,
        "/lines/1/sku",
        "empty",
    ),
    (ORDERS, r#"{"customer_id":"c","lines":[{"sku":"A\u0000","quantity":1}]}"#, "/lines/0/sku", "invalid_characters"),
    (ORDERS, r#"{"customer_id":"c","note":"","lines":[{"sku":"A","quantity":1}]}"#, "/note", "empty"),
    (ORDERS, r#"{"customer_id":"c","order_no":"1","lines":[{"sku":"A","quantity":1}]}"#, "/order_no", "invalid"),
    (
        ORDERS,
        r#"{"customer_id":"c","lines":[{"sku":"A","quantity":1,"unit_price":5}]}"#,
        "/lines/0/unit_price",
        "wrong_type",
    ),
    (
        ORDERS,
        r#"{"customer_id":"c","lines":[{"sku":"A","quantity":1,"unit_price":{"amount":-1,"currency":"CNY"}}]}"#,
        "/lines/0/unit_price/amount",
        "out_of_range",
    ),
    (
        ORDERS,
        r#"{"customer_id":"c","lines":[{"sku":"A","quantity":1,"unit_price":{"amount":1,"currency":"RMB"}}]}"#,
        "/lines/0/unit_price/currency",
        "unknown_value",
    ),
    (
        ORDERS,
        r#"{"customer_id":"c","lines":[{"sku":"A","quantity":1,"unit_price":{"amount":1,"currency":"CNY"}},{"sku":"A","quantity":1,"unit_price":{"amount":1,"currency":"USD"}}]}"#,
        "/lines/1/unit_price/currency",
        "currency_mixed",
    ),
    (MOVES, r#"{"quantity":1e999999999,"reason":"r"}"#, "/quantity", "out_of_range"),
    (MOVES, r#"{"quantity":1e-999999999,"reason":"r"}"#, "/quantity", "wrong_type"),
    (MOVES, r#"{"quantity":0,"reason":"r"}"#, "/quantity", "out_of_range"),
    (MOVES, r#"{"quantity":-9223372036854775808,"reason":"r"}"#, "/quantity", "out_of_range"),
    (MOVES, r#"{"quantity":1,"reason":""}"#, "/reason", "empty"),
    (MOVES, r#"{"quantity":1,"reason":"a\u0007"}"#, "/reason", "invalid_characters"),
    (PRODUCT, r#"{"name":"","price":{"amount":1,"currency":"CNY"}}"#, "/name", "empty"),
    (PRODUCT, r#"{"name":"n","price":{"amount":-1,"currency":"CNY"}}"#, "/price/amount", "out_of_range"),
    (PRODUCT, r#"{"name":"n","price":{"amount":1.1,"currency":"CNY"}}"#, "/price/amount", "wrong_type"),
    (PRODUCT, r#"{"name":"n","price":{"amount":1,"currency":"cny"}}"#, "/price/currency", "unknown_value"),
    (
        PRODUCT,
        r#"{"name":"n","price":{"amount":1,"currency":"CNY"},"initial_stock":-1}"#,
        "/initial_stock",
        "out_of_range",
    ),
    (PRODUCT, r#"{"name":"n","price":"19.99"}"#, "/price", "wrong_type"),
    (CANCEL, r#"{"reason":"timeout"}"#, "/reason", "unknown_value"),
    (CANCEL, "{}", "", "missing_member"),
    (SHIP, r#"{"carrier":"SF","tracking_no":" 1"}"#, "/tracking_no", "invalid_characters"),
    (SHIP, r#"{"carrier":"SF","tracking_no":"1","lines":[]}"#, "/lines", "out_of_range"),
    (
        SHIP,
        r#"{"carrier":"SF","tracking_no":"1","lines":[{"line":1,"quantity":0}]}"#,
        "/lines/0/quantity",
        "out_of_range",
    ),
    (SHIP, r#"{"carrier":"SF","tracking_no":"1","lines":[{"line":-1,"quantity":1}]}"#, "/lines/0/line", "out_of_range"),
    (
        SHIP,
        r#"{"carrier":"SF","tracking_no":"1","lines":[{"line":1,"quantity":1},{"line":1,"quantity":1}]}"#,
        "/lines/1/line",
        "repeated",
    ),
    (SHIPMENT, r#"{"carrier":"","tracking_no":"1"}"#, "/carrier", "empty"),
    (RECEIVE, r#"{"at":"now"}"#, "/at", "unknown_member"),
];

async fn send(shop: &Shop, path: &str, body: impl Into<bytes::Bytes>) -> crate::harness::Answer {
    let put = path == PRODUCT || path == SHIPMENT;
    let call = if put { shop.admin.put(path) } else { shop.admin.call(http::Method::POST, path) };
    let call = call.header("idempotency-key", "k1").header("content-type", "application/json").body(body);
    let call = if path == SHIP || path == SHIPMENT { call.if_match("\"1\"") } else { call };
    call.send().await
}

#[tokio::test]
async fn every_wrong_member_is_named() {
    let shop = Shop::open().await;
    shop.product("A", 1_999, 9).await;
    let loads = shop.faults.loads();
    let mut wrong = Vec::new();
    for (path, body, pointer, code) in INVALID {
        let answer = send(&shop, path, *body).await.problem(422, "validation_failed");
        let found = (answer.str("/errors/0/pointer"), answer.str("/errors/0/code"));
        if (found.0.as_str(), found.1.as_str()) != (*pointer, *code) {
            wrong.push(format!("{path} {body}: {found:?}, not {:?}", (pointer, code)));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert_eq!(shop.faults.loads(), loads, "bad input does not reach the store");
    shop.close().await;
}

#[tokio::test]
async fn several_wrong_places_are_told_at_once() {
    let shop = Shop::open().await;
    let body = r#"{"customer_id":"","note":"\u0001","lines":[{"sku":" A","quantity":0}]}"#;
    let answer = send(&shop, ORDERS, body).await.problem(422, "validation_failed");
    insta::assert_snapshot!(answer.shown(), @r#"
    422 Unprocessable Entity
    cache-control: no-store
    content-type: application/problem+json
    x-content-type-options: nosniff
    x-request-id: req_…

    {"type":"/problems/validation_failed","title":"The input can never be right","status":422,"code":"validation_failed","detail":"4 members of the body are not as they must be","request_id":"req_…","errors":[{"code":"empty","message":"customer_id is empty","pointer":"/customer_id"},{"code":"invalid_characters","message":"note holds a control character","pointer":"/note"},{"code":"invalid_characters","message":"sku begins or ends with a blank","pointer":"/lines/0/sku"},{"code":"out_of_range","message":"0 is not between 1 and 1000000000","pointer":"/lines/0/quantity"}]}
    "#);
    let lines: Vec<_> = (0..2_000).map(|_| json!({"sku": "", "quantity": 0})).collect();
    let answer = send(&shop, ORDERS, json!({"customer_id": "c", "lines": lines}).to_string()).await;
    let answer = answer.problem(422, "validation_failed");
    assert_eq!(answer.at("/errors").as_array().map(Vec::len), Some(50), "an answer is bounded");
    shop.close().await;
}

#[tokio::test]
async fn what_is_no_json() {
    let shop = Shop::open().await;
    let deep = format!("{}{}", "[".repeat(10_000), "]".repeat(10_000));
    let deep_objects = format!("{}1{}", r#"{"a":"#.repeat(65), "}".repeat(65));
    let bodies: &[&[u8]] = &[
        b"{",
        b"}",
        b"{\"customer_id\":",
        b"customer_id=c",
        b"<order/>",
        b"{'customer_id':'c'}",
        b"{\"a\":1,}",
        b"\0",
        b"{\"a\":\"\0\"}",
        b"{}\0",
        b"\xff\xfe{\0}\0",
        b"{\"a\":\"\xc3\x28\"}",
        b"\xef\xbb\xbf{}",
        b"{} {}",
        b"NaN",
        b"{\"a\":Infinity}",
        b"{\"a\":01}",
        b"{\"a\":\"\\ud800\"}",
        b"{\"a\":1,\"a\":1}",
        b"   ",
        deep.as_bytes(),
        deep_objects.as_bytes(),
    ];
    for path in [ORDERS, MOVES, PRODUCT, CANCEL, SHIP, SHIPMENT, RECEIVE] {
        for body in bodies {
            let answer = send(&shop, path, body.to_vec()).await;
            assert_eq!(answer.status, 400, "{path} {:?}: {}", String::from_utf8_lossy(body), answer.shown());
            answer.problem(400, "body_malformed");
        }
        if path != RECEIVE {
            send(&shop, path, "").await.problem(400, "body_malformed");
        }
    }
    shop.close().await;
}

#[tokio::test]
async fn media_types_and_codings() {
    let shop = Shop::open().await;
    shop.product("A", 1_999, 99).await;
    let order = order_of(&[("A", 1)]).to_string();
    let send = |key: &str, headers: &[(&str, &str)]| {
        let call = shop.admin.post(ORDERS, key).body(order.clone());
        headers.iter().fold(call, |call, (name, value)| call.header(name, value)).send()
    };
    let json = ("content-type", "application/json");
    for headers in [
        &[] as &[(&str, &str)],
        &[("content-type", "")],
        &[("content-type", "text/plain")],
        &[("content-type", "application/x-www-form-urlencoded")],
        &[("content-type", "application/jsonp")],
        &[("content-type", "application/problem+json")],
        &[json, ("content-encoding", "gzip")],
        &[json, ("content-encoding", "br")],
        &[json, ("content-encoding", "identity, gzip")],
    ] {
        send("k1", headers).await.problem(415, "content_type_unsupported");
    }
    for (key, headers) in [
        ("k1", &[json] as &[(&str, &str)]),
        ("k2", &[("content-type", "application/json; charset=utf-8")]),
        ("k3", &[("content-type", "Application/JSON")]),
        ("k4", &[json, ("content-encoding", "identity")]),
    ] {
        send(key, headers).await.expect(201);
    }
    shop.close().await;
}

#[tokio::test]
async fn two_thousand_lines_are_an_order_and_one_more_is_not() {
    let shop = Shop::open().await;
    shop.product("A", 3, 5_000).await;
    let lines = |count| order_of(&vec![("A", 1); count]);
    let refused = shop.admin.place("k1", &lines(2_001)).await.problem(422, "validation_failed");
    assert_eq!(refused.str("/errors/0/pointer"), "/lines");
    let placed = shop.admin.place("k1", &lines(2_000)).await.expect(201);
    assert_eq!(placed.at("/total/amount"), 6_000);
    shop.admin.place("k1", &lines(2_000)).await.replays(&placed);
    assert_eq!(shop.stock("A").await, [5_000, 2_000, 3_000]);
    shop.close().await;
}

/// What can be right for some state, and is not for this one.
#[tokio::test]
async fn refusals_by_state() {
    let shop = Shop::open().await;
    shop.product("A", 1_999, 9).await;
    shop.product("DEAR", i64::MAX, 9).await;
    let usd = json!({"name": "US", "price": {"amount": 1, "currency": "USD"}, "initial_stock": 9});
    shop.admin.put("/api/v1/products/US").json(&usd).send().await.expect(201);
    let priced = |currency: &str| json!({"customer_id": "c", "lines": [{"sku": "A", "quantity": 1, "unit_price": {"amount": 1, "currency": currency}}]});
    let cases: [(Value, &str); 6] = [
        (order_of(&[("NONE", 1), ("A", 1), ("NONE", 2)]), "product_not_found"),
        (order_of(&[("A", 1), ("US", 1)]), "currency_mismatch"),
        (priced("USD"), "currency_mismatch"),
        (order_of(&[("DEAR", 2)]), "total_too_large"),
        (order_of(&[("DEAR", 1), ("A", 1)]), "total_too_large"),
        (order_of(&[("A", 1_000_000_000), ("A", 1_000_000_000)]), "stock_insufficient"),
    ];
    for (index, (body, code)) in cases.into_iter().enumerate() {
        let key = format!("k{index}");
        let first = shop.admin.place(&key, &body).await.problem(409, code);
        shop.admin.place(&key, &body).await.replays(&first);
    }
    let huge = json!({"quantity": 1_000_000_000_000_000_i64, "reason": "r"});
    let moved = shop.admin.post(MOVES, "huge").json(&huge).send().await;
    assert!(matches!(moved.status, 409 | 422), "{}", moved.shown());
    moved.well_formed_problem();
    shop.admin.place("own-price", &priced("CNY")).await.expect(201);
    assert_eq!(shop.stock("A").await, [9, 1, 8]);
    shop.close().await;
}
