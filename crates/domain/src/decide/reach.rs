//! Owns that nobody touches what is not theirs: for who may touch only their own, an order of somebody else is not there.

use crate::{Action, Command, Order, Refusal, State, Whose, order, payment};

/// The refusal that a missing order would get, where the order that the command names is somebody else's. Placing is not
/// asked: who has its number or key is.
pub(super) fn check(state: &State, command: &Command) -> Result<(), Refusal> {
    if command.whose == Whose::Anybodys {
        return Ok(());
    }
    let is_theirs = |order: &Order| command.whose.includes(&order.customer_id);
    let tenant = command.tenant;
    let payment = match &command.action {
        Action::PlaceOrder(place) if command.whose.includes(&place.customer_id) => return Ok(()),
        Action::IssueOrderNumber { .. } => return Ok(()),
        Action::RefundPayment(refund) => state.payment(tenant, refund.payment),
        Action::QueryPayment(query) => state.payment(tenant, query.payment),
        Action::RetryRefund(retry) => state.payment_of_refund(tenant, retry.failed),
        Action::CancelOrder { .. }
        | Action::StartPayment(_)
        | Action::ShipOrder(_)
        | Action::CorrectShipment(_)
        | Action::ReceiveOrder { .. } => None,
        // Nothing of this is anybody's own.
        _ => return Err(order::Refusal::NotTheirs.into()),
    };
    let order_no = command.action.order_no().or(payment.map(|payment| payment.order_no));
    let order = order_no.and_then(|order_no| state.order(tenant, order_no));
    // One that is missing is refused where it is looked for.
    if order.is_none_or(|order| is_theirs(order)) {
        return Ok(());
    }
    Err(match &command.action {
        Action::RefundPayment(refund) => payment::Refusal::NotFound(refund.payment).into(),
        Action::QueryPayment(query) => payment::Refusal::NotFound(query.payment).into(),
        Action::RetryRefund(retry) => payment::Refusal::RefundNotFound(retry.failed).into(),
        action => action.order_no().map_or(order::Refusal::NotTheirs, order::Refusal::NotFound).into(),
    })
}
