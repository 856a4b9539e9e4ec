//! Owns the beginning of a refund: how much is left, of which attempt, for which lines, and what its channel allows.

use std::sync::Arc;

use super::Till;
use crate::outbox::Task;
use crate::payment::{
    Attempt, Cause, Decision, Event, Party, Payment, Refund, RefundLine, RefundStatus, Refusal, Subject,
};
use crate::text::{ActorId, RefundReason};
use crate::{
    Asking, AttemptId, Command, Money, Order, Outcome, RefundId, RefundPayment, Refusal as AnyRefusal, Reply, State,
    Timestamp, order,
};

/// A refund that is new.
pub(super) struct Repayment {
    pub(super) id: RefundId,
    pub(super) provider_key: u128,
    pub(super) attempt: AttemptId,
    pub(super) amount: i64,
    pub(super) cause: Cause,
    pub(super) reason: RefundReason,
    pub(super) lines: Vec<RefundLine>,
    pub(super) requested_by: Option<Party>,
    pub(super) decision: Option<Decision>,
}

impl Till<'_> {
    /// Adds a refund; its amount is not to be given back another time. Its channel is asked after a pause.
    pub(super) fn repay(&mut self, new: Repayment, pause: i64) {
        let (id, account) = (new.id, self.attempt(new.attempt).account);
        self.reserve(new, RefundStatus::Created);
        self.queue(account, Task::Refund(id), pause);
    }

    /// Adds a refund of which nobody is asked until a second person lets it go.
    pub(super) fn repay_later(&mut self, new: Repayment) {
        self.reserve(new, RefundStatus::AwaitingApproval);
    }

    fn reserve(&mut self, new: Repayment, status: RefundStatus) {
        let Repayment { id, provider_key, attempt, amount, cause, reason, lines, requested_by, decision } = new;
        let number = u32::try_from(self.payment.refunds.len()).unwrap_or(u32::MAX).saturating_add(1);
        let at = self.command.at;
        self.payment.refund_reserved += amount;
        self.payment.refunds.push(Refund {
            id,
            number,
            attempt,
            provider_key,
            amount,
            cause,
            reason,
            lines,
            status,
            channel_no: None,
            code: None,
            queries: 0,
            silences: 0,
            query_at: None,
            requested_by,
            decision,
            created_at: at,
            updated_at: at,
        });
        self.note(Subject::Refund(number), Event::Begin, None, status.name());
    }

    /// Whether so much more is over what one may give back of the payment alone. What waits counts as well, so that nobody
    /// makes small ones of a large one.
    pub(super) fn is_over(&self, amount: i64, asking: &Asking) -> bool {
        let limit = asking.limits.of(self.payment.amount.currency);
        limit.is_some_and(|limit| self.payment.asked_alone().saturating_add(amount) > limit)
    }

    /// Whoever sent the command.
    pub(super) fn party(&self, by: &ActorId) -> Party {
        Party { principal: self.command.principal, id: by.clone() }
    }
}

pub(in crate::decide) fn refund(
    state: &State,
    command: &Command,
    wanted: &RefundPayment,
) -> Result<Outcome, AnyRefusal> {
    if let Some(payment) = existing(state, command, wanted)? {
        return Ok(Outcome::accepted(Reply::Refund { payment, refund: wanted.refund, created: true }, Vec::new()));
    }
    command.check_token()?;
    let payment = state.payment(command.tenant, wanted.payment).ok_or(Refusal::NotFound(wanted.payment))?;
    let mut till = Till::open(state, command, payment);
    if payment.captured == 0 || !till.order.was_paid() {
        return Err(Refusal::NotPaid(payment.id).into());
    }
    let lines = check_lines(&till.order, payment, &wanted.lines)?;
    // What came twice goes back by itself.
    let owed = || payment.attempts.iter().filter(|attempt| !payment.is_excess(attempt));
    let left = owed().map(|attempt| payment.refundable(attempt)).max().unwrap_or(0);
    let amount = amount(&till.order, payment, wanted, left)?;
    let attempt = owed().find(|attempt| payment.refundable(attempt) >= amount);
    let attempt = attempt.filter(|_| amount > 0).ok_or(Refusal::ExceedsCaptured { left })?;
    let pause = allowed_after(payment, attempt, None, command.at)?;
    // Everything is given back at once: then every line is.
    let of_order = |refund: &Refund| refund.cause == Cause::Requested && refund.status.reserves();
    let is_first = !payment.refunds.iter().any(of_order);
    let whole = wanted.lines.is_empty() && is_first && amount == till.order.total.minor;
    let lines = if whole { all_lines(&till.order) } else { lines };
    let new = Repayment {
        id: wanted.refund,
        provider_key: wanted.provider_key,
        attempt: attempt.id,
        amount,
        cause: Cause::Requested,
        reason: wanted.reason.clone(),
        lines,
        requested_by: Some(till.party(&wanted.asking.by)),
        decision: None,
    };
    if till.is_over(amount, &wanted.asking) {
        till.repay_later(new);
    } else {
        till.repay(new, pause);
    }
    Ok(till.finish(|payment| Reply::Refund { payment, refund: wanted.refund, created: true }))
}

/// The payment whose refund this key made before its record was purged.
fn existing(state: &State, command: &Command, wanted: &RefundPayment) -> Result<Option<Arc<Payment>>, AnyRefusal> {
    let Some(payment) = state.payment_of_refund(command.tenant, wanted.refund) else { return Ok(None) };
    let fits = |refund: &Refund| {
        let money = Money::new(refund.amount, payment.amount.currency);
        let lines = wanted.lines.is_empty() || sorted(&wanted.lines) == refund.lines;
        payment.id == wanted.payment && wanted.amount.is_none_or(|amount| amount == money) && lines
    };
    let fits = payment.refund(wanted.refund).is_some_and(fits);
    if fits { Ok(Some(payment.clone())) } else { Err(AnyRefusal::KeyReused) }
}

fn sorted(lines: &[RefundLine]) -> Vec<RefundLine> {
    let mut lines = lines.to_vec();
    lines.sort_unstable_by_key(|line| line.line);
    lines
}

/// The lines, sorted, each with no more units than are neither given back nor about to be.
pub(super) fn check_lines(
    order: &Order,
    payment: &Payment,
    wanted: &[RefundLine],
) -> Result<Vec<RefundLine>, order::Refusal> {
    let pending = payment.units_under_way();
    let lines = sorted(wanted);
    for line in &lines {
        let of_order = order.lines.iter().find(|other| other.number == line.line);
        let of_order = of_order.ok_or(order::Refusal::LineNotFound(line.line))?;
        let left = of_order.quantity - of_order.refunded - pending.get(&line.line).copied().unwrap_or(0);
        if line.quantity > left {
            return Err(order::Refusal::TooManyRefunded { line: line.line, left });
        }
    }
    Ok(lines)
}

/// What was said; or what the lines cost, as far as it is there; or all that is left.
fn amount(order: &Order, payment: &Payment, wanted: &RefundPayment, left: i64) -> Result<i64, Refusal> {
    if let Some(Money { minor, currency }) = wanted.amount {
        return if currency == payment.amount.currency { Ok(minor) } else { Err(Refusal::CurrencyMismatch) };
    }
    if wanted.lines.is_empty() {
        return Ok(left);
    }
    let price = |line: &RefundLine| {
        let of_order = order.lines.iter().find(|other| other.number == line.line);
        of_order.map_or(0, |of_order| of_order.unit_price.minor.saturating_mul(line.quantity))
    };
    Ok(wanted.lines.iter().map(price).fold(0, i64::saturating_add).min(left))
}

/// How long the channel wants to be left alone first, in milliseconds; before a new refund, or before one is sent again.
pub(super) fn allowed_after(
    payment: &Payment,
    attempt: &Attempt,
    again: Option<RefundId>,
    at: Timestamp,
) -> Result<i64, Refusal> {
    let rules = attempt.channel.refund_rules();
    // What nobody let go never came there.
    let is_other = |refund: &&Refund| {
        refund.attempt == attempt.id && Some(refund.id) != again && refund.status != RefundStatus::Rejected
    };
    let before: Vec<&Refund> = payment.refunds.iter().filter(is_other).collect();
    if before.len() >= rules.refunds_max {
        return Err(Refusal::TooManyRefunds(rules.refunds_max));
    }
    if at > attempt.updated_at.plus_ms(rules.period_ms) {
        return Err(Refusal::TooOld);
    }
    // Each stands behind the one before, which may be waiting for its own turn.
    let after = |last: Option<i64>, at: Timestamp| last.map_or(at.0, |last| at.0.max(last + rules.pause_ms));
    let sent = before.iter().filter(|refund| refund.status != RefundStatus::AwaitingApproval);
    let mut sent: Vec<Timestamp> = sent.map(|refund| refund.free_from()).collect();
    sent.sort_unstable();
    let last = sent.into_iter().fold(None, |last, from| Some(after(last, from)));
    Ok(after(last, at) - at.0)
}

fn all_lines(order: &Order) -> Vec<RefundLine> {
    let left = order.lines.iter().filter(|line| line.refunded < line.quantity);
    left.map(|line| RefundLine { line: line.number, quantity: line.quantity - line.refunded, restock: false }).collect()
}
