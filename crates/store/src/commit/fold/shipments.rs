//! Owns the rows of parcels and what is in them.

use domain::Order;
use domain::order::Shipment;

use super::Step;
use crate::found::Stored as _;
use crate::rows::{ShipmentLineRow, ShipmentRow};
use crate::set::{Rows, Write, number, row, text};

static PARCELS: Write = Write::insert("shipments", ShipmentRow::FIND.read);

static PARCELS_CORRECTED: Write = Write::update(
    "shipments",
    &[number("tenant_id"), text("order_no"), number("number")],
    &[text("carrier"), text("tracking_no"), number("updated_at")],
    &[number("updated_at")],
);

static CONTENTS: Write = Write::insert("shipment_lines", ShipmentLineRow::FIND.read);

pub(super) fn heads_new(placed: &[&Order], steps: &[Step<'_>]) -> Rows {
    let mut rows = Rows::of(&PARCELS);
    for (order, shipment) in new(placed, steps) {
        rows.add(row![
            order.tenant.0,
            order.order_no.to_string(),
            shipment.number,
            shipment.id.to_string(),
            shipment.carrier.as_str(),
            shipment.tracking_no.as_str(),
            shipment.shipped_at.0,
            shipment.updated_at.0,
        ]);
    }
    rows
}

pub(super) fn heads_changed(steps: &[Step<'_>]) -> Rows {
    let mut rows = Rows::of(&PARCELS_CORRECTED);
    for Step { before, now } in steps {
        for (was, is) in before.shipments.iter().zip(&now.shipments).filter(|(was, is)| was != is) {
            rows.add(row![
                now.tenant.0,
                now.order_no.to_string(),
                is.number,
                is.carrier.as_str(),
                is.tracking_no.as_str(),
                is.updated_at.0,
                was.updated_at.0,
            ]);
        }
    }
    rows
}

pub(super) fn lines(placed: &[&Order], steps: &[Step<'_>]) -> Rows {
    let mut rows = Rows::of(&CONTENTS);
    for (order, shipment) in new(placed, steps) {
        let order_no = order.order_no.to_string();
        for parcel in &shipment.parcels {
            rows.add(row![order.tenant.0, order_no.as_str(), shipment.number, parcel.line, parcel.quantity]);
        }
    }
    rows
}

/// Each order's parcels that were not there before.
fn new<'a>(placed: &[&'a Order], steps: &[Step<'a>]) -> Vec<(&'a Order, &'a Shipment)> {
    let of_placed = placed.iter().map(|order| (*order, 0));
    let of_steps = steps.iter().map(|Step { before, now }| (*now, before.shipments.len()));
    of_placed
        .chain(of_steps)
        .flat_map(|(order, known)| order.shipments.iter().skip(known).map(move |shipment| (order, shipment)))
        .collect()
}
