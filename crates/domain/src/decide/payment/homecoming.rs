//! Owns money that was given back and came home again: a bank may refuse it days later, such as for an account that is closed.

use super::Till;
use crate::channel::{Source, State as Became, Verdict};
use crate::ledger::{Account, Kind};
use crate::payment::{Cause, DOUBTED, Event, SENT_BACK};
use crate::text::Code;
use crate::{ApplyChannelFact, RefundId, order, review};

impl Till<'_> {
    /// A word behind its success. That it failed is believed as the answer to a question of ours only, for it may be an old
    /// word that comes late. An answer that tells neither is none, and it is asked again.
    pub(super) fn behind_success(
        &mut self,
        id: RefundId,
        wanted: &ApplyChannelFact,
        is_awaited: bool,
    ) -> Result<Became, order::Refusal> {
        let is_no = match wanted.fact.verdict {
            Verdict::Failed | Verdict::Closed | Verdict::Reversed | Verdict::Refunded => true,
            // Held, for a reason: WeChat Pay says so where the payer's bank sent it back.
            Verdict::Pending => wanted.fact.code.is_some() && !is_awaited,
            Verdict::NotFound | Verdict::Succeeded | Verdict::Disputed => false,
        };
        match (is_no, wanted.source) {
            (true, _) if is_awaited => return self.came_home(id, wanted.fact.code.as_ref()),
            (true, _) => self.doubt(id, wanted.fact.code.as_ref()),
            (false, Source::Query(number)) if is_awaited => self.refund_query_silent(id, number),
            (false, _) => {}
        }
        Ok(Became::Stale)
    }

    /// Has the channel asked whether it failed after all, and calls a person, once while it is asked.
    fn doubt(&mut self, id: RefundId, code: Option<&Code>) {
        let refund = self.repayment(id);
        refund.code = Some(about(DOUBTED, code));
        if refund.query_at.is_none() {
            let code = code.map_or("no code", Code::as_str);
            let text = format!(
                "it had succeeded, and the channel now says that it failed, with {code}: it is asked whether that holds. Once \
                 it stands as failed, POST /api/v1/refunds/{id}/retry gives the money back again; until then it has the \
                 channel asked once more"
            );
            self.review(review::Kind::RefundFailed, id.to_string(), text);
        }
        self.ask_refund_anew(id);
    }

    /// What it gave back is here again. The goods stay given back, and only a person's retry moves money once more.
    fn came_home(&mut self, id: RefundId, code: Option<&Code>) -> Result<Became, order::Refusal> {
        let refund = self.repayment(id);
        refund.code = Some(about(SENT_BACK, code));
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

/// A code of ours, with the channel's own behind it.
fn about(ours: &str, code: Option<&Code>) -> Code {
    let code = code.map_or("no code", Code::as_str);
    Code::from_stored(&format!("{ours}{code}").chars().take(128).collect::<String>())
}
