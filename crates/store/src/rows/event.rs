//! Owns the rows of an order's history.

use crate::Error;
use crate::found::{Fields, Stored};
use crate::set::{Find, number, text};

pub(crate) struct EventRow {
    pub(crate) order_no: String,
    pub(crate) version: i64,
    pub(crate) event: String,
    pub(crate) from_status: Option<String>,
    pub(crate) to_status: String,
    pub(crate) happened_at: i64,
    pub(crate) principal_id: i64,
    pub(crate) idempotency_key: String,
}

impl EventRow {
    /// The history of an order in the archive.
    pub(crate) const FIND_ARCHIVED: Find =
        Find { table: "archived_order_events", unique: None, key: Self::FIND.key, read: Self::FIND.read };
}

impl Stored for EventRow {
    const FIND: &'static Find = &Find {
        table: "order_events",
        key: &[number("tenant_id"), text("order_no")],
        unique: None,
        read: &[
            number("tenant_id"),
            text("order_no"),
            number("version"),
            text("event"),
            text("from_status"),
            text("to_status"),
            number("happened_at"),
            number("principal_id"),
            text("idempotency_key"),
        ],
    };

    fn read(fields: &mut Fields) -> Result<Self, Error> {
        // Who asks names the tenant; it stands here because the same columns are inserted.
        let _tenant: i64 = fields.take()?;
        Ok(Self {
            order_no: fields.take()?,
            version: fields.take()?,
            event: fields.take()?,
            from_status: fields.take()?,
            to_status: fields.take()?,
            happened_at: fields.take()?,
            principal_id: fields.take()?,
            idempotency_key: fields.take()?,
        })
    }
}
