//! Owns what happens to payments: a copy of a payment and of its order is changed step by step, and what that leaves to
//! write is given.

mod approve;
mod ask;
mod charged;
mod close;
mod fact;
mod homecoming;
mod query;
mod refund;
mod retry;
mod returned;
mod silence;
mod start;
mod strange;

use std::sync::Arc;

pub(super) use approve::{approve, reject, set_limits};
pub(super) use close::{close_all, give_up};
pub(super) use fact::apply;
pub(super) use query::query;
pub(super) use refund::refund;
pub(super) use retry::retry;
pub(super) use silence::silence;
pub(super) use start::start;

use crate::ledger::Posting;
use crate::outbox::{Message, Task};
use crate::payment::{Attempt, AttemptStatus, Event, Payment, Refund, Status, Step, Subject};
use crate::review::{self, Review};
use crate::stock::Holding;
use crate::{
    AttemptId, Change, ChannelAccountId, Command, Order, Outcome, RefundId, Reply, ReviewId, State, ledger, order,
};

/// A payment and its order while one command changes them.
struct Till<'a> {
    state: &'a State,
    command: &'a Command,
    order: Order,
    payment: Payment,
    changes: Vec<Change>,
}

impl<'a> Till<'a> {
    /// Copies of a loaded payment and its order.
    fn open(state: &'a State, command: &'a Command, payment: &Payment) -> Self {
        let order = state.order(payment.tenant, payment.order_no).expect("storage loads a payment with its order");
        Self { state, command, order: Order::clone(order), payment: payment.clone(), changes: Vec::new() }
    }

    fn attempt(&mut self, id: AttemptId) -> &mut Attempt {
        let attempt = self.payment.attempts.iter_mut().find(|attempt| attempt.id == id);
        attempt.expect("a till is opened for a payment that has the attempt")
    }

    fn repayment(&mut self, id: RefundId) -> &mut Refund {
        let refund = self.payment.refunds.iter_mut().find(|refund| refund.id == id);
        refund.expect("a till is opened for a payment that has the refund")
    }

    /// Takes a step of an attempt; false where the table has none.
    fn step_attempt(&mut self, id: AttemptId, event: Event) -> bool {
        let at = self.command.at;
        let attempt = self.attempt(id);
        let (from, number) = (attempt.status, attempt.number);
        let Some(to) = from.on(event) else { return false };
        attempt.status = to;
        attempt.updated_at = at;
        if !to.is_live() {
            attempt.query_at = None;
            attempt.action = None;
        }
        self.note(Subject::Attempt(number), event, Some(from.name()), to.name());
        true
    }

    /// Takes a step of a refund; false where the table has none.
    fn step_refund(&mut self, id: RefundId, event: Event) -> bool {
        let at = self.command.at;
        let refund = self.repayment(id);
        let (from, number) = (refund.status, refund.number);
        let Some(to) = from.on(event) else { return false };
        refund.status = to;
        refund.updated_at = at;
        if !to.is_live() {
            refund.query_at = None;
        }
        self.note(Subject::Refund(number), event, Some(from.name()), to.name());
        true
    }

    /// Takes a step of the payment, where the table has one.
    fn step_payment(&mut self, event: Event) {
        let from = self.payment.status;
        if let Some(to) = from.on(event) {
            self.payment.status = to;
            self.note(Subject::Payment, event, Some(from.name()), to.name());
        }
    }

    /// Adds an attempt that is new.
    fn begin_attempt(&mut self, attempt: Attempt) {
        let number = attempt.number;
        self.payment.attempts.push(attempt);
        self.note(Subject::Attempt(number), Event::Begin, None, AttemptStatus::Created.name());
    }

    fn note(&mut self, subject: Subject, event: Event, from: Option<&'static str>, to: &'static str) {
        let entry = self.payment.note(Step { subject, event, from, to }, self.command.cause());
        self.changes.push(Change::PaymentNoted(entry));
    }

    /// Takes a step of the order. What `changed` did to it is part of the step.
    fn step_order(&mut self, event: order::Event) -> Result<(), order::Refusal> {
        let entry = self.order.step(event, self.command.cause())?;
        self.changes.extend(self.order.freed_by(&entry));
        self.changes.push(Change::OrderStepped(Arc::new(self.order.clone())));
        self.changes.push(Change::HistoryWritten(entry));
        Ok(())
    }

    /// Resolves what stock is promised to the order; before the step that does it.
    fn resolve_stock(&mut self, to: Holding) {
        let resolved = super::resolve::reservations(self.state, &mut self.order, to, self.command);
        self.changes.extend(resolved);
    }

    fn queue(&mut self, account: ChannelAccountId, task: Task, after_ms: i64) {
        self.changes.push(Change::MessageQueued(Message {
            tenant: self.payment.tenant,
            payment: self.payment.id,
            account,
            task,
            due_at: self.command.at.plus_ms(after_ms),
            created_at: self.command.at,
        }));
    }

    fn post(
        &mut self,
        kind: ledger::Kind,
        source: String,
        (from, to): (ledger::Account, ledger::Account),
        amount: i64,
    ) {
        self.changes.push(Change::Posted(Posting {
            tenant: self.payment.tenant,
            kind,
            source,
            to,
            from,
            amount,
            currency: self.payment.amount.currency,
            at: self.command.at,
        }));
    }

    fn review(&mut self, kind: review::Kind, subject: String, detail: String) {
        let made = self.changes.iter().filter(|change| matches!(change, Change::ReviewRaised(_))).count();
        self.changes.push(Change::ReviewRaised(Review {
            // One command raises few; each has an id that a rerun makes again.
            id: ReviewId::new(self.command.id.0.wrapping_add(made as u128)),
            tenant: self.payment.tenant,
            kind,
            subject,
            detail,
            at: self.command.at,
            resolved: None,
        }));
    }

    /// Closes an order whose time is over once no attempt can pay it any more.
    fn close_if_over(&mut self) -> Result<(), order::Refusal> {
        let waits = self.order.status == order::Status::PendingPayment && self.payment.status == Status::Open;
        if !waits || self.command.at < self.order.expires_at || self.payment.live().next().is_some() {
            return Ok(());
        }
        self.order.close_reason = Some(order::CloseReason::Timeout);
        self.resolve_stock(Holding::Released);
        self.step_order(order::Event::Expire)?;
        self.step_payment(Event::Expire);
        Ok(())
    }

    /// Everything that is to be written, with this reply.
    fn finish(self, reply: impl FnOnce(Arc<Payment>) -> Reply) -> Outcome {
        let Self { state, payment, mut changes, .. } = self;
        let payment = Arc::new(payment);
        let before = state.payment_for(payment.tenant, payment.order_no);
        if before != Some(&payment) {
            changes.push(Change::PaymentSet(payment.clone()));
        }
        Outcome::accepted(reply(payment), changes)
    }
}
