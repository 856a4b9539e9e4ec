//! Owns the comparison of every answer with the OpenAPI document: no route answers with a status it does not name.

use std::sync::OnceLock;

use http::Method;
use serde_json::Value;

/// The document, parsed once.
pub(crate) fn document() -> &'static Value {
    static DOCUMENT: OnceLock<Value> = OnceLock::new();
    DOCUMENT.get_or_init(|| serde_json::from_str(&api::openapi::text()).expect("the document is JSON"))
}

/// Fails if the document has the route but not the status. Paths without a route, and methods that a route has not,
/// are problems of their own.
#[track_caller]
pub(crate) fn assert_documented(method: &Method, path: &str, status: u16) {
    let paths = document()["paths"].as_object().expect("the document has paths");
    let Some((template, item)) = paths.iter().find(|(template, _)| matches(template, path)) else { return };
    let Some(operation) = item.get(method.as_str().to_lowercase()) else { return };
    let responses = operation["responses"].as_object().expect("an operation has responses");
    let range = format!("{}XX", status / 100);
    assert!(
        responses.contains_key(&status.to_string()) || responses.contains_key(&range),
        "{method} {template} answered {status}, which the OpenAPI document does not name"
    );
}

fn matches(template: &str, path: &str) -> bool {
    let (mut wanted, mut found) = (template.split('/'), path.split('/'));
    loop {
        match (wanted.next(), found.next()) {
            (None, None) => return true,
            (Some(wanted), Some(found)) if wanted == found || wanted.starts_with('{') => {}
            _ => return false,
        }
    }
}
