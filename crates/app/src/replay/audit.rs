//! Owns the count at the end: the orders that the server has, against the invoices that the files have.

use std::collections::HashMap;

use anyhow::Context as _;
use serde::Deserialize;

use super::invoice::{Book, CURRENCY, Invoice};
use super::pay::Paid;
use super::storm::Storm;
use crate::client::Caller;

/// The server's orders by invoice number, of invoices in the files.
pub type Orders = HashMap<String, Vec<Placed>>;

/// What is read of an order.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Placed {
    /// Its number.
    pub order_no: String,
    /// What it costs.
    pub total: Money,
    /// Says the invoice.
    note: Option<String>,
}

/// An amount as the API writes it.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Money {
    amount: i64,
    currency: String,
}

/// The result of a replay.
#[derive(Debug, Default)]
pub struct Audit {
    /// Orders of the files' invoices on the server.
    pub orders: usize,
    /// Their sum, in pence.
    pub revenue: i64,
    /// Invoices that had no order before this run and have one now. An answer alone cannot tell: the one that said
    /// 201 may have been lost, and the retry's says that it was replayed.
    pub executed: usize,
    /// What the storm saw.
    pub storm: Storm,
    /// What paying came to, where the orders were paid.
    pub paid: Option<Paid>,
    /// Each difference between files and server, for people.
    pub problems: Vec<String>,
}

/// Lists all orders of the server that name one of the files' invoices.
pub async fn orders(caller: &mut Caller, book: &Book) -> anyhow::Result<Orders> {
    let mut orders: Orders = book.invoices.iter().map(|invoice| (invoice.note(), Vec::new())).collect();
    let take = |placed: Placed| {
        if let Some(found) = placed.note.as_ref().and_then(|note| orders.get_mut(note)) {
            found.push(placed);
        }
    };
    caller.list("/api/v1/orders", take).await.context("the server's orders cannot be listed")?;
    Ok(orders)
}

impl Audit {
    /// Compares what the files have with what the server has.
    pub fn compare(book: &Book, before: &Orders, after: &Orders, storm: Storm) -> Self {
        let mut audit = Self { problems: storm.problems.clone(), storm, ..Self::default() };
        for invoice in &book.invoices {
            let note = invoice.note();
            let found = after.get(&note).map_or(&[][..], Vec::as_slice);
            audit.orders += found.len();
            audit.revenue += found.iter().map(|order| order.total.amount).sum::<i64>();
            audit.executed += usize::from(before.get(&note).is_none_or(Vec::is_empty) && !found.is_empty());
            audit.problems.extend(audit.storm.answered.get(&invoice.number).map_or_else(
                || difference(invoice, found, None),
                |order_no| difference(invoice, found, Some(order_no)),
            ));
        }
        audit
    }
}

/// What is wrong with the orders of one invoice.
fn difference(invoice: &Invoice, found: &[Placed], answered: Option<&String>) -> Option<String> {
    let Invoice { number, total, .. } = invoice;
    let wanted = Money { amount: *total, currency: CURRENCY.to_owned() };
    match (found, answered) {
        ([], Some(order_no)) => Some(format!("invoice {number}: order {order_no} was answered and is not listed")),
        ([order], Some(order_no)) if order.order_no != *order_no => {
            Some(format!("invoice {number}: order {order_no} was answered, {} is listed", order.order_no))
        }
        ([order], _) if order.total != wanted => Some(format!(
            "invoice {number}: order {} is over {} {}, the file says {total} {CURRENCY}",
            order.order_no, order.total.amount, order.total.currency
        )),
        // None at all is told by the storm, with the refusal.
        ([], None) | ([_], _) => None,
        (orders, _) => {
            let numbers: Vec<_> = orders.iter().map(|order| &*order.order_no).collect();
            Some(format!(
                "invoice {number} has {} orders: {}; an API key of another account makes \
                 one of its own",
                orders.len(),
                numbers.join(", ")
            ))
        }
    }
}

#[cfg(test)]
mod tests;
