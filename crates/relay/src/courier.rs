//! Owns one message: is it still wanted, and what is the channel asked. It does not know what the answer means.

use channels::{Charge, Entry, Failure, Health, Reversal};
use domain::channel::{Source, Subject};
use domain::outbox::Task;
use domain::payment::{Attempt, AttemptStatus, Refund, RefundStatus};
use domain::text::Reference;
use domain::{Action, Money, Payment};
use store::Due;

use crate::Relay;
use crate::answer::said;

/// What became of a message.
#[derive(Debug)]
pub(crate) enum Performed {
    /// It is done, or not wanted any more.
    Done,
    /// The channel answered, or did not: the command that says so.
    Answer(Box<Action>),
    /// The destination is known not to be there; nobody was asked and no try used up.
    Away,
    /// It was found not to be there, as it says; nothing was sent and no try used up.
    NotSent(String),
    /// The channel takes no more now: it comes again so many milliseconds later, and no try is used up.
    Later(i64, String),
    /// It cannot be performed as things are set up.
    Stuck(String),
}

impl Relay {
    /// Performs a message on the payment as it is now.
    pub(crate) async fn perform(&self, due: &Due, payment: &Payment) -> Performed {
        let task = due.message.task;
        let Some(entry) = self.directory.find(due.message.account) else {
            return Performed::Stuck(format!("there is no channel account {}", due.message.account));
        };
        match task {
            Task::Charge(id) | Task::QueryCharge(id, _) | Task::CloseCharge(id) => match payment.attempt(id) {
                Some(attempt) if is_wanted(task, attempt, (self.options.now)()) => {
                    let charge = self.charge(payment, attempt);
                    self.ask_charge(&entry, task, &charge).await
                }
                _ => Performed::Done,
            },
            Task::Refund(id) | Task::QueryRefund(id, _) => match payment.refund(id) {
                Some(refund) if is_refund_wanted(task, refund) => {
                    let Some(attempt) = payment.attempt(refund.attempt) else { return Performed::Done };
                    let reversal = self.reversal(payment, attempt, refund);
                    self.ask_refund(&entry, task, &reversal).await
                }
                _ => Performed::Done,
            },
        }
    }

    async fn ask_charge(&self, entry: &Entry, task: Task, charge: &Charge) -> Performed {
        let channel = match &entry.channel {
            Ok(channel) => channel,
            Err(failure) => return Performed::Stuck(failure.to_string()),
        };
        let is_made_here = matches!(task, Task::Charge(_)) && channel.is_made_here(charge.method);
        if !is_made_here && !entry.health.may_ask() {
            return Performed::Away;
        }
        let (answer, source) = match task {
            Task::Charge(_) => {
                (channel.charge(charge).await.map(|opened| (opened.heard, opened.action)), Source::Answer)
            }
            Task::CloseCharge(_) => (channel.close(charge).await.map(|heard| (heard, None)), Source::Closing),
            _ => (channel.query(charge).await.map(|heard| (heard, None)), Source::Query(task.number())),
        };
        if let (Task::Charge(_), Err(why @ Failure::Denied { code, .. })) = (task, &answer) {
            self.denied(&entry.account, (code, why)).await;
        }
        let subject = || Subject::Charge(Reference::from_stored(&charge.out_trade_no));
        // What was refused when it was asked for moved nothing.
        let refused = matches!(task, Task::Charge(_)).then(subject);
        // Nobody was asked: it says nothing of how the provider does.
        let nobodys = Health::default();
        let health = if is_made_here { &nobodys } else { &*entry.health };
        said((entry, health), task, (answer, source), refused)
    }

    async fn ask_refund(&self, entry: &Entry, task: Task, reversal: &Reversal) -> Performed {
        let channel = match &entry.channel {
            Ok(channel) => channel,
            Err(failure) => return Performed::Stuck(failure.to_string()),
        };
        if !entry.health.may_ask() {
            return Performed::Away;
        }
        let (answer, source) = match task {
            Task::Refund(_) => (channel.refund(reversal).await, Source::Answer),
            _ => (channel.query_refund(reversal).await, Source::Query(task.number())),
        };
        let subject = || Subject::Refund(Reference::from_stored(&reversal.out_refund_no));
        let refused = matches!(task, Task::Refund(_)).then(subject);
        said((entry, &entry.health), task, (answer.map(|heard| (heard, None)), source), refused)
    }

    fn charge(&self, payment: &Payment, attempt: &Attempt) -> Charge {
        Charge {
            out_trade_no: attempt.id.to_string(),
            provider_key: format!("{:032x}", attempt.provider_key),
            channel_no: attempt.channel_no.as_ref().map(ToString::to_string),
            amount: Money::new(attempt.amount, payment.amount.currency),
            subject: format!("Order {}", payment.order_no),
            method: attempt.method,
            notify_url: self.notify_url(attempt),
            return_url: attempt.return_url.clone(),
            expires_at: attempt.expires_at,
        }
    }

    fn reversal(&self, payment: &Payment, attempt: &Attempt, refund: &Refund) -> Reversal {
        let currency = payment.amount.currency;
        Reversal {
            out_refund_no: refund.id.to_string(),
            provider_key: format!("{:032x}", refund.provider_key),
            channel_no: refund.channel_no.as_ref().map(ToString::to_string),
            out_trade_no: attempt.id.to_string(),
            charge_no: attempt.channel_no.as_ref().map(ToString::to_string),
            amount: Money::new(refund.amount, currency),
            charged: Money::new(attempt.amount, currency),
            reason: refund.reason.to_string(),
            notify_url: self.notify_url(attempt),
        }
    }

    fn notify_url(&self, attempt: &Attempt) -> String {
        format!("{}/notify/{}", self.options.public_url, attempt.account)
    }
}

/// Whether a message about an attempt is still to be performed: the attempt may have come to its end, or been asked
/// about again, since it was written.
fn is_wanted(task: Task, attempt: &Attempt, now: domain::Timestamp) -> bool {
    attempt.status.is_live()
        && match task {
            Task::Charge(_) => {
                let unsent = matches!(attempt.status, AttemptStatus::Created | AttemptStatus::Unknown);
                unsent && attempt.close_asked_at.is_none() && now < attempt.expires_at
            }
            Task::QueryCharge(_, number) => attempt.queries == number,
            _ => true,
        }
}

fn is_refund_wanted(task: Task, refund: &Refund) -> bool {
    match task {
        Task::Refund(_) => matches!(refund.status, RefundStatus::Created | RefundStatus::Unknown),
        Task::QueryRefund(_, number) => refund.is_asked_about() && refund.queries == number,
        _ => false,
    }
}
