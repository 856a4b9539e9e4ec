//! Owns what a fact about a charge does: money that came in time, late, or twice; failures; and the payer's next step.

use super::Till;
use super::fact::Came;
use super::refund::Repayment;
use super::strange::charge_of;
use crate::channel::{Source, State as Became, Verdict};
use crate::ledger::{Account, Kind};
use crate::outbox::Task;
use crate::payment::{AttemptStatus, Cause, Event, Status};
use crate::stock::Holding;
use crate::text::{ChannelNo, RefundReason};
use crate::{ApplyChannelFact, AttemptId, Money, RefundId, order, review};

/// For so long behind its deadline a channel that knows of no charge may still come to know of it.
const OVERDUE_MS: i64 = 10 * 60_000;

/// What a further word of success comes to: one that names another movement at the channel is no repetition.
pub(super) fn again(known: Option<&ChannelNo>, wanted: &ApplyChannelFact) -> Came {
    match (known, &wanted.fact.channel_no) {
        (Some(known), Some(said)) if known != said => {
            Came::Strange(format!("it had succeeded as {known}, and now it says {said}: money may have moved twice"))
        }
        _ => Came::To(Became::Duplicate),
    }
}

impl Till<'_> {
    pub(super) fn charged(&mut self, wanted: &ApplyChannelFact) -> Result<Came, order::Refusal> {
        let Some(id) = charge_of(self.state, self.command, wanted) else { return Ok(Came::To(Became::Stale)) };
        let attempt = self.attempt(id);
        if attempt.account != wanted.account {
            return Ok(Came::Strange(format!("it came through {}, not {}", wanted.account, attempt.account)));
        }
        // Before anything of it is kept: what is of another charge may not even leave its number here.
        if let Some(strange) = self.misfit(id, wanted) {
            return Ok(Came::Strange(strange));
        }
        let attempt = self.attempt(id);
        if let Source::Query(number) = wanted.source
            && number == attempt.queries
        {
            attempt.query_at = None;
        }
        if attempt.channel_no.is_none() {
            attempt.channel_no.clone_from(&wanted.fact.channel_no);
        }
        match wanted.fact.verdict {
            Verdict::Succeeded => self.succeeded(id, wanted),
            Verdict::Failed | Verdict::Closed => Ok(Came::To(self.ended(id, wanted))),
            Verdict::Pending => Ok(Came::To(self.pending(id, wanted))),
            Verdict::NotFound => Ok(Came::To(self.not_found(id, wanted.source))),
            Verdict::Disputed => Ok(self.disputed(id, wanted)),
            Verdict::Reversed | Verdict::Refunded => Ok(self.given_back_there(id, wanted.fact.verdict)),
        }
    }

    /// Money was taken. That is so whatever we thought.
    fn succeeded(&mut self, id: AttemptId, wanted: &ApplyChannelFact) -> Result<Came, order::Refusal> {
        let currency = self.payment.amount.currency;
        let attempt = self.attempt(id);
        let (asked, account) = (Money::new(attempt.amount, currency), attempt.account);
        if attempt.is_given_back_there() {
            return Ok(Came::Strange("it was given back there since, as the channel said before".to_owned()));
        }
        if !self.step_attempt(id, Event::Succeed) {
            let known = self.attempt(id).channel_no.clone();
            return Ok(again(known.as_ref(), wanted));
        }
        self.attempt(id).captured = asked.minor;
        self.payment.captured += asked.minor;
        self.order.captured += asked.minor;
        let in_time = self.payment.status == Status::Open && self.order.status == order::Status::PendingPayment;
        let from = if in_time { Account::Sales } else { Account::Owed };
        self.post(Kind::Capture, id.to_string(), (from, Account::Channel(account)), asked.minor);
        if in_time {
            self.resolve_stock(Holding::Committed);
            self.step_order(order::Event::Pay)?;
            self.step_payment(Event::Pay);
        } else {
            self.give_back(id)?;
        }
        // Whoever pays the others as well is given that back; better, nobody can.
        self.close_live();
        Ok(Came::To(Became::Applied))
    }

    /// Money that nobody is owed: it goes back by itself, and an operator is told.
    fn give_back(&mut self, id: AttemptId) -> Result<(), order::Refusal> {
        let late = !self.order.was_paid();
        let (event, cause, kind, text) = if self.order.status == order::Status::Closed {
            let cause = if late { Cause::Late } else { Cause::Double };
            (order::Event::LatePayment, cause, review::Kind::LatePayment, "paid when the order was closed")
        } else {
            (order::Event::Overpay, Cause::Double, review::Kind::DoublePayment, "paid a second time")
        };
        self.step_order(event)?;
        let attempt = self.attempt(id);
        let (amount, provider_key) = (attempt.captured, attempt.provider_key);
        // The refund of all of an attempt: made from it, so that it is the same whenever it is made.
        let refund = RefundId::new(id.bits());
        let new = Repayment {
            id: refund,
            provider_key: !provider_key,
            attempt: id,
            amount,
            cause,
            reason: RefundReason::from_stored(text),
            lines: Vec::new(),
            requested_by: None,
            decision: None,
        };
        self.repay(new, 0);
        self.review(kind, id.to_string(), format!("{text}; refund {refund} gives it back"));
        Ok(())
    }

    /// It failed or was closed, unless it is known that it succeeded.
    fn ended(&mut self, id: AttemptId, wanted: &ApplyChannelFact) -> Became {
        let event = if wanted.fact.verdict == Verdict::Failed { Event::Fail } else { Event::Close };
        let before = self.attempt(id).status;
        if !self.step_attempt(id, event) {
            return if before == AttemptStatus::Succeeded { Became::Stale } else { Became::Duplicate };
        }
        self.attempt(id).code.clone_from(&wanted.fact.code);
        Became::Applied
    }

    /// The channel has it, and it is open.
    fn pending(&mut self, id: AttemptId, wanted: &ApplyChannelFact) -> Became {
        let attempt = self.attempt(id);
        if !attempt.status.is_live() {
            return Became::Stale;
        }
        if wanted.source == Source::Closing {
            // Somebody is paying just now.
            attempt.silences += 1;
            self.close_again(id);
            return Became::Applied;
        }
        let unsent = matches!(attempt.status, AttemptStatus::Created | AttemptStatus::Unknown);
        if unsent && wanted.action.is_none() && wanted.source != Source::Answer && attempt.close_asked_at.is_none() {
            // It has it; but what the payer is to do was in the answer that was lost. Asked for again, it is told again.
            attempt.silences += 1;
            let account = attempt.account;
            self.queue(account, Task::Charge(id), 0);
            self.ask_charge(id);
            return Became::Applied;
        }
        // Nobody asked for it to be closed any more, and now the channel speaks again.
        let is_given_up = attempt.close_asked_at.is_some() && attempt.is_left_alone();
        attempt.silences = 0;
        // Such as a card that was refused, where the payer may try another.
        attempt.code.clone_from(&wanted.fact.code);
        let event = if wanted.action.is_some() { Event::RequireAction } else { Event::Submit };
        if let Some(action) = &wanted.action {
            attempt.action = Some(action.clone());
        }
        let moved = self.step_attempt(id, event);
        if self.command.at >= self.attempt(id).expires_at {
            self.close_live();
        }
        if is_given_up {
            self.close_again(id);
        }
        self.ask_charge(id);
        if moved { Became::Applied } else { Became::Duplicate }
    }

    /// The channel knows of none. Whether it never will depends on what we know.
    fn not_found(&mut self, id: AttemptId, source: Source) -> Became {
        let at = self.command.at;
        let attempt = self.attempt(id);
        if !attempt.status.is_live() {
            return Became::Stale;
        }
        let over = attempt.expires_at.plus_ms(OVERDUE_MS);
        let is_held = attempt.status == AttemptStatus::RequiresAction;
        if at >= over || (source == Source::Closing && !is_held) {
            self.step_attempt(id, Event::Close);
            return Became::Applied;
        }
        if source == Source::Closing {
            // Alipay knows of a charge once its page is opened or its code scanned, and the payer holds that: only when it
            // is worth nothing any more is it closed for good.
            attempt.silences = 0;
            self.close_later(id, over);
            return Became::Applied;
        }
        if attempt.status == AttemptStatus::Unknown && attempt.close_asked_at.is_none() {
            // It never arrived: under the same number it is the same charge.
            attempt.silences += 1;
            let account = attempt.account;
            self.queue(account, Task::Charge(id), 0);
        }
        self.ask_charge(id);
        Became::Applied
    }
}
