//! Owns what WeChat Pay's answers and notifications say: codes, and the facts in them. It does not know how they came,
//! nor whether they are signed.

use std::time::Duration;

use domain::channel::{Fact, RawAnswer, Verdict};
use serde::Deserialize;
use serde::de::DeserializeOwned;

use super::Wechat;
use crate::amount::{CNY, read_minor};
use crate::ask::Answer;
use crate::fact::{self, Unreadable};
use crate::{Failure, Reversal, raw};

/// It knows of no such trade, in its spellings old and new.
pub(super) const NO_TRADE: &[&str] = &["ORDER_NOT_EXIST", "ORDERNOTEXIST"];
/// It knows of no such refund.
pub(super) const NO_REFUND: &[&str] = &["RESOURCE_NOT_EXISTS", "REFUND_NOT_EXISTS", "REFUNDNOTEXIST"];
/// The trade is paid, closed, or otherwise no longer to be opened or closed; what it is, a query tells.
pub(super) const NO_LONGER_OPEN: &[&str] =
    &["ORDERPAID", "ORDER_PAID", "ORDER_CLOSED", "ORDERCLOSED", "OUT_TRADE_NO_USED", "TRADE_STATE_ERROR"];
/// Behind these nobody knows what was done, whatever the status.
const UNKNOWN: &[&str] = &["SYSTEM_ERROR", "SYSTEMERROR", "BANK_ERROR", "BANKERROR"];

/// Asked too often, or for a refund too soon behind another of the same trade: the same request is to come again
/// (`APIv3`, error codes of each document).
const TOO_OFTEN: &[&str] = &["FREQUENCY_LIMITED", "RATELIMIT_EXCEEDED"];

/// An answer: done, or refused with a code.
#[derive(Debug)]
pub(super) struct Said {
    pub(super) status: u16,
    refusal: Option<Refusal>,
    body: Vec<u8>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Refusal {
    code: String,
    message: String,
}

/// Of a code to scan.
#[derive(Deserialize)]
pub(super) struct Code {
    pub(super) code_url: String,
}

/// Of a trade.
#[derive(Deserialize)]
#[expect(clippy::struct_field_names, reason = "the provider's names")]
pub(super) struct Trade {
    appid: String,
    mchid: String,
    pub(super) out_trade_no: String,
    transaction_id: Option<String>,
    trade_state: String,
    trade_state_desc: Option<String>,
    amount: Option<TradeAmount>,
}

#[derive(Deserialize)]
struct TradeAmount {
    total: i64,
    currency: Option<String>,
}

/// Of a refund; notifications say whose it is and call its status otherwise.
#[derive(Deserialize)]
#[expect(clippy::struct_field_names, reason = "the provider's names")]
pub(super) struct Refund {
    mchid: Option<String>,
    out_refund_no: String,
    out_trade_no: String,
    refund_id: Option<String>,
    #[serde(alias = "refund_status")]
    status: String,
    amount: RefundAmount,
}

#[derive(Deserialize)]
struct RefundAmount {
    refund: i64,
    currency: Option<String>,
}

/// Where a bill lies, and its sum.
#[derive(Deserialize)]
pub(super) struct BillPlace {
    pub(super) download_url: String,
    pub(super) hash_type: String,
    pub(super) hash_value: String,
}

impl Said {
    pub(super) fn read(answer: &Answer) -> Result<Self, Failure> {
        let refusal = match answer.status {
            200..=299 => None,
            400..=599 => Some(serde_json::from_slice(&answer.body).unwrap_or_default()),
            _ => return Err(answer.unknown("WeChat Pay did not answer the question")),
        };
        Ok(Self { status: answer.status, refusal, body: answer.body.clone() })
    }

    /// Whether it was refused with one of these codes.
    pub(super) fn refused_with(&self, codes: &[&str]) -> bool {
        self.refusal.as_ref().is_some_and(|refusal| codes.contains(&&refusal.code[..]))
    }

    /// The answer's words, as they may be kept.
    pub(super) fn raw(&self) -> RawAnswer {
        raw::of(&self.body)
    }

    /// What the answer says, where it was not refused.
    pub(super) fn done<T: DeserializeOwned>(self) -> Result<T, Failure> {
        let body = self.accepted()?;
        Ok(serde_json::from_slice(&body).map_err(Unreadable::json)?)
    }

    /// That it was done, where there is nothing to say.
    pub(super) fn empty(self) -> Result<(), Failure> {
        self.accepted().map(|_| ())
    }

    /// For an answer that does not tell what was done.
    pub(super) fn unknown(self) -> Failure {
        Failure::Unknown(self.words())
    }

    /// Whether the request was not looked at, because there were too many.
    pub(super) fn is_too_often(&self) -> bool {
        self.refused_with(TOO_OFTEN)
    }

    /// For an answer to one request too many.
    pub(super) fn too_often(self, pause: Option<Duration>) -> Failure {
        Failure::TooOften { said: self.words(), pause }
    }

    /// For an answer that certainly did nothing, and will not until somebody looks at the account.
    pub(super) fn denied(self) -> Failure {
        let raw = self.raw();
        let Refusal { code, message } = self.refusal.unwrap_or_default();
        fact::denied(&code, &message, raw)
    }

    fn accepted(self) -> Result<Vec<u8>, Failure> {
        match self.refusal {
            None => Ok(self.body),
            Some(Refusal { code, .. }) if code.is_empty() || UNKNOWN.contains(&&code[..]) => {
                Err(Failure::Unknown(fact::brief(&format!("WeChat Pay says {} {code}", self.status))))
            }
            Some(Refusal { code, message }) => Err(fact::refused(&code, &message, raw::of(&self.body))),
        }
    }

    fn words(self) -> String {
        let Refusal { code, message } = self.refusal.unwrap_or_default();
        fact::brief(&format!("WeChat Pay says {} {code} {message}", self.status))
    }
}

impl Trade {
    pub(super) fn fact(&self, wechat: &Wechat) -> Result<Fact, Unreadable> {
        let (verdict, code) = match &self.trade_state[..] {
            "SUCCESS" => (Verdict::Succeeded, None),
            "REFUND" => (Verdict::Refunded, None),
            "NOTPAY" | "USERPAYING" => (Verdict::Pending, None),
            "CLOSED" | "REVOKED" => (Verdict::Closed, None),
            "PAYERROR" => (Verdict::Failed, self.trade_state_desc.as_deref().or(Some("PAYERROR"))),
            _ => return Err(Unreadable::new("WeChat Pay names a trade_state that is not known")),
        };
        let amount = self.amount.as_ref();
        let amount = amount.map(|it| read_minor(it.total, it.currency.as_deref().unwrap_or(CNY))).transpose()?;
        if verdict == Verdict::Succeeded && amount.is_none() {
            return Err(Unreadable::new("a trade succeeded without an amount"));
        }
        let stranger = fact::stranger(&[
            ("appid", Some(&self.appid), &wechat.app_id),
            ("mchid", Some(&self.mchid), &wechat.mch_id),
        ]);
        let said = fact::Said { channel_no: self.transaction_id.as_deref(), amount, code, stranger };
        said.of_charge(&self.out_trade_no, verdict)
    }
}

impl Refund {
    /// Of the refund that was asked for or about.
    pub(super) fn asked(&self, reversal: &Reversal, wechat: &Wechat) -> Result<Fact, Unreadable> {
        fact::same("out_refund_no", &self.out_refund_no, &reversal.out_refund_no)?;
        fact::same("out_trade_no", &self.out_trade_no, &reversal.out_trade_no)?;
        self.fact(wechat)
    }

    pub(super) fn fact(&self, wechat: &Wechat) -> Result<Fact, Unreadable> {
        let (verdict, code) = match &self.status[..] {
            "SUCCESS" => (Verdict::Succeeded, None),
            "PROCESSING" => (Verdict::Pending, None),
            // The payer's account takes no money: the merchant finishes this same refund by hand, and it may yet succeed.
            status @ "ABNORMAL" => (Verdict::Pending, Some(status)),
            status @ "CLOSED" => (Verdict::Failed, Some(status)),
            _ => return Err(Unreadable::new("WeChat Pay names a refund's status that is not known")),
        };
        let amount = Some(read_minor(self.amount.refund, self.amount.currency.as_deref().unwrap_or(CNY))?);
        let stranger = fact::stranger(&[("mchid", self.mchid.as_deref(), &wechat.mch_id)]);
        let said = fact::Said { channel_no: self.refund_id.as_deref(), amount, code, stranger };
        said.of_refund(&self.out_refund_no, verdict)
    }
}
