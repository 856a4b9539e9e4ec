//! Owns the rows of members' places for orders that wait for payment.

use domain::order::PendingSlot;
use domain::text::{CustomerId, Sku};
use domain::{OrderNo, TenantId};

use super::Column;
use crate::Error;
use crate::found::{Fields, Stored};
use crate::set::{Find, number, text};

pub(crate) struct SlotRow {
    pub(crate) tenant_id: i64,
    pub(crate) customer_id: String,
    pub(crate) sku: String,
    pub(crate) order_no: String,
}

impl Stored for SlotRow {
    const FIND: &'static Find = &Find {
        table: "pending_slots",
        key: &[number("tenant_id"), text("customer_id"), text("sku")],
        unique: None,
        read: &[number("tenant_id"), text("customer_id"), text("sku"), text("order_no")],
    };

    fn read(fields: &mut Fields) -> Result<Self, Error> {
        Ok(Self {
            tenant_id: fields.take()?,
            customer_id: fields.take()?,
            sku: fields.take()?,
            order_no: fields.take()?,
        })
    }
}

impl SlotRow {
    /// As the column has it: a place for any order has no sku.
    pub(crate) fn sku(slot: &PendingSlot) -> &str {
        slot.sku.as_ref().map_or("", Sku::as_str)
    }

    pub(crate) fn slot(&self) -> PendingSlot {
        PendingSlot {
            tenant: TenantId(self.tenant_id),
            customer_id: CustomerId::from_stored(&self.customer_id),
            sku: (!self.sku.is_empty()).then(|| Sku::from_stored(&self.sku)),
        }
    }

    pub(crate) fn order_no(&self) -> Result<OrderNo, Error> {
        Column { table: "pending_slots", row: &self.customer_id }.parse("order_no", &self.order_no)
    }
}
