//! Owns what each route is asked with: which id stands for which part of a path, and a body that is sound, so that what is
//! refused is refused for the object's sake.

use api::Line;
use http::Method;
use serde_json::{Value, json};

use super::shops::Owned;
use crate::harness::{Call, Client};

/// The names of the parts of a path.
pub(super) fn parts(path: &str) -> Vec<&str> {
    path.split('{').skip(1).filter_map(|rest| rest.split_once('}')).map(|(name, _)| name).collect()
}

/// What a part of a path names of somebody's; `None` where it names nothing of anybody's.
///
/// # Panics
/// If nobody has said what the part names.
pub(super) fn id<'a>(owned: &'a Owned, path: &str, part: &str) -> Option<&'a str> {
    let of_staff = path.contains("/staff/");
    match part {
        "order_no" => Some(&owned.order),
        "payment_id" => Some(&owned.payment),
        "refund_id" => Some(&owned.refund),
        "review_id" => Some(&owned.review),
        "api_key_id" => Some(&owned.api_key),
        "person_id" if of_staff => Some(&owned.staff),
        "person_id" => Some(&owned.member),
        "session_id" if of_staff => Some(&owned.staff_session),
        "session_id" => Some(&owned.session),
        "channel_account_id" if path.contains("/channels/") => Some(&owned.channel),
        "sku" => Some(&owned.sku),
        "tenant_id" => Some(&owned.tenant_id),
        // Words of ours, which mean the same to everybody or each shop's own; and the address that a provider was given,
        // where a signature is the credential.
        "whose" | "code" | "provider" | "channel_account_id" => None,
        new => panic!(
            "{path} has a part {{{new}}} that these tests know nothing of: let objects/shops.rs make what it names, for each \
             owner, and say here which member of Owned it is; or say here why it names nothing of anybody's"
        ),
    }
}

/// An id of the same form and length, of nothing that ever was.
pub(super) fn never(id: &str) -> String {
    match id.split_once('_') {
        Some((kind, _)) => format!("{kind}_01JD8Q7V0EFXXR6D2J1Q5Z9K3M"),
        None => "x".repeat(id.len()),
    }
}

/// The request, with these ids in the order of the path.
pub(super) fn request(client: &Client, line: &Line, ids: &[&str], key: &str) -> Call {
    let names = parts(line.path);
    assert_eq!(names.len(), ids.len(), "{}", line.path);
    let place = |path: String, (name, id): (&&str, &&str)| path.replace(&format!("{{{name}}}"), id);
    let path = names.iter().zip(ids).fold(line.path.to_owned(), place);
    let call = client.call(Method::from_bytes(line.method.as_bytes()).expect("a method"), &path);
    if line.method == "GET" {
        return call;
    }
    let call = call.header("idempotency-key", key).json(&body(line));
    // The version that a paid order has.
    if is_for_a_version(line) { call.if_match("\"2\"") } else { call }
}

fn is_for_a_version(line: &Line) -> bool {
    ["/ship", "/shipment"].iter().any(|end| line.path.ends_with(end))
}

/// A body that the route takes.
///
/// # Panics
/// If nobody has said what it takes.
fn body(line: &Line) -> Value {
    let path = line.path.strip_prefix("/api/v1").unwrap_or(line.path);
    let money = json!({"amount": 100, "currency": "CNY"});
    match (line.method, path) {
        ("POST", "/orders/{order_no}/cancel") => json!({"reason": "customer"}),
        ("POST", "/orders/{order_no}/payments") => json!({"channel": "sandbox"}),
        ("POST", "/orders/{order_no}/ship") | ("PUT", "/orders/{order_no}/shipment") => {
            json!({"carrier": "SF", "tracking_no": "1"})
        }
        ("POST", "/payments/{payment_id}/refunds") => json!({"reason": "unwanted", "amount": money}),
        ("POST", "/channels/{channel_account_id}/switch") => json!({"enabled": true}),
        ("POST", "/reviews/{review_id}/resolve") => json!({"resolution": "looked"}),
        ("POST", "/staff/{person_id}/role") => json!({"role": "auditor"}),
        ("PUT", "/products/{sku}") => json!({"name": "Coffee", "price": money, "initial_stock": 1}),
        ("POST", "/products/{sku}/stock-movements") => json!({"quantity": 1, "reason": "found"}),
        (
            "POST",
            "/orders/{order_no}/receive"
            | "/payments/{payment_id}/query"
            | "/refunds/{refund_id}/approve"
            | "/refunds/{refund_id}/reject"
            | "/refunds/{refund_id}/retry"
            | "/api-keys/{api_key_id}/revoke"
            | "/members/{person_id}/disable"
            | "/members/{person_id}/drop-second-factor"
            | "/members/{person_id}/enable"
            | "/members/{person_id}/password-reset"
            | "/members/{person_id}/sign-out"
            | "/staff/{person_id}/disable"
            | "/staff/{person_id}/drop-second-factor"
            | "/staff/{person_id}/enable"
            | "/staff/{person_id}/password-reset"
            | "/staff/{person_id}/sign-out"
            | "/tenants/{tenant_id}/resume"
            | "/tenants/{tenant_id}/suspend",
        )
        | ("DELETE", _) => json!({}),
        (method, path) => panic!("{method} {path} has no body here: say in objects/requests.rs what it takes"),
    }
}
