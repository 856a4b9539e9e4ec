//! Owns the JSON of the human queue, in both directions.

use domain::PaymentId;
use domain::review;
use domain::text::Resolution;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::answers::time;
use super::requests::Errors;
use crate::problem::Problem;

/// Something that a person has to look at.
#[derive(Debug, Serialize, ToSchema)]
#[expect(clippy::struct_field_names, reason = "the contract names the member")]
pub(crate) struct Review {
    /// Its id.
    #[schema(example = "rev_01JD8Q7V0EFXXR6D2J1Q5Z9K3M")]
    review_id: String,
    /// Why: `quarantined`, `stuck`, `late_payment`, `double_payment`, `refund_failed`, `refund_revived`, `unmatched`,
    /// `disputed`, `difference` or `parked`.
    kind: &'static str,
    /// The id of what it is about, or the name of an account.
    subject: String,
    /// What was found, in words.
    detail: String,
    /// When.
    #[schema(format = DateTime)]
    raised_at: String,
    /// What was done about it; null where nobody has looked.
    resolution: Option<String>,
    /// When somebody looked.
    #[schema(format = DateTime)]
    resolved_at: Option<String>,
}

/// Something in the human queue, with the payment where one can do something about it.
#[derive(Serialize, ToSchema)]
pub(crate) struct QueuedReview {
    #[serde(flatten)]
    review: Review,
    /// The payment that has its subject, an attempt or a refund; null where it is about none that is known here.
    #[schema(example = "pay_01JD8Q7V0EFXXR6D2J1Q5Z9K3M")]
    payment_id: Option<String>,
}

/// What was done about a review.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ResolveReview {
    /// In words.
    #[schema(min_length = 1, max_length = 500)]
    resolution: String,
}

impl Review {
    pub(crate) fn of(review: &review::Review) -> Self {
        let (resolution, resolved_at) = review
            .resolved
            .as_ref()
            .map(|resolved| (resolved.resolution.as_str().to_owned(), time(resolved.at)))
            .unzip();
        Self {
            review_id: review.id.to_string(),
            kind: review.kind.name(),
            subject: review.subject.clone(),
            detail: review.detail.clone(),
            raised_at: time(review.at),
            resolution,
            resolved_at,
        }
    }
}

impl QueuedReview {
    pub(crate) fn of(review: &review::Review, payment: Option<PaymentId>) -> Self {
        Self { review: Review::of(review), payment_id: payment.map(|id| id.to_string()) }
    }
}

impl ResolveReview {
    pub(crate) fn checked(self) -> Result<Resolution, Problem> {
        let mut errors = Errors::default();
        let resolution = errors.text("/resolution", Resolution::new(&self.resolution));
        resolution.ok_or_else(|| errors.problem())
    }
}
