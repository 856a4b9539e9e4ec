//! Owns the statements over parcels and what is in them.

use domain::Order;
use domain::order::Shipment;

use super::{Step, Written};
use crate::commit::write::Statement;
use crate::dialect;

pub(super) fn heads(placed: &[&Order], steps: &[Step<'_>]) -> Written {
    let rows: Vec<_> = parcels(placed, steps)
        .into_iter()
        .map(|(order, shipment, _)| {
            (
                order.tenant.0,
                order.order_no.to_string(),
                shipment.number,
                shipment.id.to_string(),
                shipment.carrier.as_str(),
                shipment.tracking_no.as_str(),
                shipment.shipped_at.0,
                shipment.updated_at.0,
            )
        })
        .collect();
    Statement::over("shipments", dialect::SHIPMENTS_UPSERT, &rows)
}

pub(super) fn lines(placed: &[&Order], steps: &[Step<'_>]) -> Written {
    let rows: Vec<_> = parcels(placed, steps)
        .into_iter()
        .filter(|(_, _, new)| *new)
        .flat_map(|(order, shipment, _)| {
            shipment.parcels.iter().map(move |parcel| {
                (order.tenant.0, order.order_no.to_string(), shipment.number, parcel.line, parcel.quantity)
            })
        })
        .collect();
    Statement::over("shipment_lines", dialect::SHIPMENT_LINES_INSERT, &rows)
}

/// Each order's parcels that are new or corrected, with those that are new marked.
fn parcels<'a>(placed: &[&'a Order], steps: &[Step<'a>]) -> Vec<(&'a Order, &'a Shipment, bool)> {
    let of_placed = placed.iter().flat_map(|order| order.shipments.iter().map(|shipment| (*order, shipment, true)));
    let of_steps = steps.iter().flat_map(|Step { before, now }| {
        now.shipments.iter().enumerate().filter_map(|(index, shipment)| {
            let was = before.shipments.get(index);
            (was != Some(shipment)).then_some((*now, shipment, was.is_none()))
        })
    });
    of_placed.chain(of_steps).collect()
}
