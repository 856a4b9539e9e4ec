//! Owns the rows of what only grows: the history of payments, and the ledger.

use domain::payment::Entry;

use super::Batch;
use crate::set::{Rows, Write, number, row, text};

static HISTORY: Write = Write::insert(
    "payment_events",
    &[
        number("tenant_id"),
        text("payment_id"),
        number("version"),
        text("subject"),
        number("subject_number"),
        text("event"),
        text("from_status"),
        text("to_status"),
        number("happened_at"),
        number("principal_id"),
        text("idempotency_key"),
    ],
);

static LEDGER: Write = Write::insert(
    "ledger_entries",
    &[
        number("tenant_id"),
        text("kind"),
        text("source"),
        text("account"),
        number("amount_minor"),
        text("currency"),
        number("posted_at"),
    ],
);

pub(super) fn history(batch: &Batch<'_>) -> Rows {
    let mut rows = Rows::of(&HISTORY);
    let mut entries: Vec<&Entry> = batch.payment_history.clone();
    entries.sort_unstable_by_key(|entry| (entry.tenant, entry.payment, entry.version));
    for entry in entries {
        rows.add(row![
            entry.tenant.0,
            entry.payment.to_string(),
            entry.version,
            entry.step.subject.name(),
            entry.step.subject.number(),
            entry.step.event.name(),
            entry.step.from,
            entry.step.to,
            entry.at.0,
            entry.principal.0,
            entry.key.as_str(),
        ]);
    }
    rows
}

/// Two entries for each movement of money.
pub(super) fn ledger(batch: &Batch<'_>) -> Rows {
    let mut rows = Rows::of(&LEDGER);
    let mut entries = Vec::new();
    for posting in &batch.postings {
        let row = |account: domain::ledger::Account| {
            (posting.tenant, posting.kind, posting.source.as_str(), account.name(), *posting)
        };
        entries.push((row(posting.to), posting.amount));
        entries.push((row(posting.from), -posting.amount));
    }
    entries.sort_unstable_by(|(one, _), (other, _)| {
        (one.0, one.1, one.2, &one.3).cmp(&(other.0, other.1, other.2, &other.3))
    });
    for ((tenant, kind, source, account, posting), amount) in entries {
        rows.add(row![tenant.0, kind.name(), source, account, amount, posting.currency.code(), posting.at.0]);
    }
    rows
}
