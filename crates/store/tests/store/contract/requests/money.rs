//! Owns the requests about money: attempts, what channels say of them or do not say, refunds.

use domain::channel::{Digest, Fact, NextAction, RawAnswer, Source, Subject, Verdict};
use domain::outbox::Task;
use domain::payment::{Refund, RefundLimits, RefundLine, RefundStatus};
use domain::text::{ChannelNo, Code, Reference, RefundReason, Resolution};
use domain::{
    Action, ApplyChannelFact, ApproveRefund, Asking, AttemptId, ChannelAccountId, NoteSilence, Order, PaymentId,
    PrincipalId, RefundId, RefundPayment, RejectRefund, ResolveReview, RetryRefund, ReviewId, SetRefundLimits,
    StartPayment, TenantId,
};
use engine::memory::Tables;

use super::What;
use crate::contract::subjects::channel;
use crate::desk::{money, named};

/// What is wished of an order's money; `None` where there is no attempt or refund to speak of.
pub fn action(what: &What, (order, who): (&Order, PrincipalId), tables: &Tables) -> Option<Action> {
    let payment = || tables.money.payments.get(&(order.tenant, order.order_no));
    let attempt = |pick: u8| payment()?.attempts.iter().rev().nth(usize::from(pick));
    let refund = |pick: u8| payment()?.refunds.iter().rev().nth(usize::from(pick));
    // Mostly one that waits.
    let waiting = |pick: u8| payment()?.refunds.iter().find(|refund| waits(refund)).or_else(|| refund(pick));
    Some(match what {
        What::Start { channel: number, .. } => {
            let before = payment().map_or(0, |payment| payment.attempts.len() as u128);
            Action::StartPayment(StartPayment {
                order_no: order.order_no,
                payment: PaymentId::new(0),
                attempt: AttemptId::new(order.order_no.bits() * 1_000 + before),
                provider_key: before,
                candidates: vec![channel(order.tenant, *number)],
                method: None,
                return_url: (*number == 1).then(|| "https://shop.example/\u{8fd4}?a='b'".to_owned()),
            })
        }
        What::Said { attempt: pick, verdict: roll, short, source: from, .. } => {
            let attempt = attempt(*pick)?;
            let subject = Subject::Charge(Reference::from_stored(&attempt.id.to_string()));
            let amount = Some(money(attempt.amount - short));
            let fact = Fact { amount, ..fact(subject, *roll) };
            said(attempt.account, source(*from, attempt.queries), fact)
        }
        What::Silent { attempt: pick, task, .. } => {
            let attempt = attempt(*pick)?;
            let id = attempt.id;
            let tasks = [Task::Charge(id), Task::CloseCharge(id), Task::QueryCharge(id, attempt.queries)];
            Action::NoteSilence(NoteSilence { task: tasks[usize::from(*task)], code: None })
        }
        What::Refund { amount, line, limit, .. } => {
            let before = payment()?.refunds.len() as u128;
            Action::RefundPayment(RefundPayment {
                payment: payment()?.id,
                refund: RefundId::new(order.order_no.bits() * 1_000 + 500 + before),
                provider_key: before,
                amount: amount.map(money),
                reason: RefundReason::from_stored("un\"wanted\""),
                lines: line
                    .map(|(line, quantity, restock)| RefundLine { line, quantity, restock })
                    .into_iter()
                    .collect(),
                asking: asking(who, *limit),
            })
        }
        What::Back { refund: pick, verdict: roll, source: from, .. } => {
            let refund = refund(*pick)?;
            let account = payment()?.attempt(refund.attempt)?.account;
            let subject = Subject::Refund(Reference::from_stored(&refund.id.to_string()));
            said(account, source(*from, refund.queries), fact(subject, *roll))
        }
        What::Retry { refund: pick, .. } => {
            let failed = refund(*pick)?;
            Action::RetryRefund(RetryRefund {
                failed: failed.id,
                provider_key: !failed.provider_key,
                asking: asking(who, pick.is_multiple_of(2).then_some(0)),
            })
        }
        What::Approve { refund: pick, .. } => {
            Action::ApproveRefund(ApproveRefund { refund: waiting(*pick)?.id, by: named(who) })
        }
        What::Reject { refund: pick, staff, .. } => {
            Action::RejectRefund(RejectRefund { refund: waiting(*pick)?.id, by: named(who), may_decide: *staff })
        }
        _ => return None,
    })
}

/// Whether anybody is to decide on it.
pub fn waits(refund: &Refund) -> bool {
    refund.status == RefundStatus::AwaitingApproval
}

fn asking(who: PrincipalId, limit: Option<i64>) -> Asking {
    Asking { by: named(who), limits: RefundLimits::new(limit.map(money)).expect("one limit") }
}

/// What one may give back alone; now and then by somebody who looked before another changed it.
pub fn limits(tenant: TenantId, (limit, stale): (Option<i64>, Option<u32>), tables: &Tables) -> Action {
    let version = tables.money.refund_policies.get(&tenant).map_or(1, |policy| policy.version);
    let limits = RefundLimits::new(limit.map(money)).expect("one limit");
    Action::SetRefundLimits(SetRefundLimits { limits, expected_version: stale.map(|stale| version - stale) })
}

/// What was done about something that a person had to look at.
pub fn look(tenant: TenantId, pick: u8, tables: &Tables) -> Option<Action> {
    let all = (tenant, ReviewId::new(0))..=(tenant, ReviewId::new(u128::MAX));
    let review = super::nth(tables.money.reviews.range(all).map(|(row, _)| row.1), pick)?;
    let resolution = Resolution::from_stored("asked; it's \"\u{597d}\"");
    Some(Action::ResolveReview(ResolveReview { review, resolution }))
}

/// A word about a charge that nobody knows.
pub fn stray(tenant: TenantId, number: u8) -> Action {
    let subject = Subject::Charge(Reference::from_stored(&format!("someone-{number}")));
    said(channel(tenant, 1), Source::Callback, fact(subject, 13))
}

/// Mostly a success: else little of what lies behind it is reached.
fn fact(subject: Subject, roll: u8) -> Fact {
    Fact {
        subject,
        verdict: Verdict::ALL.get(usize::from(roll)).copied().unwrap_or(Verdict::Succeeded),
        amount: None,
        channel_no: None,
        code: (roll % 2 == 1).then(|| Code::from_stored("no \u{4f59}\u{989d}")),
        stranger: (roll == 12).then(|| Code::from_stored("app_id 2")),
    }
}

fn source(roll: u8, queries: u32) -> Source {
    match roll {
        0 => Source::Answer,
        1 => Source::Closing,
        2 => Source::Statement,
        3 | 4 => Source::Query(queries),
        _ => Source::Callback,
    }
}

fn said(account: ChannelAccountId, source: Source, fact: Fact) -> Action {
    let name = format!("{account}{fact:?}{}", if source.is_from_outside() { "" } else { source.name() });
    let digest = name.bytes().fold(7_u128, |hash, byte| (hash ^ u128::from(byte)).wrapping_mul(0x0100_0000_01b3));
    let pending = fact.verdict == Verdict::Pending;
    let fact = Fact {
        channel_no: (digest % 2 == 0).then(|| ChannelNo::from_stored(&format!("no-{}", fact.subject.reference()))),
        ..fact
    };
    Action::ApplyChannelFact(ApplyChannelFact {
        account,
        source,
        digest: Digest(digest.to_be_bytes()),
        raw: (digest % 3 > 0).then(|| RawAnswer::of_masked(&format!("{{\"渠道\":\"{digest:x}\"}}"))),
        action: pending.then(|| NextAction::QrCode(format!("weixin://{digest:x}"))),
        is_again: false,
        fact,
    })
}
