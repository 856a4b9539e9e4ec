//! Owns what a second person says to a refund that is over what one may give back alone, and how much that is.

use std::sync::Arc;

use super::Till;
use super::refund::allowed_after;
use crate::outbox::Task;
use crate::payment::{Decision, Event, Payment, Refund, RefundPolicy, RefundStatus, Refusal};
use crate::text::ActorId;
use crate::{
    ApproveRefund, Change, Command, Outcome, RefundId, Refusal as AnyRefusal, RejectRefund, Reply, SetRefundLimits,
    State,
};

/// Lets a refund go: from now on it is like one that never waited.
pub(in crate::decide) fn approve(
    state: &State,
    command: &Command,
    wanted: &ApproveRefund,
) -> Result<Outcome, AnyRefusal> {
    let (payment, refund) = find(state, command, wanted.refund)?;
    if is_decided_so(refund, command, true) {
        return Ok(Outcome::accepted(told(payment.clone(), wanted.refund), Vec::new()));
    }
    is_waiting(refund)?;
    if is_own(refund, command) {
        return Err(Refusal::SecondPersonNeeded(refund.id).into());
    }
    let mut till = Till::open(state, command, payment);
    let attempt = till.attempt(refund.attempt).clone();
    let pause = allowed_after(payment, &attempt, Some(refund.id), command.at)?;
    till.decide_refund(refund.id, &wanted.by, true);
    till.queue(attempt.account, Task::Refund(refund.id), pause);
    Ok(till.finish(|payment| told(payment, wanted.refund)))
}

/// Lets a refund not go, for good: its amount can be given back another way.
pub(in crate::decide) fn reject(
    state: &State,
    command: &Command,
    wanted: &RejectRefund,
) -> Result<Outcome, AnyRefusal> {
    let (payment, refund) = find(state, command, wanted.refund)?;
    if is_decided_so(refund, command, false) {
        return Ok(Outcome::accepted(told(payment.clone(), wanted.refund), Vec::new()));
    }
    if !is_own(refund, command) && !wanted.may_decide {
        return Err(Refusal::NotDecider(refund.id).into());
    }
    is_waiting(refund)?;
    let mut till = Till::open(state, command, payment);
    till.decide_refund(refund.id, &wanted.by, false);
    till.payment.refund_reserved -= refund.amount;
    Ok(till.finish(|payment| told(payment, wanted.refund)))
}

/// Changes how much one may give back alone. What waits already goes on waiting.
pub(in crate::decide) fn set_limits(
    state: &State,
    command: &Command,
    wanted: &SetRefundLimits,
) -> Result<Outcome, AnyRefusal> {
    let before = state.refund_policy(command.tenant);
    if wanted.expected_version.is_some_and(|expected| expected != before.version) {
        return Err(Refusal::PolicyChanged { current: before.version }.into());
    }
    if before.limits == wanted.limits {
        return Ok(Outcome::accepted(Reply::RefundPolicy(before), Vec::new()));
    }
    let policy = RefundPolicy {
        tenant: command.tenant,
        limits: wanted.limits.clone(),
        version: before.version + 1,
        changed_at: Some(command.at),
    };
    let changes = vec![Change::RefundPolicySet(policy.clone())];
    Ok(Outcome::accepted(Reply::RefundPolicy(policy), changes))
}

fn find<'a>(state: &'a State, command: &Command, id: RefundId) -> Result<(&'a Arc<Payment>, &'a Refund), Refusal> {
    let payment = state.payment_of_refund(command.tenant, id).ok_or(Refusal::RefundNotFound(id))?;
    let refund = payment.refund(id).ok_or(Refusal::RefundNotFound(id))?;
    Ok((payment, refund))
}

/// Whoever said so says so again, under another key or one that was purged.
fn is_decided_so(refund: &Refund, command: &Command, approves: bool) -> bool {
    let same = |decision: &Decision| decision.by.principal == command.principal && decision.is_approved == approves;
    refund.decision.as_ref().is_some_and(same)
}

fn is_own(refund: &Refund, command: &Command) -> bool {
    refund.requested_by.as_ref().is_some_and(|party| party.principal == command.principal)
}

fn is_waiting(refund: &Refund) -> Result<(), Refusal> {
    match refund.status {
        RefundStatus::AwaitingApproval => Ok(()),
        status => Err(Refusal::NotAwaiting { refund: refund.id, status }),
    }
}

fn told(payment: Arc<Payment>, refund: RefundId) -> Reply {
    Reply::Refund { payment, refund, created: false }
}

impl Till<'_> {
    fn decide_refund(&mut self, id: RefundId, by: &ActorId, is_approved: bool) {
        let decision = Decision {
            is_approved,
            by: self.party(by),
            at: self.command.at,
            reason: self.command.note.as_ref().and_then(|note| note.reason.clone()),
        };
        self.step_refund(id, if is_approved { Event::Approve } else { Event::Reject });
        self.repayment(id).decision = Some(decision);
    }
}
