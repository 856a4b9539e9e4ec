//! Owns the parcel: who carries what of an order under which number.

use crate::text::{Carrier, TrackingNo};
use crate::{ShipmentId, Timestamp};

/// So many units of one line in a parcel.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Parcel {
    /// Which line of the order.
    pub line: u32,
    /// How many units; at least 1.
    pub quantity: i64,
}

/// One shipment of an order. (order, carrier, tracking number) is unique for ever.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shipment {
    /// Its id.
    pub id: ShipmentId,
    /// 1, 2, 3, … within the order.
    pub number: u32,
    /// Who carries it.
    pub carrier: Carrier,
    /// Under which number.
    pub tracking_no: TrackingNo,
    /// What is in it, by line.
    pub parcels: Vec<Parcel>,
    /// When it was sent.
    pub shipped_at: Timestamp,
    /// When its number was last corrected.
    pub updated_at: Timestamp,
}
