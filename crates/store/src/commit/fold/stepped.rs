//! Owns the rows of orders that took a step, and of the history of all.

use domain::order::{CloseReason, Line, Status};
use domain::stock::Holding;

use super::{Batch, Step};
use crate::found::Stored as _;
use crate::rows::{EventRow, holding_name};
use crate::set::{Rows, Write, number, row, text};

static HEADS: Write = Write::update(
    "orders",
    &[number("tenant_id"), text("order_no")],
    &[
        text("status"),
        text("close_reason"),
        number("version"),
        number("captured_minor"),
        number("refunded_minor"),
        number("returned_minor"),
        number("updated_at"),
    ],
    &[number("version")],
);

static LINES: Write = Write::update(
    "order_lines",
    &[number("tenant_id"), text("order_no"), number("line")],
    &[number("shipped"), number("refunded")],
    &[number("shipped"), number("refunded")],
);

static RESERVATIONS: Write = Write::update(
    "stock_reservations",
    &[number("tenant_id"), text("order_no"), text("sku")],
    &[text("holding")],
    &[text("holding")],
);

static HISTORY: Write = Write::insert("order_events", EventRow::FIND.read);

pub(super) fn heads_changed(steps: &[Step<'_>]) -> Rows {
    let mut rows = Rows::of(&HEADS);
    for Step { before, now } in steps {
        rows.add(row![
            now.tenant.0,
            now.order_no.to_string(),
            now.status.name(),
            now.close_reason.map(CloseReason::name),
            now.version,
            now.captured,
            now.refunded,
            now.returned,
            now.updated_at.0,
            before.version,
        ]);
    }
    rows
}

pub(super) fn lines_changed(steps: &[Step<'_>]) -> Rows {
    let mut rows = Rows::of(&LINES);
    for Step { before, now } in steps {
        let moved = |was: &Line, is: &Line| (was.shipped, was.refunded) != (is.shipped, is.refunded);
        for (was, is) in before.lines.iter().zip(&now.lines).filter(|(was, is)| moved(was, is)) {
            let (tenant, order_no) = (now.tenant.0, now.order_no.to_string());
            rows.add(row![tenant, order_no, is.number, is.shipped, is.refunded, was.shipped, was.refunded]);
        }
    }
    rows
}

pub(super) fn reservations_changed(steps: &[Step<'_>]) -> Rows {
    let mut rows = Rows::of(&RESERVATIONS);
    for Step { before, now } in steps {
        let changed = before.reservations.iter().zip(&now.reservations);
        for (was, is) in changed.filter(|(was, is)| was.holding == Holding::Held && is.holding != Holding::Held) {
            let (was, now_held) = (holding_name(was.holding), holding_name(is.holding));
            rows.add(row![now.tenant.0, now.order_no.to_string(), is.sku.as_str(), now_held, was]);
        }
    }
    rows
}

pub(super) fn history(batch: &Batch<'_>) -> Rows {
    let mut rows = Rows::of(&HISTORY);
    let mut entries = batch.history.clone();
    entries.sort_unstable_by_key(|entry| (entry.tenant, entry.order_no, entry.version));
    for entry in entries {
        rows.add(row![
            entry.tenant.0,
            entry.order_no.to_string(),
            entry.version,
            entry.event.name(),
            entry.from.map(Status::name),
            entry.to.name(),
            entry.at.0,
            entry.principal.0,
            entry.key.as_str(),
        ]);
    }
    rows
}
