//! Owns the lines to try by hand while the demo keeps serving.

use super::catalogue::PRODUCTS;
use crate::embedded::Embedded;
use crate::terminal::{bold, dim, heading};

/// To standard output; `order_no` is an order of the storm.
pub fn print(server: &Embedded, order_no: Option<&str>) {
    let Embedded { url, api_key, .. } = server;
    println!("\n{} {}", heading("Try it"), dim("in another terminal"));
    println!("  export URL={url} KEY={api_key}");
    for (what, line) in steps(order_no) {
        println!("\n  {}\n  {line}", dim(&format!("# {what}")));
    }
    println!("\n{} {}   {}", heading("Reference"), bold(&format!("{url}/docs")), dim("Ctrl-C ends the demo"));
}

fn steps(order_no: Option<&str>) -> Vec<(&'static str, String)> {
    const AUTH: &str = r#"-H "Authorization: Bearer $KEY""#;
    const JSON: &str = "-H 'Content-Type: application/json'";
    let sku = PRODUCTS[1].sku;
    let place = format!(
        r#"curl -i "$URL/api/v1/orders" {AUTH} -H 'Idempotency-Key: my-first-order' {JSON} -d '{{"customer_id":"me","lines":[{{"sku":"{sku}","quantity":2}}]}}'"#
    );
    let mut steps = vec![
        ("place an order", place.clone()),
        ("send the same again: the same bytes, and Idempotent-Replayed: true", place.clone()),
        (
            "another order under the same key: 422 idempotency_key_reused",
            place.replace(r#""quantity":2"#, r#""quantity":3"#),
        ),
    ];
    if let Some(order_no) = order_no {
        steps.extend([
            (
                "the history of an order that a shopper clicked four times",
                format!(r#"curl "$URL/api/v1/orders/{order_no}/history" {AUTH}"#),
            ),
            (
                "cancel it; send it twice",
                format!(
                    r#"curl -i "$URL/api/v1/orders/{order_no}/cancel" {AUTH} -H 'Idempotency-Key: my-cancel' {JSON} -d '{{"reason":"customer"}}'"#
                ),
            ),
        ]);
    }
    steps.push(("how the server feels", r#"curl "$URL/readyz""#.to_owned()));
    steps
}

#[cfg(test)]
mod tests {
    use super::steps;

    #[test]
    fn the_lines_can_be_pasted() {
        let steps = steps(Some("ord_1"));
        assert_eq!(
            steps[0].1,
            r#"curl -i "$URL/api/v1/orders" -H "Authorization: Bearer $KEY" -H 'Idempotency-Key: my-first-order' -H 'Content-Type: application/json' -d '{"customer_id":"me","lines":[{"sku":"tea-longjing-250","quantity":2}]}'"#
        );
        assert_eq!(steps[1].1, steps[0].1);
        assert!(steps[4].1.contains("/api/v1/orders/ord_1/cancel"));
    }
}
