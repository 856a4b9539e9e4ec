//! Owns what a client wants: a request with its key, which can be sent any number of times, to any server.

use serde_json::{Value, json};

/// What is wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Place,
    Cancel,
    Ship,
    Receive,
    Pay,
    Refund,
}

/// One request under one key.
#[derive(Clone, Debug)]
pub(super) struct Wish {
    pub(super) kind: Kind,
    pub(super) key: String,
    pub(super) path: String,
    pub(super) body: String,
    pub(super) if_match: Option<String>,
}

impl Wish {
    /// An order; it carries its key as the customer's name, by which the audit finds it again.
    pub(super) fn place(key: String, lines: &[(&str, u32)]) -> Self {
        let lines: Vec<_> = lines.iter().map(|(sku, quantity)| json!({"sku": sku, "quantity": quantity})).collect();
        let body = json!({"customer_id": key, "lines": lines}).to_string();
        let path = "/api/v1/orders".to_owned();
        Self { kind: Kind::Place, key, path, body, if_match: None }
    }

    pub(super) fn cancel(key: String, order_no: &str) -> Self {
        Self::change(Kind::Cancel, key, order_no, &json!({"reason": "customer"}))
    }

    pub(super) fn ship(key: String, order_no: &str, version: u64) -> Self {
        let body = json!({"carrier": "sf", "tracking_no": key});
        Self { if_match: Some(format!("\"{version}\"")), ..Self::change(Kind::Ship, key, order_no, &body) }
    }

    pub(super) fn receive(key: String, order_no: &str) -> Self {
        Self { body: String::new(), ..Self::change(Kind::Receive, key, order_no, &Value::Null) }
    }

    /// The provider that pays is the only one.
    pub(super) fn pay(key: String, order_no: &str) -> Self {
        Self::change(Kind::Pay, key, order_no, &json!({"channel": "sandbox"}))
    }

    /// A little of what was paid.
    pub(super) fn refund(key: String, payment: &str) -> Self {
        let body = json!({"amount": {"amount": 100, "currency": "CNY"}, "reason": "a scratch"}).to_string();
        let path = format!("/api/v1/payments/{payment}/refunds");
        Self { kind: Kind::Refund, key, path, body, if_match: None }
    }

    fn change(kind: Kind, key: String, order_no: &str, body: &Value) -> Self {
        let event = match kind {
            Kind::Place | Kind::Refund => "",
            Kind::Cancel => "/cancel",
            Kind::Ship => "/ship",
            Kind::Receive => "/receive",
            Kind::Pay => "/payments",
        };
        let path = format!("/api/v1/orders/{order_no}{event}");
        Self { kind, key, path, body: body.to_string(), if_match: None }
    }
}

impl Kind {
    /// Whether a client that sends what is right may get this final answer.
    pub(super) fn may_get(self, status: u16, code: Option<&str>) -> bool {
        match (self, status) {
            (Self::Place | Self::Pay | Self::Refund, 201) | (Self::Cancel | Self::Ship | Self::Receive, 200) => true,
            (Self::Place, 409) => code == Some("stock_insufficient"),
            (Self::Pay, 409) => matches!(code, Some("invalid_transition" | "order_expired")),
            (Self::Refund, 409) => matches!(code, Some("payment_not_captured" | "refund_exceeds_captured")),
            (_, 409) => code == Some("invalid_transition"),
            _ => false,
        }
    }
}
