//! Owns what a fact about a refund does: money that went back, and what that means for the order's lines and stock.

use std::collections::BTreeMap;

use super::Till;
use super::charged::again;
use super::fact::Came;
use crate::channel::{Source, State as Became, Subject, Verdict};
use crate::ledger::{Account, Kind};
use crate::order::CloseReason;
use crate::outbox::Task;
use crate::payment::{Cause, Event, RefundStatus};
use crate::stock::{Movement, Source as StockSource};
use crate::text::Sku;
use crate::{ApplyChannelFact, Change, Money, RefundId, order, review};

/// A refund that was refused failed once the channel knew of none twice, so long apart. No refusal makes the wait needless: an
/// earlier try may be on its way of which nothing is known, such as one that was sent by a server which then died.
const REFUSED_MS: i64 = 60_000;

impl Till<'_> {
    pub(super) fn returned(&mut self, wanted: &ApplyChannelFact) -> Result<Came, order::Refusal> {
        let Subject::Refund(reference) = &wanted.fact.subject else { return Ok(Came::To(Became::Stale)) };
        let Ok(id) = reference.as_str().parse::<RefundId>() else { return Ok(Came::To(Became::Stale)) };
        let attempt = self.repayment(id).attempt;
        let account = self.attempt(attempt).account;
        if account != wanted.account {
            return Ok(Came::Strange(format!("it came through {}, not {account}", wanted.account)));
        }
        let currency = self.payment.amount.currency;
        let refund = self.repayment(id);
        if let Some(said) = wanted.fact.amount
            && (said.minor, said.currency) != (refund.amount, currency)
        {
            let text = format!("{} were to go back, and it says {said}", Money::new(refund.amount, currency));
            return Ok(Came::Strange(text));
        }
        if refund.channel_no.is_none() {
            refund.channel_no.clone_from(&wanted.fact.channel_no);
        }
        let is_last = self.is_about_the_last(id, wanted.source);
        let is_awaited = is_last && self.repayment(id).query_at.is_some();
        if self.repayment(id).status == RefundStatus::Succeeded && wanted.fact.verdict != Verdict::Succeeded {
            return Ok(Came::To(self.behind_success(id, wanted, is_awaited)?));
        }
        if is_awaited {
            let refund = self.repayment(id);
            refund.query_at = None;
            if refund.is_doubted() {
                // The doubt is dispelled.
                refund.silences = 0;
            }
        }
        match wanted.fact.verdict {
            Verdict::Succeeded => self.went_back(id, wanted),
            Verdict::Pending => Ok(Came::To(self.under_way(id, wanted))),
            Verdict::Failed | Verdict::Closed | Verdict::Reversed | Verdict::Refunded => {
                Ok(Came::To(self.denied(id, wanted)))
            }
            Verdict::NotFound => Ok(Came::To(self.unseen(id, wanted.source))),
            Verdict::Disputed => Ok(Came::Strange("it is a refund, and no bank disputes that".to_owned())),
        }
    }

    /// It answers the last question that was, or is about to be, asked about it.
    fn is_about_the_last(&mut self, id: RefundId, source: Source) -> bool {
        matches!(source, Source::Query(number) if number == self.repayment(id).queries)
    }

    fn went_back(&mut self, id: RefundId, wanted: &ApplyChannelFact) -> Result<Came, order::Refusal> {
        if self.repayment(id).is_sent_back() {
            return Ok(Came::Strange("its money had come home again, and now it says that it went back".to_owned()));
        }
        let (before, amount, attempt) =
            (self.repayment(id).status, self.repayment(id).amount, self.repayment(id).attempt);
        let unexpected = match before {
            RefundStatus::Rejected => {
                return Ok(Came::Strange("nobody let it go, and now it says that it went back".to_owned()));
            }
            RefundStatus::Failed => Some("it succeeded at the channel, which had confirmed that it failed"),
            RefundStatus::AwaitingApproval => Some("it succeeded at the channel while it waited for a second person"),
            _ => None,
        };
        if let Some(text) = unexpected {
            self.review(review::Kind::RefundRevived, id.to_string(), text.to_owned());
        }
        if !before.reserves() {
            let left = self.payment.attempt(attempt).map_or(0, |attempt| self.payment.refundable(attempt));
            if amount > left {
                // The amount was given back another way meanwhile: only a person can put that right.
                return Ok(Came::To(Became::Quarantined));
            }
            self.payment.refund_reserved += amount;
        }
        if !self.step_refund(id, Event::Succeed) {
            let known = self.repayment(id).channel_no.clone();
            return Ok(again(known.as_ref(), wanted));
        }
        self.payment.refunded += amount;
        let cause = self.repayment(id).cause;
        let account = self.attempt(attempt).account;
        let to = if cause == Cause::Requested { Account::Sales } else { Account::Owed };
        self.post(Kind::Refund, id.to_string(), (Account::Channel(account), to), amount);
        if cause == Cause::Requested {
            self.order.refunded += amount;
            self.take_back(id);
            let whole = self.order.refunded >= self.order.total.minor
                || self.order.lines.iter().all(|line| line.refunded == line.quantity);
            if whole && self.order.status != order::Status::Closed {
                self.order.close_reason = Some(CloseReason::Refunded);
                self.step_order(order::Event::RefundAll)?;
            } else {
                self.step_order(order::Event::RefundPart)?;
                if self.order.status == order::Status::Paid && self.order.is_all_sent() {
                    self.step_order(order::Event::ShipAll)?;
                }
            }
        } else {
            self.order.returned += amount;
            self.step_order(order::Event::ReturnExcess)?;
        }
        Ok(Came::To(Became::Applied))
    }

    /// The goods of a refund: given back, and into stock again where that was decided.
    fn take_back(&mut self, id: RefundId) {
        let mut restocked: BTreeMap<Sku, i64> = BTreeMap::new();
        for part in self.repayment(id).lines.clone() {
            if let Some(line) = self.order.lines.iter_mut().find(|line| line.number == part.line) {
                // A refund that is revived may be of units which another gave back meanwhile.
                let units = part.quantity.min(line.quantity - line.refunded);
                line.refunded += units;
                if part.restock && units > 0 {
                    *restocked.entry(line.sku.clone()).or_default() += units;
                }
            }
        }
        let tenant = self.order.tenant;
        for (sku, quantity) in restocked {
            let item = self.state.stock(tenant, &sku).expect("storage loads the stock of every reservation");
            // More than a product can hold is not put back; the check of stock would tell.
            let Ok(item) = item.adjust(quantity) else { continue };
            self.changes.push(Change::StockSet(item));
            let source = StockSource::Return(id);
            self.changes.push(Change::StockMoved(Movement {
                tenant,
                sku,
                source,
                quantity,
                reason: None,
                principal: Some(self.command.principal),
                at: self.command.at,
            }));
        }
    }

    fn under_way(&mut self, id: RefundId, wanted: &ApplyChannelFact) -> Became {
        let refund = self.repayment(id);
        if !refund.status.is_live() {
            return Became::Stale;
        }
        refund.silences = 0;
        let held = wanted.fact.code.clone();
        // What an earlier no said holds no more: the channel has it.
        let is_new = refund.code != held;
        refund.code.clone_from(&held);
        if let Some(code) = held.filter(|_| is_new) {
            let text = format!("the channel holds it with {code}: it is finished by hand there, and may yet succeed");
            self.review(review::Kind::Stuck, id.to_string(), text);
        }
        let moved = self.step_refund(id, Event::Submit);
        self.ask_refund(id);
        if moved { Became::Applied } else { Became::Duplicate }
    }

    /// The channel said no. Only an answer to the last question frees the amount: a "failed" may be an accepted one, and an
    /// earlier answer may be of before it was sent again.
    fn denied(&mut self, id: RefundId, wanted: &ApplyChannelFact) -> Became {
        let refund = self.repayment(id);
        if !refund.status.is_live() {
            return Became::Duplicate;
        }
        refund.code.clone_from(&wanted.fact.code);
        refund.silences = 0;
        if self.is_about_the_last(id, wanted.source) {
            self.fail_for_good(id);
        } else {
            let refund = self.repayment(id);
            if refund.code.is_none() {
                refund.code = Some(crate::text::Code::from_stored("failed"));
            }
            self.step_refund(id, Event::LoseSight);
            self.ask_refund_now(id);
        }
        Became::Applied
    }

    /// The channel knows of none: it said no before, or it never saw it.
    fn unseen(&mut self, id: RefundId, source: Source) -> Became {
        let refund = self.repayment(id);
        if !refund.status.is_live() {
            return Became::Stale;
        }
        if !matches!(source, Source::Query(_)) {
            // Alipay took the request and moved nothing, and at once behind that it knows of none: that says as much as no
            // answer. Sent again at once, it would be answered the same without a pause.
            self.refund_silent(id);
            return Became::Applied;
        }
        if !self.is_about_the_last(id, source) {
            return Became::Stale;
        }
        // What it had before, and knows no more, is like what it never had: sent again, it is the same.
        if self.repayment(id).status == RefundStatus::Submitted {
            self.step_refund(id, Event::LoseSight);
            self.repayment(id).code = None;
        }
        let refund = self.repayment(id);
        if refund.is_refused() {
            self.unseen_and_refused(id);
            return Became::Applied;
        }
        refund.silences += 1;
        let attempt = refund.attempt;
        let account = self.attempt(attempt).account;
        self.queue(account, Task::Refund(id), 0);
        self.ask_refund(id);
        Became::Applied
    }

    /// The second time ends it, unless that came too soon behind the first.
    fn unseen_and_refused(&mut self, id: RefundId) {
        let at = self.command.at;
        let refund = self.repayment(id);
        if refund.silences == 0 {
            refund.silences = 1;
            refund.updated_at = at;
        }
        let over = refund.updated_at.plus_ms(REFUSED_MS);
        if at < over {
            self.ask_refund_after(id, over.0 - at.0);
        } else {
            self.fail_for_good(id);
        }
    }

    fn fail_for_good(&mut self, id: RefundId) {
        if !self.step_refund(id, Event::Fail) {
            return;
        }
        let (amount, cause) = (self.repayment(id).amount, self.repayment(id).cause);
        self.payment.refund_reserved -= amount;
        if cause != Cause::Requested {
            let text = format!(
                "money that is not ours could not be given back; it is still owed. POST /api/v1/refunds/{id}/retry sends \
                 it again"
            );
            self.review(review::Kind::RefundFailed, id.to_string(), text);
        }
    }
}
