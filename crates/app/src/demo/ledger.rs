//! Owns the count behind the storm: what the server has, against what the shoppers were told.

use std::collections::HashMap;

use anyhow::Context as _;
use serde::Deserialize;

use super::catalogue::{HOT, PRODUCTS};
use super::storm::Storm;
use crate::client::Caller;

/// What the server has.
#[derive(Debug, Default)]
pub struct Ledger {
    /// All orders.
    pub orders: u64,
    /// Orders beyond the one that each shopper wanted.
    pub doubled: u64,
    /// Orders that a shopper was told of and the server does not have.
    pub lost: u64,
    /// Units promised beyond what there is, over all products.
    pub oversold: i64,
    /// Units of the hot product that are promised.
    pub hot: i64,
}

#[derive(Deserialize)]
struct Order {
    #[serde(rename = "order_no")]
    number: String,
    customer_id: String,
    status: String,
    lines: Vec<Line>,
}

#[derive(Deserialize)]
struct Line {
    sku: String,
    quantity: i64,
}

impl Ledger {
    /// Reads all orders but those that stood there when the storm began.
    pub async fn read(caller: &mut Caller, storm: &Storm, before: &[String]) -> anyhow::Result<Self> {
        let mut orders = Vec::new();
        caller.list("/api/v1/orders", |order: Order| orders.push(order)).await.context("orders cannot be listed")?;
        orders.retain(|order| !before.contains(&order.number));
        Ok(Self::count(&orders, storm.orders.iter().map(|(_, order_no)| &**order_no)))
    }

    fn count<'a>(orders: &[Order], told: impl Iterator<Item = &'a str>) -> Self {
        let mut ledger = Self { orders: orders.len() as u64, ..Self::default() };
        let mut by_customer: HashMap<&str, u64> = HashMap::new();
        let mut units: HashMap<&str, i64> = HashMap::new();
        for order in orders {
            *by_customer.entry(&order.customer_id).or_default() += 1;
            // A closed order has given its units back.
            for line in order.lines.iter().filter(|_| order.status != "closed") {
                *units.entry(&line.sku).or_default() += line.quantity;
            }
        }
        let promised = |sku: &str| units.get(sku).copied().unwrap_or_default();
        let numbers: HashMap<&str, &Order> = orders.iter().map(|order| (&*order.number, order)).collect();
        ledger.doubled = by_customer.values().map(|count| count - 1).sum();
        ledger.lost = told.filter(|order_no| !numbers.contains_key(order_no)).count() as u64;
        ledger.oversold = PRODUCTS.iter().map(|product| (promised(product.sku) - product.stock).max(0)).sum();
        ledger.hot = promised(PRODUCTS[HOT].sku);
        ledger
    }

    /// True where every promise was kept.
    pub const fn is_clean(&self) -> bool {
        self.doubled == 0 && self.lost == 0 && self.oversold == 0
    }
}

#[cfg(test)]
mod tests {
    use super::{Ledger, Line, Order};

    fn order(number: &str, customer: &str, status: &str, (sku, quantity): (&str, i64)) -> Order {
        Order {
            number: number.to_owned(),
            customer_id: customer.to_owned(),
            status: status.to_owned(),
            lines: vec![Line { sku: sku.to_owned(), quantity }],
        }
    }

    #[test]
    fn a_clean_count() {
        let orders = [
            order("1", "a", "pending_payment", ("phone-x1", 60)),
            order("2", "b", "closed", ("phone-x1", 60)),
            order("3", "c", "pending_payment", ("phone-x1", 40)),
        ];
        let ledger = Ledger::count(&orders, ["1", "2"].into_iter());
        assert!(ledger.is_clean(), "{ledger:?}");
        assert_eq!((ledger.orders, ledger.hot), (3, 100));
    }

    #[test]
    fn every_broken_promise_is_counted() {
        let orders = [
            order("1", "a", "pending_payment", ("phone-x1", 60)),
            order("2", "a", "pending_payment", ("phone-x1", 60)),
        ];
        let ledger = Ledger::count(&orders, ["1", "9"].into_iter());
        assert_eq!((ledger.doubled, ledger.lost, ledger.oversold), (1, 1, 20));
    }
}
