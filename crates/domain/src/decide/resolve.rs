//! Owns what becomes of the stock that is promised to an order, once.

use crate::stock::{Holding, Movement, Source};
use crate::{Change, Command, Order, State};

/// Resolves every held reservation of the order, in the order itself and in the stock it holds.
pub(super) fn reservations(state: &State, order: &mut Order, to: Holding, command: &Command) -> Vec<Change> {
    let mut changes = Vec::new();
    let (tenant, order_no) = (order.tenant, order.order_no);
    let held = order.reservations.iter_mut().filter(|reservation| reservation.holding == Holding::Held);
    for reservation in held {
        let item = state.stock(tenant, &reservation.sku).expect("storage loads the stock of every reservation");
        let resolved = if to == Holding::Committed {
            item.commit(reservation.quantity)
        } else {
            item.release(reservation.quantity)
        };
        changes.push(Change::StockSet(resolved.expect("what is held is part of what is reserved (I-7)")));
        if to == Holding::Committed {
            changes.push(Change::StockMoved(Movement {
                tenant,
                sku: reservation.sku.clone(),
                source: Source::Sale(order_no),
                quantity: -reservation.quantity,
                reason: None,
                principal: Some(command.principal),
                at: command.at,
            }));
        }
        reservation.holding = to;
    }
    changes
}
