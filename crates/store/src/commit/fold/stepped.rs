//! Owns the statements over orders that took a step, and over the history of all.

use domain::order::{CloseReason, Status};
use domain::stock::Holding;

use super::{Rows, Step, Written};
use crate::commit::write::Statement;
use crate::dialect;
use crate::rows::holding_name;

pub(super) fn heads_changed(steps: &[Step<'_>]) -> Written {
    let rows: Vec<_> = steps
        .iter()
        .map(|Step { before, now }| {
            (
                now.tenant.0,
                now.order_no.to_string(),
                now.status.name(),
                now.close_reason.map(CloseReason::name),
                now.version,
                now.captured,
                now.updated_at.0,
                before.version,
            )
        })
        .collect();
    Statement::over("orders", dialect::ORDERS_UPDATE, &rows)
}

pub(super) fn lines_changed(steps: &[Step<'_>]) -> Written {
    let rows: Vec<_> = steps
        .iter()
        .flat_map(|Step { before, now }| {
            before
                .lines
                .iter()
                .zip(&now.lines)
                .filter(|(was, is)| was.shipped != is.shipped)
                .map(|(was, is)| (now.tenant.0, now.order_no.to_string(), is.number, is.shipped, was.shipped))
        })
        .collect();
    Statement::over("order_lines", dialect::LINES_UPDATE, &rows)
}

pub(super) fn reservations_changed(steps: &[Step<'_>]) -> Written {
    let rows: Vec<_> = steps
        .iter()
        .flat_map(|Step { before, now }| {
            let changed = before.reservations.iter().zip(&now.reservations);
            changed
                .filter(|(was, is)| was.holding == Holding::Held && is.holding != Holding::Held)
                .map(|(_, is)| (now.tenant.0, now.order_no.to_string(), is.sku.as_str(), holding_name(is.holding)))
        })
        .collect();
    Statement::over("stock_reservations", dialect::RESERVATIONS_UPDATE, &rows)
}

pub(super) fn history(rows: &Rows<'_>) -> Written {
    let mut rows: Vec<_> = rows
        .history
        .iter()
        .map(|entry| {
            (
                entry.tenant.0,
                entry.order_no.to_string(),
                entry.version,
                entry.event.name(),
                entry.from.map(Status::name),
                entry.to.name(),
                entry.at.0,
                entry.principal.0,
                entry.key.as_str(),
            )
        })
        .collect();
    rows.sort_unstable();
    Statement::over("order_events", dialect::EVENTS_INSERT, &rows)
}
