//! Owns folding a batch's changes into sets of rows: each row is written once, as the last command left it, and
//! sorted by its key so that two nodes lock in the same order.

use std::collections::BTreeMap;
use std::sync::Arc;

use domain::order::HistoryEntry;
use domain::stock::{Holding, Movement, Source};
use domain::text::Sku;
use domain::{Change, Order, OrderNumber, Product, State, StockItem, TenantId};
use engine::{Commit, Fault, NewRecord, Scope};

use super::write::Statement;
use crate::rows::{hex, holding_name};
use crate::{OrderKey, dialect};

/// The rows of a batch, by key.
#[derive(Default)]
struct Rows<'a> {
    records: BTreeMap<&'a Scope, &'a NewRecord>,
    products: BTreeMap<(TenantId, &'a Sku), &'a Product>,
    stock: BTreeMap<(TenantId, &'a Sku), &'a StockItem>,
    movements: Vec<&'a Movement>,
    numbers_issued: BTreeMap<OrderKey, &'a OrderNumber>,
    numbers_used: Vec<OrderKey>,
    orders: BTreeMap<OrderKey, &'a Arc<Order>>,
    history: Vec<&'a HistoryEntry>,
}

/// The statements that write a batch, in the order in which they run.
pub(super) fn fold(before: &State, commit: &Commit) -> Result<Vec<Statement>, Fault> {
    let rows = Rows::of(before, commit);
    let (placed, stepped): (Vec<&Order>, Vec<&Order>) = rows
        .orders
        .values()
        .map(|order| &***order)
        .partition(|order| before.order(order.tenant, order.order_no).is_none());
    let steps: Vec<Step<'_>> = stepped
        .into_iter()
        .filter_map(|now| Some(Step { before: before.order(now.tenant, now.order_no)?, now }))
        .collect();
    let new_stock = |item: &&&StockItem| before.stock(item.tenant, &item.sku).is_none();
    let statements = [
        replaced_records(&rows)?,
        records(&rows)?,
        products(&rows)?,
        stock_new(rows.stock.values().filter(new_stock))?,
        stock_changed(before, &rows)?,
        movements(&rows)?,
        numbers_issued(&rows)?,
        numbers_used(&rows)?,
        heads_new(&placed)?,
        lines_new(&placed)?,
        reservations_new(&placed)?,
        heads_changed(&steps)?,
        lines_changed(&steps)?,
        reservations_changed(&steps)?,
        shipments(&placed, &steps)?,
        shipment_lines(&placed, &steps)?,
        history(&rows)?,
    ];
    Ok(statements.into_iter().flatten().collect())
}

/// An order that existed before the batch.
struct Step<'a> {
    before: &'a Order,
    now: &'a Order,
}

impl<'a> Rows<'a> {
    fn of(before: &State, commit: &'a Commit) -> Self {
        let mut rows = Self::default();
        for record in &commit.records {
            rows.records.insert(&record.scope, record);
        }
        for change in &commit.changes {
            match change {
                Change::ProductPut(product) => {
                    rows.products.insert((product.tenant, &product.sku), product);
                }
                Change::StockSet(item) => {
                    rows.stock.insert((item.tenant, &item.sku), item);
                }
                Change::StockMoved(movement) => rows.movements.push(movement),
                Change::NumberIssued(number) => {
                    rows.numbers_issued.insert((number.tenant, number.order_no), number);
                }
                Change::NumberUsed(tenant, order_no) => {
                    // A number made at intake was never issued: nothing to delete.
                    let issued_here = rows.numbers_issued.remove(&(*tenant, *order_no)).is_some();
                    if !issued_here && before.number(*tenant, *order_no).is_some() {
                        rows.numbers_used.push((*tenant, *order_no));
                    }
                }
                Change::OrderPlaced(order) | Change::OrderStepped(order) => {
                    rows.orders.insert((order.tenant, order.order_no), order);
                }
                Change::HistoryWritten(entry) => rows.history.push(entry),
            }
        }
        // A change and its reverse in one batch leave nothing to write.
        rows.stock.retain(|_, item| before.stock(item.tenant, &item.sku) != Some(item));
        rows
    }
}

type Written = Result<Option<Statement>, Fault>;

fn replaced_records(rows: &Rows<'_>) -> Written {
    let rows: Vec<_> = rows
        .records
        .values()
        .filter(|new| new.replaces)
        .map(|new| (new.scope.tenant.0, new.scope.principal.0, new.scope.key.as_str()))
        .collect();
    Statement::over("key_records", dialect::RECORDS_DELETE, &rows)
}

fn records(rows: &Rows<'_>) -> Written {
    let rows = rows
        .records
        .values()
        .map(|new| {
            let answer = &new.record.answer;
            let body = std::str::from_utf8(&answer.body)
                .map_err(|_| Fault::Rejected("an answer's body is not UTF-8".to_owned()))?;
            let headers = serde_json::to_string(&answer.headers)
                .map_err(|error| Fault::Rejected(format!("an answer's headers: {error}")))?;
            Ok((
                new.scope.tenant.0,
                new.scope.principal.0,
                new.scope.key.as_str(),
                hex(&new.record.command.0.to_be_bytes()),
                new.record.fingerprint.version,
                hex(&new.record.fingerprint.digest),
                answer.status,
                headers,
                body,
                new.completed_at.0,
            ))
        })
        .collect::<Result<Vec<_>, Fault>>()?;
    Statement::over("key_records", dialect::RECORDS_INSERT, &rows)
}

fn products(rows: &Rows<'_>) -> Written {
    let rows: Vec<_> = rows
        .products
        .values()
        .map(|product| {
            (
                product.tenant.0,
                product.sku.as_str(),
                product.name.as_str(),
                product.price.minor,
                product.price.currency.code(),
                product.version,
                product.created_at.0,
                product.updated_at.0,
            )
        })
        .collect();
    Statement::over("products", dialect::PRODUCTS_UPSERT, &rows)
}

fn stock_new<'a>(items: impl Iterator<Item = &'a &'a StockItem>) -> Written {
    let rows: Vec<_> = items.map(|item| (item.tenant.0, item.sku.as_str(), item.on_hand, item.reserved)).collect();
    Statement::over("stock_items", dialect::STOCK_INSERT, &rows)
}

fn stock_changed(before: &State, rows: &Rows<'_>) -> Written {
    let rows: Vec<_> = rows
        .stock
        .values()
        .filter_map(|item| {
            let was = before.stock(item.tenant, &item.sku)?;
            Some((item.tenant.0, item.sku.as_str(), item.on_hand, item.reserved, was.on_hand, was.reserved))
        })
        .collect();
    Statement::over("stock_items", dialect::STOCK_UPDATE, &rows)
}

fn movements(rows: &Rows<'_>) -> Written {
    let mut rows: Vec<_> = rows
        .movements
        .iter()
        .map(|movement| {
            let (kind, source) = match movement.source {
                Source::Initial => ("initial", String::new()),
                Source::Manual(id) => ("manual", id.to_string()),
                Source::Sale(order_no) => ("sale", order_no.to_string()),
            };
            let reason = movement.reason.as_ref().map(domain::text::MoveReason::as_str);
            (movement.tenant.0, movement.sku.as_str(), kind, source, movement.quantity, reason, movement.at.0)
        })
        .collect();
    rows.sort_unstable();
    Statement::over("stock_movements", dialect::MOVEMENTS_INSERT, &rows)
}

fn numbers_issued(rows: &Rows<'_>) -> Written {
    let rows: Vec<_> = rows
        .numbers_issued
        .values()
        .map(|number| (number.tenant.0, number.order_no.to_string(), number.principal.0, number.expires_at.0))
        .collect();
    Statement::over("order_numbers", dialect::NUMBERS_INSERT, &rows)
}

fn numbers_used(rows: &Rows<'_>) -> Written {
    let mut keys = rows.numbers_used.clone();
    keys.sort_unstable();
    let rows: Vec<_> = keys.iter().map(|(tenant, order_no)| (tenant.0, order_no.to_string())).collect();
    Statement::over("order_numbers", dialect::NUMBERS_DELETE, &rows)
}

fn heads_new(placed: &[&Order]) -> Written {
    let rows: Vec<_> = placed
        .iter()
        .map(|order| {
            // Two tuples, flattened by the serializer below: serde writes tuples of up to 16.
            serde_json::json!([
                order.tenant.0,
                order.order_no.to_string(),
                order.principal.0,
                order.key.as_str(),
                order.fingerprint.version,
                hex(&order.fingerprint.digest),
                order.status.name(),
                order.close_reason.map(domain::order::CloseReason::name),
                order.version,
                order.customer_id.as_str(),
                order.total.minor,
                order.total.currency.code(),
                order.captured,
                order.note.as_ref().map(domain::text::Note::as_str),
                order.created_at.0,
                order.updated_at.0,
                order.expires_at.0,
            ])
        })
        .collect();
    Statement::over("orders", dialect::ORDERS_INSERT, &rows)
}

fn lines_new(placed: &[&Order]) -> Written {
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

fn reservations_new(placed: &[&Order]) -> Written {
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

fn heads_changed(steps: &[Step<'_>]) -> Written {
    let rows: Vec<_> = steps
        .iter()
        .map(|Step { before, now }| {
            (
                now.tenant.0,
                now.order_no.to_string(),
                now.status.name(),
                now.close_reason.map(domain::order::CloseReason::name),
                now.version,
                now.captured,
                now.updated_at.0,
                before.version,
            )
        })
        .collect();
    Statement::over("orders", dialect::ORDERS_UPDATE, &rows)
}

fn lines_changed(steps: &[Step<'_>]) -> Written {
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

fn reservations_changed(steps: &[Step<'_>]) -> Written {
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

/// Each order's parcels that are new or corrected, with those that are new marked.
fn parcels<'a>(placed: &[&'a Order], steps: &[Step<'a>]) -> Vec<(&'a Order, &'a domain::order::Shipment, bool)> {
    let of_placed = placed.iter().flat_map(|order| order.shipments.iter().map(|shipment| (*order, shipment, true)));
    let of_steps = steps.iter().flat_map(|Step { before, now }| {
        now.shipments.iter().enumerate().filter_map(|(index, shipment)| {
            let was = before.shipments.get(index);
            (was != Some(shipment)).then_some((*now, shipment, was.is_none()))
        })
    });
    of_placed.chain(of_steps).collect()
}

fn shipments(placed: &[&Order], steps: &[Step<'_>]) -> Written {
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

fn shipment_lines(placed: &[&Order], steps: &[Step<'_>]) -> Written {
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

fn history(rows: &Rows<'_>) -> Written {
    let mut rows: Vec<_> = rows
        .history
        .iter()
        .map(|entry| {
            (
                entry.tenant.0,
                entry.order_no.to_string(),
                entry.version,
                entry.event.name(),
                entry.from.map(domain::order::Status::name),
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
