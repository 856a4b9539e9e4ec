//! Owns what a decision changes: each change carries the whole new row, so that applying it needs no rule.

use std::sync::Arc;

use crate::order::HistoryEntry;
use crate::stock::Movement;
use crate::{Order, OrderNo, OrderNumber, Product, State, StockItem, TenantId};

/// One changed row, or one order with its lines.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Change {
    /// A product is new or other than before.
    ProductPut(Product),
    /// A stock item is new or other than before.
    StockSet(StockItem),
    /// `on_hand` moved.
    StockMoved(Movement),
    /// A number was issued.
    NumberIssued(OrderNumber),
    /// A number became an order.
    NumberUsed(TenantId, OrderNo),
    /// An order is new, with its lines and reservations.
    OrderPlaced(Arc<Order>),
    /// An order took a step: its head, reservations, shipped quantities or shipments are other than before.
    OrderStepped(Arc<Order>),
    /// A step is written into an order's history.
    HistoryWritten(HistoryEntry),
}

impl State {
    /// Makes a change visible to the commands behind it.
    pub fn apply(&mut self, change: &Change) {
        match change {
            Change::ProductPut(product) => self.put_product(product.clone()),
            Change::StockSet(item) => self.put_stock(item.clone()),
            Change::NumberIssued(number) => self.put_number(number.clone()),
            Change::NumberUsed(tenant, order_no) => self.remove_number(*tenant, *order_no),
            Change::OrderPlaced(order) | Change::OrderStepped(order) => self.put_order(order.clone()),
            Change::StockMoved(_) | Change::HistoryWritten(_) => {}
        }
    }
}
