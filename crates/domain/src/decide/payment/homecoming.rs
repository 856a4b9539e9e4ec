//! Owns money that was given back and came home again: a bank may refuse it days later, such as for an account that is closed.

use super::Till;
use crate::channel::State as Became;
use crate::ledger::{Account, Kind};
use crate::payment::{Cause, Event, SENT_BACK};
use crate::text::Code;
use crate::{ApplyChannelFact, RefundId, order, review};

impl Till<'_> {
    /// A failure behind a success. It may be an old word that comes late, so the channel is asked; only the answer to that
    /// moves money in the books, and only a person's retry moves it outside. The goods stay given back.
    pub(super) fn sent_back(
        &mut self,
        id: RefundId,
        wanted: &ApplyChannelFact,
        is_awaited: bool,
    ) -> Result<Became, order::Refusal> {
        let code = wanted.fact.code.as_ref().map_or("no code", Code::as_str);
        if !is_awaited {
            let text = format!(
                "it had succeeded, and the channel now says that it failed, with {code}: it is asked whether that holds. Once \
                 it stands as failed, POST /api/v1/refunds/{id}/retry gives the money back again"
            );
            self.review(review::Kind::RefundFailed, id.to_string(), text);
            self.ask_refund_anew(id);
            return Ok(Became::Stale);
        }
        let refund = self.repayment(id);
        refund.code = Some(Code::from_stored(&format!("{SENT_BACK}{code}").chars().take(128).collect::<String>()));
        refund.silences = 0;
        let (amount, cause, attempt) = (refund.amount, refund.cause, refund.attempt);
        self.step_refund(id, Event::Fail);
        self.payment.refunded -= amount;
        self.payment.refund_reserved -= amount;
        let account = self.attempt(attempt).account;
        let from = if cause == Cause::Requested { Account::Sales } else { Account::Owed };
        self.post(Kind::Reversal, id.to_string(), (from, Account::Channel(account)), amount);
        if cause == Cause::Requested {
            self.order.refunded -= amount;
        } else {
            self.order.returned -= amount;
        }
        self.step_order(order::Event::RefundSentBack)?;
        Ok(Became::Applied)
    }
}
