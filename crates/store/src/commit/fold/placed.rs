//! Owns the statements over numbers, and over orders that are new: heads, lines, reservations.

use domain::Order;
use domain::order::CloseReason;
use domain::text::Note;
use serde::Serialize;

use super::{Rows, Written};
use crate::commit::write::Statement;
use crate::dialect;
use crate::rows::holding_name;

/// One row of `orders`: a struct, since a tuple may not be as long.
#[derive(Serialize)]
struct Head<'a>(
    i64,
    String,
    i64,
    &'a str,
    u8,
    &'static str,
    Option<&'static str>,
    u32,
    &'a str,
    i64,
    &'a str,
    i64,
    Option<&'a str>,
    i64,
    i64,
    i64,
);

pub(super) fn heads_new(placed: &[&Order]) -> Written {
    let rows: Vec<_> = placed.iter().map(|order| head(order)).collect();
    let fingerprints = placed.iter().flat_map(|order| order.fingerprint.digest).collect();
    Statement::over_bytes("orders", dialect::ORDERS_INSERT, &rows, fingerprints)
}

pub(super) fn lines_new(placed: &[&Order]) -> Written {
    let rows: Vec<_> = placed
        .iter()
        .flat_map(|order| {
            let order_no = order.order_no.to_string();
            order.lines.iter().map(move |line| {
                (
                    order.tenant.0,
                    order_no.clone(),
                    line.number,
                    line.sku.as_str(),
                    line.name.as_str(),
                    line.quantity,
                    line.unit_price.minor,
                    line.total.minor,
                    line.shipped,
                )
            })
        })
        .collect();
    Statement::over("order_lines", dialect::LINES_INSERT, &rows)
}

pub(super) fn reservations_new(placed: &[&Order]) -> Written {
    let rows: Vec<_> = placed
        .iter()
        .flat_map(|order| {
            let order_no = order.order_no.to_string();
            order.reservations.iter().map(move |held| {
                let holding = holding_name(held.holding);
                (order.tenant.0, order_no.clone(), held.sku.as_str(), held.quantity, holding)
            })
        })
        .collect();
    Statement::over("stock_reservations", dialect::RESERVATIONS_INSERT, &rows)
}

pub(super) fn numbers_issued(rows: &Rows<'_>) -> Written {
    let rows: Vec<_> = rows
        .numbers_issued
        .values()
        .map(|number| (number.tenant.0, number.order_no.to_string(), number.principal.0, number.expires_at.0))
        .collect();
    Statement::over("order_numbers", dialect::NUMBERS_INSERT, &rows)
}

pub(super) fn numbers_used(rows: &Rows<'_>) -> Written {
    let mut keys = rows.numbers_used.clone();
    keys.sort_unstable();
    let rows: Vec<_> = keys.iter().map(|(tenant, order_no)| (tenant.0, order_no.to_string())).collect();
    Statement::over("order_numbers", dialect::NUMBERS_DELETE, &rows)
}

fn head(order: &Order) -> Head<'_> {
    Head(
        order.tenant.0,
        order.order_no.to_string(),
        order.principal.0,
        order.key.as_str(),
        order.fingerprint.version,
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
    )
}
