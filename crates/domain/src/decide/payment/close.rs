//! Owns giving attempts up: the channel is asked to take back what a payer could still pay.

use super::Till;
use super::ask::{pace_ms, pause_ms};
use crate::channel;
use crate::outbox::Task;
use crate::payment::Event;
use crate::{AttemptId, Change, Command, OrderNo, Outcome, Refusal, Reply, State, Timestamp, review};

/// What giving an order up means for its payment: the changes, beside those of the order.
pub(in crate::decide) fn give_up(state: &State, command: &Command, order_no: OrderNo, event: Event) -> Vec<Change> {
    let Some(payment) = state.payment_for(command.tenant, order_no) else { return Vec::new() };
    let mut till = Till::open(state, command, payment);
    till.step_payment(event);
    till.close_live();
    match till.finish(|payment| Reply::Payment { payment, created: false }) {
        Outcome::Accepted(accepted) => accepted.changes,
        Outcome::Refused(_) => Vec::new(),
    }
}

/// Has every attempt of an order closed at its channel; the order itself is closed once they are.
pub(in crate::decide) fn close_all(state: &State, command: &Command, order_no: OrderNo) -> Result<Outcome, Refusal> {
    super::super::find(state, command, order_no)?;
    let Some(payment) = state.payment_for(command.tenant, order_no) else {
        return Ok(Outcome::accepted(Reply::Noted(channel::State::Stale), Vec::new()));
    };
    let mut till = Till::open(state, command, payment);
    till.close_live();
    Ok(till.finish(|_| Reply::Noted(channel::State::Applied)))
}

impl Till<'_> {
    /// Asks that every attempt that can still be paid be closed, each once.
    pub(super) fn close_live(&mut self) {
        let live: Vec<AttemptId> =
            self.payment.live().filter(|attempt| attempt.close_asked_at.is_none()).map(|attempt| attempt.id).collect();
        for id in live {
            let at = self.command.at;
            let attempt = self.attempt(id);
            attempt.close_asked_at = Some(at);
            let account = attempt.account;
            self.queue(account, Task::CloseCharge(id), 0);
        }
    }

    /// Asks once more, later, that an attempt be closed.
    pub(super) fn close_again(&mut self, id: AttemptId) {
        let attempt = self.attempt(id);
        let account = attempt.account;
        let Some(pause) = pause_ms(attempt.silences) else {
            let detail = format!("the channel does not close this attempt; it is asked no more. {}", self.asks_anew());
            return self.review(review::Kind::Stuck, id.to_string(), detail);
        };
        self.queue(account, Task::CloseCharge(id), pause);
    }

    /// Asks again that an attempt be closed of which the channel knows nothing yet: the last time at `last`.
    pub(super) fn close_later(&mut self, id: AttemptId, last: Timestamp) {
        let at = self.command.at;
        let attempt = self.attempt(id);
        let account = attempt.account;
        let since = attempt.close_asked_at.unwrap_or(at);
        let pause = pace_ms(since, at).min(last.0 - at.0);
        self.queue(account, Task::CloseCharge(id), pause);
    }
}
