//! Owns what may be done with a charge and a refund: paid at most once, never more given back than was paid, one
//! refund under one number. It does not know which words a provider refuses with.

use std::collections::BTreeMap;

use super::entries::{Charge, Record, Refund, Status};
use super::pages::Pages;
use crate::kind::Kind;

/// WeChat Pay gives a charge back in at most so many parts:
/// <https://pay.weixin.qq.com/doc/v3/merchant/4012791883>. It is a good limit for the others too.
const REFUNDS_MAX: usize = 50;

/// Why something is not done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Refusal {
    Unknown,
    AlreadyPaid,
    Failed,
    Closed,
    NotPaid,
    /// More than is left of the charge.
    Exceeds,
    /// The same number was used for something else.
    NumberUsed,
    OtherCurrency,
    TooMany,
    TooSoon,
}

/// What is asked for with a refund.
#[derive(Clone, Debug)]
pub(crate) struct Asking {
    pub(crate) charge_no: String,
    pub(crate) out_refund_no: String,
    pub(crate) amount: i64,
    pub(crate) currency: String,
    pub(crate) reason: String,
    pub(crate) notify_url: Option<String>,
    pub(crate) metadata: BTreeMap<String, String>,
    /// How long after the last refund of the charge, in milliseconds.
    pub(crate) apart_ms: i64,
    /// With which code it is to fail later, if a tester wants it so.
    pub(crate) fails: Option<String>,
}

impl Pages {
    /// Money moves from the payer to the merchant.
    pub(crate) fn pay(&mut self, charge_no: &str, now: i64) -> Result<Charge, Refusal> {
        let mut charge = self.charge(charge_no).ok_or(Refusal::Unknown)?.clone();
        match charge.status {
            Status::Pending if charge.expires_at.is_some_and(|at| at <= now) => return Err(Refusal::Closed),
            Status::Pending => (),
            Status::Succeeded => return Err(Refusal::AlreadyPaid),
            Status::Failed => return Err(Refusal::Failed),
            Status::Closed => return Err(Refusal::Closed),
        }
        charge.status = Status::Succeeded;
        charge.paid_at = Some(now);
        charge.seen = true;
        charge.code = None;
        self.write(Record::Charge(charge.clone()));
        Ok(charge)
    }

    /// The payer, or the payer's bank, says no. Only the sandbox's charges end with that.
    pub(crate) fn refuse(&mut self, charge_no: &str, code: &str) -> Result<Charge, Refusal> {
        let mut charge = self.charge(charge_no).ok_or(Refusal::Unknown)?.clone();
        match charge.status {
            Status::Pending => (),
            Status::Succeeded => return Err(Refusal::AlreadyPaid),
            Status::Failed => return Err(Refusal::Failed),
            Status::Closed => return Err(Refusal::Closed),
        }
        if charge.kind == Kind::Sandbox {
            charge.status = Status::Failed;
        }
        charge.seen = true;
        charge.code = Some(code.to_owned());
        self.write(Record::Charge(charge.clone()));
        Ok(charge)
    }

    /// It cannot be paid any more.
    pub(crate) fn close(&mut self, charge_no: &str, now: i64, code: Option<&str>) -> Result<Charge, Refusal> {
        let mut charge = self.charge(charge_no).ok_or(Refusal::Unknown)?.clone();
        match charge.status {
            Status::Pending => (),
            Status::Succeeded => return Err(Refusal::AlreadyPaid),
            Status::Failed => return Err(Refusal::Failed),
            Status::Closed => return Err(Refusal::Closed),
        }
        charge.status = Status::Closed;
        charge.closed_at = Some(now);
        charge.code = code.map(ToOwned::to_owned);
        self.write(Record::Charge(charge.clone()));
        Ok(charge)
    }

    /// Claims a part of a charge, to be given back. True where this is new, or a failed one tried again.
    pub(crate) fn claim(&mut self, asking: Asking, now: i64) -> Result<(Refund, bool), Refusal> {
        let charge = self.charge(&asking.charge_no).ok_or(Refusal::Unknown)?.clone();
        let unique = charge.kind != Kind::Stripe;
        let before = self.refund_numbered(charge.kind, &charge.out_trade_no, &asking.out_refund_no).cloned();
        if let Some(before) = before.as_ref().filter(|_| unique) {
            let same = before.charge_no == asking.charge_no && before.amount == asking.amount;
            if !same || before.currency != asking.currency {
                return Err(Refusal::NumberUsed);
            }
            if before.status != Status::Failed {
                return Ok((before.clone(), false));
            }
        }
        if charge.status != Status::Succeeded {
            return Err(Refusal::NotPaid);
        }
        if charge.currency != asking.currency {
            return Err(Refusal::OtherCurrency);
        }
        self.room_for(&charge, &asking, now)?;
        let refund = match before.filter(|_| unique) {
            Some(failed) => {
                Refund { status: Status::Pending, code: None, fails: asking.fails, created_at: now, ..failed }
            }
            None => Refund {
                kind: charge.kind,
                refund_no: crate::numbers::refund(charge.kind, self.next_number()),
                out_refund_no: asking.out_refund_no,
                charge_no: asking.charge_no,
                out_trade_no: charge.out_trade_no,
                status: Status::Pending,
                amount: asking.amount,
                currency: asking.currency,
                reason: asking.reason,
                notify_url: asking.notify_url,
                created_at: now,
                done_at: None,
                code: None,
                fails: asking.fails,
                metadata: asking.metadata,
            },
        };
        self.write(Record::Refund(refund.clone()));
        Ok((refund, true))
    }

    fn room_for(&self, charge: &Charge, asking: &Asking, now: i64) -> Result<(), Refusal> {
        let standing: Vec<_> =
            self.refunds_of(&charge.charge_no).filter(|refund| refund.status != Status::Failed).collect();
        let claimed: i64 = standing.iter().map(|refund| refund.amount).sum();
        if asking.amount > charge.amount - claimed {
            return Err(Refusal::Exceeds);
        }
        if standing.len() >= REFUNDS_MAX {
            return Err(Refusal::TooMany);
        }
        let last = standing.iter().map(|refund| refund.created_at).max();
        if last.is_some_and(|last| now - last < asking.apart_ms) {
            return Err(Refusal::TooSoon);
        }
        Ok(())
    }

    /// A refund ends: money moves back, or it fails with a code. `None` where it had ended before.
    pub(crate) fn end_refund(&mut self, refund_no: &str, code: Option<&str>, now: i64) -> Option<(Charge, Refund)> {
        let mut refund = self.refund(refund_no).filter(|refund| refund.status == Status::Pending)?.clone();
        let mut charge = self.charge(&refund.charge_no)?.clone();
        refund.status = if code.is_some() { Status::Failed } else { Status::Succeeded };
        refund.code = code.map(ToOwned::to_owned);
        refund.done_at = Some(now);
        if code.is_none() {
            charge.refunded += refund.amount;
            self.write(Record::Charge(charge.clone()));
        }
        self.write(Record::Refund(refund.clone()));
        Some((charge, refund))
    }
}
