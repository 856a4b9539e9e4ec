//! Owns the lines to try by hand while the demo keeps serving.

use console::{Demo, DemoLogin};

use super::catalogue::PRODUCTS;
use crate::embedded::Embedded;
use crate::terminal::{bold, dim, heading};

/// Orders of the storm to try things on.
#[derive(Debug, Default)]
pub struct Orders<'a> {
    /// One that a shopper clicked four times.
    pub clicked: Option<&'a str>,
    /// One that nobody paid.
    pub unpaid: Option<&'a str>,
}

/// To standard output; `provider` is where the payment provider listens. What a newcomer needs comes last: that is what they see.
pub fn print(server: &Embedded, provider: &str, (orders, told): (&Orders<'_>, Option<&Demo>)) {
    let Embedded { url, api_key, .. } = server;
    println!("\n{} {}", heading("Try it"), dim("in another terminal"));
    println!("  export URL={url} KEY={api_key}");
    for (what, line) in steps(provider, orders) {
        println!("\n  {}\n  {line}", dim(&format!("# {what}")));
    }
    println!("\n{} {}   {}", heading("Reference"), bold(&format!("{url}/docs")), dim("Ctrl-C ends the demo"));
    println!("\n{} {}", heading("Open in a browser"), dim("no documentation needed"));
    // Elsewhere than on this machine there are no log-ins that everybody knows, and no shop for whoever comes.
    if told.is_some() {
        println!("  shop     {}", bold(&format!("{url}/shop")));
    }
    println!("  console  {}", bold(&format!("{url}/console")));
    if let Some(told) = told {
        println!("  log-ins  {}", log_ins(told));
    }
}

/// All in one line; the pages tell them as well.
fn log_ins(told: &Demo) -> String {
    let names = |who: &[DemoLogin]| who.iter().map(|login| login.login.clone()).collect::<Vec<_>>().join(", ");
    let password = told.staff.first().map_or("", |first| &first.password);
    format!("{} in the console, {} in the shop; password: {password}", names(&told.staff), names(&told.members))
}

fn steps(provider: &str, orders: &Orders<'_>) -> Vec<(&'static str, String)> {
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
    if let Some(order_no) = orders.clicked {
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
    if let Some(order_no) = orders.unpaid {
        steps.extend([
            (
                "pay an order; send it twice, and it is one payment",
                format!(
                    r#"curl -i "$URL/api/v1/orders/{order_no}/payments" {AUTH} -H 'Idempotency-Key: my-payment' {JSON} -d '{{"channel":"sandbox"}}'"#
                ),
            ),
            (
                "read the payment by the payment_id of that answer: its next_action has the URL of the pay page",
                format!(r#"curl "$URL/api/v1/payments/$PAYMENT_ID" {AUTH}"#),
            ),
            (
                "the pay page at the provider: pay or refuse it there in a browser; every open charge is listed on its front",
                format!("{provider}/pay/sandbox/$ATTEMPT_ID   {provider}/"),
            ),
        ]);
    }
    steps.push(("how the server feels", r#"curl "$URL/readyz""#.to_owned()));
    steps
}

#[cfg(test)]
mod tests {
    use super::{Orders, log_ins, steps};

    #[test]
    fn the_log_ins_stand_in_one_line() {
        let told = crate::demo::people::told(([127, 0, 0, 1], 0).into()).expect("on this machine");
        assert_eq!(
            log_ins(&told),
            "admin, merchant, support, auditor in the console, anna, bert in the shop; password: mideng demo"
        );
        assert!(crate::demo::people::told(([0, 0, 0, 0], 0).into()).is_none(), "nothing where others could come");
    }

    #[test]
    fn the_lines_can_be_pasted() {
        let orders = Orders { clicked: Some("ord_1"), unpaid: Some("ord_2") };
        let steps = steps("http://127.0.0.1:1", &orders);
        assert_eq!(
            steps[0].1,
            r#"curl -i "$URL/api/v1/orders" -H "Authorization: Bearer $KEY" -H 'Idempotency-Key: my-first-order' -H 'Content-Type: application/json' -d '{"customer_id":"me","lines":[{"sku":"tea-longjing-250","quantity":2}]}'"#
        );
        assert_eq!(steps[1].1, steps[0].1);
        assert!(steps[4].1.contains("/api/v1/orders/ord_1/cancel"));
        assert!(steps[5].1.contains("/api/v1/orders/ord_2/payments"));
        assert!(steps[7].1.contains("http://127.0.0.1:1/pay/sandbox/"));
    }
}
