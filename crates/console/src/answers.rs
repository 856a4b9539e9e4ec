//! Owns what the API answers, as far as pages read it. A member that a page needs and the API lacks is a bug, and told as one.

mod money;
mod people;
mod rules;

use serde::Deserialize;

use crate::show::Money;

pub(crate) use money::{Attempt, Fact, Payment, Refund};
pub(crate) use people::{AuditEntry, AuditHead, Person, ResetAllowed, Session, Tenant};
pub(crate) use rules::{CheckoutPolicy, RefundLimits, SessionRules};

/// A page of a list.
#[derive(Debug, Deserialize)]
pub(crate) struct List<T> {
    pub(crate) data: Vec<T>,
    /// Where the next page begins; none on the last.
    pub(crate) next_cursor: Option<String>,
}

/// A product with its stock.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Product {
    pub(crate) sku: String,
    pub(crate) name: String,
    pub(crate) price: Money,
    pub(crate) stock: Stock,
    pub(crate) version: u32,
}

/// The stock of a product.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Stock {
    pub(crate) on_hand: i64,
    pub(crate) reserved: i64,
    pub(crate) available: i64,
}

/// An order.
#[derive(Clone, Debug, Deserialize)]
#[expect(clippy::struct_field_names, reason = "the contract names the member")]
pub(crate) struct Order {
    pub(crate) order_no: String,
    pub(crate) status: String,
    pub(crate) payment_status: String,
    pub(crate) fulfillment_status: String,
    pub(crate) version: u32,
    pub(crate) customer_id: String,
    /// As `kind:name`; missing where the customer is known to the merchant alone.
    pub(crate) customer_name: Option<String>,
    pub(crate) lines: Vec<Line>,
    pub(crate) total: Money,
    pub(crate) note: Option<String>,
    pub(crate) created_at: String,
    pub(crate) updated_at: String,
    pub(crate) expires_at: String,
    pub(crate) close_reason: Option<String>,
    pub(crate) shipments: Vec<Shipment>,
}

/// One line of an order.
#[derive(Clone, Debug, Deserialize)]
#[expect(clippy::struct_field_names, reason = "the contract names the member")]
pub(crate) struct Line {
    pub(crate) line: u32,
    pub(crate) sku: String,
    pub(crate) name: String,
    pub(crate) quantity: i64,
    pub(crate) unit_price: Money,
    pub(crate) total: Money,
}

/// One parcel.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Shipment {
    pub(crate) carrier: String,
    pub(crate) tracking_no: String,
    /// What is in it.
    pub(crate) lines: Vec<Packed>,
    pub(crate) shipped_at: String,
}

/// Units of one line in a parcel.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Packed {
    pub(crate) line: u32,
    pub(crate) quantity: i64,
}

impl Product {
    /// Whether somebody who looks for this, in small letters, finds it: by a part of its name or of its code.
    pub(crate) fn is_like(&self, wanted: &str) -> bool {
        [&self.name, &self.sku].iter().any(|text| text.to_lowercase().contains(wanted))
    }
}

/// One step of an order's life.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct HistoryEntry {
    pub(crate) version: u32,
    pub(crate) event: String,
    pub(crate) from: Option<String>,
    pub(crate) to: String,
    pub(crate) at: String,
    pub(crate) actor: String,
    pub(crate) key: String,
}
