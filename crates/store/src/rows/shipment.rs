//! Owns the rows of parcels and what is in them.

use domain::Timestamp;
use domain::order::{Parcel, Shipment};
use domain::text::{Carrier, TrackingNo};

use super::Column;
use crate::Error;
use crate::found::{Fields, Stored};
use crate::set::{Find, number, text};

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

impl Stored for ShipmentRow {
    const FIND: &'static Find = &Find {
        table: "shipments",
        key: &[number("tenant_id"), text("order_no")],
        unique: None,
        read: &[
            number("tenant_id"),
            text("order_no"),
            number("number"),
            text("shipment_id"),
            text("carrier"),
            text("tracking_no"),
            number("shipped_at"),
            number("updated_at"),
        ],
    };

    fn read(fields: &mut Fields) -> Result<Self, Error> {
        Ok(Self {
            tenant_id: fields.take()?,
            order_no: fields.take()?,
            number: fields.take()?,
            shipment_id: fields.take()?,
            carrier: fields.take()?,
            tracking_no: fields.take()?,
            shipped_at: fields.take()?,
            updated_at: fields.take()?,
        })
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

pub(crate) struct ShipmentLineRow {
    pub(crate) tenant_id: i64,
    pub(crate) order_no: String,
    pub(crate) number: i64,
    pub(crate) line: i64,
    pub(crate) quantity: i64,
}

impl Stored for ShipmentLineRow {
    const FIND: &'static Find = &Find {
        table: "shipment_lines",
        key: &[number("tenant_id"), text("order_no")],
        unique: None,
        read: &[number("tenant_id"), text("order_no"), number("number"), number("line"), number("quantity")],
    };

    fn read(fields: &mut Fields) -> Result<Self, Error> {
        Ok(Self {
            tenant_id: fields.take()?,
            order_no: fields.take()?,
            number: fields.take()?,
            line: fields.take()?,
            quantity: fields.take()?,
        })
    }
}

impl ShipmentLineRow {
    pub(crate) fn parcel(&self) -> Result<Parcel, Error> {
        let column = Column { table: "shipment_lines", row: &self.order_no };
        Ok(Parcel { line: column.small("line", self.line)?, quantity: self.quantity })
    }
}
