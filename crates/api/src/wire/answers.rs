//! Owns what answers look like.

use std::collections::HashMap;

use domain::Timestamp;
use domain::text::CustomerId;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde::Serialize;
use utoipa::ToSchema;

use super::{Money, ParcelLine};

/// A product with its stock.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Product {
    /// Its code, compared byte by byte.
    #[schema(example = "85123A")]
    sku: String,
    /// What the buyer reads.
    name: String,
    /// What one costs.
    price: Money,
    /// What there is of it.
    stock: Stock,
    /// Raised by each change of name or price; also the `ETag`.
    version: u32,
    /// When it first came.
    #[schema(format = DateTime)]
    created_at: String,
    /// When name or price last changed.
    #[schema(format = DateTime)]
    updated_at: String,
}

/// The stock of a product.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Stock {
    /// Units in the warehouse.
    on_hand: i64,
    /// Units of them that are promised to orders not yet paid.
    reserved: i64,
    /// Units that can still be sold.
    available: i64,
}

/// A movement of stock.
#[derive(Debug, Serialize, ToSchema)]
#[expect(clippy::struct_field_names, reason = "the contract names the member")]
pub(crate) struct Movement {
    /// The movement's id.
    movement_id: Option<String>,
    /// Of which product.
    sku: String,
    /// Signed.
    quantity: i64,
    /// Why.
    reason: Option<String>,
    /// The stock behind it.
    stock: Stock,
    /// When.
    #[schema(format = DateTime)]
    created_at: String,
}

/// An issued order number.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct OrderNumber {
    /// The number.
    order_no: String,
    /// From then on it is not taken any more.
    #[schema(format = DateTime)]
    expires_at: String,
}

/// An order.
#[derive(Debug, Serialize, ToSchema)]
#[expect(clippy::struct_field_names, reason = "the contract names the member")]
pub(crate) struct Order {
    /// Its number.
    #[schema(example = "ord_01JD8Q7V0EFXXR6D2J1Q5Z9K3M")]
    order_no: String,
    /// `pending_payment`, `paid`, `shipped`, `completed` or `closed`.
    status: &'static str,
    /// `unpaid`, `paid`, `late_paid`, `overpaid`, `partially_refunded` or `refunded`.
    payment_status: &'static str,
    /// `unfulfilled`, `partial`, `shipped` or `received`.
    fulfillment_status: &'static str,
    /// Raised by each step; also the `ETag`.
    version: u32,
    /// The merchant's own id of the buyer.
    customer_id: String,
    /// What the customer is called here, as `kind:name`, where the order is read by who may look at members. It is missing where they are
    /// known to the merchant alone, and in answers that are kept.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "member:anna")]
    customer_name: Option<String>,
    /// What was bought, as it was priced then.
    lines: Vec<Line>,
    /// The sum of the lines.
    total: Money,
    /// The buyer's words.
    note: Option<String>,
    /// When it was placed.
    #[schema(format = DateTime)]
    created_at: String,
    /// When it last changed.
    #[schema(format = DateTime)]
    updated_at: String,
    /// From then on an unpaid order is closed.
    #[schema(format = DateTime)]
    expires_at: String,
    /// `customer`, `merchant`, `timeout` or `refunded`; null unless closed.
    close_reason: Option<&'static str>,
    /// What was sent, oldest first.
    shipments: Vec<Shipment>,
}

/// One line of an order.
#[derive(Debug, Serialize, ToSchema)]
#[expect(clippy::struct_field_names, reason = "the contract names the member")]
pub(crate) struct Line {
    /// 1, 2, 3, …
    line: u32,
    /// What.
    sku: String,
    /// Its name then.
    name: String,
    /// How many.
    quantity: i64,
    /// What one cost then.
    unit_price: Money,
    /// Quantity times price.
    total: Money,
}

/// One parcel of an order.
#[derive(Debug, Serialize, ToSchema)]
#[expect(clippy::struct_field_names, reason = "the contract names the member")]
pub(crate) struct Shipment {
    /// Its id.
    shipment_id: String,
    /// Who carries it.
    carrier: String,
    /// Under which number.
    tracking_no: String,
    /// What is in it.
    lines: Vec<ParcelLine>,
    /// When it was sent.
    #[schema(format = DateTime)]
    shipped_at: String,
}

/// One step of an order's life.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct HistoryEntry {
    /// The order's version behind the step.
    version: u32,
    /// What happened.
    event: &'static str,
    /// Where the order stood; null for the first step.
    from: Option<&'static str>,
    /// Where it stands behind it.
    to: &'static str,
    /// When.
    #[schema(format = DateTime)]
    at: String,
    /// Who, as `kind:name`.
    actor: String,
    /// Under which key; keys that Mideng made itself are `purpose:identity`.
    key: String,
}

/// A page of a list, newest first.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct List<T> {
    /// The rows.
    pub(crate) data: Vec<T>,
    /// Where the next page begins; null on the last.
    pub(crate) next_cursor: Option<String>,
}

/// Whether the server takes requests.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Ready {
    /// `ready`, `struggling`, `closed` or `stopped`.
    pub(crate) status: &'static str,
}

impl Product {
    pub(crate) fn of(product: &domain::Product, stock: &domain::StockItem) -> Self {
        Self {
            sku: product.sku.as_str().to_owned(),
            name: product.name.as_str().to_owned(),
            price: Money::of(product.price),
            stock: Stock::of(stock),
            version: product.version,
            created_at: time(product.created_at),
            updated_at: time(product.updated_at),
        }
    }
}

impl Stock {
    const fn of(stock: &domain::StockItem) -> Self {
        Self { on_hand: stock.on_hand, reserved: stock.reserved, available: stock.available() }
    }
}

impl Movement {
    pub(crate) fn of(movement: &domain::stock::Movement, stock: &domain::StockItem) -> Self {
        let movement_id = match movement.source {
            domain::stock::Source::Manual(id) => Some(id.to_string()),
            domain::stock::Source::Initial | domain::stock::Source::Sale(_) | domain::stock::Source::Return(_) => None,
        };
        Self {
            movement_id,
            sku: movement.sku.as_str().to_owned(),
            quantity: movement.quantity,
            reason: movement.reason.as_ref().map(|reason| reason.as_str().to_owned()),
            stock: Stock::of(stock),
            created_at: time(movement.at),
        }
    }
}

impl OrderNumber {
    pub(crate) fn of(number: &domain::OrderNumber) -> Self {
        Self { order_no: number.order_no.to_string(), expires_at: time(number.expires_at) }
    }
}

impl Order {
    pub(crate) fn of(order: &domain::Order) -> Self {
        Self {
            order_no: order.order_no.to_string(),
            status: order.status.name(),
            payment_status: order.payment_status().name(),
            fulfillment_status: order.fulfillment_status().name(),
            version: order.version,
            customer_id: order.customer_id.as_str().to_owned(),
            customer_name: None,
            lines: order.lines.iter().map(Line::of).collect(),
            total: Money::of(order.total),
            note: order.note.as_ref().map(|note| note.as_str().to_owned()),
            created_at: time(order.created_at),
            updated_at: time(order.updated_at),
            expires_at: time(order.expires_at),
            close_reason: order.close_reason.map(domain::order::CloseReason::name),
            shipments: order.shipments.iter().map(Shipment::of).collect(),
        }
    }

    /// The same with what its customer is called.
    pub(crate) fn named(order: &domain::Order, names: &HashMap<CustomerId, String>) -> Self {
        Self { customer_name: names.get(&order.customer_id).cloned(), ..Self::of(order) }
    }
}

impl Line {
    fn of(line: &domain::order::Line) -> Self {
        Self {
            line: line.number,
            sku: line.sku.as_str().to_owned(),
            name: line.name.as_str().to_owned(),
            quantity: line.quantity,
            unit_price: Money::of(line.unit_price),
            total: Money::of(line.total),
        }
    }
}

impl Shipment {
    fn of(shipment: &domain::order::Shipment) -> Self {
        let line = |parcel: &domain::order::Parcel| ParcelLine { line: parcel.line, quantity: parcel.quantity };
        Self {
            shipment_id: shipment.id.to_string(),
            carrier: shipment.carrier.as_str().to_owned(),
            tracking_no: shipment.tracking_no.as_str().to_owned(),
            lines: shipment.parcels.iter().map(line).collect(),
            shipped_at: time(shipment.shipped_at),
        }
    }
}

impl HistoryEntry {
    pub(crate) fn of(row: store::HistoryRow) -> Self {
        Self {
            version: row.version,
            event: row.event.name(),
            from: row.from.map(domain::order::Status::name),
            to: row.to.name(),
            at: time(row.at),
            actor: row.actor,
            key: row.key,
        }
    }
}

/// A time as RFC 3339 in UTC, to the millisecond.
pub(crate) fn time(at: Timestamp) -> String {
    let at = jiff::Timestamp::from_millisecond(at.0).unwrap_or(jiff::Timestamp::MAX);
    format!("{at:.3}")
}

/// A version as an entity tag.
pub(crate) fn entity_tag(version: u32) -> String {
    format!("\"{version}\"")
}

/// Where an order is found.
pub(crate) fn order_path(order_no: domain::OrderNo) -> String {
    format!("/api/v1/orders/{order_no}")
}

/// Where a product is found.
pub(crate) fn product_path(sku: &domain::text::Sku) -> String {
    /// RFC 3986's unreserved characters stand for themselves.
    const ENCODED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');
    format!("/api/v1/products/{}", utf8_percent_encode(sku.as_str(), ENCODED))
}
