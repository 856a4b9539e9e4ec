//! Owns taking note that an order is paid.

use crate::order::{Event, HistoryEntry};
use crate::stock::Holding;
use crate::{Change, Command, Money, Order, OrderNo, Outcome, Refusal, State, order};

pub(super) fn pay(state: &State, command: &Command, order_no: OrderNo, captured: Money) -> Result<Outcome, Refusal> {
    let mut order = super::find(state, command, order_no)?;
    order.expect_step(Event::Pay)?;
    if order.total != captured {
        return Err(order::Refusal::AmountMismatch.into());
    }
    let (entry, changes) = paid(state, &mut order, command)?;
    Ok(super::stepped(order, entry, changes))
}

/// Steps an order to paid: its stock is sold. Used at once where nothing is owed.
pub(super) fn paid(
    state: &State,
    order: &mut Order,
    command: &Command,
) -> Result<(HistoryEntry, Vec<Change>), order::Refusal> {
    let entry = order.step(Event::Pay, command.cause())?;
    order.captured = order.total.minor;
    Ok((entry, super::resolve::reservations(state, order, Holding::Committed, command.at)))
}
