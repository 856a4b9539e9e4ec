//! Owns the wishes about an order's money, and what channels say of it.

use domain::channel::{Digest, Fact, RawAnswer, Source, Subject, Verdict};
use domain::outbox::Task;
use domain::payment::{RefundLimits, RefundLine, RefundStatus};
use domain::text::{ActorId, Reference, RefundReason};
use domain::{
    Action, ApplyChannelFact, ApproveRefund, Asking, AttemptId, ChannelAccountId, NoteSilence, Payment, PaymentId,
    PrincipalId, QueryPayment, RefundId, RefundPayment, RejectRefund, RetryRefund, StartPayment, TenantId,
};

use super::{What, money};
use crate::books::Books;

impl What {
    /// What is wished of an order's money.
    pub(super) fn money(&self, books: &Books, (tenant, who): (TenantId, PrincipalId), order: u8) -> Option<Action> {
        let order = books.pick(tenant, order)?;
        let payment = || books.state.payment_for(tenant, order.order_no);
        let attempt = |pick: u8| payment()?.attempts.get(usize::from(pick)).map(|attempt| attempt.id);
        let refund = |pick: u8| payment()?.refunds.get(usize::from(pick)).map(|refund| refund.id);
        let made = u128::from(books.commands);
        let fact = |subject, verdict: u8, amount| Fact {
            subject,
            // Mostly success: else little of what lies behind it is reached.
            verdict: Verdict::ALL.get(usize::from(verdict)).copied().unwrap_or(Verdict::Succeeded),
            amount,
            channel_no: None,
            code: None,
            stranger: None,
        };
        let said = |account, source: u8, fact| {
            Action::ApplyChannelFact(ApplyChannelFact {
                account: ChannelAccountId::new(account),
                source: [Source::Callback, Source::Answer, Source::Closing, Source::Statement, Source::Query(1)]
                    [usize::from(source)],
                fact,
                digest: Digest(made.to_be_bytes()),
                raw: made.is_multiple_of(2).then(|| RawAnswer::of_masked("said")),
                action: None,
                is_again: false,
            })
        };
        Some(match self {
            Self::Start { account, .. } => Action::StartPayment(StartPayment {
                order_no: order.order_no,
                payment: PaymentId::new(made),
                attempt: AttemptId::new(made),
                provider_key: made,
                candidates: vec![ChannelAccountId::new(u128::from(*account))],
                method: None,
                return_url: None,
            }),
            Self::Said { attempt: pick, verdict, short, source, .. } => {
                let id = attempt(*pick)?;
                let account = payment()?.attempt(id)?.account.bits();
                let subject = Subject::Charge(Reference::from_stored(&id.to_string()));
                said(account, *source, fact(subject, *verdict, Some(money(order.total.minor - short))))
            }
            Self::Silent { attempt: pick, task, .. } => {
                let id = attempt(*pick)?;
                let task = [Task::Charge(id), Task::CloseCharge(id), Task::QueryCharge(id, 1)][usize::from(*task)];
                Action::NoteSilence(NoteSilence { task, code: None })
            }
            Self::Refund { amount, line, limit, .. } => {
                let limits = RefundLimits::new(limit.map(money)).expect("one limit");
                refund_of(payment()?, (*amount, *line), Asking { by: named(who), limits }, made)
            }
            Self::Approve { refund: pick, .. } => {
                Action::ApproveRefund(ApproveRefund { refund: refund(*pick)?, by: named(who) })
            }
            Self::Reject { refund: pick, staff, .. } => {
                Action::RejectRefund(RejectRefund { refund: refund(*pick)?, by: named(who), may_decide: *staff })
            }
            Self::Back { refund: pick, verdict, source, .. } => {
                let id = refund(*pick)?;
                let attempt = payment()?.refund(id)?.attempt;
                let account = payment()?.attempt(attempt)?.account.bits();
                let subject = Subject::Refund(Reference::from_stored(&id.to_string()));
                said(account, *source, fact(subject, *verdict, None))
            }
            Self::Query { .. } => Action::QueryPayment(QueryPayment { payment: payment()?.id }),
            _ => Action::CloseAttempts { order_no: order.order_no },
        })
    }
}

/// Somebody as others name them.
fn named(who: PrincipalId) -> ActorId {
    ActorId::from_stored(&format!("acc_{}", who.0))
}

/// A refund; where nothing is said of it, of what failed the last time.
fn refund_of(
    payment: &Payment,
    (amount, line): (Option<i64>, Option<(u32, i64, bool)>),
    asking: Asking,
    made: u128,
) -> Action {
    let failed = payment.refunds.iter().rev().find(|refund| refund.status == RefundStatus::Failed);
    if let (None, None, Some(failed)) = (amount, line, failed) {
        return Action::RetryRefund(RetryRefund { failed: failed.id, provider_key: made, asking });
    }
    Action::RefundPayment(RefundPayment {
        payment: payment.id,
        refund: RefundId::new(made),
        provider_key: made,
        amount: amount.map(money),
        reason: RefundReason::from_stored("unwanted"),
        lines: line.map(|(line, quantity, restock)| RefundLine { line, quantity, restock }).into_iter().collect(),
        asking,
    })
}
