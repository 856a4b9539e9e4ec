//! Owns the rows of payments: heads, attempts, refunds with their lines.

use domain::payment::{Attempt, Refund};
use domain::text::{ChannelNo, Code, Reason};
use domain::{Payment, State, Timestamp};

use super::Batch;
use crate::found::Stored as _;
use crate::rows::{Approval, AttemptRow, PaymentRow, RefundLineRow, RefundRow, action_parts, stored_status};
use crate::set::{Rows, Write, bytes, number, row, text};

static HEADS: Write = Write::insert("payments", PaymentRow::FIND.read);

static HEADS_CHANGED: Write = Write::update(
    "payments",
    &[number("tenant_id"), text("order_no")],
    &[
        text("status"),
        number("captured_minor"),
        number("refund_reserved_minor"),
        number("refunded_minor"),
        number("version"),
        number("updated_at"),
    ],
    &[number("version")],
);

static ATTEMPTS: Write = Write::insert("payment_attempts", AttemptRow::FIND.read);

static ATTEMPTS_CHANGED: Write = Write::update(
    "payment_attempts",
    &[number("tenant_id"), text("order_no"), number("number")],
    &[
        number("captured_minor"),
        text("status"),
        text("action_kind"),
        text("action"),
        text("channel_no"),
        text("code"),
        number("queries"),
        number("silences"),
        number("query_at"),
        number("close_asked_at"),
        number("updated_at"),
    ],
    &[text("status"), number("queries")],
);

static REFUNDS: Write = Write::insert("refunds", RefundRow::FIND.read);

static REFUNDS_CHANGED: Write = Write::update(
    "refunds",
    &[number("tenant_id"), text("order_no"), number("number")],
    &[
        bytes("provider_key"),
        text("status"),
        text("channel_no"),
        text("code"),
        number("queries"),
        number("silences"),
        number("query_at"),
        number("updated_at"),
        number("approval"),
        number("requester_principal_id"),
        text("requested_by"),
        number("decider_principal_id"),
        text("decided_by"),
        number("decided_at"),
        text("decision_reason"),
    ],
    &[text("status"), number("queries"), number("approval")],
);

static REFUND_LINES: Write = Write::insert("refund_lines", RefundLineRow::FIND.read);

/// The rows of every payment of a batch, each beside what was there before.
pub(super) fn rows(before: &State, batch: &Batch<'_>) -> [Rows; 7] {
    let mut rows = Payments::default();
    for now in batch.payments.values() {
        let was = before.payment_for(now.tenant, now.order_no).map(|was| &**was);
        rows.add(was, now);
    }
    let Payments { heads, heads_changed, attempts, attempts_changed, refunds, refunds_changed, lines } = rows;
    [heads, heads_changed, attempts, attempts_changed, refunds, refunds_changed, lines]
}

struct Payments {
    heads: Rows,
    heads_changed: Rows,
    attempts: Rows,
    attempts_changed: Rows,
    refunds: Rows,
    refunds_changed: Rows,
    lines: Rows,
}

impl Default for Payments {
    fn default() -> Self {
        Self {
            heads: Rows::of(&HEADS),
            heads_changed: Rows::of(&HEADS_CHANGED),
            attempts: Rows::of(&ATTEMPTS),
            attempts_changed: Rows::of(&ATTEMPTS_CHANGED),
            refunds: Rows::of(&REFUNDS),
            refunds_changed: Rows::of(&REFUNDS_CHANGED),
            lines: Rows::of(&REFUND_LINES),
        }
    }
}

impl Payments {
    fn add(&mut self, was: Option<&Payment>, now: &Payment) {
        match was {
            None => self.add_head(now),
            // Attempts may change and their payment not; its version is not raised then.
            Some(was) if head(was) != head(now) => self.change_head(was, now),
            Some(_) => {}
        }
        let known = was.map_or(&[][..], |was| &was.attempts);
        for (at, attempt) in now.attempts.iter().enumerate() {
            match known.get(at) {
                None => self.add_attempt(now, attempt),
                Some(was) if was != attempt => self.change_attempt(now, was, attempt),
                Some(_) => {}
            }
        }
        let known = was.map_or(&[][..], |was| &was.refunds);
        for (at, refund) in now.refunds.iter().enumerate() {
            match known.get(at) {
                None => self.add_refund(now, refund),
                Some(was) if was != refund => self.change_refund(now, was, refund),
                Some(_) => {}
            }
        }
    }

    fn add_head(&mut self, payment: &Payment) {
        self.heads.add(row![
            payment.tenant.0,
            payment.order_no.to_string(),
            payment.id.to_string(),
            payment.amount.minor,
            payment.amount.currency.code(),
            payment.status.name(),
            payment.captured,
            payment.refund_reserved,
            payment.refunded,
            payment.version,
            payment.created_at.0,
            payment.updated_at.0,
        ]);
    }

    fn change_head(&mut self, was: &Payment, now: &Payment) {
        self.heads_changed.add(row![
            now.tenant.0,
            now.order_no.to_string(),
            now.status.name(),
            now.captured,
            now.refund_reserved,
            now.refunded,
            now.version,
            now.updated_at.0,
            was.version,
        ]);
    }

    fn add_attempt(&mut self, payment: &Payment, attempt: &Attempt) {
        let action = attempt.action.as_ref().map(action_parts);
        self.attempts.add(row![
            payment.tenant.0,
            payment.order_no.to_string(),
            attempt.number,
            attempt.id.to_string(),
            payment.id.to_string(),
            attempt.account.to_string(),
            attempt.channel.name(),
            attempt.method.name(),
            &attempt.provider_key.to_be_bytes()[..],
            attempt.amount,
            attempt.captured,
            attempt.status.name(),
            action.map(|(kind, _)| kind),
            action.map(|(_, value)| value),
            attempt.return_url.as_deref(),
            attempt.channel_no.as_ref().map(ChannelNo::as_str),
            attempt.code.as_ref().map(Code::as_str),
            attempt.queries,
            attempt.silences,
            time(attempt.query_at),
            time(attempt.close_asked_at),
            attempt.expires_at.0,
            attempt.created_at.0,
            attempt.updated_at.0,
        ]);
    }

    fn change_attempt(&mut self, payment: &Payment, was: &Attempt, now: &Attempt) {
        let action = now.action.as_ref().map(action_parts);
        self.attempts_changed.add(row![
            payment.tenant.0,
            payment.order_no.to_string(),
            now.number,
            now.captured,
            now.status.name(),
            action.map(|(kind, _)| kind),
            action.map(|(_, value)| value),
            now.channel_no.as_ref().map(ChannelNo::as_str),
            now.code.as_ref().map(Code::as_str),
            now.queries,
            now.silences,
            time(now.query_at),
            time(now.close_asked_at),
            now.updated_at.0,
            was.status.name(),
            was.queries,
        ]);
    }

    fn add_refund(&mut self, payment: &Payment, refund: &Refund) {
        let (requester, decision) = (refund.requested_by.as_ref(), refund.decision.as_ref());
        let decider = decision.map(|decision| &decision.by);
        self.refunds.add(row![
            payment.tenant.0,
            payment.order_no.to_string(),
            refund.number,
            refund.id.to_string(),
            payment.id.to_string(),
            refund.attempt.to_string(),
            &refund.provider_key.to_be_bytes()[..],
            refund.amount,
            refund.cause.name(),
            refund.reason.as_str(),
            stored_status(refund.status).name(),
            refund.channel_no.as_ref().map(ChannelNo::as_str),
            refund.code.as_ref().map(Code::as_str),
            refund.queries,
            refund.silences,
            time(refund.query_at),
            refund.created_at.0,
            refund.updated_at.0,
            Approval::of(refund).number(),
            requester.map(|party| party.principal.0),
            requester.map(|party| party.id.as_str()),
            decider.map(|party| party.principal.0),
            decider.map(|party| party.id.as_str()),
            decision.map(|decision| decision.at.0),
            decision.and_then(|decision| decision.reason.as_ref()).map(Reason::as_str),
        ]);
        for line in &refund.lines {
            let (tenant, order_no) = (payment.tenant.0, payment.order_no.to_string());
            self.lines.add(row![tenant, order_no, refund.number, line.line, line.quantity, i64::from(line.restock)]);
        }
    }

    fn change_refund(&mut self, payment: &Payment, was: &Refund, now: &Refund) {
        let (requester, decision) = (now.requested_by.as_ref(), now.decision.as_ref());
        let decider = decision.map(|decision| &decision.by);
        self.refunds_changed.add(row![
            payment.tenant.0,
            payment.order_no.to_string(),
            now.number,
            &now.provider_key.to_be_bytes()[..],
            stored_status(now.status).name(),
            now.channel_no.as_ref().map(ChannelNo::as_str),
            now.code.as_ref().map(Code::as_str),
            now.queries,
            now.silences,
            time(now.query_at),
            now.updated_at.0,
            Approval::of(now).number(),
            requester.map(|party| party.principal.0),
            requester.map(|party| party.id.as_str()),
            decider.map(|party| party.principal.0),
            decider.map(|party| party.id.as_str()),
            decision.map(|decision| decision.at.0),
            decision.and_then(|decision| decision.reason.as_ref()).map(Reason::as_str),
            stored_status(was.status).name(),
            was.queries,
            Approval::of(was).number(),
        ]);
    }
}

type Head = (&'static str, i64, i64, i64, u32);

fn head(payment: &Payment) -> Head {
    (payment.status.name(), payment.captured, payment.refund_reserved, payment.refunded, payment.version)
}

fn time(at: Option<Timestamp>) -> Option<i64> {
    at.map(|at| at.0)
}
