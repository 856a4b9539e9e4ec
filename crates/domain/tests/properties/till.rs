//! Owns what was ever written of money, and what must hold in it.

use std::collections::BTreeMap;

use domain::ledger::{Account, Kind, Posting};
use domain::payment::{self, Cause, Entry, Payment, RefundStatus, Subject};
use domain::{Order, PaymentId, TenantId};
use proptest::prelude::{prop_assert, prop_assert_eq};
use proptest::test_runner::TestCaseError;

/// History and ledger.
#[derive(Default)]
pub struct Till {
    history: BTreeMap<(TenantId, PaymentId), Vec<Entry>>,
    postings: BTreeMap<(TenantId, Kind, String), Posting>,
}

impl Till {
    pub fn note(&mut self, entry: &Entry) -> Result<(), TestCaseError> {
        let entries = self.history.entry((entry.tenant, entry.payment)).or_default();
        entries.push(entry.clone());
        prop_assert_eq!(entry.version as usize, entries.len(), "I-13: gapless");
        let before = entries[..entries.len() - 1].iter().rev().find(|other| other.step.subject == entry.step.subject);
        prop_assert_eq!(entry.step.from, before.map(|other| other.step.to), "I-13");
        let step = &entry.step;
        let cell = (step.subject.name(), step.from.unwrap_or(""), step.event.name(), step.to);
        prop_assert!(payment::transitions().contains(&cell), "I-13: {cell:?} is not in the table");
        Ok(())
    }

    pub fn post(&mut self, posting: &Posting) -> Result<(), TestCaseError> {
        prop_assert!(posting.amount > 0 && posting.to != posting.from, "I-4: {posting:?}");
        let row = (posting.tenant, posting.kind, posting.source.clone());
        prop_assert!(self.postings.insert(row, posting.clone()).is_none(), "money moved twice: {posting:?}");
        Ok(())
    }

    pub fn audit(&self, order: &Order, payment: &Payment) -> Result<(), TestCaseError> {
        for attempt in &payment.attempts {
            prop_assert!(0 <= attempt.captured && attempt.captured <= attempt.amount, "I-1: {attempt:?}");
            let taken = attempt.status == payment::AttemptStatus::Succeeded;
            prop_assert_eq!(attempt.captured, if taken { attempt.amount } else { 0 }, "I-1");
            prop_assert!(payment.refundable(attempt) >= 0, "I-3: {payment:?}");
        }
        let captured: i64 = payment.attempts.iter().map(|attempt| attempt.captured).sum();
        prop_assert_eq!((payment.captured, order.captured), (captured, captured), "I-2");
        let sum = |which: &dyn Fn(&payment::Refund) -> bool| -> i64 {
            payment.refunds.iter().filter(|refund| which(refund)).map(|refund| refund.amount).sum()
        };
        prop_assert_eq!(payment.refund_reserved, sum(&|refund| refund.status.reserves()), "I-3");
        prop_assert_eq!(payment.refunded, sum(&|refund| refund.status == RefundStatus::Succeeded), "I-3");
        prop_assert!(payment.refunded <= payment.refund_reserved && payment.refund_reserved <= captured, "I-3");
        prop_assert_eq!(order.refunded + order.returned, payment.refunded, "I-3");
        let owed = if order.was_paid() { captured - order.total.minor } else { captured };
        let excess = payment.attempts.iter().filter(|attempt| payment.is_excess(attempt));
        prop_assert_eq!(owed, excess.map(|attempt| attempt.captured).sum::<i64>(), "I-2: the excess has its refunds");
        for refund in &payment.refunds {
            let parties = refund.requested_by.as_ref().zip(refund.decision.as_ref());
            let alone = parties.is_some_and(|(asked, said)| said.is_approved && said.by.principal == asked.principal);
            prop_assert!(!alone, "somebody let their own go: {refund:?}");
            prop_assert_eq!(refund.cause == Cause::Requested, refund.requested_by.is_some());
        }
        self.audit_ledger(payment)?;
        self.audit_ends(order, payment)
    }

    /// I-4: what lies with the channels is what was captured less what was given back.
    fn audit_ledger(&self, payment: &Payment) -> Result<(), TestCaseError> {
        let of_it = |posting: &&Posting| {
            posting.tenant == payment.tenant
                && (payment.attempts.iter().any(|attempt| attempt.id.to_string() == posting.source)
                    || payment.refunds.iter().any(|refund| refund.id.to_string() == posting.source))
        };
        let mut cash = 0;
        for posting in self.postings.values().filter(of_it) {
            cash += if matches!(posting.to, Account::Channel(_)) { posting.amount } else { -posting.amount };
        }
        prop_assert_eq!(cash, payment.captured - payment.refunded, "I-4");
        Ok(())
    }

    /// The last step of each leads to where it stands.
    fn audit_ends(&self, order: &Order, payment: &Payment) -> Result<(), TestCaseError> {
        let entries = self.history.get(&(payment.tenant, payment.id)).expect("a payment has a history");
        prop_assert_eq!(payment.version as usize, entries.len(), "I-13");
        let last =
            |subject| entries.iter().rev().find(|entry| entry.step.subject == subject).map(|entry| entry.step.to);
        prop_assert_eq!(last(Subject::Payment), Some(payment.status.name()), "I-13");
        for attempt in &payment.attempts {
            prop_assert_eq!(last(Subject::Attempt(attempt.number)), Some(attempt.status.name()), "I-13");
        }
        for refund in &payment.refunds {
            prop_assert_eq!(last(Subject::Refund(refund.number)), Some(refund.status.name()), "I-13");
        }
        let open = order.status == domain::order::Status::PendingPayment;
        prop_assert_eq!(payment.status == payment::Status::Open, open, "a payment is open while its order is");
        Ok(())
    }
}
