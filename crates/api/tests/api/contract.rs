//! Owns the OpenAPI document: it is served, it names every route of the contract, and what it says of each is true.
//! That each answer has a status which the document names is asserted by the client of these tests, at every call.

use std::collections::BTreeSet;

use api::Access;
use serde_json::{Value, json};

use crate::harness::{Shop, order_of};

fn document() -> Value {
    serde_json::from_str(&api::openapi::text()).expect("the document is JSON")
}

/// Each operation with its method and path.
fn operations(document: &Value) -> Vec<(String, Value)> {
    let paths = document["paths"].as_object().expect("the document has paths");
    let each = paths.iter().flat_map(|(path, item)| {
        let item = item.as_object().expect("a path has operations");
        item.iter().map(move |(method, operation)| (format!("{} {path}", method.to_uppercase()), operation.clone()))
    });
    each.collect()
}

#[tokio::test]
async fn the_document_is_served_and_names_every_route() {
    let shop = Shop::open().await;
    let served = shop.admin.nobody().get("/openapi.json").await.expect(200);
    assert_eq!(served.text(), api::openapi::text());
    let found: BTreeSet<_> = operations(&served.json()).into_iter().map(|(name, _)| name).collect();
    // Pages for people, and the document itself, are not described.
    let pages = ["/openapi.json", "/problems", "/problems/{code}"];
    let routes = api::lines().into_iter().filter(|line| !pages.contains(&line.path));
    assert_eq!(found, routes.map(|line| format!("{} {}", line.method, line.path)).collect());
    shop.close().await;
}

#[test]
fn every_business_route_names_what_can_go_wrong() {
    let document = document();
    for (name, operation) in operations(&document).into_iter().filter(|(name, _)| name.contains("/api/v1/")) {
        let responses = operation["responses"].as_object().expect("an operation has responses");
        for status in ["429", "500", "503"] {
            assert!(responses.contains_key(status), "{name} names no {status}");
        }
        for (status, response) in responses.iter().filter(|(status, _)| status.starts_with(['4', '5'])) {
            assert!(status.parse::<u16>().is_ok(), "{name}: {status} says too little");
            let response = response["$ref"].as_str().and_then(|place| document.pointer(place.trim_start_matches('#')));
            let problem = &response.expect("a problem that all share")["content"]["application/problem+json"];
            assert!(problem.is_object(), "{name} {status}");
        }
        let line = api::lines().into_iter().find(|line| format!("{} {}", line.method, line.path) == name);
        let access = line.expect("a described route is one").access;
        let security = match access {
            Access::Open => Value::Null,
            Access::Session => serde_json::json!([{"session": []}, {"browser": []}]),
            Access::May(_) | Access::Local(_) => serde_json::json!([{"api_key": []}, {"session": []}, {"browser": []}]),
        };
        assert_eq!(operation["security"], security, "{name}");
        let header = |wanted: &str| {
            let parameters = operation["parameters"].as_array().cloned().unwrap_or_default();
            parameters.into_iter().find(|parameter| parameter["name"] == wanted)
        };
        let key = header("Idempotency-Key");
        // A token is kept nowhere until it is used: issuing one changes nothing.
        // What people do with their own sessions is told by the session; a log-in's answer is kept nowhere.
        let changes = !name.starts_with("GET") && !name.ends_with("/tokens") && matches!(access, Access::May(_));
        // Who registers has no credential that would tell one wish from another; a key may.
        let may_have_key = changes || name.ends_with("/registrations");
        assert_eq!(key.is_some(), may_have_key, "{name}");
        let required = name.starts_with("POST") && changes && !name.ends_with("/order-numbers");
        assert_eq!(key.is_some_and(|key| key["required"] == true), required, "{name}");
        let guarded = name.ends_with("/ship") || name.ends_with("/shipment");
        assert_eq!(header("If-Match").is_some_and(|header| header["required"] == true), guarded, "{name}");
    }
}

#[test]
fn every_operation_has_a_name_of_its_own() {
    let document = document();
    let operations = operations(&document);
    let names: BTreeSet<_> = operations.iter().map(|(_, operation)| operation["operationId"].to_string()).collect();
    assert_eq!(names.len(), operations.len(), "{names:?}");
}

#[test]
fn what_stands_in_the_path_is_a_parameter_of_the_path_and_nothing_else_is() {
    for (name, operation) in operations(&document()) {
        let described = operation["parameters"].as_array().cloned().unwrap_or_default();
        let described = described.iter().filter(|parameter| parameter["in"] == "path");
        let described: BTreeSet<_> = described.filter_map(|parameter| parameter["name"].as_str()).collect();
        let (_, path) = name.split_once(' ').expect("a method and a path");
        let wanted = path.split('{').skip(1).filter_map(|rest| rest.split('}').next());
        assert_eq!(described, wanted.collect(), "{name}");
    }
}

#[test]
fn every_reference_leads_somewhere() {
    fn walk(value: &Value, document: &Value) {
        if let Some(reference) = value.get("$ref").and_then(Value::as_str) {
            assert!(document.pointer(reference.trim_start_matches('#')).is_some(), "{reference} leads nowhere");
        }
        match value {
            Value::Object(members) => members.values().for_each(|member| walk(member, document)),
            Value::Array(items) => items.iter().for_each(|item| walk(item, document)),
            _ => {}
        }
    }
    let document = document();
    walk(&document, &document);
}

/// The members of an object schema.
fn members(document: &Value, schema: &str) -> BTreeSet<String> {
    let properties = &document["components"]["schemas"][schema]["properties"];
    properties.as_object().unwrap_or_else(|| panic!("{schema} is no object")).keys().cloned().collect()
}

fn keys(value: &Value) -> BTreeSet<String> {
    value.as_object().expect("an object").keys().cloned().collect()
}

#[tokio::test]
async fn answers_have_the_members_that_the_document_names() {
    let shop = Shop::open().await;
    shop.product("A", 0, 9).await;
    let mut body = order_of(&[("A", 1)]);
    body["customer_id"] = json!(crate::people::add(&shop.admin, "anna", "shopper").await);
    let order = shop.admin.place("k1", &body).await.expect(201);
    let path = format!("/api/v1/orders/{}", order.order_no());
    let parcel = shop.admin.post(&format!("{path}/ship"), "s1").if_match("\"2\"");
    let shipped = parcel.text(r#"{"carrier":"SF","tracking_no":"1"}"#).send().await.expect(200).json();
    let document = document();
    let read = shop.admin.get(&path).await.expect(200).json();
    assert_eq!(keys(&read), members(&document, "Order"));
    // What is kept under a key names nobody.
    let kept: BTreeSet<_> = keys(&read).into_iter().filter(|member| member != "customer_name").collect();
    assert_eq!(keys(&shipped), kept);
    assert_eq!(keys(&shipped["lines"][0]), members(&document, "Line"));
    assert_eq!(keys(&shipped["shipments"][0]), members(&document, "Shipment"));
    let product = shop.admin.get("/api/v1/products/A").await.json();
    assert_eq!(keys(&product), members(&document, "Product"));
    assert_eq!(keys(&product["stock"]), members(&document, "Stock"));
    let history = shop.admin.get(&format!("{path}/history")).await.json();
    assert_eq!(keys(&history[0]), members(&document, "HistoryEntry"));
    shop.close().await;
}
