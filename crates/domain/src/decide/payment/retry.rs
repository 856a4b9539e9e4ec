//! Owns giving money back once more of which a refund failed for good: for the same reason, so that it is booked where the
//! first would have been.

use super::Till;
use super::refund::{Repayment, allowed_after, check_lines};
use crate::outbox::Task;
use crate::payment::{Cause, Event, RefundLine, RefundStatus, Refusal};
use crate::{Command, Outcome, RefundId, Refusal as AnyRefusal, Reply, RetryRefund, State};

pub(in crate::decide) fn retry(state: &State, command: &Command, wanted: &RetryRefund) -> Result<Outcome, AnyRefusal> {
    let payment = state.payment_of_refund(command.tenant, wanted.failed);
    let payment = payment.ok_or(Refusal::RefundNotFound(wanted.failed))?;
    let failed = payment.refund(wanted.failed).ok_or(Refusal::RefundNotFound(wanted.failed))?;
    let next = wanted.refund();
    let told = |payment, refund| Reply::Refund { payment, refund, created: true };
    if payment.refund(next).is_some() {
        // Another key asked for it, or this one did before its record was purged. Should that one have failed as well, it is
        // sent once more by its own id.
        return Ok(Outcome::accepted(told(payment.clone(), next), Vec::new()));
    }
    if failed.provider_key == wanted.provider_key {
        // This key had it sent again, before its record was purged.
        return Ok(Outcome::accepted(told(payment.clone(), wanted.failed), Vec::new()));
    }
    let mut till = Till::open(state, command, payment);
    if failed.is_left_alone() {
        till.ask_refund_anew(failed.id);
        return Ok(till.finish(|payment| told(payment, wanted.failed)));
    }
    if failed.status != RefundStatus::Failed {
        return Err(Refusal::NotFailed(failed.id).into());
    }
    let attempt = till.attempt(failed.attempt).clone();
    let left = payment.refundable(&attempt);
    if failed.amount > left {
        return Err(Refusal::ExceedsCaptured { left }.into());
    }
    // Where the money came home again the goods stay given back.
    let lines: &[RefundLine] = if failed.is_sent_back() { &[] } else { &failed.lines };
    let lines = check_lines(&till.order, payment, lines)?;
    let again = (!failed.is_failed_there()).then_some(failed.id);
    let pause = allowed_after(payment, &attempt, again, command.at)?;
    // Who let it go let so much go, for this reason.
    let waits =
        failed.cause == Cause::Requested && !failed.is_approved() && till.is_over(failed.amount, &wanted.asking);
    if let Some(id) = again {
        let pause = (!waits).then_some(pause);
        till.resend(id, wanted, pause);
        return Ok(till.finish(|payment| told(payment, id)));
    }
    let by = (failed.cause == Cause::Requested).then(|| till.party(&wanted.asking.by));
    let new = Repayment {
        id: next,
        provider_key: wanted.next_provider_key(),
        attempt: failed.attempt,
        amount: failed.amount,
        cause: failed.cause,
        reason: failed.reason.clone(),
        lines,
        // Who asked first stays who asked: whoever retries it for them makes them no second person.
        requested_by: failed.requested_by.clone().or(by),
        decision: failed.decision.clone(),
    };
    if waits {
        till.repay_later(new);
    } else {
        till.repay(new, pause);
    }
    Ok(till.finish(|payment| told(payment, next)))
}

impl Till<'_> {
    /// Sends a refund again of which the channel knew nothing: under its own number, for an earlier try may yet arrive, and
    /// is the same refund then. Under a new key: some providers repeat what they first answered under the old one.
    /// Without a pause it waits for a second person first.
    fn resend(&mut self, id: RefundId, wanted: &RetryRefund, pause: Option<i64>) {
        let by = self.party(&wanted.asking.by);
        self.step_refund(id, if pause.is_some() { Event::Retry } else { Event::Hold });
        self.forget_questions(id);
        let refund = self.repayment(id);
        (refund.code, refund.provider_key) = (None, wanted.provider_key);
        let (attempt, amount) = (refund.attempt, refund.amount);
        if pause.is_none() {
            refund.requested_by.get_or_insert(by);
        }
        self.payment.refund_reserved += amount;
        let account = self.attempt(attempt).account;
        if let Some(pause) = pause {
            self.queue(account, Task::Refund(id), pause);
        }
    }
}
