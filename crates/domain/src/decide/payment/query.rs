//! Owns asking anew at a person's word: about attempts and refunds that nobody asks about any more.

use super::Till;
use crate::outbox::Task;
use crate::payment::Refusal;
use crate::{AttemptId, Command, Outcome, QueryPayment, RefundId, Refusal as AnyRefusal, Reply, State};

pub(in crate::decide) fn query(state: &State, command: &Command, wanted: QueryPayment) -> Result<Outcome, AnyRefusal> {
    let payment = state.payment(command.tenant, wanted.payment).ok_or(Refusal::NotFound(wanted.payment))?;
    let attempts = payment.attempts.iter().filter(|attempt| attempt.is_left_alone()).map(|attempt| attempt.id);
    let refunds = payment.refunds.iter().filter(|refund| refund.is_unanswered()).map(|refund| refund.id);
    let (attempts, refunds): (Vec<AttemptId>, Vec<RefundId>) = (attempts.collect(), refunds.collect());
    let mut till = Till::open(state, command, payment);
    for id in attempts {
        till.ask_charge_anew(id);
    }
    for id in refunds {
        till.ask_refund_anew(id);
    }
    Ok(till.finish(|payment| Reply::Payment { payment, created: false }))
}

impl Till<'_> {
    /// What a person who is called can do about an attempt.
    pub(super) fn asks_anew(&self) -> String {
        format!("POST /api/v1/payments/{}/query has it asked again", self.payment.id)
    }

    /// Has the channel asked at once, as often as the first time; or to close it, where that was asked for.
    fn ask_charge_anew(&mut self, id: AttemptId) {
        let at = self.command.at;
        let attempt = self.attempt(id);
        attempt.silences = 0;
        let task = if attempt.close_asked_at.is_some() {
            Task::CloseCharge(id)
        } else {
            attempt.queries += 1;
            attempt.query_at = Some(at);
            Task::QueryCharge(id, attempt.queries)
        };
        let account = attempt.account;
        self.queue(account, task, 0);
    }
}

#[cfg(test)]
mod tests {
    use super::super::ask::pause_ms;
    use crate::payment::SILENCES_MAX;

    /// Who is left alone is so by the number of silences, and that is where the schedule ends.
    #[test]
    fn the_schedule_ends_where_a_person_is_called() {
        assert!(pause_ms(SILENCES_MAX - 1).is_some());
        assert!(pause_ms(SILENCES_MAX).is_none());
    }
}
