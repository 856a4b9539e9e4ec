//! Owns folding a batch's changes into sets of rows: each row is written once, as the last command left it, and
//! sorted by its key so that two nodes lock in the same order.

mod placed;
mod products;
mod records;
mod shipments;
mod stepped;

use std::collections::BTreeMap;
use std::sync::Arc;

use domain::order::HistoryEntry;
use domain::stock::Movement;
use domain::text::Sku;
use domain::{Change, Order, OrderNo, OrderNumber, Product, State, StockItem, TenantId};
use engine::{Commit, Fault, NewRecord, Scope};

use super::Before;
use super::write::Statement;
use crate::OrderKey;
use crate::hash::Kept;

/// The statement over some rows, if there are any.
type Written = Result<Option<Statement>, Fault>;

/// The rows of a batch, by key.
#[derive(Default)]
struct Rows<'a> {
    records: BTreeMap<&'a Scope, RecordRow<'a>>,
    products: BTreeMap<(TenantId, &'a Sku), &'a Product>,
    stock: BTreeMap<(TenantId, &'a Sku), &'a StockItem>,
    movements: Vec<&'a Movement>,
    numbers_issued: BTreeMap<OrderKey, &'a OrderNumber>,
    numbers_used: Vec<OrderKey>,
    orders: BTreeMap<OrderKey, &'a Arc<Order>>,
    history: Vec<&'a HistoryEntry>,
}

/// The statements that write a batch, in the order in which they run.
pub(super) fn fold(before: &Before, commit: &Commit) -> Result<Vec<Statement>, Fault> {
    let Before { state: before, kept } = before;
    let rows = Rows::of(before, kept, commit);
    let (placed, stepped): (Vec<&Order>, Vec<&Order>) = rows
        .orders
        .values()
        .map(|order| &***order)
        .partition(|order| before.order(order.tenant, order.order_no).is_none());
    let steps: Vec<Step<'_>> = stepped
        .into_iter()
        .filter_map(|now| Some(Step { before: before.order(now.tenant, now.order_no)?, now }))
        .collect();
    let statements = [
        records::replaced(&rows)?,
        records::new(&rows)?,
        products::products(&rows)?,
        products::stock_new(before, &rows)?,
        products::stock_changed(before, &rows)?,
        products::movements(&rows)?,
        placed::numbers_issued(&rows)?,
        placed::numbers_used(&rows)?,
        placed::heads_new(&placed)?,
        placed::lines_new(&placed)?,
        placed::reservations_new(&placed)?,
        stepped::heads_changed(&steps)?,
        stepped::lines_changed(&steps)?,
        stepped::reservations_changed(&steps)?,
        shipments::heads(&placed, &steps)?,
        shipments::lines(&placed, &steps)?,
        stepped::history(&rows)?,
    ];
    Ok(statements.into_iter().flatten().collect())
}

/// What is to stand under a key.
struct RecordRow<'a> {
    last: &'a NewRecord,
    /// True if a row stands under the key already.
    replaces: bool,
    /// The order that was placed under it, now or long ago.
    order_no: Option<OrderNo>,
}

/// An order that existed before the batch.
struct Step<'a> {
    before: &'a Order,
    now: &'a Order,
}

impl<'a> Rows<'a> {
    fn of(before: &State, kept: &Kept, commit: &'a Commit) -> Self {
        let mut rows = Self::default();
        for record in &commit.records {
            let order_no = kept.get(&record.scope).copied();
            // A key may be superseded again in the batch: only its first record here knows of a row in the table.
            let first = RecordRow { last: record, replaces: record.replaces || order_no.is_some(), order_no };
            rows.records.entry(&record.scope).and_modify(|row| row.last = record).or_insert(first);
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
                Change::OrderPlaced(order) => {
                    let scope = Scope { tenant: order.tenant, principal: order.principal, key: order.key.clone() };
                    if let Some(row) = rows.records.get_mut(&scope) {
                        row.order_no = Some(order.order_no);
                    }
                    rows.orders.insert((order.tenant, order.order_no), order);
                }
                Change::OrderStepped(order) => {
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
