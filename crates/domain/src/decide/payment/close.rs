//! Owns giving attempts up: the channel is asked to take back what a payer could still pay.

use super::Till;
use crate::channel;
use crate::outbox::Task;
use crate::payment::Event;
use crate::{AttemptId, Change, Command, OrderNo, Outcome, Refusal, Reply, State};

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
}
