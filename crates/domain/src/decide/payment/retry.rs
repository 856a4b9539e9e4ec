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
    if let Some(other) = state.payment_of_refund(command.tenant, wanted.refund) {
        // The key made it before its record was purged.
        let fits = other.refund(wanted.refund).is_some_and(|made| {
            (made.attempt, made.amount, made.cause) == (failed.attempt, failed.amount, failed.cause)
        });
        let reply = Reply::Refund { payment: other.clone(), refund: wanted.refund };
        return if fits { Ok(Outcome::accepted(reply, Vec::new())) } else { Err(AnyRefusal::KeyReused) };
    }
    if failed.status != RefundStatus::Failed {
        return Err(Refusal::NotFailed(failed.id).into());
    }
    let mut till = Till::open(state, command, payment);
    let attempt = till.attempt(failed.attempt).clone();
    let left = payment.refundable(&attempt);
    if failed.amount > left {
        return Err(Refusal::ExceedsCaptured { left }.into());
    }
    let lines = check_lines(&till.order, payment, &failed.lines)?;
    let pause = allowed_after(payment, &attempt, command.at)?;
    let new = Repayment {
        id: wanted.refund,
        provider_key: wanted.provider_key,
        attempt: failed.attempt,
        amount: failed.amount,
        cause: failed.cause,
        reason: failed.reason.clone(),
        lines,
    };
    till.repay(new, pause);
    Ok(till.finish(|payment| Reply::Refund { payment, refund: wanted.refund }))
}
