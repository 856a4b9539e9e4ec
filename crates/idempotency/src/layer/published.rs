//! Owns what clients and documents are told of the policies: the page at the well-known path, and an extension of OpenAPI.

use std::sync::Arc;

use axum::Router;
use axum::response::{IntoResponse as _, Response};
use axum::routing::get;
use http::{HeaderValue, header};
use serde_json::{Value, json};

use super::{Duplicates, Idempotency, Outage, Route, Syntax};
use crate::key;
use crate::problem::{self, Retry};

/// Where the policy of all routes is published.
pub const WELL_KNOWN: &str = "/.well-known/idempotency-policy";

impl Idempotency {
    /// A router with the page at [`WELL_KNOWN`]. It shows the routes that are set up when it is asked for.
    pub fn routes<S: Clone + Send + Sync + 'static>(&self) -> Router<S> {
        let idempotency = self.clone();
        Router::new().route(WELL_KNOWN, get(move || std::future::ready(page(&idempotency.policies()))))
    }

    /// The policies of all routes and the problems that they answer with, as they stand at [`WELL_KNOWN`].
    pub fn policies(&self) -> Value {
        let routes = self.house.routes();
        let routes: Vec<Value> = routes
            .iter()
            .map(|route| {
                let mut described = described(route);
                described["method"] = route.method.as_str().into();
                described["path"] = route.path.as_str().into();
                described
            })
            .collect();
        let problems: serde_json::Map<String, Value> = problem::LAYER
            .iter()
            .map(|kind| {
                let next = match kind.retry {
                    Retry::SameKey => "same-key",
                    Retry::NewKey => "new-key",
                    Retry::Correct => "correct-it",
                };
                let told = json!({
                    "status": kind.status, "title": kind.title, "explanation": kind.explanation, "next": next,
                });
                (kind.code.to_owned(), told)
            })
            .collect();
        json!({
            "header": "Idempotency-Key",
            "key": {"characters_max": key::LENGTH_MAX, "characters": "visible ASCII"},
            "status_header": "Idempotency-Status",
            "replayed_header": "Idempotent-Replayed",
            "routes": routes,
            "problems": problems,
        })
    }

    /// Puts `x-idempotency` and the header's parameter on each operation of an OpenAPI document that has a policy, and gives
    /// the routes that the document lacks.
    pub fn describe(&self, document: &mut Value) -> Vec<String> {
        let routes: Vec<Arc<Route>> = self.house.routes().clone();
        let mut lacking = Vec::new();
        for route in routes {
            let method = route.method.as_str().to_ascii_lowercase();
            let operation = document.get_mut("paths").and_then(|it| it.get_mut(&route.path)?.get_mut(&method));
            match operation.and_then(Value::as_object_mut) {
                Some(operation) => {
                    operation.insert("x-idempotency".to_owned(), described(&route));
                    let parameters = operation.entry("parameters").or_insert_with(|| json!([]));
                    if let Some(parameters) = parameters.as_array_mut() {
                        add_parameter(parameters, &route);
                    }
                }
                None => lacking.push(route.to_string()),
            }
        }
        lacking
    }
}

fn page(policies: &Value) -> Response {
    let mut response = policies.to_string().into_response();
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    response
}

fn add_parameter(parameters: &mut Vec<Value>, route: &Route) {
    let is_key = |it: &Value| {
        it["in"] == "header" && it["name"].as_str().is_some_and(|name| name.eq_ignore_ascii_case(key::HEADER))
    };
    if !parameters.iter().any(is_key) {
        parameters.push(json!({
            "name": "Idempotency-Key",
            "in": "header",
            "required": route.policy.required,
            "description": "A new random value for each wish, and the same value with every repetition of the request.",
            "schema": {"type": "string", "minLength": 1, "maxLength": key::LENGTH_MAX},
        }));
    }
}

fn described(route: &Route) -> Value {
    let policy = &route.policy;
    let duplicates = match policy.duplicates {
        Duplicates::Attach { wait } => json!({"mode": "attach", "wait_ms": millis(wait)}),
        Duplicates::Refuse => json!({"mode": "refuse"}),
    };
    json!({
        "required": policy.required,
        "syntax": match policy.syntax { Syntax::Either => "either", Syntax::Strict => "strict" },
        "key_entropy_bits_min": policy.key_bits_min,
        "guarantee": policy.guarantee.name(),
        "lease_s": policy.lease.as_secs_f64(),
        "retention_s": policy.retention.as_secs_f64(),
        "fingerprint": policy.reading.described(),
        "duplicates": duplicates,
        "without_store": match policy.outage { Outage::Refuse => "refuse", Outage::Execute => "execute" },
        "body_bytes_max": policy.body_bytes_max,
        "answer_bytes_max": route.answer_bytes_max,
        "handler_timeout_ms": millis(policy.handler_timeout),
    })
}

fn millis(time: std::time::Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}
