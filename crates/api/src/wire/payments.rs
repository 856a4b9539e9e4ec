//! Owns the JSON of payments and their attempts, in both directions.

use channels::Wanted;
use domain::PaymentId;
use domain::access::Reach;
use domain::channel::{Kind, Method, NextAction as Step};
use domain::payment::{Attempt as Tried, AttemptStatus, Status};
use domain::text::{self, Code};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::Money;
use super::answers::time;
use super::refunds::Refund;
use super::requests::Errors;
use crate::problem::Problem;

/// The longest URL.
const URL_MAX: usize = 2_000;

/// A wish to pay.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct StartPayment {
    /// Through what: a provider (`alipay`, `wechat_pay`, `stripe`, `sandbox`), the name of one of the merchant's accounts,
    /// or `any` for the best one that takes it.
    #[schema(example = "alipay")]
    channel: String,
    /// How the payer pays: `page`, `qr` or `card`; the channel's usual way where it is missing.
    method: Option<String>,
    /// Where the channel sends the payer's browser afterwards.
    #[schema(example = "https://shop.example/thanks")]
    return_url: Option<String>,
}

/// The same, checked.
pub(crate) struct Checked {
    pub(crate) channel: Wanted,
    pub(crate) method: Option<Method>,
    pub(crate) return_url: Option<String>,
}

/// One amount owed for one order.
#[derive(Debug, Serialize, ToSchema)]
#[expect(clippy::struct_field_names, reason = "the contract names the member")]
pub(crate) struct Payment {
    /// Its id.
    #[schema(example = "pay_01JD8Q7V0EFXXR6D2J1Q5Z9K3M")]
    payment_id: String,
    /// For which order.
    order_no: String,
    /// `open`, `paid`, `cancelled`, `expired`, `overpaid`, `partially_refunded` or `refunded`.
    status: &'static str,
    /// What is owed.
    amount: Money,
    /// What was taken, also late or twice.
    captured: Money,
    /// What was given back.
    refunded: Money,
    /// What can still be given back: refunds under way have reserved theirs.
    refundable: Money,
    /// What the payer does next; null where there is nothing to do.
    next_action: Option<NextAction>,
    /// Oldest first.
    attempts: Vec<Attempt>,
    /// Oldest first.
    refunds: Vec<Refund>,
    /// Raised by each step; also the `ETag`.
    version: u32,
    /// When it was begun.
    #[schema(format = DateTime)]
    created_at: String,
    /// When it last changed.
    #[schema(format = DateTime)]
    updated_at: String,
}

/// What a payer does next.
#[derive(Debug, Serialize, ToSchema)]
#[serde(tag = "type", rename_all = "snake_case")]
pub(crate) enum NextAction {
    /// The channel has not answered yet: read the payment again.
    Wait {
        /// Where.
        url: String,
    },
    /// Open this page of the channel.
    Redirect {
        /// Which.
        url: String,
    },
    /// Show this text as a code, to be scanned.
    QrCode {
        /// The text.
        code: String,
    },
    /// Complete the channel's form on your own page.
    ClientSecret {
        /// What the form needs to know.
        client_secret: String,
    },
}

/// One submission to a channel.
#[derive(Debug, Serialize, ToSchema)]
#[expect(clippy::struct_field_names, reason = "the contract names the member")]
pub(crate) struct Attempt {
    /// Its id, and the `out_trade_no` at the channel.
    #[schema(example = "att_01JD8Q7V0EFXXR6D2J1Q5Z9K3M")]
    attempt_id: String,
    /// With which provider.
    channel: &'static str,
    /// How the payer pays.
    method: &'static str,
    /// `created`, `submitted`, `requires_action`, `unknown`, `succeeded`, `failed` or `closed`.
    status: &'static str,
    /// The channel's own number.
    channel_no: Option<String>,
    /// The channel's word for why it failed. `given_back_there`: the channel had taken the money and given it back before
    /// anything of that was known here; the merchant settles it there.
    code: Option<String>,
    /// When it was begun.
    #[schema(format = DateTime)]
    created_at: String,
    /// When it last changed.
    #[schema(format = DateTime)]
    updated_at: String,
}

/// What became of something that a channel said.
#[derive(Debug, Serialize)]
pub(crate) struct Noted {
    pub(crate) became: &'static str,
}

impl StartPayment {
    pub(crate) fn checked(self) -> Result<Checked, Problem> {
        let mut errors = Errors::default();
        let name = errors.text("/channel", Code::new(&self.channel));
        let channel = match (self.channel.as_str(), Kind::from_name(&self.channel)) {
            ("any", _) => Wanted::Any,
            (_, Some(kind)) => Wanted::Kind(kind),
            _ => Wanted::Name(self.channel.clone()),
        };
        let method = self.method.as_deref().and_then(|name| {
            let method = Method::from_name(name);
            if method.is_none() {
                errors.add("/method", "unknown_value", format!("{name:?} is not one of page, qr, card"));
            }
            method
        });
        if let Some(url) = self.return_url.as_deref().filter(|url| !is_web_url(url)) {
            let text = if url.len() > URL_MAX { "longer than 2000 characters" } else { "not an http or https URL" };
            errors.add("/return_url", "invalid", format!("the return_url is {text}"));
        }
        if name.is_none() {
            return Err(errors.problem());
        }
        errors.none()?;
        Ok(Checked { channel, method, return_url: self.return_url })
    }
}

fn is_web_url(url: &str) -> bool {
    let rest = url.strip_prefix("https://").or_else(|| url.strip_prefix("http://"));
    url.len() <= URL_MAX
        && rest.is_some_and(|rest| !rest.is_empty() && !rest.starts_with('/'))
        && url.chars().all(|letter| letter.is_ascii_graphic())
}

impl Payment {
    pub(crate) fn of(payment: &domain::Payment) -> Self {
        let money = |minor| Money::of(domain::Money::new(minor, payment.amount.currency));
        Self {
            payment_id: payment.id.to_string(),
            order_no: payment.order_no.to_string(),
            status: status(payment),
            amount: Money::of(payment.amount),
            captured: money(payment.captured),
            refunded: money(payment.refunded),
            refundable: money(payment.captured - payment.refund_reserved),
            next_action: next_action(payment),
            attempts: payment.attempts.iter().map(Attempt::of).collect(),
            refunds: payment.refunds.iter().map(|refund| Refund::of(payment, refund)).collect(),
            version: payment.version,
            created_at: time(payment.created_at),
            updated_at: time(payment.updated_at),
        }
    }
}

impl Payment {
    /// As it is told to whoever has this reach.
    pub(crate) fn told(mut self, reach: Reach) -> Self {
        self.refunds = self.refunds.into_iter().map(|refund| refund.told(reach)).collect();
        self
    }
}

/// What was given back shows where the payment was made.
fn status(payment: &domain::Payment) -> &'static str {
    let kept = payment.captured - payment.refunded;
    match payment.status {
        Status::Paid if kept > payment.amount.minor => "overpaid",
        Status::Paid if kept == 0 => "refunded",
        Status::Paid if kept < payment.amount.minor => "partially_refunded",
        other => other.name(),
    }
}

/// Of the latest attempt that can still be paid.
fn next_action(payment: &domain::Payment) -> Option<NextAction> {
    if payment.status != Status::Open {
        return None;
    }
    let live = payment.attempts.iter().rev().find(|attempt| attempt.status.is_live())?;
    Some(match (&live.status, &live.action) {
        (AttemptStatus::RequiresAction, Some(Step::Redirect(url))) => NextAction::Redirect { url: url.clone() },
        (AttemptStatus::RequiresAction, Some(Step::QrCode(code))) => NextAction::QrCode { code: code.clone() },
        (AttemptStatus::RequiresAction, Some(Step::ClientSecret(secret))) => {
            NextAction::ClientSecret { client_secret: secret.clone() }
        }
        _ => NextAction::Wait { url: payment_path(payment.id) },
    })
}

impl Attempt {
    fn of(attempt: &Tried) -> Self {
        Self {
            attempt_id: attempt.id.to_string(),
            channel: attempt.channel.name(),
            method: attempt.method.name(),
            status: attempt.status.name(),
            channel_no: attempt.channel_no.as_ref().map(text::ChannelNo::to_string),
            code: attempt.code.as_ref().map(Code::to_string),
            created_at: time(attempt.created_at),
            updated_at: time(attempt.updated_at),
        }
    }
}

/// Where a payment is found.
pub(crate) fn payment_path(id: PaymentId) -> String {
    format!("/api/v1/payments/{id}")
}
