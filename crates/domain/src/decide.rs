//! Owns the way in to every decision: one command on the rows it may touch gives one outcome.

mod api_keys;
mod channels;
mod checkout;
mod number;
mod payment;
mod people;
mod place;
mod product;
mod reach;
mod resolve;
mod reviews;
mod sessions;
mod ship;

use std::sync::Arc;

use crate::order::{CloseReason, Event, HistoryEntry};
use crate::stock::Holding;
use crate::{Action, Change, Command, Order, OrderNo, Outcome, Refusal, Reply, State, order};

/// Decides one command. Pure; the state is left as it is, the outcome's changes say what becomes of it.
///
/// # Panics
/// Only where storage broke its word, for example by not loading the stock of a loaded reservation. The engine
/// isolates the command that did it.
pub fn decide(state: &State, command: &Command) -> Outcome {
    let decided = reach::check(state, command).and_then(|()| of_action(state, command));
    decided.unwrap_or_else(Outcome::Refused)
}

fn of_action(state: &State, command: &Command) -> Result<Outcome, Refusal> {
    match &command.action {
        Action::PutProduct(put) => product::put(state, command, put),
        Action::MoveStock(movement) => product::move_stock(state, command, movement),
        Action::IssueOrderNumber { order_no, expires_at } => Ok(number::issue(command, *order_no, *expires_at)),
        Action::PlaceOrder(place) => place::place(state, command, place),
        Action::CancelOrder { order_no, reason } => cancel(state, command, *order_no, *reason),
        Action::ExpireOrder { order_no } => expire(state, command, *order_no),
        Action::ShipOrder(ship) => ship::ship(state, command, ship),
        Action::CorrectShipment(correction) => ship::correct(state, command, correction),
        Action::ReceiveOrder { order_no, automatic } => receive(state, command, *order_no, *automatic),
        Action::StartPayment(start) => payment::start(state, command, start),
        Action::CloseAttempts { order_no } => payment::close_all(state, command, *order_no),
        Action::RefundPayment(refund) => payment::refund(state, command, refund),
        Action::RetryRefund(retry) => payment::retry(state, command, retry),
        Action::ApproveRefund(approve) => payment::approve(state, command, approve),
        Action::RejectRefund(reject) => payment::reject(state, command, reject),
        Action::SetRefundLimits(set) => payment::set_limits(state, command, set),
        Action::QueryPayment(query) => payment::query(state, command, *query),
        Action::ApplyChannelFact(apply) => payment::apply(state, command, apply),
        Action::NoteSilence(silence) => payment::silence(state, command, silence),
        Action::AddPerson(add) => people::add(state, command, add),
        Action::StepPerson(step) => people::step(state, command, step),
        Action::StepTenant(step) => people::step_tenant(state, command, step),
        Action::SwitchChannel(switch) => channels::switch(state, command, *switch),
        Action::ResolveReview(resolve) => reviews::resolve(state, command, resolve),
        Action::EndSession(end) => sessions::end(state, command, end),
        Action::PutSessionRules(put) => sessions::put_rules(state, command, put),
        Action::IssueApiKey(issue) => api_keys::issue(command, issue),
        Action::RevokeApiKey(name) => api_keys::revoke(state, command, *name),
        Action::SetCheckoutPolicy(set) => checkout::set(state, command, set),
    }
}

impl State {
    /// True if what a derived key once answered is history: what the answer speaks of, with the version `answered`,
    /// has changed since. Such a PUT is a new wish, not a retry.
    pub fn moved_on(&self, command: &Command, answered: Option<u32>) -> bool {
        match &command.action {
            Action::PutProduct(put)
                if command.key.is_derived() && put.expected_version.is_none() && !put.must_be_new =>
            {
                self.product(command.tenant, &put.sku).map(|product| product.version) != answered
            }
            Action::PutSessionRules(put) if command.key.is_derived() && put.expected_version.is_none() => {
                let now = self.session_rules(command.tenant, put.kind).map_or(1, |policy| policy.version);
                Some(now) != answered
            }
            Action::SetRefundLimits(set) if command.key.is_derived() && set.expected_version.is_none() => {
                answered != Some(self.refund_policy(command.tenant).version)
            }
            Action::SetCheckoutPolicy(set) if command.key.is_derived() && set.expected_version.is_none() => {
                answered != Some(self.checkout_policy(command.tenant).version)
            }
            _ => false,
        }
    }
}

/// An order that was wholly refunded is given up already: there is nothing to cancel, and nothing to refuse (R7).
fn cancel(state: &State, command: &Command, order_no: OrderNo, reason: CloseReason) -> Result<Outcome, Refusal> {
    match state.order(command.tenant, order_no) {
        Some(order) if order.close_reason == Some(CloseReason::Refunded) => {
            Ok(Outcome::accepted(Reply::Order { order: order.clone(), created: false }, Vec::new()))
        }
        _ => close(state, command, order_no, Event::Cancel, reason),
    }
}

fn expire(state: &State, command: &Command, order_no: OrderNo) -> Result<Outcome, Refusal> {
    let order = find(state, command, order_no)?;
    order.expect_step(Event::Expire)?;
    if command.at < order.expires_at {
        return Err(order::Refusal::NotExpired(order_no).into());
    }
    close(state, command, order_no, Event::Expire, CloseReason::Timeout)
}

fn close(
    state: &State,
    command: &Command,
    order_no: OrderNo,
    event: Event,
    reason: CloseReason,
) -> Result<Outcome, Refusal> {
    let mut order = find(state, command, order_no)?;
    let entry = order.step(event, command.cause())?;
    order.close_reason = Some(reason);
    let mut changes = resolve::reservations(state, &mut order, Holding::Released, command);
    let given_up = if event == Event::Cancel { crate::payment::Event::Cancel } else { crate::payment::Event::Expire };
    changes.extend(payment::give_up(state, command, order_no, given_up));
    Ok(stepped(order, entry, changes))
}

fn receive(state: &State, command: &Command, order_no: OrderNo, automatic: bool) -> Result<Outcome, Refusal> {
    let mut order = find(state, command, order_no)?;
    let event = if automatic { Event::ReceiveAutomatically } else { Event::Receive };
    let entry = order.step(event, command.cause())?;
    Ok(stepped(order, entry, Vec::new()))
}

/// A copy of the order, to be changed.
fn find(state: &State, command: &Command, order_no: OrderNo) -> Result<Order, order::Refusal> {
    let order = state.order(command.tenant, order_no).ok_or(order::Refusal::NotFound(order_no))?;
    Ok(Order::clone(order))
}

/// The outcome of one step: the order as it is now, its history entry, and what else changed.
fn stepped(order: Order, entry: HistoryEntry, mut changes: Vec<Change>) -> Outcome {
    changes.extend(order.freed_by(&entry));
    let order = Arc::new(order);
    changes.push(Change::OrderStepped(order.clone()));
    changes.push(Change::HistoryWritten(entry));
    Outcome::accepted(Reply::Order { order, created: false }, changes)
}

impl Command {
    fn cause(&self) -> order::Cause<'_> {
        order::Cause { at: self.at, principal: self.principal, key: &self.key }
    }
}

#[cfg(test)]
mod tests;
