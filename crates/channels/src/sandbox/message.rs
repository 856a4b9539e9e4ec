//! Owns what the sandbox's answers and callbacks say. It does not know how they came, nor whether they are signed.

use domain::channel::{Fact, RawAnswer, Verdict};
use serde::Deserialize;
use serde::de::DeserializeOwned;

use crate::amount::read_minor;
use crate::ask::Answer;
use crate::fact::{self, Unreadable};
use crate::{Failure, Notice, Rejected, Reversal, raw};

/// An answer: done, or refused with a code.
#[derive(Debug)]
pub(super) struct Said {
    refusal: Option<Refusal>,
    body: Vec<u8>,
}

#[derive(Debug, Deserialize)]
struct Errors {
    error: Refusal,
}

#[derive(Debug, Deserialize)]
struct Refusal {
    code: String,
    message: String,
}

/// A charge.
#[derive(Deserialize)]
#[expect(clippy::struct_field_names, reason = "the provider's names")]
pub(super) struct Charge {
    charge_no: String,
    out_trade_no: String,
    status: String,
    amount: i64,
    currency: String,
    pub(super) pay_url: Option<String>,
    code: Option<String>,
}

/// A refund.
#[derive(Deserialize)]
#[expect(clippy::struct_field_names, reason = "the provider's names")]
pub(super) struct Refund {
    refund_no: String,
    out_refund_no: String,
    out_trade_no: String,
    status: String,
    amount: i64,
    currency: String,
    code: Option<String>,
}

#[derive(Deserialize)]
struct Event {
    /// The same each time that it is sent.
    #[serde(rename = "event_id")]
    id: Option<String>,
    #[serde(rename = "type")]
    kind: String,
    account: String,
    charge: Option<Charge>,
    refund: Option<Refund>,
}

impl Said {
    /// Behind 5xx, and behind anything that is not of the protocol, nobody knows what was done.
    pub(super) fn read(answer: &Answer) -> Result<Self, Failure> {
        let refusal = match answer.status {
            200 => None,
            status @ 400..=499 => {
                let Errors { error } = serde_json::from_slice(&answer.body).map_err(Unreadable::json)?;
                if status == 401 {
                    return Err(fact::denied(&error.code, &error.message, raw::of(&answer.body)));
                }
                Some(error)
            }
            _ => return Err(answer.unknown("the sandbox does not tell what it did")),
        };
        Ok(Self { refusal, body: answer.body.clone() })
    }

    pub(super) fn not_found(&self) -> bool {
        self.refusal.as_ref().is_some_and(|refusal| refusal.code == "not_found")
    }

    /// The answer's words, as they may be kept.
    pub(super) fn raw(&self) -> RawAnswer {
        raw::of(&self.body)
    }

    /// What the answer says, where it was not refused.
    pub(super) fn done<T: DeserializeOwned>(self) -> Result<T, Failure> {
        Ok(serde_json::from_slice(&self.file()?).map_err(Unreadable::json)?)
    }

    /// The answer's bytes, where it was not refused.
    pub(super) fn file(self) -> Result<Vec<u8>, Failure> {
        match self.refusal {
            None => Ok(self.body),
            Some(Refusal { code, message }) => Err(fact::refused(&code, &message, raw::of(&self.body))),
        }
    }
}

impl Charge {
    /// Of the charge that was asked for or about.
    pub(super) fn asked(&self, out_trade_no: &str) -> Result<Fact, Unreadable> {
        fact::same("out_trade_no", &self.out_trade_no, out_trade_no)?;
        self.fact(None)
    }

    fn fact(&self, stranger: Option<String>) -> Result<Fact, Unreadable> {
        let verdict = charge_verdict(&self.status)?;
        let amount = Some(read_minor(self.amount, &self.currency)?);
        let said = fact::Said { channel_no: Some(&self.charge_no), amount, code: self.code.as_deref(), stranger };
        said.of_charge(&self.out_trade_no, verdict)
    }
}

impl Refund {
    /// Of the refund that was asked for or about.
    pub(super) fn asked(&self, reversal: &Reversal) -> Result<Fact, Unreadable> {
        fact::same("out_refund_no", &self.out_refund_no, &reversal.out_refund_no)?;
        fact::same("out_trade_no", &self.out_trade_no, &reversal.out_trade_no)?;
        self.fact(None)
    }

    fn fact(&self, stranger: Option<String>) -> Result<Fact, Unreadable> {
        let verdict = refund_verdict(&self.status)?;
        let amount = Some(read_minor(self.amount, &self.currency)?);
        let said = fact::Said { channel_no: Some(&self.refund_no), amount, code: self.code.as_deref(), stranger };
        said.of_refund(&self.out_refund_no, verdict)
    }
}

/// Reads a callback that is believed.
pub(super) fn read(body: &[u8], account: &str) -> Result<Notice, Rejected> {
    let event: Event = serde_json::from_slice(body).map_err(Unreadable::json)?;
    let stranger = fact::stranger(&[("account", Some(&event.account), account)]);
    let missing = || Unreadable::new("the event is about nothing");
    let fact = match &event.kind[..] {
        "charge.succeeded" | "charge.failed" | "charge.closed" => event.charge.ok_or_else(missing)?.fact(stranger)?,
        "refund.succeeded" | "refund.failed" => event.refund.ok_or_else(missing)?.fact(stranger)?,
        _ => return Ok(Notice::Ignored(fact::brief(&event.kind))),
    };
    Ok(Notice::Fact { fact, raw: raw::of(body), event: event.id })
}

pub(super) fn charge_verdict(status: &str) -> Result<Verdict, Unreadable> {
    match status {
        "pending" => Ok(Verdict::Pending),
        "succeeded" => Ok(Verdict::Succeeded),
        "failed" => Ok(Verdict::Failed),
        "closed" => Ok(Verdict::Closed),
        "reversed" => Ok(Verdict::Reversed),
        _ => Err(Unreadable::new("the sandbox names a charge's status that is not known")),
    }
}

pub(super) fn refund_verdict(status: &str) -> Result<Verdict, Unreadable> {
    match status {
        "pending" => Ok(Verdict::Pending),
        "succeeded" => Ok(Verdict::Succeeded),
        "failed" => Ok(Verdict::Failed),
        _ => Err(Unreadable::new("the sandbox names a refund's status that is not known")),
    }
}
