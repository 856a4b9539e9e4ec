//! Owns folding a batch's changes into sets of rows: each row is written once, as the last command left it, and
//! sorted by its key so that two nodes lock in the same order.

mod api_keys;
mod books;
mod outside;
mod payments;
mod people;
mod placed;
mod policies;
mod products;
mod records;
mod sessions;
mod shipments;
mod stepped;

use std::collections::BTreeMap;
use std::sync::Arc;

use domain::api_key::{ApiKey, SecretHash};
use domain::channel::{ChannelEvent, Digest, Standing};
use domain::ledger::Posting;
use domain::order::{HistoryEntry, PendingSlot};
use domain::outbox::Message;
use domain::person::{Kind, PasswordHash};
use domain::review::Review;
use domain::session::{Policy, Session};
use domain::stock::Movement;
use domain::text::Sku;
use domain::{
    Change, ChannelAccountId, Order, OrderNo, OrderNumber, Payment, Person, PrincipalId, Product, SessionId, State,
    StockItem, Tenant, TenantId, audit, checkout, payment,
};
use engine::{Commit, Fault, NewRecord, RecordKind, Scope};

pub(crate) use outside::LANES;

use super::Before;
use crate::OrderKey;
use crate::hash::{Kept, Made};
use crate::set::Rows;

/// What a batch leaves behind, by key.
#[derive(Default)]
struct Batch<'a> {
    records: BTreeMap<&'a Scope, RecordRow<'a>>,
    products: BTreeMap<(TenantId, &'a Sku), &'a Product>,
    stock: BTreeMap<(TenantId, &'a Sku), &'a StockItem>,
    movements: Vec<&'a Movement>,
    numbers_issued: BTreeMap<OrderKey, &'a OrderNumber>,
    numbers_used: Vec<OrderKey>,
    slots: BTreeMap<&'a PendingSlot, Place>,
    orders: BTreeMap<OrderKey, &'a Arc<Order>>,
    history: Vec<&'a HistoryEntry>,
    payments: BTreeMap<OrderKey, &'a Arc<Payment>>,
    payment_history: Vec<&'a payment::Entry>,
    postings: Vec<&'a Posting>,
    events: BTreeMap<(TenantId, Digest), &'a ChannelEvent>,
    reviews: Vec<&'a Review>,
    reviews_resolved: Vec<&'a Review>,
    switched: BTreeMap<(TenantId, ChannelAccountId), &'a Standing>,
    messages: Vec<&'a Message>,
    people: BTreeMap<(TenantId, PrincipalId), &'a Person>,
    passwords: BTreeMap<(TenantId, PrincipalId), &'a PasswordHash>,
    sessions: BTreeMap<(TenantId, SessionId), &'a Session>,
    session_rules: BTreeMap<(TenantId, Kind), &'a Policy>,
    checkout_policies: BTreeMap<TenantId, &'a checkout::Standing>,
    tenants: BTreeMap<TenantId, &'a Tenant>,
    api_keys: Vec<(&'a ApiKey, &'a SecretHash)>,
    api_keys_revoked: Vec<&'a ApiKey>,
    refund_policies: BTreeMap<TenantId, &'a payment::RefundPolicy>,
    audit: Vec<&'a audit::Entry>,
}

/// The changes that write a batch, in the order in which they run.
pub(super) fn fold(before: &Before, commit: &Commit) -> Result<Vec<Rows>, Fault> {
    let Before { state: before, kept, made } = before;
    let mut batch = Batch::of(before, kept, commit);
    batch.name_orders(made);
    let (placed, stepped): (Vec<&Order>, Vec<&Order>) = batch
        .orders
        .values()
        .map(|order| &***order)
        .partition(|order| before.order(order.tenant, order.order_no).is_none());
    let steps: Vec<Step<'_>> = stepped
        .into_iter()
        .filter_map(|now| Some(Step { before: before.order(now.tenant, now.order_no)?, now }))
        .collect();
    let mut changes = vec![
        records::replaced(&batch),
        records::new(&batch)?,
        products::products_new(before, &batch),
        products::products_changed(before, &batch),
        products::stock_new(before, &batch),
        products::stock_changed(before, &batch),
        products::movements(&batch),
        placed::numbers_issued(&batch),
        placed::numbers_used(&batch),
        placed::slots_freed(&batch),
        placed::slots_taken(&batch),
        placed::heads_new(&placed),
        placed::lines_new(&placed),
        placed::reservations_new(&placed),
        stepped::heads_changed(&steps),
        stepped::lines_changed(&steps),
        stepped::reservations_changed(&steps),
        shipments::heads_new(&placed, &steps),
        shipments::heads_changed(&steps),
        shipments::lines(&placed, &steps),
        stepped::history(&batch),
    ];
    changes.extend(payments::rows(before, &batch));
    changes.extend([books::history(&batch), books::ledger(&batch)]);
    changes.extend(outside::events(before, &batch));
    changes.extend([outside::reviews(&batch), outside::reviews_resolved(&batch), outside::outbox(&batch)]);
    changes.push(outside::channels_switched(before, &batch));
    changes.extend(policies::rows(before, &batch));
    changes.extend(api_keys::rows(&batch));
    changes.extend(people::rows(before, &batch));
    changes.retain(|rows| rows.len() > 0);
    Ok(changes)
}

/// What is to stand under a key.
struct RecordRow<'a> {
    last: &'a NewRecord,
    /// True if a row stands under the key already.
    replaces: bool,
    /// The order that was placed under it, now or long ago.
    order_no: Option<OrderNo>,
}

/// A member's place for an order that waits.
struct Place {
    /// True if a row is there before the batch: the batch frees it first.
    was_taken: bool,
    /// Who has it behind the batch.
    now: Option<OrderNo>,
}

/// An order that existed before the batch.
struct Step<'a> {
    before: &'a Order,
    now: &'a Order,
}

impl<'a> Batch<'a> {
    /// A name of a request that made an order is a name of the order, for as long as that is; and so is a key that found
    /// the order by another of its names.
    fn name_orders(&mut self, made: &Made) {
        let named = self.records.values().filter(|row| row.last.kind == RecordKind::Name);
        let named: Made = named.filter_map(|row| Some((row.last.record.command, row.order_no?))).collect();
        for row in self.records.values_mut().filter(|row| row.last.kind == RecordKind::Own) {
            row.order_no = row.order_no.or_else(|| named.get(&row.last.record.command).copied());
        }
        let here = self.records.values().filter(|row| row.last.kind == RecordKind::Own);
        let here: Made = here.filter_map(|row| Some((row.last.record.command, row.order_no?))).collect();
        for row in self.records.values_mut().filter(|row| row.last.kind == RecordKind::Name) {
            let command = &row.last.record.command;
            row.order_no = row.order_no.or_else(|| here.get(command).or_else(|| made.get(command)).copied());
        }
    }

    fn answer(&mut self, kept: &Kept, commit: &'a Commit) {
        for record in &commit.records {
            let order_no = kept.get(&record.scope).copied();
            // A key may be superseded again in the batch: only its first record here knows of a row in the table.
            let first = RecordRow { last: record, replaces: record.replaces || order_no.is_some(), order_no };
            self.records.entry(&record.scope).and_modify(|row| row.last = record).or_insert(first);
        }
    }

    fn of(before: &State, kept: &Kept, commit: &'a Commit) -> Self {
        let mut batch = Self::default();
        batch.answer(kept, commit);
        for change in &commit.changes {
            match change {
                Change::ProductPut(product) => {
                    batch.products.insert((product.tenant, &product.sku), product);
                }
                Change::StockSet(item) => {
                    batch.stock.insert((item.tenant, &item.sku), item);
                }
                Change::StockMoved(movement) => batch.movements.push(movement),
                Change::NumberIssued(number) => {
                    batch.numbers_issued.insert((number.tenant, number.order_no), number);
                }
                Change::NumberUsed(tenant, order_no) => {
                    // A number made at intake was never issued: nothing to delete.
                    let issued_here = batch.numbers_issued.remove(&(*tenant, *order_no)).is_some();
                    if !issued_here && before.number(*tenant, *order_no).is_some() {
                        batch.numbers_used.push((*tenant, *order_no));
                    }
                }
                Change::SlotTaken(slot, order_no) => {
                    batch.slots.entry(slot).or_insert(Place { was_taken: false, now: None }).now = Some(*order_no);
                }
                Change::SlotFreed(slot) => {
                    batch.slots.entry(slot).or_insert(Place { was_taken: true, now: None }).now = None;
                }
                Change::OrderPlaced(order) => {
                    let scope = Scope { tenant: order.tenant, principal: order.principal, key: order.key.clone() };
                    if let Some(row) = batch.records.get_mut(&scope) {
                        row.order_no = Some(order.order_no);
                    }
                    batch.orders.insert((order.tenant, order.order_no), order);
                }
                Change::OrderStepped(order) => {
                    batch.orders.insert((order.tenant, order.order_no), order);
                }
                Change::HistoryWritten(entry) => batch.history.push(entry),
                Change::PaymentSet(payment) => {
                    batch.payments.insert((payment.tenant, payment.order_no), payment);
                }
                Change::PaymentNoted(entry) => batch.payment_history.push(entry),
                Change::Posted(posting) => batch.postings.push(posting),
                Change::EventSet(_)
                | Change::ReviewRaised(_)
                | Change::ReviewResolved(_)
                | Change::ChannelSwitched(_)
                | Change::MessageQueued(_) => outside::take(&mut batch, change),
                Change::RefundPolicySet(policy) => {
                    batch.refund_policies.insert(policy.tenant, policy);
                }
                Change::ApiKeyIssued(..) | Change::ApiKeyRevoked(_) => api_keys::take(&mut batch, change),
                Change::PersonAdded(..)
                | Change::PersonStepped(_)
                | Change::TenantStepped(_)
                | Change::SessionEnded(_)
                | Change::SessionRulesPut(_)
                | Change::CheckoutPolicySet(_)
                | Change::Audited(_) => people::take(&mut batch, change),
            }
        }
        // A change and its reverse in one batch leave nothing to write.
        batch.stock.retain(|_, item| before.stock(item.tenant, &item.sku) != Some(item));
        batch
    }
}
