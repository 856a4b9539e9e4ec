//! Owns issuing an order number.

use crate::{Change, Command, OrderNo, OrderNumber, Outcome, Reply, Timestamp};

pub(super) fn issue(command: &Command, order_no: OrderNo, expires_at: Timestamp) -> Outcome {
    let number = OrderNumber { tenant: command.tenant, order_no, principal: command.principal, expires_at };
    Outcome::accepted(Reply::NumberIssued(number.clone()), vec![Change::NumberIssued(number)])
}
