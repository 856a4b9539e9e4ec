//! Owns which rows the commands of a batch may touch. Storage loads, and locks, them in sorted order.

use std::collections::BTreeSet;

use idempotency::Key;

use crate::api_key;
use crate::channel::{Digest, Subject};
use crate::order::PendingSlot;
use crate::outbox::Task;
use crate::person::Kind;
use crate::text::{ChannelNo, Sku};
use crate::{
    Action, AddPerson, AttemptId, ChannelAccountId, Command, OrderNo, OrderNumberSource, PaymentId, PlaceOrder,
    PrincipalId, RefundId, ReviewId, SessionId, StepPerson, TenantId,
};

/// The rows to load for a batch, sorted, each once.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Needs {
    /// Products with their stock.
    pub products: BTreeSet<(TenantId, Sku)>,
    /// Whole orders by number.
    pub orders: BTreeSet<(TenantId, OrderNo)>,
    /// Whole orders by the principal and key that placed them.
    pub orders_by_key: BTreeSet<(TenantId, PrincipalId, Key)>,
    /// Issued numbers.
    pub numbers: BTreeSet<(TenantId, OrderNo)>,
    /// Members' places for orders that wait for payment.
    pub slots: BTreeSet<PendingSlot>,
    /// Orders whose payment is loaded with them.
    pub payments_for: BTreeSet<(TenantId, OrderNo)>,
    /// Payments by id, each with its order.
    pub payments: BTreeSet<(TenantId, PaymentId)>,
    /// Payments by an attempt of theirs, each with its order.
    pub attempts: BTreeSet<(TenantId, AttemptId)>,
    /// Payments by the number that their channel gave an attempt of theirs, each with its order.
    pub numbered: BTreeSet<(TenantId, ChannelAccountId, ChannelNo)>,
    /// Payments by a refund of theirs, each with its order.
    pub refunds: BTreeSet<(TenantId, RefundId)>,
    /// Accounts with providers.
    pub accounts: BTreeSet<(TenantId, ChannelAccountId)>,
    /// Accounts with providers that are to be changed.
    pub standings: BTreeSet<(TenantId, ChannelAccountId)>,
    /// What came from outside before.
    pub events: BTreeSet<(TenantId, Digest)>,
    /// People.
    pub people: BTreeSet<(TenantId, PrincipalId)>,
    /// Sessions. Each is locked behind its person, as a log-in locks them.
    pub sessions: BTreeSet<(TenantId, SessionId)>,
    /// What shops ask of sessions.
    pub session_rules: BTreeSet<(TenantId, Kind)>,
    /// Tenants whose policy of the checkout changes.
    pub checkout_policies: BTreeSet<TenantId>,
    /// Tenants.
    pub tenants: BTreeSet<TenantId>,
    /// Tenants whose policy of refunds changes.
    pub refund_policies: BTreeSet<TenantId>,
    /// What a person has to look at, and says what they did.
    pub reviews: BTreeSet<(TenantId, ReviewId)>,
    /// API keys that are to be revoked.
    pub api_keys: BTreeSet<(TenantId, api_key::Name)>,
    /// Tenants whose audit log grows. Their ends are locked behind everything else.
    pub audits: BTreeSet<TenantId>,
}

impl Needs {
    /// What all of these commands may touch.
    pub fn of<'a>(commands: impl IntoIterator<Item = &'a Command>) -> Self {
        let mut needs = Self::default();
        for command in commands {
            needs.add(command);
        }
        needs
    }

    fn add(&mut self, command: &Command) {
        let tenant = command.tenant;
        if command.note.is_some() {
            self.audits.insert(tenant);
        }
        match &command.action {
            Action::AddPerson(_)
            | Action::StepPerson(_)
            | Action::StepTenant(_)
            | Action::EndSession(_)
            | Action::PutSessionRules(_)
            | Action::SetCheckoutPolicy(_) => self.add_people(tenant, &command.action),
            Action::PutProduct(put) => {
                self.products.insert((tenant, put.sku.clone()));
            }
            Action::MoveStock(movement) => {
                self.products.insert((tenant, movement.sku.clone()));
            }
            Action::IssueOrderNumber { order_no, .. } => {
                self.numbers.insert((tenant, *order_no));
            }
            Action::PlaceOrder(place) => self.add_order(command, place),
            Action::CancelOrder { order_no, .. }
            | Action::ExpireOrder { order_no }
            | Action::CloseAttempts { order_no } => {
                self.orders.insert((tenant, *order_no));
                self.payments_for.insert((tenant, *order_no));
            }
            Action::StartPayment(start) => {
                self.orders.insert((tenant, start.order_no));
                self.payments_for.insert((tenant, start.order_no));
                // Made from the key: it is there already where the key was used, and purged since.
                self.attempts.insert((tenant, start.attempt));
                self.accounts.extend(start.candidates.iter().map(|&account| (tenant, account)));
            }
            Action::RefundPayment(_)
            | Action::RetryRefund(_)
            | Action::ApproveRefund(_)
            | Action::RejectRefund(_)
            | Action::SetRefundLimits(_)
            | Action::QueryPayment(_)
            | Action::ResolveReview(_)
            | Action::SwitchChannel(_)
            | Action::ApplyChannelFact(_)
            | Action::NoteSilence(_) => self.add_money(tenant, &command.action),
            Action::ShipOrder(ship) => {
                self.orders.insert((tenant, ship.order_no));
                // What a refund is about to give back is not sent.
                self.payments_for.insert((tenant, ship.order_no));
            }
            // One that is issued is there with the commit, and touches nothing that is there already.
            Action::IssueApiKey(_) => {}
            Action::RevokeApiKey(name) => {
                self.api_keys.insert((tenant, *name));
            }
            Action::CorrectShipment(_) | Action::ReceiveOrder { .. } => {
                // The products of these orders' lines are known only once the orders are loaded: storage loads
                // the stock of every reservation it finds.
                self.orders.extend(command.action.order_no().map(|order_no| (tenant, order_no)));
            }
        }
    }

    /// What an action on a payment that is there touches.
    fn add_money(&mut self, tenant: TenantId, action: &Action) {
        match action {
            Action::RefundPayment(refund) => {
                self.payments.insert((tenant, refund.payment));
                self.refunds.insert((tenant, refund.refund));
            }
            Action::RetryRefund(retry) => {
                // What follows it is of the same payment.
                self.refunds.insert((tenant, retry.failed));
            }
            Action::ApproveRefund(approve) => {
                self.refunds.insert((tenant, approve.refund));
            }
            Action::RejectRefund(reject) => {
                self.refunds.insert((tenant, reject.refund));
            }
            Action::SetRefundLimits(_) => {
                self.refund_policies.insert(tenant);
            }
            Action::QueryPayment(query) => {
                self.payments.insert((tenant, query.payment));
            }
            Action::ResolveReview(resolve) => {
                self.reviews.insert((tenant, resolve.review));
            }
            Action::SwitchChannel(switch) => {
                self.standings.insert((tenant, switch.account));
            }
            Action::ApplyChannelFact(apply) => {
                self.add_subject(tenant, &apply.fact.subject);
                if let (Subject::Charge(_), Some(number)) = (&apply.fact.subject, &apply.fact.channel_no) {
                    self.numbered.insert((tenant, apply.account, number.clone()));
                }
                if apply.is_kept() {
                    self.events.insert((tenant, apply.digest));
                }
            }
            Action::NoteSilence(silence) => self.add_task(tenant, silence.task),
            _ => {}
        }
    }

    fn add_people(&mut self, tenant: TenantId, action: &Action) {
        match action {
            Action::AddPerson(AddPerson { principal, .. }) | Action::StepPerson(StepPerson { principal, .. }) => {
                self.people.insert((tenant, *principal));
            }
            Action::StepTenant(step) => {
                self.tenants.insert(step.tenant);
                self.people.extend(step.admin.as_ref().map(|admin| (step.tenant, admin.principal)));
            }
            Action::EndSession(end) => {
                self.people.insert((tenant, end.principal));
                self.sessions.insert((tenant, end.session));
            }
            Action::PutSessionRules(put) => {
                self.session_rules.insert((tenant, put.kind));
            }
            Action::SetCheckoutPolicy(_) => {
                self.checkout_policies.insert(tenant);
            }
            _ => {}
        }
    }

    fn add_order(&mut self, command: &Command, place: &PlaceOrder) {
        let tenant = command.tenant;
        // What counts for some time only names no order that is older.
        let names = command.aliases.iter().filter(|alias| alias.since.is_none()).map(|alias| &alias.key);
        let keys = std::iter::once(&command.key).chain(names);
        self.orders_by_key.extend(keys.map(|key| (tenant, command.principal, key.clone())));
        if let OrderNumberSource::Issued(order_no) = place.number {
            self.orders.insert((tenant, order_no));
            self.numbers.insert((tenant, order_no));
        }
        let skus = place.lines.iter().map(|line| &line.sku);
        self.slots.append(&mut place.pending_limit.slots(tenant, &place.customer_id, skus));
        self.products.extend(place.lines.iter().map(|line| (tenant, line.sku.clone())));
    }

    fn add_subject(&mut self, tenant: TenantId, subject: &Subject) {
        // A number that cannot be one of ours finds nothing.
        match subject {
            Subject::Charge(reference) => {
                self.attempts.extend(reference.as_str().parse().ok().map(|attempt| (tenant, attempt)));
            }
            Subject::Refund(reference) => {
                self.refunds.extend(reference.as_str().parse().ok().map(|refund| (tenant, refund)));
            }
        }
    }

    fn add_task(&mut self, tenant: TenantId, task: Task) {
        match task {
            Task::Charge(attempt) | Task::QueryCharge(attempt, _) | Task::CloseCharge(attempt) => {
                self.attempts.insert((tenant, attempt));
            }
            Task::Refund(refund) | Task::QueryRefund(refund, _) => {
                self.refunds.insert((tenant, refund));
            }
        }
    }
}
