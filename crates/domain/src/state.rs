//! Owns the rows that were loaded for a batch, as the commands of the batch see them one after the other.

use std::collections::HashMap;
use std::sync::Arc;

use idempotency::Key;

use crate::api_key::{self, ApiKey};
use crate::channel::{Account, ChannelEvent, Digest, Standing};
use crate::order::PendingSlot;
use crate::payment::{Payment, RefundPolicy};
use crate::person::{Kind, Person};
use crate::review::Review;
use crate::session::{Policy, Session};
use crate::tenant::Tenant;
use crate::text::{ChannelNo, Sku};
use crate::{
    AttemptId, ChannelAccountId, Order, OrderNo, OrderNumber, PaymentId, PrincipalId, Product, RefundId, ReviewId,
    SessionId, StockItem, TenantId, audit, checkout,
};

/// Loaded rows. It is never iterated, so that nothing depends on the order of a hash map.
#[derive(Clone, Debug, Default)]
pub struct State {
    products: HashMap<(TenantId, Sku), Product>,
    stock: HashMap<(TenantId, Sku), StockItem>,
    orders: HashMap<(TenantId, OrderNo), Arc<Order>>,
    orders_by_key: HashMap<(TenantId, PrincipalId, Key), OrderNo>,
    numbers: HashMap<(TenantId, OrderNo), OrderNumber>,
    slots: HashMap<PendingSlot, OrderNo>,
    payments: HashMap<(TenantId, OrderNo), Arc<Payment>>,
    /// Whose payment is behind the id of a payment, an attempt or a refund.
    paid_orders: HashMap<(TenantId, Ident), OrderNo>,
    /// Which attempt has a number of its channel's.
    numbered: HashMap<(TenantId, ChannelAccountId, ChannelNo), AttemptId>,
    accounts: HashMap<(TenantId, ChannelAccountId), Account>,
    standings: HashMap<(TenantId, ChannelAccountId), Standing>,
    events: HashMap<(TenantId, Digest), ChannelEvent>,
    people: HashMap<(TenantId, PrincipalId), Person>,
    tenants: HashMap<TenantId, Tenant>,
    sessions: HashMap<(TenantId, SessionId), Session>,
    session_rules: HashMap<(TenantId, Kind), Policy>,
    checkout_policies: HashMap<TenantId, checkout::Standing>,
    refund_policies: HashMap<TenantId, RefundPolicy>,
    reviews: HashMap<(TenantId, ReviewId), Review>,
    api_keys: HashMap<(TenantId, api_key::Name), ApiKey>,
    audits: HashMap<TenantId, audit::Head>,
}

/// What finds a payment beside its order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Ident {
    Payment(PaymentId),
    Attempt(AttemptId),
    Refund(RefundId),
}

impl State {
    /// The product of this sku.
    pub fn product(&self, tenant: TenantId, sku: &Sku) -> Option<&Product> {
        self.products.get(&(tenant, sku.clone()))
    }

    /// The stock of this sku.
    pub fn stock(&self, tenant: TenantId, sku: &Sku) -> Option<&StockItem> {
        self.stock.get(&(tenant, sku.clone()))
    }

    /// The order of this number.
    pub fn order(&self, tenant: TenantId, order_no: OrderNo) -> Option<&Arc<Order>> {
        self.orders.get(&(tenant, order_no))
    }

    /// The order that this principal placed under this key, or was told of under it, however long ago.
    pub fn order_by_key(&self, tenant: TenantId, principal: PrincipalId, key: &Key) -> Option<&Arc<Order>> {
        let order_no = self.orders_by_key.get(&(tenant, principal, key.clone()))?;
        self.order(tenant, *order_no)
    }

    /// The issued number.
    pub fn number(&self, tenant: TenantId, order_no: OrderNo) -> Option<&OrderNumber> {
        self.numbers.get(&(tenant, order_no))
    }

    /// The order that waits for payment in this place.
    pub fn slot(&self, slot: &PendingSlot) -> Option<OrderNo> {
        self.slots.get(slot).copied()
    }

    /// The payment for this order.
    pub fn payment_for(&self, tenant: TenantId, order_no: OrderNo) -> Option<&Arc<Payment>> {
        self.payments.get(&(tenant, order_no))
    }

    /// The payment of this id.
    pub fn payment(&self, tenant: TenantId, id: PaymentId) -> Option<&Arc<Payment>> {
        self.payment_by(tenant, Ident::Payment(id))
    }

    /// The payment that has this attempt.
    pub fn payment_of_attempt(&self, tenant: TenantId, id: AttemptId) -> Option<&Arc<Payment>> {
        self.payment_by(tenant, Ident::Attempt(id))
    }

    /// The payment that has this refund.
    pub fn payment_of_refund(&self, tenant: TenantId, id: RefundId) -> Option<&Arc<Payment>> {
        self.payment_by(tenant, Ident::Refund(id))
    }

    /// The attempt that has this number of its channel's.
    pub fn attempt_numbered(
        &self,
        tenant: TenantId,
        account: ChannelAccountId,
        number: &ChannelNo,
    ) -> Option<AttemptId> {
        self.numbered.get(&(tenant, account, number.clone())).copied()
    }

    fn payment_by(&self, tenant: TenantId, ident: Ident) -> Option<&Arc<Payment>> {
        self.payment_for(tenant, *self.paid_orders.get(&(tenant, ident))?)
    }

    /// The account of this id.
    pub fn account(&self, tenant: TenantId, id: ChannelAccountId) -> Option<&Account> {
        self.accounts.get(&(tenant, id))
    }

    /// The account of this id, if it is to be changed.
    pub fn standing(&self, tenant: TenantId, id: ChannelAccountId) -> Option<&Standing> {
        self.standings.get(&(tenant, id))
    }

    /// What came from outside under this digest.
    pub fn event(&self, tenant: TenantId, digest: Digest) -> Option<&ChannelEvent> {
        self.events.get(&(tenant, digest))
    }

    /// The person who acts in this name.
    pub fn person(&self, tenant: TenantId, principal: PrincipalId) -> Option<&Person> {
        self.people.get(&(tenant, principal))
    }

    /// The tenant of this number.
    pub fn tenant(&self, id: TenantId) -> Option<&Tenant> {
        self.tenants.get(&id)
    }

    /// The session of this id.
    pub fn session(&self, tenant: TenantId, id: SessionId) -> Option<&Session> {
        self.sessions.get(&(tenant, id))
    }

    /// What the tenant's shop asks of the sessions of such people, if it has ever said so.
    pub fn session_rules(&self, tenant: TenantId, kind: Kind) -> Option<&Policy> {
        self.session_rules.get(&(tenant, kind))
    }

    /// What a tenant's shop asks of a checkout.
    pub fn checkout_policy(&self, tenant: TenantId) -> checkout::Standing {
        self.checkout_policies.get(&tenant).copied().unwrap_or_else(|| checkout::Standing::unset(tenant))
    }

    /// What a tenant's shop asks of refunds.
    pub fn refund_policy(&self, tenant: TenantId) -> RefundPolicy {
        self.refund_policies.get(&tenant).cloned().unwrap_or_else(|| RefundPolicy::unset(tenant))
    }

    /// What a person has to look at, or has looked at.
    pub fn review(&self, tenant: TenantId, id: ReviewId) -> Option<&Review> {
        self.reviews.get(&(tenant, id))
    }

    /// The API key of this name.
    pub fn api_key(&self, tenant: TenantId, name: api_key::Name) -> Option<&ApiKey> {
        self.api_keys.get(&(tenant, name))
    }

    /// The end of a tenant's audit log, if it has begun.
    pub fn audit(&self, tenant: TenantId) -> Option<&audit::Head> {
        self.audits.get(&tenant)
    }

    /// Puts a product in, or in place of the one before.
    pub fn put_product(&mut self, product: Product) {
        self.products.insert((product.tenant, product.sku.clone()), product);
    }

    /// Puts a stock item in, or in place of the one before.
    pub fn put_stock(&mut self, item: StockItem) {
        self.stock.insert((item.tenant, item.sku.clone()), item);
    }

    /// Puts an order in, or in place of the one before.
    pub fn put_order(&mut self, order: Arc<Order>) {
        self.orders_by_key.insert((order.tenant, order.principal, order.key.clone()), order.order_no);
        self.orders.insert((order.tenant, order.order_no), order);
    }

    /// Another key under which the order was asked for.
    pub fn put_key(&mut self, (tenant, principal, key): (TenantId, PrincipalId, Key), order_no: OrderNo) {
        self.orders_by_key.insert((tenant, principal, key), order_no);
    }

    /// Puts an issued number in.
    pub fn put_number(&mut self, number: OrderNumber) {
        self.numbers.insert((number.tenant, number.order_no), number);
    }

    /// Takes an issued number out.
    pub fn remove_number(&mut self, tenant: TenantId, order_no: OrderNo) {
        self.numbers.remove(&(tenant, order_no));
    }

    /// Puts an order into a member's place.
    pub fn put_slot(&mut self, slot: PendingSlot, order_no: OrderNo) {
        self.slots.insert(slot, order_no);
    }

    /// Frees a member's place.
    pub fn remove_slot(&mut self, slot: &PendingSlot) {
        self.slots.remove(slot);
    }

    /// Puts a payment in, or in place of the one before.
    pub fn put_payment(&mut self, payment: Arc<Payment>) {
        let (tenant, order_no) = (payment.tenant, payment.order_no);
        self.paid_orders.insert((tenant, Ident::Payment(payment.id)), order_no);
        for attempt in &payment.attempts {
            self.paid_orders.insert((tenant, Ident::Attempt(attempt.id)), order_no);
            if let Some(number) = &attempt.channel_no {
                self.numbered.insert((tenant, attempt.account, number.clone()), attempt.id);
            }
        }
        for refund in &payment.refunds {
            self.paid_orders.insert((tenant, Ident::Refund(refund.id)), order_no);
        }
        self.payments.insert((tenant, order_no), payment);
    }

    /// Puts an account in.
    pub fn put_account(&mut self, account: Account) {
        self.accounts.insert((account.tenant, account.id), account);
    }

    /// Puts an account in that is to be changed, or in place of the one before: whoever uses it sees the change.
    pub fn put_standing(&mut self, standing: Standing) {
        let key = (standing.account.tenant, standing.account.id);
        if let Some(used) = self.accounts.get_mut(&key) {
            used.clone_from(&standing.account);
        }
        self.standings.insert(key, standing);
    }

    /// Puts an event in, or in place of the one before.
    pub fn put_event(&mut self, event: ChannelEvent) {
        self.events.insert((event.tenant, event.digest), event);
    }

    /// Puts a person in, or in place of the one before.
    pub fn put_person(&mut self, person: Person) {
        self.people.insert((person.tenant, person.principal), person);
    }

    /// Puts a tenant in, or in place of the one before.
    pub fn put_tenant(&mut self, tenant: Tenant) {
        self.tenants.insert(tenant.id, tenant);
    }

    /// Puts a session in, or in place of the one before.
    pub fn put_session(&mut self, session: Session) {
        self.sessions.insert((session.tenant, session.id), session);
    }

    /// Puts rules of sessions in, or in place of those before.
    pub fn put_session_rules(&mut self, policy: Policy) {
        self.session_rules.insert((policy.tenant, policy.kind), policy);
    }

    /// Puts a tenant's policy of its checkout in, or in place of the one before.
    pub fn put_checkout_policy(&mut self, standing: checkout::Standing) {
        self.checkout_policies.insert(standing.tenant, standing);
    }

    /// Puts a tenant's policy of refunds in, or in place of the one before.
    pub fn put_refund_policy(&mut self, policy: RefundPolicy) {
        self.refund_policies.insert(policy.tenant, policy);
    }

    /// Puts a review in, or in place of the one before.
    pub fn put_review(&mut self, review: Review) {
        self.reviews.insert((review.tenant, review.id), review);
    }

    /// Puts an API key in, or in place of the one before.
    pub fn put_api_key(&mut self, key: ApiKey) {
        self.api_keys.insert((key.tenant, key.name), key);
    }

    /// Puts the end of an audit log in, or in place of the one before.
    pub fn put_audit(&mut self, head: audit::Head) {
        self.audits.insert(head.tenant, head);
    }
}
