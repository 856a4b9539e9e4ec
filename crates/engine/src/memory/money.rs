//! Owns the tables of payments in memory: what they load, what they write, which rows they refuse, what must hold.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use domain::channel::{Account, ChannelEvent, Digest, Standing};
use domain::ledger::{Kind, Posting};
use domain::order::Status;
use domain::outbox::{Message, Task};
use domain::payment::{self, AttemptStatus, Entry, Payment, RefundPolicy, RefundStatus};
use domain::review::Review;
use domain::text::ChannelNo;
use domain::{
    AttemptId, Change, ChannelAccountId, Needs, Order, OrderNo, PaymentId, ReviewId, State, TenantId, Timestamp, ledger,
};

use super::tables::refuse_if;

/// Every table of payments.
#[derive(Clone, Debug, Default)]
pub struct Money {
    /// Accounts with providers.
    pub accounts: BTreeMap<(TenantId, ChannelAccountId), Account>,
    /// How often each of them changed, and when, where it did.
    pub switched: BTreeMap<(TenantId, ChannelAccountId), (i64, Timestamp)>,
    /// Payments by the order they are for.
    pub payments: BTreeMap<(TenantId, OrderNo), Arc<Payment>>,
    /// The order behind the text of the id of a payment, an attempt or a refund.
    pub orders: BTreeMap<(TenantId, String), OrderNo>,
    /// The order behind a number that a channel gave an attempt.
    pub numbered: BTreeMap<(TenantId, ChannelAccountId, ChannelNo), (OrderNo, AttemptId)>,
    /// Steps of payments, by version.
    pub history: BTreeMap<(TenantId, PaymentId, u32), Entry>,
    /// What moved money.
    pub postings: BTreeMap<(TenantId, Kind, String), Posting>,
    /// What came from outside.
    pub events: BTreeMap<(TenantId, Digest), ChannelEvent>,
    /// What a person has to look at.
    pub reviews: BTreeMap<(TenantId, ReviewId), Review>,
    /// What shops ask of refunds.
    pub refund_policies: BTreeMap<TenantId, RefundPolicy>,
    /// What is to be done outside, oldest first.
    pub outbox: Vec<Message>,
}

impl Money {
    /// The orders whose payment is wanted.
    pub(super) fn orders_of(&self, needs: &Needs) -> BTreeSet<(TenantId, OrderNo)> {
        let texts = needs.payments.iter().map(|(tenant, id)| (*tenant, id.to_string()));
        let texts = texts.chain(needs.attempts.iter().map(|(tenant, id)| (*tenant, id.to_string())));
        let texts = texts.chain(needs.refunds.iter().map(|(tenant, id)| (*tenant, id.to_string())));
        let by_id = texts.filter_map(|row| Some((row.0, *self.orders.get(&row)?)));
        let numbered = needs.numbered.iter().filter_map(|row| Some((row.0, self.numbered.get(row)?.0)));
        by_id.chain(numbered).chain(needs.payments_for.iter().copied()).collect()
    }

    pub(super) fn load(&self, needs: &Needs, paid: &BTreeSet<(TenantId, OrderNo)>, state: &mut State) {
        paid.iter().filter_map(|row| self.payments.get(row)).for_each(|payment| state.put_payment(payment.clone()));
        let policies = needs.refund_policies.iter().filter_map(|tenant| self.refund_policies.get(tenant));
        policies.for_each(|policy| state.put_refund_policy(policy.clone()));
        let reviews = needs.reviews.iter().filter_map(|row| self.reviews.get(row));
        reviews.for_each(|review| state.put_review(review.clone()));
        needs.accounts.iter().filter_map(|row| self.accounts.get(row)).for_each(|row| state.put_account(row.clone()));
        for row in &needs.standings {
            let Some(account) = self.accounts.get(row).cloned() else { continue };
            let (version, changed_at) = self.switched.get(row).copied().unwrap_or((1, Timestamp(0)));
            state.put_standing(Standing { account, version, changed_at });
        }
        needs.events.iter().filter_map(|row| self.events.get(row)).for_each(|row| state.put_event(row.clone()));
    }

    pub(super) fn write(&mut self, change: &Change) -> Result<(), String> {
        match change {
            Change::PaymentSet(payment) => self.set(payment),
            Change::PaymentNoted(entry) => {
                let row = (entry.tenant, entry.payment, entry.version);
                let before = self.history.insert(row, entry.clone());
                refuse_if(before.is_some(), || format!("a second step {} of {}", entry.version, entry.payment))
            }
            Change::Posted(posting) => {
                let row = (posting.tenant, posting.kind, posting.source.clone());
                let before = self.postings.insert(row, posting.clone());
                refuse_if(before.is_some(), || format!("a second posting for {}", posting.source))
            }
            Change::EventSet(event) => {
                self.events.insert((event.tenant, event.digest), event.clone());
                Ok(())
            }
            Change::ReviewRaised(review) => {
                let before = self.reviews.insert((review.tenant, review.id), review.clone());
                refuse_if(before.is_some(), || format!("a second review {}", review.id))
            }
            Change::ReviewResolved(review) => {
                let before = self.reviews.insert((review.tenant, review.id), review.clone());
                let was_open = before.is_some_and(|before| before.resolved.is_none());
                refuse_if(!was_open, || format!("a lost update of the review {}", review.id))
            }
            Change::ChannelSwitched(standing) => {
                let row = (standing.account.tenant, standing.account.id);
                self.accounts.insert(row, standing.account.clone());
                let before = self.switched.insert(row, (standing.version, standing.changed_at));
                let version = before.map_or(1, |(version, _)| version);
                refuse_if(standing.version != version + 1, || format!("a lost update of {}", standing.account.id))
            }
            Change::RefundPolicySet(policy) => {
                let before = self.refund_policies.insert(policy.tenant, policy.clone());
                let version = before.map_or(1, |before| before.version);
                refuse_if(policy.version != version + 1, || format!("a lost update of what {:?} asks", policy.tenant))
            }
            Change::MessageQueued(message) => {
                self.outbox.push(*message);
                Ok(())
            }
            _ => Ok(()),
        }
    }

    fn set(&mut self, payment: &Arc<Payment>) -> Result<(), String> {
        let attempts = payment.attempts.iter().map(|attempt| attempt.id.to_string());
        let refunds = payment.refunds.iter().map(|refund| refund.id.to_string());
        for text in attempts.chain(refunds).chain([payment.id.to_string()]) {
            let before = self.orders.insert((payment.tenant, text.clone()), payment.order_no);
            refuse_if(before.is_some_and(|before| before != payment.order_no), || {
                format!("{text} is of two payments")
            })?;
        }
        for attempt in &payment.attempts {
            let Some(number) = &attempt.channel_no else { continue };
            let row = (payment.tenant, attempt.account, number.clone());
            let before = self.numbered.insert(row, (payment.order_no, attempt.id));
            refuse_if(before.is_some_and(|before| before.1 != attempt.id), || format!("{number} is of two attempts"))?;
        }
        let before = self.payments.insert((payment.tenant, payment.order_no), payment.clone());
        let lost = before.is_some_and(|before| before.id != payment.id || before.version > payment.version);
        refuse_if(lost || payment.refund_reserved > payment.captured, || format!("I-3, or a lost update: {payment:?}"))
    }

    /// What must hold of an order's money.
    pub(super) fn audit(&self, order: &Order) -> Result<(), String> {
        let Some(payment) = self.payments.get(&(order.tenant, order.order_no)) else {
            let free = order.captured == 0;
            return if free { Ok(()) } else { Err(format!("money without a payment: {order:?}")) };
        };
        let hold =
            |holds: bool, what: &str| if holds { Ok(()) } else { Err(format!("{what}: {payment:?} of {order:?}")) };
        let captured: i64 = payment.attempts.iter().map(|attempt| attempt.captured).sum();
        let taken = payment.attempts.iter().all(|attempt| {
            attempt.captured == if attempt.status == AttemptStatus::Succeeded { attempt.amount } else { 0 }
        });
        hold(taken && captured == payment.captured && captured == order.captured, "I-1, I-2")?;
        let sum = |which: &dyn Fn(&payment::Refund) -> bool| -> i64 {
            payment.refunds.iter().filter(|refund| which(refund)).map(|refund| refund.amount).sum()
        };
        hold(payment.refund_reserved == sum(&|refund| refund.status.reserves()), "I-3")?;
        hold(payment.refunded == sum(&|refund| refund.status == RefundStatus::Succeeded), "I-3")?;
        hold(payment.refunded == order.refunded + order.returned, "I-3")?;
        let alone = payment.refunds.iter().any(|refund| {
            let asked = refund.requested_by.as_ref().map(|party| party.principal);
            refund.is_approved() && refund.decision.as_ref().map(|decision| decision.by.principal) == asked
        });
        hold(!alone, "S-7: somebody let their own refund go")?;
        // What was never asked about was never sent before, either.
        let silent = |refund: &payment::Refund| {
            refund.queries == 0 && matches!(refund.status, RefundStatus::AwaitingApproval | RefundStatus::Rejected)
        };
        let sent = self.outbox.iter().filter(|message| message.payment == payment.id);
        let mut sent = sent.filter_map(|message| match message.task {
            Task::Refund(id) | Task::QueryRefund(id, _) => payment.refund(id),
            _ => None,
        });
        hold(!sent.any(silent), "S-7: a channel is asked for what nobody let go")?;
        let excess = if order.was_paid() { captured - order.total.minor } else { captured };
        let given_back = payment.attempts.iter().filter(|attempt| payment.is_excess(attempt));
        let given_back: i64 = given_back.map(|attempt| attempt.captured).sum();
        hold(excess == given_back, "I-2: the excess has its refunds")?;
        let open = order.status == Status::PendingPayment;
        hold(open == (payment.status == payment::Status::Open), "a payment is open while its order is")?;
        hold(self.cash(payment) == captured - payment.refunded, "I-4")?;
        let steps =
            (1..=payment.version).all(|version| self.history.contains_key(&(payment.tenant, payment.id, version)));
        hold(steps, "I-13: a gap in the history")
    }

    fn cash(&self, payment: &Payment) -> i64 {
        let attempts = payment.attempts.iter().map(|attempt| (Kind::Capture, attempt.id.to_string()));
        let refunds = payment
            .refunds
            .iter()
            .flat_map(|refund| [Kind::Refund, Kind::Reversal].map(|kind| (kind, refund.id.to_string())));
        let postings = attempts.chain(refunds).filter_map(|(kind, id)| self.postings.get(&(payment.tenant, kind, id)));
        let signed = |posting: &Posting| {
            if matches!(posting.to, ledger::Account::Channel(_)) { posting.amount } else { -posting.amount }
        };
        postings.map(signed).sum()
    }
}
