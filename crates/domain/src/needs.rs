//! Owns which rows the commands of a batch may touch. Storage loads, and locks, them in sorted order.

use std::collections::BTreeSet;

use idempotency::Key;

use crate::text::Sku;
use crate::{Action, Command, OrderNo, OrderNumberSource, PrincipalId, TenantId};

/// The rows to load for a batch, sorted, each once.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Needs {
    /// Products with their stock.
    pub products: BTreeSet<(TenantId, Sku)>,
    /// Whole orders by number.
    pub orders: BTreeSet<(TenantId, OrderNo)>,
    /// Whole orders by the principal and key that placed them.
    pub orders_by_key: BTreeSet<(TenantId, PrincipalId, Key)>,
    /// Issued numbers.
    pub numbers: BTreeSet<(TenantId, OrderNo)>,
}

impl Needs {
    /// What all of these commands may touch.
    pub fn of<'a>(commands: impl IntoIterator<Item = &'a Command>) -> Self {
        let mut needs = Self::default();
        for command in commands {
            needs.add(command);
        }
        needs
    }

    fn add(&mut self, command: &Command) {
        let tenant = command.tenant;
        match &command.action {
            Action::PutProduct(put) => {
                self.products.insert((tenant, put.sku.clone()));
            }
            Action::MoveStock(movement) => {
                self.products.insert((tenant, movement.sku.clone()));
            }
            Action::IssueOrderNumber { order_no, .. } => {
                self.numbers.insert((tenant, *order_no));
            }
            Action::PlaceOrder(place) => {
                self.orders_by_key.insert((tenant, command.principal, command.key.clone()));
                if let OrderNumberSource::Issued(order_no) = place.number {
                    self.orders.insert((tenant, order_no));
                    self.numbers.insert((tenant, order_no));
                }
                self.products.extend(place.lines.iter().map(|line| (tenant, line.sku.clone())));
            }
            Action::PayOrder { .. }
            | Action::CancelOrder { .. }
            | Action::ExpireOrder { .. }
            | Action::ShipOrder(_)
            | Action::CorrectShipment(_)
            | Action::ReceiveOrder { .. } => {
                // The products of these orders' lines are known only once the orders are loaded: storage loads
                // the stock of every reservation it finds.
                self.orders.extend(command.action.order_no().map(|order_no| (tenant, order_no)));
            }
        }
    }
}
