//! Owns the lines of the tables of money: what only grows. Payments themselves are compared as they are read.

use std::fmt::Display;

use domain::channel::RawAnswer;
use engine::memory::Money;

use super::{hex, or_none};

pub fn put(money: &Money, put: &mut impl FnMut(&'static str, &[&dyn Display])) {
    for row in money.history.values() {
        let (subject, number, principal) = (row.step.subject.name(), row.step.subject.number(), row.principal.0);
        let from = or_none(row.step.from);
        let what: [&dyn Display; 5] = [&row.tenant.0, &row.payment, &row.version, &subject, &number];
        let rest: [&dyn Display; 6] = [&row.step.event, &from, &row.step.to, &row.at.0, &principal, &row.key];
        put("payment_events", &[what.as_slice(), &rest].concat());
    }
    for row in money.postings.values() {
        let (to, from) = (row.to.name(), row.from.name());
        for (account, amount) in [(to, row.amount), (from, -row.amount)] {
            let what: [&dyn Display; 4] = [&row.tenant.0, &row.kind, &row.source, &account];
            let rest: [&dyn Display; 3] = [&amount, &row.currency, &row.at.0];
            put("ledger_entries", &[what.as_slice(), &rest].concat());
        }
    }
    for row in money.events.values() {
        let (digest, fact) = (hex(&row.digest.0), &row.fact);
        let (minor, currency) =
            (or_none(fact.amount.map(|amount| amount.minor)), or_none(fact.amount.map(|amount| amount.currency)));
        let (channel_no, code, stranger) =
            (or_none(fact.channel_no.as_ref()), or_none(fact.code.as_ref()), or_none(fact.stranger.as_ref()));
        let (subject, reference) = (fact.subject.name(), fact.subject.reference());
        let what: [&dyn Display; 6] = [&row.tenant.0, &digest, &row.account, &subject, &reference, &fact.verdict];
        let rest: [&dyn Display; 8] =
            [&minor, &currency, &channel_no, &code, &stranger, &row.state, &row.received_at.0, &row.updated_at.0];
        let (source, raw) = (or_none(row.source), or_none(row.raw.as_ref().map(RawAnswer::as_str)));
        put("channel_events", &[what.as_slice(), &rest, &[&source, &raw]].concat());
    }
    for row in money.refund_policies.values() {
        let limits: Vec<_> = row.limits.iter().map(|limit| format!("{} {}", limit.currency, limit.minor)).collect();
        let limits = limits.join("\n");
        put("refund_policies", &[&row.tenant.0, &limits, &row.version, &or_none(row.changed_at.map(|at| at.0))]);
    }
    for row in money.reviews.values() {
        let (at, words) = row.resolved.as_ref().map(|resolved| (resolved.at.0, &resolved.resolution)).unzip();
        let done: [&dyn Display; 2] = [&or_none(at), &or_none(words)];
        let raised: [&dyn Display; 6] = [&row.tenant.0, &row.id, &row.kind, &row.subject, &row.detail, &row.at.0];
        put("reviews", &[raised.as_slice(), &done].concat());
    }
    for row in &money.outbox {
        // When it was written is not kept of what was written before its time.
        let wanted_at = row.due_at.max(row.created_at).0;
        // What is due at once is kept as due since ever.
        let due_at = if row.is_due_at_once() { 0 } else { row.due_at.0 };
        let (task, subject, number) = (row.task.name(), row.task.subject(), row.task.number());
        let what: [&dyn Display; 5] = [&row.tenant.0, &row.payment, &row.account, &task, &subject];
        let rest: [&dyn Display; 4] = [&number, &due_at, &wanted_at, &0];
        put("outbox", &[what.as_slice(), &rest].concat());
    }
}
