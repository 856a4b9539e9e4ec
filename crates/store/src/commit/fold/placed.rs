//! Owns the rows of numbers, and of orders that are new: heads, lines, reservations.

use domain::Order;
use domain::order::CloseReason;
use domain::text::Note;

use super::Batch;
use crate::found::Stored as _;
use crate::rows::{LineRow, NumberRow, OrderRow, ReservationRow, SlotRow, holding_name, limit_number};
use crate::set::{Rows, Write, row};

static HEADS: Write = Write::insert("orders", OrderRow::FIND.read);

static LINES: Write = Write::insert("order_lines", LineRow::FIND.read);

static RESERVATIONS: Write = Write::insert("stock_reservations", ReservationRow::FIND.read);

static SLOTS: Write = Write::insert("pending_slots", SlotRow::FIND.read);

static SLOTS_FREED: Write = Write::delete("pending_slots", SlotRow::FIND.key);

static NUMBERS: Write = Write::insert("order_numbers", NumberRow::FIND.read);

static NUMBERS_USED: Write = Write::delete("order_numbers", NumberRow::FIND.key);

pub(super) fn heads_new(placed: &[&Order]) -> Rows {
    let mut rows = Rows::of(&HEADS);
    for order in placed {
        rows.add(row![
            order.tenant.0,
            order.order_no.to_string(),
            order.principal.0,
            order.key.as_str(),
            u32::from(order.fingerprint.version),
            &order.fingerprint.digest[..],
            order.status.name(),
            order.close_reason.map(CloseReason::name),
            order.version,
            order.customer_id.as_str(),
            order.total.minor,
            order.total.currency.code(),
            order.captured,
            order.note.as_ref().map(Note::as_str),
            order.created_at.0,
            order.updated_at.0,
            order.expires_at.0,
            order.refunded,
            order.returned,
            limit_number(order.pending_limit),
        ]);
    }
    rows
}

pub(super) fn lines_new(placed: &[&Order]) -> Rows {
    let mut rows = Rows::of(&LINES);
    for order in placed {
        let order_no = order.order_no.to_string();
        for line in &order.lines {
            rows.add(row![
                order.tenant.0,
                order_no.as_str(),
                line.number,
                line.sku.as_str(),
                line.name.as_str(),
                line.quantity,
                line.unit_price.minor,
                line.total.minor,
                line.shipped,
                line.refunded,
            ]);
        }
    }
    rows
}

pub(super) fn reservations_new(placed: &[&Order]) -> Rows {
    let mut rows = Rows::of(&RESERVATIONS);
    for order in placed {
        let order_no = order.order_no.to_string();
        for held in &order.reservations {
            let holding = holding_name(held.holding);
            rows.add(row![order.tenant.0, order_no.as_str(), held.sku.as_str(), held.quantity, holding]);
        }
    }
    rows
}

pub(super) fn numbers_issued(batch: &Batch<'_>) -> Rows {
    let mut rows = Rows::of(&NUMBERS);
    for number in batch.numbers_issued.values() {
        rows.add(row![number.tenant.0, number.order_no.to_string(), number.principal.0, number.expires_at.0]);
    }
    rows
}

pub(super) fn numbers_used(batch: &Batch<'_>) -> Rows {
    let mut rows = Rows::of(&NUMBERS_USED);
    let mut keys = batch.numbers_used.clone();
    keys.sort_unstable();
    for (tenant, order_no) in keys {
        rows.add(row![tenant.0, order_no.to_string()]);
    }
    rows
}

/// Frees places before others take them.
pub(super) fn slots_freed(batch: &Batch<'_>) -> Rows {
    let mut rows = Rows::of(&SLOTS_FREED);
    for (slot, _) in batch.slots.iter().filter(|(_, place)| place.was_taken) {
        rows.add(row![slot.tenant.0, slot.customer_id.as_str(), SlotRow::sku(slot)]);
    }
    rows
}

pub(super) fn slots_taken(batch: &Batch<'_>) -> Rows {
    let mut rows = Rows::of(&SLOTS);
    for (slot, order_no) in batch.slots.iter().filter_map(|(slot, place)| Some((slot, place.now?))) {
        rows.add(row![slot.tenant.0, slot.customer_id.as_str(), SlotRow::sku(slot), order_no.to_string()]);
    }
    rows
}
