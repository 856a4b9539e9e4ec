//! Owns turning rows into the domain's types and back into parameters. A text that this version does not know is an
//! error that names table, row and value.

use std::str::FromStr;

use domain::order::{CloseReason, Event, Line, Parcel, Shipment, Status};
use domain::stock::{Holding, Reservation};
use domain::text::{Carrier, CustomerId, Note, ProductName, Sku, TrackingNo};
use domain::{Currency, Money, Order, OrderNo, PrincipalId, Product, StockItem, TenantId, Timestamp};
use engine::Scope;
use idempotency::{Answer, CommandId, Fingerprint, Key, Record};
use serde::Deserialize;
use sqlx::FromRow;

use crate::Error;

#[derive(FromRow)]
pub(crate) struct OrderRow {
    pub(crate) tenant_id: i64,
    pub(crate) order_no: String,
    pub(crate) principal_id: i64,
    pub(crate) idempotency_key: String,
    pub(crate) fingerprint_version: i64,
    pub(crate) fingerprint: Vec<u8>,
    pub(crate) status: String,
    pub(crate) close_reason: Option<String>,
    pub(crate) version: i64,
    pub(crate) customer_id: String,
    pub(crate) total_minor: i64,
    pub(crate) currency: String,
    pub(crate) captured_minor: i64,
    pub(crate) note: Option<String>,
    pub(crate) created_at: i64,
    pub(crate) updated_at: i64,
    pub(crate) expires_at: i64,
}

#[derive(FromRow)]
pub(crate) struct LineRow {
    pub(crate) tenant_id: i64,
    pub(crate) order_no: String,
    pub(crate) line: i64,
    pub(crate) sku: String,
    pub(crate) name: String,
    pub(crate) quantity: i64,
    pub(crate) unit_price_minor: i64,
    pub(crate) total_minor: i64,
    pub(crate) shipped: i64,
}

#[derive(FromRow)]
pub(crate) struct ReservationRow {
    pub(crate) tenant_id: i64,
    pub(crate) order_no: String,
    pub(crate) sku: String,
    pub(crate) quantity: i64,
    pub(crate) holding: String,
}

#[derive(FromRow)]
pub(crate) struct ShipmentRow {
    pub(crate) tenant_id: i64,
    pub(crate) order_no: String,
    pub(crate) number: i64,
    pub(crate) shipment_id: String,
    pub(crate) carrier: String,
    pub(crate) tracking_no: String,
    pub(crate) shipped_at: i64,
    pub(crate) updated_at: i64,
}

#[derive(FromRow)]
pub(crate) struct ShipmentLineRow {
    pub(crate) tenant_id: i64,
    pub(crate) order_no: String,
    pub(crate) number: i64,
    pub(crate) line: i64,
    pub(crate) quantity: i64,
}

/// Comes as a JSON array, in this order.
#[derive(Deserialize)]
pub(crate) struct ProductRow {
    pub(crate) tenant_id: i64,
    pub(crate) sku: String,
    pub(crate) name: String,
    pub(crate) price_minor: i64,
    pub(crate) currency: String,
    pub(crate) version: i64,
    pub(crate) created_at: i64,
    pub(crate) updated_at: i64,
    pub(crate) on_hand: i64,
    pub(crate) reserved: i64,
}

#[derive(FromRow)]
pub(crate) struct RecordRow {
    pub(crate) tenant_id: i64,
    pub(crate) principal_id: i64,
    pub(crate) idempotency_key: String,
    pub(crate) command_id: Vec<u8>,
    pub(crate) fingerprint_version: i64,
    pub(crate) fingerprint: Vec<u8>,
    pub(crate) order_no: Option<String>,
    pub(crate) status: Option<i64>,
    pub(crate) headers: Option<String>,
    pub(crate) body: Option<Vec<u8>>,
}

impl OrderRow {
    /// The order, still without lines, reservations and shipments.
    pub(crate) fn head(&self) -> Result<Order, Error> {
        let column = Column { table: "orders", row: &self.order_no };
        let money = |minor| Ok::<_, Error>(Money::new(minor, column.parse("currency", &self.currency)?));
        Ok(Order {
            tenant: TenantId(self.tenant_id),
            order_no: column.parse("order_no", &self.order_no)?,
            principal: PrincipalId(self.principal_id),
            key: Key::from_stored(&self.idempotency_key),
            fingerprint: column.fingerprint(self.fingerprint_version, &self.fingerprint)?,
            status: column.name("status", &self.status, Status::from_name)?,
            close_reason: match &self.close_reason {
                None => None,
                Some(reason) => Some(column.name("close_reason", reason, CloseReason::from_name)?),
            },
            version: column.small("version", self.version)?,
            customer_id: CustomerId::from_stored(&self.customer_id),
            lines: Vec::new(),
            total: money(self.total_minor)?,
            captured: self.captured_minor,
            note: self.note.as_deref().map(Note::from_stored),
            created_at: Timestamp(self.created_at),
            updated_at: Timestamp(self.updated_at),
            expires_at: Timestamp(self.expires_at),
            reservations: Vec::new(),
            shipments: Vec::new(),
        })
    }
}

impl LineRow {
    pub(crate) fn line(&self, currency: Currency) -> Result<Line, Error> {
        let column = Column { table: "order_lines", row: &self.order_no };
        Ok(Line {
            number: column.small("line", self.line)?,
            sku: Sku::from_stored(&self.sku),
            name: ProductName::from_stored(&self.name),
            quantity: self.quantity,
            unit_price: Money::new(self.unit_price_minor, currency),
            total: Money::new(self.total_minor, currency),
            shipped: self.shipped,
        })
    }
}

impl ReservationRow {
    pub(crate) fn reservation(&self) -> Result<Reservation, Error> {
        let column = Column { table: "stock_reservations", row: &self.order_no };
        let holding = column.name("holding", &self.holding, holding_from_name)?;
        Ok(Reservation { sku: Sku::from_stored(&self.sku), quantity: self.quantity, holding })
    }
}

impl ShipmentRow {
    pub(crate) fn shipment(&self) -> Result<Shipment, Error> {
        let column = Column { table: "shipments", row: &self.order_no };
        Ok(Shipment {
            id: column.parse("shipment_id", &self.shipment_id)?,
            number: column.small("number", self.number)?,
            carrier: Carrier::from_stored(&self.carrier),
            tracking_no: TrackingNo::from_stored(&self.tracking_no),
            parcels: Vec::new(),
            shipped_at: Timestamp(self.shipped_at),
            updated_at: Timestamp(self.updated_at),
        })
    }
}

impl ShipmentLineRow {
    pub(crate) fn parcel(&self) -> Result<Parcel, Error> {
        let column = Column { table: "shipment_lines", row: &self.order_no };
        Ok(Parcel { line: column.small("line", self.line)?, quantity: self.quantity })
    }
}

impl ProductRow {
    pub(crate) fn product(&self) -> Result<(Product, StockItem), Error> {
        let column = Column { table: "products", row: &self.sku };
        let (tenant, sku) = (TenantId(self.tenant_id), Sku::from_stored(&self.sku));
        let stock = StockItem { tenant, sku: sku.clone(), on_hand: self.on_hand, reserved: self.reserved };
        let product = Product {
            tenant,
            sku,
            name: ProductName::from_stored(&self.name),
            price: Money::new(self.price_minor, column.parse("currency", &self.currency)?),
            version: column.small("version", self.version)?,
            created_at: Timestamp(self.created_at),
            updated_at: Timestamp(self.updated_at),
        };
        Ok((product, stock))
    }
}

impl RecordRow {
    /// Under which key it stands.
    pub(crate) fn scope(&self) -> Scope {
        Scope {
            tenant: TenantId(self.tenant_id),
            principal: PrincipalId(self.principal_id),
            key: Key::from_stored(&self.idempotency_key),
        }
    }

    /// The order that was placed under the key.
    pub(crate) fn order_no(&self) -> Result<Option<OrderNo>, Error> {
        let column = Column { table: "key_records", row: &self.idempotency_key };
        self.order_no.as_deref().map(|text| column.parse("order_no", text)).transpose()
    }

    /// The fingerprint of the request that used the key.
    pub(crate) fn asked(&self) -> Result<Fingerprint, Error> {
        let column = Column { table: "key_records", row: &self.idempotency_key };
        column.fingerprint(self.fingerprint_version, &self.fingerprint)
    }

    /// The record, unless its answer was purged.
    pub(crate) fn record(self) -> Result<Option<Record>, Error> {
        let column = Column { table: "key_records", row: &self.idempotency_key };
        let (Some(status), Some(headers), Some(body)) = (self.status, self.headers, self.body) else {
            return Ok(None);
        };
        let command = <[u8; 16]>::try_from(self.command_id.as_slice())
            .map_err(|_| column.unreadable("command_id", format!("{} bytes", self.command_id.len())))?;
        let headers = serde_json::from_str(&headers).map_err(|_| column.unreadable("headers", headers.clone()))?;
        Ok(Some(Record {
            command: CommandId(u128::from_be_bytes(command)),
            fingerprint: column.fingerprint(self.fingerprint_version, &self.fingerprint)?,
            answer: Answer { status: column.small("status", status)?, headers, body: body.into() },
        }))
    }
}

/// Names the place of a value in an error.
#[derive(Clone, Copy)]
pub(crate) struct Column<'a> {
    pub(crate) table: &'static str,
    pub(crate) row: &'a str,
}

impl Column<'_> {
    pub(crate) fn parse<T: FromStr>(self, column: &'static str, text: &str) -> Result<T, Error> {
        text.parse().map_err(|_| self.unreadable(column, text.to_owned()))
    }

    pub(crate) fn name<T>(
        self,
        column: &'static str,
        text: &str,
        from_name: impl Fn(&str) -> Option<T>,
    ) -> Result<T, Error> {
        from_name(text).ok_or_else(|| self.unreadable(column, text.to_owned()))
    }

    pub(crate) fn small<T: TryFrom<i64>>(self, column: &'static str, number: i64) -> Result<T, Error> {
        T::try_from(number).map_err(|_| self.unreadable(column, number.to_string()))
    }

    fn fingerprint(self, version: i64, digest: &[u8]) -> Result<Fingerprint, Error> {
        let digest =
            digest.try_into().map_err(|_| self.unreadable("fingerprint", format!("{} bytes", digest.len())))?;
        Ok(Fingerprint { version: self.small("fingerprint_version", version)?, digest })
    }

    pub(crate) fn unreadable(self, column: &'static str, value: String) -> Error {
        Error::Unreadable { table: self.table, row: self.row.to_owned(), column, value }
    }
}

pub(crate) const fn holding_name(holding: Holding) -> &'static str {
    match holding {
        Holding::Held => "held",
        Holding::Committed => "committed",
        Holding::Released => "released",
    }
}

fn holding_from_name(name: &str) -> Option<Holding> {
    [Holding::Held, Holding::Committed, Holding::Released].into_iter().find(|&holding| holding_name(holding) == name)
}

pub(crate) fn event_from_name(name: &str) -> Option<Event> {
    Event::from_name(name)
}

pub(crate) fn parse_order_no(text: &str) -> Result<OrderNo, Error> {
    Column { table: "orders", row: text }.parse("order_no", text)
}
