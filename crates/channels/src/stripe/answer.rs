//! Owns what Stripe's objects say, in answers and in events. It does not know how they came.

use std::collections::HashMap;

use domain::channel::{Fact, Verdict};
use serde::Deserialize;
use serde_json::Value;

use super::currency;
use crate::fact::{Said, Unreadable, same};

/// Stripe knows of no such object.
pub(super) const NOT_FOUND: &str = "resource_missing";
/// The intent can no longer be cancelled; what it is, a query tells.
pub(super) const TOO_LATE: &str = "payment_intent_unexpected_state";
/// A refund was not even asked for.
pub(super) const NO_CHARGE_NO: &str = "charge_no_missing";

/// A payment intent.
#[derive(Deserialize)]
pub(super) struct Intent {
    pub(super) id: String,
    status: String,
    amount: i64,
    amount_received: Option<i64>,
    currency: String,
    pub(super) client_secret: Option<String>,
    last_payment_error: Option<PaymentError>,
    metadata: Option<HashMap<String, Value>>,
}

/// A refund.
#[derive(Deserialize)]
pub(super) struct Refund {
    pub(super) id: String,
    /// Some ways of paying have none.
    status: Option<String>,
    amount: i64,
    currency: String,
    failure_reason: Option<String>,
    metadata: Option<HashMap<String, Value>>,
}

/// A payer's bank that takes money back, or wants to. <https://docs.stripe.com/api/disputes/object>
#[derive(Deserialize)]
pub(super) struct Dispute {
    id: String,
    /// Charges of old have none.
    payment_intent: Option<String>,
    amount: i64,
    currency: String,
    reason: String,
    status: String,
}

#[derive(Deserialize)]
struct PaymentError {
    code: Option<String>,
    decline_code: Option<String>,
}

impl Intent {
    /// Our number, where the intent is ours.
    pub(super) fn out_trade_no(&self) -> Option<&str> {
        self.metadata.as_ref()?.get("out_trade_no")?.as_str()
    }

    /// Whether it is the one that was asked about.
    pub(super) fn is_of(&self, out_trade_no: &str) -> Result<(), Unreadable> {
        same("out_trade_no", self.out_trade_no().unwrap_or_default(), out_trade_no)
    }

    pub(super) fn fact(&self, out_trade_no: &str) -> Result<Fact, Unreadable> {
        self.is_of(out_trade_no)?;
        let verdict = match &self.status[..] {
            "requires_payment_method"
            | "requires_confirmation"
            | "requires_action"
            | "processing"
            | "requires_capture" => Verdict::Pending,
            "succeeded" => Verdict::Succeeded,
            "canceled" => Verdict::Closed,
            _ => return Err(Unreadable::new("Stripe names a payment intent's status that is not known")),
        };
        self.as_verdict(verdict)
    }

    fn as_verdict(&self, verdict: Verdict) -> Result<Fact, Unreadable> {
        let minor = match verdict {
            Verdict::Succeeded => self.amount_received.ok_or_else(|| Unreadable::new("amount_received is missing"))?,
            _ => self.amount,
        };
        let error = self.last_payment_error.as_ref();
        let code = error.and_then(|error| error.decline_code.as_deref().or(error.code.as_deref()));
        let code = code.filter(|_| matches!(verdict, Verdict::Pending | Verdict::Failed));
        let amount = Some(currency::read(minor, &self.currency)?);
        let said = Said { channel_no: Some(&self.id), amount, code, stranger: None };
        said.of_charge(self.out_trade_no().unwrap_or_default(), verdict)
    }
}

impl Dispute {
    /// It has none of our numbers: which charge it is of is said by the intent's.
    pub(super) fn fact(&self) -> Result<Fact, Unreadable> {
        let amount = Some(currency::read(self.amount, &self.currency)?);
        let code = format!("{}: {}, {}", self.id, self.reason, self.status);
        let said = Said { channel_no: self.payment_intent.as_deref(), amount, code: Some(&code), stranger: None };
        said.of_charge(&self.id, Verdict::Disputed)
    }
}

impl Refund {
    /// Our number, where the refund is ours.
    pub(super) fn out_refund_no(&self) -> Option<&str> {
        self.metadata.as_ref()?.get("out_refund_no")?.as_str()
    }

    /// Whether no money moves by it any more. A status that is not known may be one of money.
    pub(super) fn has_failed(&self) -> bool {
        matches!(self.status.as_deref(), Some("failed" | "canceled"))
    }

    /// Whether it is the one that was asked about.
    pub(super) fn is_of(&self, out_refund_no: &str) -> Result<(), Unreadable> {
        same("out_refund_no", self.out_refund_no().unwrap_or_default(), out_refund_no)
    }

    pub(super) fn fact(&self, out_refund_no: &str) -> Result<Fact, Unreadable> {
        self.is_of(out_refund_no)?;
        let (verdict, code) = match self.status.as_deref() {
            Some("pending" | "requires_action") => (Verdict::Pending, None),
            Some("succeeded") => (Verdict::Succeeded, None),
            Some(status @ ("failed" | "canceled")) => {
                (Verdict::Failed, self.failure_reason.as_deref().or(Some(status)))
            }
            _ => return Err(Unreadable::new("Stripe names a refund's status that is not known")),
        };
        let amount = Some(currency::read(self.amount, &self.currency)?);
        Said { channel_no: Some(&self.id), amount, code, stranger: None }.of_refund(out_refund_no, verdict)
    }
}
