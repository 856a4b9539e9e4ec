//! Owns sending parcels and correcting their numbers.

use std::collections::BTreeMap;

use crate::order::{Event, Line, Parcel, Shipment};
use crate::text::{Carrier, TrackingNo};
use crate::{Command, CorrectShipment, Order, Outcome, Refusal, Reply, ShipOrder, State, order};

pub(super) fn ship(state: &State, command: &Command, wanted: &ShipOrder) -> Result<Outcome, Refusal> {
    let mut order = super::find(state, command, wanted.order_no)?;
    if let Some(sent) = find_parcel(&order, &wanted.carrier, &wanted.tracking_no) {
        return if is_resent(&order, wanted, sent) {
            Ok(unchanged(state, command, wanted.order_no))
        } else {
            Err(order::Refusal::TrackingTaken(wanted.tracking_no.clone()).into())
        };
    }
    order.expect_version(wanted.expected_version)?;
    let whole = if wanted.lines.is_none() { Event::ShipAll } else { Event::ShipPart };
    order.expect_step(whole)?;
    let payment = state.payment_for(command.tenant, wanted.order_no);
    let under_way = payment.map(|payment| payment.units_under_way()).unwrap_or_default();
    let parcels = load(&mut order.lines, wanted.lines.as_deref(), &under_way)?;
    let event =
        if order.lines.iter().all(|line| Order::unshipped(line) == 0) { Event::ShipAll } else { Event::ShipPart };
    let entry = order.step(event, command.cause())?;
    order.shipments.push(Shipment {
        id: wanted.shipment,
        number: u32::try_from(order.shipments.len()).unwrap_or(u32::MAX).saturating_add(1),
        carrier: wanted.carrier.clone(),
        tracking_no: wanted.tracking_no.clone(),
        parcels,
        shipped_at: command.at,
        updated_at: command.at,
    });
    Ok(super::stepped(order, entry, Vec::new()))
}

pub(super) fn correct(state: &State, command: &Command, wanted: &CorrectShipment) -> Result<Outcome, Refusal> {
    let mut order = super::find(state, command, wanted.order_no)?;
    order.expect_version(wanted.expected_version)?;
    order.expect_step(Event::CorrectShipment)?;
    let Some(latest) = order.shipments.len().checked_sub(1) else {
        return Err(order::Refusal::NoShipment.into());
    };
    match find_parcel(&order, &wanted.carrier, &wanted.tracking_no) {
        Some(same) if same.id == order.shipments[latest].id => return Ok(unchanged(state, command, wanted.order_no)),
        Some(_) => return Err(order::Refusal::TrackingTaken(wanted.tracking_no.clone()).into()),
        None => {}
    }
    let entry = order.step(Event::CorrectShipment, command.cause())?;
    let parcel = &mut order.shipments[latest];
    parcel.carrier = wanted.carrier.clone();
    parcel.tracking_no = wanted.tracking_no.clone();
    parcel.updated_at = command.at;
    Ok(super::stepped(order, entry, Vec::new()))
}

/// True if a parcel that was sent before holds what is wanted now: the caller lost the answer. "All that is left"
/// is the same only where nothing is left; else the rest would be swallowed.
fn is_resent(order: &Order, wanted: &ShipOrder, sent: &Shipment) -> bool {
    match &wanted.lines {
        None => order.lines.iter().all(|line| Order::unshipped(line) == 0),
        Some(lines) => {
            let mut lines = lines.clone();
            lines.sort_unstable();
            lines == sent.parcels
        }
    }
}

fn unchanged(state: &State, command: &Command, order_no: crate::OrderNo) -> Outcome {
    let order = state.order(command.tenant, order_no).expect("it was found before").clone();
    Outcome::accepted(Reply::Order { order, created: false }, Vec::new())
}

fn find_parcel<'a>(order: &'a Order, carrier: &Carrier, tracking_no: &TrackingNo) -> Option<&'a Shipment> {
    order.shipments.iter().find(|parcel| parcel.carrier == *carrier && parcel.tracking_no == *tracking_no)
}

/// Marks units as shipped: the wanted ones, or all that are left; none that a refund is about to give back. The parcels come
/// sorted by line.
fn load(
    lines: &mut [Line],
    wanted: Option<&[Parcel]>,
    under_way: &BTreeMap<u32, i64>,
) -> Result<Vec<Parcel>, order::Refusal> {
    let mut parcels = match wanted {
        Some(wanted) => wanted.to_vec(),
        None => lines.iter().map(|line| Parcel { line: line.number, quantity: Order::unshipped(line) }).collect(),
    };
    parcels.retain(|parcel| parcel.quantity > 0);
    parcels.sort_unstable();
    for parcel in &parcels {
        let line = lines
            .iter_mut()
            .find(|line| line.number == parcel.line)
            .ok_or(order::Refusal::LineNotFound(parcel.line))?;
        let left = Order::unshipped(line);
        if parcel.quantity > left {
            return Err(order::Refusal::TooManyShipped { line: line.number, left });
        }
        let left = (left - under_way.get(&line.number).copied().unwrap_or(0)).max(0);
        if parcel.quantity > left {
            return Err(order::Refusal::RefundUnderWay { line: line.number, left });
        }
        line.shipped += parcel.quantity;
    }
    Ok(parcels)
}
