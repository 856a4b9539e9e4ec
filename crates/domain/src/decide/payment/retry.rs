//! Owns giving money back once more of which a refund failed for good: for the same reason, so that it is booked where the
//! first would have been.

use super::Till;
use super::refund::{Repayment, allowed_after, check_lines};
use crate::outbox::Task;
use crate::payment::{Event, RefundLine, RefundStatus, Refusal};
use crate::{Command, Outcome, RefundId, Refusal as AnyRefusal, Reply, RetryRefund, State};

pub(in crate::decide) fn retry(state: &State, command: &Command, wanted: &RetryRefund) -> Result<Outcome, AnyRefusal> {
    let payment = state.payment_of_refund(command.tenant, wanted.failed);
    let payment = payment.ok_or(Refusal::RefundNotFound(wanted.failed))?;
    let failed = payment.refund(wanted.failed).ok_or(Refusal::RefundNotFound(wanted.failed))?;
    let next = wanted.refund();
    if payment.refund(next).is_some() {
        // Another key asked for it, or this one did before its record was purged. Should that one have failed as well, it is
        // sent once more by its own id.
        return Ok(Outcome::accepted(Reply::Refund { payment: payment.clone(), refund: next }, Vec::new()));
    }
    if failed.provider_key == wanted.provider_key {
        // This key had it sent again, before its record was purged.
        return Ok(Outcome::accepted(Reply::Refund { payment: payment.clone(), refund: wanted.failed }, Vec::new()));
    }
    let mut till = Till::open(state, command, payment);
    if failed.is_left_alone() {
        till.ask_refund_anew(failed.id);
        return Ok(till.finish(|payment| Reply::Refund { payment, refund: wanted.failed }));
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
    if let Some(id) = again {
        till.resend(id, wanted.provider_key, pause);
        return Ok(till.finish(|payment| Reply::Refund { payment, refund: id }));
    }
    let new = Repayment {
        id: next,
        provider_key: wanted.next_provider_key(),
        attempt: failed.attempt,
        amount: failed.amount,
        cause: failed.cause,
        reason: failed.reason.clone(),
        lines,
    };
    till.repay(new, pause);
    Ok(till.finish(|payment| Reply::Refund { payment, refund: next }))
}

impl Till<'_> {
    /// Sends a refund again of which the channel knew nothing: under its own number, for an earlier try may yet arrive, and
    /// is the same refund then. Under a new key: some providers repeat what they first answered under the old one.
    fn resend(&mut self, id: RefundId, provider_key: u128, pause: i64) {
        self.step_refund(id, Event::Retry);
        self.forget_questions(id);
        let refund = self.repayment(id);
        (refund.code, refund.provider_key) = (None, provider_key);
        let (attempt, amount) = (refund.attempt, refund.amount);
        self.payment.refund_reserved += amount;
        let account = self.attempt(attempt).account;
        self.queue(account, Task::Refund(id), pause);
    }
}
