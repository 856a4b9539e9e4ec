//! Owns what Alipay's answers say: their signature, their codes, and the facts in them. It does not know how they came.

use std::collections::HashMap;

use domain::channel::{Fact, RawAnswer, Verdict};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::value::RawValue;

use crate::amount::{Decimals, read_yuan};
use crate::fact::{self, Unreadable};
use crate::sign::PublicKey;
use crate::{Failure, Reversal, raw};

/// Alipay knows of no such trade.
pub(super) const NOT_FOUND: &str = "ACQ.TRADE_NOT_EXIST";
/// The trade is no longer one that can be closed; what it is, a query tells.
pub(super) const TOO_LATE_TO_CLOSE: &[&str] = &[
    "ACQ.TRADE_STATUS_ERROR",
    "ACQ.REASON_TRADE_STATUS_INVALID",
    "ACQ.REASON_ILLEGAL_STATUS",
    "ACQ.TRADE_HAS_SUCCESS",
    "ACQ.TRADE_HAS_FINISHED",
    "ACQ.TRADE_HAS_CLOSE",
];
/// Behind these nobody knows what was done (<https://opendocs.alipay.com/common/02km9f>).
const UNKNOWN: &[&str] = &["20000", "ACQ.SYSTEM_ERROR", "aop.ACQ.SYSTEM_ERROR", "isp.unknow-error", "aop.unknow-error"];
/// The gateway itself said no, before anything was looked at, as it does where the account is not set up as it must be: a
/// token that does not hold, members that are missing or wrong, an interface that is not signed for or switched on
/// (<https://opendocs.alipay.com/common/02km9f>, "public error codes").
const NOT_BEGUN: &[&str] = &["20001", "40001", "40002", "40006"];
/// The business behind the gateway said no; its own code stands beside. No other code is a refusal.
const BUSINESS: &str = "40004";
/// The calls of an application are limited; nothing was done (<https://opendocs.alipay.com/common/02km9f>).
const TOO_OFTEN: &str = "40005";
/// So is the account not set up either, whatever code stands beside.
const UNUSABLE: &[&str] = &["isv.invalid-app-id", "isv.invalid-signature", "isv.missing-signature-key"];

/// A signed answer: done, or refused with a code.
#[derive(Debug)]
pub(super) struct Said {
    refusal: Option<(String, String)>,
    body: String,
}

/// Of a code to scan.
#[derive(Deserialize)]
pub(super) struct Code {
    pub(super) out_trade_no: String,
    pub(super) qr_code: String,
}

/// Of a trade.
#[derive(Deserialize)]
#[expect(clippy::struct_field_names, reason = "the provider's names")]
pub(super) struct Trade {
    out_trade_no: String,
    trade_no: Option<String>,
    trade_status: String,
    total_amount: String,
    send_pay_date: Option<String>,
}

/// Of a trade that is closed.
#[derive(Deserialize)]
pub(super) struct Closed {
    out_trade_no: Option<String>,
    trade_no: Option<String>,
}

/// Of a refund that was asked for.
#[derive(Deserialize)]
pub(super) struct Refunded {
    out_trade_no: String,
    fund_change: Option<String>,
}

/// Of a refund that was asked about.
#[derive(Deserialize)]
pub(super) struct RefundFound {
    out_request_no: Option<String>,
    refund_status: Option<String>,
    refund_amount: Option<String>,
}

/// Where a bill lies.
#[derive(Deserialize)]
pub(super) struct BillPlace {
    pub(super) bill_download_url: String,
}

#[derive(Deserialize)]
struct Head {
    code: String,
    msg: Option<String>,
    sub_code: Option<String>,
    sub_msg: Option<String>,
}

/// Checks the signature of an answer over the response's own bytes, and reads its codes.
pub(super) fn open(text: &str, method: &str, keys: &[PublicKey]) -> Result<Said, Failure> {
    let members: HashMap<String, Box<RawValue>> = serde_json::from_str(text).map_err(Unreadable::json)?;
    let node = format!("{}_response", method.replace('.', "_"));
    let response = members.get(&node).or_else(|| members.get("error_response"));
    let response = response.ok_or_else(|| Unreadable::new("the answer is not to this question"))?.get();
    let head: Head = serde_json::from_str(response).map_err(Unreadable::json)?;
    let sign = members.get("sign").and_then(|sign| serde_json::from_str::<String>(sign.get()).ok()).unwrap_or_default();
    if !keys.iter().any(|key| holds(key, response, &sign)) {
        // Alipay does not sign an answer to a request whose signature it could not check.
        let word = fact::code(head.sub_code.as_deref().unwrap_or(&head.code));
        let word = word.map_or(String::new(), |word| word.to_string());
        return Err(Failure::Unknown(format!("the answer's signature does not hold; it says {word:?}")));
    }
    let code = head.sub_code.filter(|code| !code.is_empty()).unwrap_or_else(|| head.code.clone());
    let message = head.sub_msg.or(head.msg).unwrap_or_default();
    let words = || fact::brief(&format!("Alipay says {code}: {message}"));
    if UNKNOWN.contains(&&head.code[..]) || UNKNOWN.contains(&&code[..]) {
        return Err(Failure::Unknown(words()));
    }
    if head.code == TOO_OFTEN {
        return Err(Failure::TooOften { said: words(), pause: None });
    }
    if NOT_BEGUN.contains(&&head.code[..]) || UNUSABLE.contains(&&code[..]) {
        return Err(fact::denied(&code, &message, raw::of(response.as_bytes())));
    }
    let refusal = match &head.code[..] {
        "10000" => None,
        BUSINESS => Some((code, message)),
        _ => return Err(Failure::Unknown(words())),
    };
    Ok(Said { refusal, body: response.to_owned() })
}

/// Some of Alipay's gateways sign the text before they escape its slashes; the official libraries try both.
fn holds(key: &PublicKey, text: &str, sign: &str) -> bool {
    key.verifies(text.as_bytes(), sign)
        || (text.contains("\\/") && key.verifies(text.replace("\\/", "/").as_bytes(), sign))
}

/// What a trade's status means. `was_paid`: there are signs that money had come in.
pub(super) fn verdict(status: &str, was_paid: bool) -> Result<(Verdict, Option<&'static str>), Unreadable> {
    match status {
        "WAIT_BUYER_PAY" => Ok((Verdict::Pending, None)),
        "TRADE_SUCCESS" => Ok((Verdict::Succeeded, None)),
        // Can no longer be refunded.
        "TRADE_FINISHED" => Ok((Verdict::Succeeded, Some("TRADE_FINISHED"))),
        // Either nobody paid in time, or all of it was given back.
        "TRADE_CLOSED" => Ok((if was_paid { Verdict::Reversed } else { Verdict::Closed }, None)),
        _ => Err(Unreadable::new("Alipay names a trade_status that is not known")),
    }
}

impl Said {
    /// Whether it was refused with one of these codes.
    pub(super) fn refused_with(&self, codes: &[&str]) -> bool {
        self.refusal.as_ref().is_some_and(|(code, _)| codes.contains(&&code[..]))
    }

    /// The answer's words, as they may be kept.
    pub(super) fn raw(&self) -> RawAnswer {
        raw::of(self.body.as_bytes())
    }

    /// What the answer says, where it was not refused.
    pub(super) fn done<T: DeserializeOwned>(self) -> Result<T, Failure> {
        if let Some((code, message)) = self.refusal {
            return Err(fact::refused(&code, &message, raw::of(self.body.as_bytes())));
        }
        Ok(serde_json::from_str(&self.body).map_err(Unreadable::json)?)
    }
}

impl Trade {
    pub(super) fn fact(&self, out_trade_no: &str) -> Result<Fact, Unreadable> {
        fact::same("out_trade_no", &self.out_trade_no, out_trade_no)?;
        let was_paid = self.send_pay_date.as_ref().is_some_and(|date| !date.is_empty());
        let (verdict, code) = verdict(&self.trade_status, was_paid)?;
        let amount = Some(read_yuan(&self.total_amount, Decimals::Two)?);
        fact::Said { channel_no: self.trade_no.as_deref(), amount, code, stranger: None }
            .of_charge(out_trade_no, verdict)
    }
}

impl Closed {
    pub(super) fn fact(&self, out_trade_no: &str) -> Result<Fact, Unreadable> {
        fact::same("out_trade_no", self.out_trade_no.as_deref().unwrap_or(out_trade_no), out_trade_no)?;
        let said = fact::Said { channel_no: self.trade_no.as_deref(), ..fact::Said::default() };
        said.of_charge(out_trade_no, Verdict::Closed)
    }
}

impl Refunded {
    /// `refund_fee` is what the trade's refunds come to together, so it is not this refund's amount. `None` where the answer
    /// says only that the request was taken: money moved before, or not yet, and the question tells which.
    pub(super) fn fact(&self, reversal: &Reversal) -> Result<Option<Fact>, Unreadable> {
        fact::same("out_trade_no", &self.out_trade_no, &reversal.out_trade_no)?;
        let moved = self.fund_change.as_deref() == Some("Y");
        let succeeded = || fact::Said::default().of_refund(&reversal.out_refund_no, Verdict::Succeeded);
        moved.then(succeeded).transpose()
    }
}

impl RefundFound {
    pub(super) fn fact(&self, reversal: &Reversal) -> Result<Fact, Unreadable> {
        let said = fact::Said::default();
        let verdict = match self.refund_status.as_deref() {
            Some("REFUND_SUCCESS") => Verdict::Succeeded,
            None | Some("") => return said.of_refund(&reversal.out_refund_no, Verdict::NotFound),
            Some("REFUND_PROCESSING") => Verdict::Pending,
            Some("REFUND_FAIL") => Verdict::Failed,
            Some(_) => return Err(Unreadable::new("Alipay names a refund_status that is not known")),
        };
        let number = self.out_request_no.as_deref().unwrap_or(&reversal.out_refund_no);
        fact::same("out_request_no", number, &reversal.out_refund_no)?;
        let amount = self.refund_amount.as_deref().map(|text| read_yuan(text, Decimals::Two)).transpose()?;
        fact::Said { amount, ..said }.of_refund(&reversal.out_refund_no, verdict)
    }
}
