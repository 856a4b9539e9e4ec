//! Owns the rows that make an order: its head, lines and reservations.

use domain::order::{CloseReason, Line, PendingLimit, Status};
use domain::stock::Reservation;
use domain::text::{CustomerId, Note, ProductName, Sku};
use domain::{Currency, Money, Order, PrincipalId, TenantId, Timestamp};
use idempotency::Key;

use super::{Column, holding_from_name};
use crate::Error;
use crate::found::{Fields, Stored};
use crate::set::{Find, bytes, number, text};

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
    pub(crate) refunded_minor: i64,
    pub(crate) returned_minor: i64,
    pub(crate) pending_limit: i64,
}

impl Stored for OrderRow {
    const FIND: &'static Find = &Find {
        table: "orders",
        key: &[number("tenant_id"), text("order_no")],
        unique: Some("orders_tenant_id_order_no"),
        read: &[
            number("tenant_id"),
            text("order_no"),
            number("principal_id"),
            text("idempotency_key"),
            number("fingerprint_version"),
            bytes("fingerprint"),
            text("status"),
            text("close_reason"),
            number("version"),
            text("customer_id"),
            number("total_minor"),
            text("currency"),
            number("captured_minor"),
            text("note"),
            number("created_at"),
            number("updated_at"),
            number("expires_at"),
            number("refunded_minor"),
            number("returned_minor"),
            number("pending_limit"),
        ],
    };

    fn read(fields: &mut Fields) -> Result<Self, Error> {
        Ok(Self {
            tenant_id: fields.take()?,
            order_no: fields.take()?,
            principal_id: fields.take()?,
            idempotency_key: fields.take()?,
            fingerprint_version: fields.take()?,
            fingerprint: fields.take()?,
            status: fields.take()?,
            close_reason: fields.take()?,
            version: fields.take()?,
            customer_id: fields.take()?,
            total_minor: fields.take()?,
            currency: fields.take()?,
            captured_minor: fields.take()?,
            note: fields.take()?,
            created_at: fields.take()?,
            updated_at: fields.take()?,
            expires_at: fields.take()?,
            refunded_minor: fields.take()?,
            returned_minor: fields.take()?,
            pending_limit: fields.take()?,
        })
    }
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
            refunded: self.refunded_minor,
            returned: self.returned_minor,
            note: self.note.as_deref().map(Note::from_stored),
            created_at: Timestamp(self.created_at),
            updated_at: Timestamp(self.updated_at),
            expires_at: Timestamp(self.expires_at),
            pending_limit: limit_from_number(self.pending_limit)
                .ok_or_else(|| column.unreadable("pending_limit", self.pending_limit.to_string()))?,
            reservations: Vec::new(),
            shipments: Vec::new(),
        })
    }
}

/// As the column has it: the place in the list of all.
pub(crate) fn limit_number(limit: PendingLimit) -> i64 {
    PendingLimit::ALL.into_iter().zip(0..).find_map(|(one, number)| (one == limit).then_some(number)).unwrap_or(0)
}

/// The limit of such a number.
pub(crate) fn limit_from_number(number: i64) -> Option<PendingLimit> {
    usize::try_from(number).ok().and_then(|at| PendingLimit::ALL.get(at).copied())
}

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
    pub(crate) refunded: i64,
}

impl Stored for LineRow {
    const FIND: &'static Find = &Find {
        table: "order_lines",
        key: &[number("tenant_id"), text("order_no")],
        unique: None,
        read: &[
            number("tenant_id"),
            text("order_no"),
            number("line"),
            text("sku"),
            text("name"),
            number("quantity"),
            number("unit_price_minor"),
            number("total_minor"),
            number("shipped"),
            number("refunded"),
        ],
    };

    fn read(fields: &mut Fields) -> Result<Self, Error> {
        Ok(Self {
            tenant_id: fields.take()?,
            order_no: fields.take()?,
            line: fields.take()?,
            sku: fields.take()?,
            name: fields.take()?,
            quantity: fields.take()?,
            unit_price_minor: fields.take()?,
            total_minor: fields.take()?,
            shipped: fields.take()?,
            refunded: fields.take()?,
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
            refunded: self.refunded,
        })
    }
}

pub(crate) struct ReservationRow {
    pub(crate) tenant_id: i64,
    pub(crate) order_no: String,
    pub(crate) sku: String,
    pub(crate) quantity: i64,
    pub(crate) holding: String,
}

impl Stored for ReservationRow {
    const FIND: &'static Find = &Find {
        table: "stock_reservations",
        key: &[number("tenant_id"), text("order_no")],
        unique: None,
        read: &[number("tenant_id"), text("order_no"), text("sku"), number("quantity"), text("holding")],
    };

    fn read(fields: &mut Fields) -> Result<Self, Error> {
        Ok(Self {
            tenant_id: fields.take()?,
            order_no: fields.take()?,
            sku: fields.take()?,
            quantity: fields.take()?,
            holding: fields.take()?,
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
