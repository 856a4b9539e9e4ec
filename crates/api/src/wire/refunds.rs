//! Owns the JSON of refunds, in both directions.

use std::collections::BTreeSet;

use domain::RefundId;
use domain::payment::RefundLine as Part;
use domain::text::{self, Code, RefundReason};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::Money;
use super::answers::time;
use super::requests::{Errors, amount};
use crate::problem::Problem;

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
    #[schema(minimum = 1)]
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
    /// `created`, `submitted`, `unknown`, `succeeded` or `failed`.
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
            created_at: time(refund.created_at),
            updated_at: time(refund.updated_at),
        }
    }
}

/// Where a refund is found.
pub(crate) fn refund_path(id: RefundId) -> String {
    format!("/api/v1/refunds/{id}")
}
