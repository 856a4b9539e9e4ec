//! Owns what a decision changes: each change carries the whole new row, so that applying it needs no rule.

use std::sync::Arc;

use crate::api_key::{ApiKey, SecretHash};
use crate::channel::{ChannelEvent, Standing};
use crate::ledger::Posting;
use crate::order::{HistoryEntry, PendingSlot};
use crate::outbox::Message;
use crate::payment::{self, Payment, RefundPolicy};
use crate::person::{PasswordHash, Person};
use crate::review::Review;
use crate::session::{self, Session};
use crate::stock::Movement;
use crate::tenant::Tenant;
use crate::{Order, OrderNo, OrderNumber, Product, State, StockItem, TenantId, audit, checkout};

/// One changed row, or one order with its lines.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Change {
    /// A product is new or other than before.
    ProductPut(Product),
    /// A stock item is new or other than before.
    StockSet(StockItem),
    /// `on_hand` moved.
    StockMoved(Movement),
    /// A number was issued.
    NumberIssued(OrderNumber),
    /// A number became an order.
    NumberUsed(TenantId, OrderNo),
    /// A member's place for an order that waits for payment is taken by this one.
    SlotTaken(PendingSlot, OrderNo),
    /// The place is free again.
    SlotFreed(PendingSlot),
    /// An order is new, with its lines and reservations.
    OrderPlaced(Arc<Order>),
    /// An order took a step: its head, reservations, shipped quantities or shipments are other than before.
    OrderStepped(Arc<Order>),
    /// A step is written into an order's history.
    HistoryWritten(HistoryEntry),
    /// A payment is new or other than before, with its attempts and refunds.
    PaymentSet(Arc<Payment>),
    /// A step is written into a payment's history.
    PaymentNoted(payment::Entry),
    /// Money moved.
    Posted(Posting),
    /// Something came from outside, or is other than before.
    EventSet(ChannelEvent),
    /// A person has to look.
    ReviewRaised(Review),
    /// A person has looked.
    ReviewResolved(Review),
    /// An account with a provider is other than before.
    ChannelSwitched(Standing),
    /// Something is to be done outside.
    MessageQueued(Message),
    /// Somebody is new, with the hash of their password if they have one.
    PersonAdded(Person, Option<PasswordHash>),
    /// A person is other than before.
    PersonStepped(Person),
    /// A tenant is other than before.
    TenantStepped(Tenant),
    /// A session is over.
    SessionEnded(Session),
    /// What the shop asks of sessions is new or other than before.
    SessionRulesPut(session::Policy),
    /// What the shop asks of a checkout is new or other than before.
    CheckoutPolicySet(checkout::Standing),
    /// What a shop asks of refunds is other than before.
    RefundPolicySet(RefundPolicy),
    /// An API key is new, with the hash of its secret.
    ApiKeyIssued(ApiKey, SecretHash),
    /// An API key is taken no more.
    ApiKeyRevoked(ApiKey),
    /// Something is written into the audit log.
    Audited(audit::Entry),
}

impl State {
    /// Makes a change visible to the commands behind it.
    pub fn apply(&mut self, change: &Change) {
        match change {
            Change::ProductPut(product) => self.put_product(product.clone()),
            Change::StockSet(item) => self.put_stock(item.clone()),
            Change::NumberIssued(number) => self.put_number(number.clone()),
            Change::NumberUsed(tenant, order_no) => self.remove_number(*tenant, *order_no),
            Change::SlotTaken(slot, order_no) => self.put_slot(slot.clone(), *order_no),
            Change::SlotFreed(slot) => self.remove_slot(slot),
            Change::OrderPlaced(order) | Change::OrderStepped(order) => self.put_order(order.clone()),
            Change::PaymentSet(payment) => self.put_payment(payment.clone()),
            Change::EventSet(event) => self.put_event(event.clone()),
            Change::PersonAdded(person, _) | Change::PersonStepped(person) => self.put_person(person.clone()),
            Change::TenantStepped(tenant) => self.put_tenant(tenant.clone()),
            Change::SessionEnded(session) => self.put_session(*session),
            Change::SessionRulesPut(policy) => self.put_session_rules(*policy),
            Change::CheckoutPolicySet(standing) => self.put_checkout_policy(*standing),
            Change::RefundPolicySet(policy) => self.put_refund_policy(policy.clone()),
            Change::ReviewRaised(review) | Change::ReviewResolved(review) => self.put_review(review.clone()),
            Change::ChannelSwitched(standing) => self.put_standing(standing.clone()),
            Change::ApiKeyIssued(key, _) | Change::ApiKeyRevoked(key) => self.put_api_key(key.clone()),
            Change::Audited(entry) => self.put_audit(entry.head()),
            Change::StockMoved(_)
            | Change::HistoryWritten(_)
            | Change::PaymentNoted(_)
            | Change::Posted(_)
            | Change::MessageQueued(_) => {}
        }
    }
}
