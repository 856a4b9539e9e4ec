//! Owns the rows of what shops ask of refunds and of a checkout.

use domain::State;

use super::Batch;
use crate::found::Stored as _;
use crate::rows::{CHECKOUT_CHANGED, CHECKOUT_NEW, RefundPolicyRow, checkout_changed, checkout_new};
use crate::set::{Rows, Write, number, row, text};

static NEW: Write = Write::insert("refund_policies", RefundPolicyRow::FIND.read);

static CHANGED: Write = Write::update(
    "refund_policies",
    RefundPolicyRow::FIND.key,
    &[text("limits"), number("version"), number("changed_at")],
    &[number("version")],
);

pub(super) fn rows(before: &State, batch: &Batch<'_>) -> [Rows; 4] {
    let [new, changed] = refunds(before, batch);
    let [checkout_new, checkout_changed] = checkout(before, batch);
    [new, changed, checkout_new, checkout_changed]
}

fn refunds(before: &State, batch: &Batch<'_>) -> [Rows; 2] {
    let (mut new, mut changed) = (Rows::of(&NEW), Rows::of(&CHANGED));
    for (tenant, now) in &batch.refund_policies {
        let was = before.refund_policy(*tenant);
        let limits = RefundPolicyRow::limits(&now.limits);
        let changed_at = now.changed_at.map_or(0, |at| at.0);
        match was.changed_at {
            // Nobody has set one yet: there is no row.
            None => new.add(row![tenant.0, limits, now.version, changed_at]),
            Some(_) => changed.add(row![tenant.0, limits, now.version, changed_at, was.version]),
        }
    }
    [new, changed]
}

fn checkout(before: &State, batch: &Batch<'_>) -> [Rows; 2] {
    let (mut new, mut changed) = (Rows::of(&CHECKOUT_NEW), Rows::of(&CHECKOUT_CHANGED));
    for (tenant, now) in &batch.checkout_policies {
        let was = before.checkout_policy(*tenant);
        match was.changed_at {
            None => new.add(checkout_new(now)),
            Some(_) => changed.add(checkout_changed(now, was.version)),
        }
    }
    [new, changed]
}
