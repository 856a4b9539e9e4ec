//! Owns giving money back once more of which a refund failed for good: for the same reason, so that it is booked where the
//! first would have been.

use super::Till;
use super::refund::{Repayment, allowed_after, check_lines};
use crate::payment::{RefundStatus, Refusal};
use crate::{Command, Outcome, Refusal as AnyRefusal, Reply, RetryRefund, State};

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
    let lines = check_lines(&till.order, payment, &failed.lines)?;
    let pause = allowed_after(payment, &attempt, command.at)?;
    let new = Repayment {
        id: next,
        provider_key: wanted.provider_key(),
        attempt: failed.attempt,
        amount: failed.amount,
        cause: failed.cause,
        reason: failed.reason.clone(),
        lines,
    };
    till.repay(new, pause);
    Ok(till.finish(|payment| Reply::Refund { payment, refund: next }))
}
