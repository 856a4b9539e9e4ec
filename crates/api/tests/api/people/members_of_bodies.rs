//! Owns that nobody says more in a body than the contract lets them: to every body, and to every object in it, members are
//! added that somebody might hope for. The bodies are made from the document, so a new route is asked without a word here.

use std::collections::BTreeSet;

use http::Method;
use serde_json::{Map, Value, json};

use super::matrix::filled;
use super::somebody;
use crate::harness::Shop;

/// What somebody might hope to say of a thing, of themselves or of others.
const HOPED_FOR: [(&str, &str); 12] = [
    ("role", r#""admin""#),
    ("tenant", r#""default""#),
    ("tenant_id", r#""ten_01JD8Q7V0EFXXR6D2J1Q5Z9K3M""#),
    ("principal", "1"),
    ("person_id", r#""per_01JD8Q7V0EFXXR6D2J1Q5Z9K3M""#),
    ("kind", r#""staff""#),
    ("status", r#""paid""#),
    ("price", r#"{"amount":0,"currency":"CNY"}"#),
    ("total", r#"{"amount":0,"currency":"CNY"}"#),
    ("version", "1"),
    ("created_at", r#""2020-01-01T00:00:00Z""#),
    ("__proto__", r#"{"role":"admin"}"#),
];

struct Document(Value);

impl Document {
    fn new() -> Self {
        Self(serde_json::from_str(&api::openapi::text()).expect("the document is JSON"))
    }

    /// The schema itself, behind references and among what may be null.
    fn resolved<'a>(&'a self, schema: &'a Value) -> &'a Value {
        if let Some(place) = schema["$ref"].as_str() {
            return self.resolved(self.0.pointer(place.trim_start_matches('#')).expect("a reference leads somewhere"));
        }
        let one = schema["oneOf"].as_array().and_then(|several| several.iter().find(|one| one["type"] != "null"));
        one.map_or(schema, |one| self.resolved(one))
    }

    /// A value of the schema, with every member that there can be, and the places of the objects in it.
    fn sample(&self, schema: &Value, place: &str, objects: &mut Vec<(String, BTreeSet<String>)>) -> Value {
        let schema = self.resolved(schema);
        if let Some(members) = schema["properties"].as_object() {
            assert_eq!(schema["additionalProperties"], false, "{place}: an object of a request takes no other member");
            objects.push((place.to_owned(), members.keys().cloned().collect()));
            let each = members
                .iter()
                .map(|(name, member)| (name.clone(), self.sample(member, &format!("{place}/{name}"), objects)));
            return Value::Object(each.collect::<Map<_, _>>());
        }
        let kind = match &schema["type"] {
            Value::Array(several) => several.iter().find(|one| **one != "null").cloned().unwrap_or_default(),
            one => one.clone(),
        };
        match kind.as_str().unwrap_or_default() {
            "array" => json!([self.sample(&schema["items"], &format!("{place}/0"), objects)]),
            "integer" => json!(1),
            "boolean" => json!(true),
            "object" => json!({}),
            _ => schema["enum"].as_array().map_or_else(|| json!("CNY"), |words| words[0].clone()),
        }
    }
}

/// Mass assignment (OWASP API Security 2023, API3): every member that is not in the contract is refused, wherever it stands,
/// and before anything is done.
#[tokio::test]
async fn no_body_takes_a_member_that_is_not_in_the_contract() {
    let shop = Shop::open().await;
    let person = somebody(&shop, "admin-1", "admin").await;
    let document = Document::new();
    let mut asked = 0;
    for (path, item) in document.0["paths"].as_object().expect("the document has paths") {
        for (method, operation) in item.as_object().expect("a path has operations") {
            let schema = &operation["requestBody"]["content"]["application/json"]["schema"];
            if schema.is_null() {
                continue;
            }
            // People prove more than keys; of a key as much is asked everywhere.
            let line =
                api::lines().into_iter().find(|line| line.path == path && line.method.eq_ignore_ascii_case(method));
            let is_for_people = line.is_some_and(|line| line.access == api::Access::Session);
            let client = if is_for_people { &person } else { &shop.admin };
            let mut objects = Vec::new();
            let body = document.sample(schema, "", &mut objects);
            for (place, known) in &objects {
                for (name, value) in HOPED_FOR.into_iter().filter(|(name, _)| !known.contains(*name)) {
                    let mut body = body.clone();
                    let object = body.pointer_mut(place).expect("the object is there");
                    object[name] = serde_json::from_str(value).expect("JSON");
                    let method = Method::from_bytes(method.to_uppercase().as_bytes()).expect("a method");
                    let call = client.call(method.clone(), &filled(path)).json(&body).if_match("\"1\"");
                    let answer = call.header("idempotency-key", format!("k{asked}")).send().await;
                    let problem = answer.problem(422, "validation_failed");
                    let error = &problem.json()["errors"][0];
                    assert_eq!(error["code"], "unknown_member", "{method} {path} {place}/{name}: {error}");
                    assert_eq!(error["pointer"], format!("{place}/{name}"), "{method} {path}");
                    asked += 1;
                }
            }
        }
    }
    assert!(asked > 200, "only {asked} were asked");
    shop.close().await;
}
