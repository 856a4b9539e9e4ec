//! Owns when a channel is asked again: every 3 s ten times, then after 5 min, 1 h and 1 day; then a person is called.
//! While it is the payer's turn there is no hurry: the callback comes first.

use super::Till;
use crate::outbox::Task;
use crate::payment::AttemptStatus;
use crate::{AttemptId, RefundId, Timestamp, review};

const QUICK_MS: i64 = 3_000;
const QUICK_TIMES: u32 = 10;
const MINUTE_MS: i64 = 60_000;
const SLOW_MS: [i64; 3] = [5 * MINUTE_MS, 60 * MINUTE_MS, 24 * 60 * MINUTE_MS];
/// While it is the payer's turn, the first question comes so long after; most payers are done by then.
const FIRST_MS: i64 = 15_000;
/// For so long behind its beginning an attempt that waits for its payer is then asked about each minute, later each five.
const YOUNG_MS: i64 = 10 * MINUTE_MS;
/// A refund that is asked about anew has its questions numbered from the next multiple of this on.
const ROUND: u32 = 1_000;

/// The pause behind so many calls in a row that gave no answer; `None` where a person is called.
pub(super) fn pause_ms(silences: u32) -> Option<i64> {
    match silences.checked_sub(QUICK_TIMES) {
        None => Some(QUICK_MS),
        Some(slow) => SLOW_MS.get(slow as usize).copied(),
    }
}

/// The pause between calls while it is the payer's turn, which began at `since`.
pub(super) fn pace_ms(since: Timestamp, at: Timestamp) -> i64 {
    if at < since.plus_ms(YOUNG_MS) { MINUTE_MS } else { 5 * MINUTE_MS }
}

impl Till<'_> {
    /// Has the channel asked about an attempt, unless a question is on its way.
    pub(super) fn ask_charge(&mut self, id: AttemptId) {
        let at = self.command.at;
        let attempt = self.attempt(id);
        if !attempt.status.is_live() || attempt.query_at.is_some() {
            return;
        }
        let payers_turn = matches!(attempt.status, AttemptStatus::RequiresAction | AttemptStatus::Submitted);
        let pause = match attempt.silences {
            0 if payers_turn && attempt.queries == 0 => Some(FIRST_MS),
            0 if payers_turn => Some(pace_ms(attempt.created_at, at)),
            silences => pause_ms(silences),
        };
        let (account, text) = (attempt.account, attempt.id.to_string());
        let Some(pause) = pause else {
            let detail = format!("the channel says nothing of this attempt; it is asked no more. {}", self.asks_anew());
            return self.review(review::Kind::Stuck, text, detail);
        };
        attempt.queries += 1;
        attempt.query_at = Some(at.plus_ms(pause));
        let task = Task::QueryCharge(id, attempt.queries);
        self.queue(account, task, pause);
    }

    /// Has the channel asked about a refund, unless a question is on its way.
    pub(super) fn ask_refund(&mut self, id: RefundId) {
        let refund = self.repayment(id);
        if refund.query_at.is_some() {
            return;
        }
        let text = refund.id.to_string();
        let Some(pause) = pause_ms(refund.silences.max(refund.queries % ROUND)) else {
            let detail = format!(
                "the channel does not say what became of this refund; it is asked no more. POST /api/v1/refunds/{id}/retry has \
                 it asked again"
            );
            return self.review(review::Kind::Stuck, text, detail);
        };
        self.question_refund(id, pause);
    }

    /// Has it asked at once: something was said that only an answer can confirm. A question for later is in vain then, for
    /// it has an earlier number.
    pub(super) fn ask_refund_now(&mut self, id: RefundId) {
        let soon = self.command.at.plus_ms(QUICK_MS);
        let refund = self.repayment(id);
        if refund.status.is_live() && refund.query_at.is_none_or(|at| at > soon) {
            self.question_refund(id, 0);
        }
    }

    /// Has it asked after a pause, unless a question is on its way.
    pub(super) fn ask_refund_after(&mut self, id: RefundId, pause: i64) {
        if self.repayment(id).query_at.is_none() {
            self.question_refund(id, pause);
        }
    }

    /// Has it asked at once, as often as the first time. What is asked already, and its answer, do not count any more.
    pub(super) fn ask_refund_anew(&mut self, id: RefundId) {
        self.forget_questions(id);
        self.question_refund(id, 0);
    }

    /// No question was asked yet, as far as pauses go; and no answer to an earlier one is the answer to a later one.
    pub(super) fn forget_questions(&mut self, id: RefundId) {
        let refund = self.repayment(id);
        refund.queries = (refund.queries / ROUND).saturating_add(1).saturating_mul(ROUND);
        (refund.silences, refund.query_at) = (0, None);
    }

    fn question_refund(&mut self, id: RefundId, pause: i64) {
        let at = self.command.at;
        let refund = self.repayment(id);
        let attempt = refund.attempt;
        refund.queries += 1;
        refund.query_at = Some(at.plus_ms(pause));
        let task = Task::QueryRefund(id, refund.queries);
        let account = self.attempt(attempt).account;
        self.queue(account, task, pause);
    }
}

#[cfg(test)]
mod tests {
    use super::pause_ms;

    #[test]
    fn the_schedule_of_the_rules() {
        let pauses: Vec<_> = (0..15).map(|silences| pause_ms(silences).map(|ms| ms / 1_000)).collect();
        assert_eq!(pauses[..10], [Some(3); 10]);
        assert_eq!(pauses[10..], [Some(300), Some(3_600), Some(86_400), None, None]);
    }
}
