//! Owns what it means that a channel gave no answer: nothing is known, so it is asked.

use super::Till;
use crate::channel::State as Became;
use crate::outbox::Task;
use crate::payment::{Event, RefundStatus};
use crate::text::Code;
use crate::{AttemptId, Command, NoteSilence, Outcome, RefundId, Refusal, Reply, State};

pub(in crate::decide) fn silence(state: &State, command: &Command, wanted: &NoteSilence) -> Result<Outcome, Refusal> {
    let payment = match wanted.task {
        Task::Charge(id) | Task::QueryCharge(id, _) | Task::CloseCharge(id) => {
            state.payment_of_attempt(command.tenant, id)
        }
        Task::Refund(id) | Task::QueryRefund(id, _) => state.payment_of_refund(command.tenant, id),
    };
    let Some(payment) = payment else {
        return Ok(Outcome::accepted(Reply::Noted(Became::Unmatched), Vec::new()));
    };
    let mut till = Till::open(state, command, payment);
    match wanted.task {
        Task::Charge(id) => till.charge_silent(id, wanted.code.as_ref()),
        Task::QueryCharge(id, number) => till.query_silent(id, number),
        Task::CloseCharge(id) => till.close_silent(id),
        Task::Refund(id) => till.refund_silent(id),
        Task::QueryRefund(id, number) => till.refund_query_silent(id, number),
    }
    till.close_if_over()?;
    Ok(till.finish(|_| Reply::Noted(Became::Applied)))
}

impl Till<'_> {
    pub(super) fn charge_silent(&mut self, id: AttemptId, code: Option<&Code>) {
        if !self.attempt(id).status.is_live() {
            return;
        }
        self.step_attempt(id, Event::LoseSight);
        let attempt = self.attempt(id);
        attempt.silences += 1;
        attempt.code = code.cloned();
        self.ask_charge(id);
    }

    pub(super) fn close_silent(&mut self, id: AttemptId) {
        if self.attempt(id).status.is_live() {
            self.attempt(id).silences += 1;
            self.close_again(id);
        }
    }

    pub(super) fn query_silent(&mut self, id: AttemptId, number: u32) {
        let attempt = self.attempt(id);
        if !attempt.status.is_live() || attempt.queries != number {
            return;
        }
        attempt.query_at = None;
        attempt.silences += 1;
        self.ask_charge(id);
    }

    pub(super) fn refund_silent(&mut self, id: RefundId) {
        // Where the channel said meanwhile that it has it, the question about it is on its way.
        if !matches!(self.repayment(id).status, RefundStatus::Created | RefundStatus::Unknown) {
            return;
        }
        self.step_refund(id, Event::LoseSight);
        let refund = self.repayment(id);
        refund.silences = if refund.is_refused() { 0 } else { refund.silences + 1 };
        self.ask_refund(id);
    }

    pub(super) fn refund_query_silent(&mut self, id: RefundId, number: u32) {
        let refund = self.repayment(id);
        if !refund.is_asked_about() || refund.queries != number {
            return;
        }
        refund.query_at = None;
        // Of one that was refused only what was found counts; it is asked ever more seldom all the same.
        if !refund.is_refused() {
            refund.silences += 1;
        }
        self.ask_refund(id);
    }
}
