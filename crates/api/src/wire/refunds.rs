//! Owns the JSON of refunds, in both directions.

use std::collections::BTreeSet;

use domain::RefundId;
use domain::access::Reach;
use domain::payment::{self, BadLimits, RefundLimits, RefundLine as Part};
use domain::text::{self, Code, RefundReason};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::Money;
use super::answers::time;
use super::requests::{Errors, amount};
use crate::problem::{FieldError, Problem};

/// A wish to give money back.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct StartRefund {
    /// How much; what the lines cost, or all that is left, where it is missing.
    amount: Option<Money>,
    /// Why.
    #[schema(min_length = 1, max_length = 200)]
    reason: String,
    /// For which units of which lines, each line at most once.
    #[schema(max_items = 2000)]
    lines: Option<Vec<RefundLine>>,
}

/// Units of one line that are given back.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct RefundLine {
    /// Which line of the order.
    #[schema(minimum = 1)]
    line: u32,
    /// How many units.
    #[schema(minimum = 1, maximum = 1_000_000_000)]
    quantity: i64,
    /// Whether they go back into stock.
    #[serde(default)]
    restock: bool,
}

/// Money that is given back.
#[derive(Debug, Serialize, ToSchema)]
#[expect(clippy::struct_field_names, reason = "the contract names the member")]
pub(crate) struct Refund {
    /// Its id, and the `out_refund_no` at the channel.
    #[schema(example = "rfd_01JD8Q7V0EFXXR6D2J1Q5Z9K3M")]
    refund_id: String,
    /// Of which payment.
    payment_id: String,
    /// For which order.
    order_no: String,
    /// `awaiting_approval`, `created`, `submitted`, `unknown`, `succeeded`, `failed` or `rejected`.
    status: &'static str,
    /// How much.
    amount: Money,
    /// `requested`; or `late` and `double`, which Mideng gives back by itself.
    cause: &'static str,
    /// Why.
    reason: String,
    /// For which units of which lines.
    lines: Vec<RefundLine>,
    /// The channel's own number.
    channel_no: Option<String>,
    /// The channel's word for why it failed. `doubted: …` of one that succeeded: the channel said later that it failed, and did
    /// not confirm that. `sent_back: …` where it did: the money came home again.
    code: Option<String>,
    /// Who asked for it, a person or an account; null where nobody did, and to buyers.
    #[schema(example = "per_01JD8Q7V0EFXXR6D2J1Q5Z9K3M")]
    requested_by: Option<String>,
    /// The second person, who approved or rejected it; null where it did not wait, or still does, and to buyers. Who takes back
    /// what they asked for themselves stands here, too.
    decided_by: Option<String>,
    /// When they did.
    #[schema(format = DateTime)]
    decided_at: Option<String>,
    /// Why, if they said so; not told to buyers.
    decision_reason: Option<String>,
    /// When it was begun.
    #[schema(format = DateTime)]
    created_at: String,
    /// When it last changed.
    #[schema(format = DateTime)]
    updated_at: String,
}

impl StartRefund {
    pub(crate) fn checked(self) -> Result<(Option<domain::Money>, RefundReason, Vec<Part>), Problem> {
        let mut errors = Errors::default();
        let amount = self.amount.as_ref().and_then(|money| amount(&mut errors, "/amount", money, 1));
        let reason = errors.text("/reason", RefundReason::new(&self.reason));
        let lines = self.lines.unwrap_or_default();
        if lines.len() > domain::order::LINES_MAX {
            errors.add("/lines", "out_of_range", format!("an order has at most {} lines", domain::order::LINES_MAX));
        }
        let mut seen = BTreeSet::new();
        for (index, line) in lines.iter().enumerate().take(domain::order::LINES_MAX) {
            let most = domain::order::LINE_QUANTITY_MAX;
            errors.range(&format!("/lines/{index}/quantity"), line.quantity, 1, most);
            if !seen.insert(line.line) {
                errors.add(&format!("/lines/{index}/line"), "repeated", format!("line {} stands twice", line.line));
            }
        }
        let Some(reason) = reason else { return Err(errors.problem()) };
        errors.none()?;
        let part = |line: RefundLine| Part { line: line.line, quantity: line.quantity, restock: line.restock };
        Ok((amount, reason, lines.into_iter().map(part).collect()))
    }
}

impl Refund {
    pub(crate) fn of(payment: &domain::Payment, refund: &domain::payment::Refund) -> Self {
        let decision = refund.decision.as_ref();
        let line = |part: &Part| RefundLine { line: part.line, quantity: part.quantity, restock: part.restock };
        Self {
            refund_id: refund.id.to_string(),
            payment_id: payment.id.to_string(),
            order_no: payment.order_no.to_string(),
            status: refund.status.name(),
            amount: Money::of(domain::Money::new(refund.amount, payment.amount.currency)),
            cause: refund.cause.name(),
            reason: refund.reason.to_string(),
            lines: refund.lines.iter().map(line).collect(),
            channel_no: refund.channel_no.as_ref().map(text::ChannelNo::to_string),
            code: refund.code.as_ref().map(Code::to_string),
            requested_by: refund.requested_by.as_ref().map(|party| party.id.to_string()),
            decided_by: decision.map(|decision| decision.by.id.to_string()),
            decided_at: decision.map(|decision| time(decision.at)),
            decision_reason: decision.and_then(|decision| decision.reason.as_ref()).map(ToString::to_string),
            created_at: time(refund.created_at),
            updated_at: time(refund.updated_at),
        }
    }

    /// As it is told to whoever has this reach: who works for the shop, and what they say to each other, is nothing to a buyer.
    pub(crate) fn told(self, reach: Reach) -> Self {
        match reach {
            Reach::Tenant => self,
            Reach::Own => Self { requested_by: None, decided_by: None, decision_reason: None, ..self },
        }
    }
}

/// How much may be given back of one payment without a second person.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct RefundPolicy {
    /// One limit a currency. What people ask to be given back of a payment, and no second person let go, is counted together;
    /// what is over waits. Refunds in a currency that is missing here never wait.
    alone_up_to: Vec<Money>,
    /// Raised by each change; also the `ETag`.
    version: u32,
    /// When it was last changed; null where it never was.
    #[schema(format = DateTime)]
    changed_at: Option<String>,
}

/// The same, to be set.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct PutRefundPolicy {
    /// Each currency at most once, at most 32; 0 is a limit, over which every refund is. None: no refund waits.
    #[schema(max_items = 32)]
    alone_up_to: Vec<Money>,
}

impl RefundPolicy {
    pub(crate) fn of(policy: &payment::RefundPolicy) -> Self {
        Self {
            alone_up_to: policy.limits.iter().map(Money::of).collect(),
            version: policy.version,
            changed_at: policy.changed_at.map(time),
        }
    }
}

impl PutRefundPolicy {
    pub(crate) fn checked(self) -> Result<RefundLimits, Problem> {
        let mut errors = Errors::default();
        // Of more than there may be, the first are looked at.
        let some = self.alone_up_to.iter().enumerate().take(RefundLimits::CURRENCIES_MAX + 1);
        let limits: Vec<_> =
            some.filter_map(|(index, limit)| amount(&mut errors, &format!("/alone_up_to/{index}"), limit, 0)).collect();
        errors.none()?;
        RefundLimits::new(limits).map_err(|bad| {
            let code = if matches!(bad, BadLimits::Twice(_)) { "repeated" } else { "out_of_range" };
            let message = bad.to_string();
            Problem::invalid(&[FieldError { pointer: "/alone_up_to".to_owned(), code, message }])
        })
    }
}

/// Where a refund is found.
pub(crate) fn refund_path(id: RefundId) -> String {
    format!("/api/v1/refunds/{id}")
}
