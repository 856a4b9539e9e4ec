//! Owns the JSON of one-time tokens.

use domain::Timestamp;
use domain::text::CustomerId;
use domain::{OrderNo, PaymentId};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::answers::time;
use crate::problem::{FieldError, Problem};
use crate::token::Purpose;

/// Take a one-time token.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct IssueToken {
    /// What it will be good for: `order` (`POST /orders`), `payment` (`POST /orders/{order_no}/payments`) or `refund`
    /// (`POST /payments/{payment_id}/refunds`).
    #[schema(example = "order")]
    purpose: String,
    /// Whom or what it is for: the order's `customer_id`, the `order_no` that is paid, the `payment_id` that is refunded.
    #[schema(example = "c-1001", min_length = 1, max_length = 64)]
    subject: String,
    /// The body that it is good for, where it is for no other.
    #[schema(value_type = Option<Object>)]
    content: Option<serde::de::IgnoredAny>,
}

/// A one-time token.
#[derive(Debug, Serialize, ToSchema)]
#[expect(clippy::struct_field_names, reason = "the contract names the member")]
pub(crate) struct Token {
    /// What the header `One-Time-Token` takes.
    #[schema(example = "tok_AQAAAAGThQ9yAAGThQ9yAHzdtcDGTwqYlPkD0oQ1kVb1a3cD2mFnUQ")]
    token: String,
    /// What it is good for.
    purpose: &'static str,
    /// Whom or what it is for.
    subject: String,
    /// From then on it is not taken any more.
    #[schema(format = DateTime)]
    expires_at: String,
}

/// What a token is wanted for.
#[derive(Debug)]
pub(crate) struct Wanted {
    pub(crate) purpose: Purpose,
    pub(crate) subject: String,
    /// The canonical text of the body that it is for; empty where any will do.
    pub(crate) content: String,
}

impl IssueToken {
    /// What is wanted, or every wrong place. `content` is the canonical text of the member of that name.
    pub(crate) fn checked(self, content: Option<String>) -> Result<Wanted, Problem> {
        let wrong = |pointer: &str, code: &'static str, message: String| FieldError {
            pointer: pointer.to_owned(),
            code,
            message,
        };
        let mut errors = Vec::new();
        let purpose = Purpose::from_name(&self.purpose);
        if purpose.is_none() {
            let known: Vec<_> = Purpose::ALL.iter().map(|purpose| purpose.name()).collect();
            let message = format!("unknown purpose {:?}; known are {}", self.purpose, known.join(", "));
            errors.push(wrong("/purpose", "unknown_value", message));
        }
        let subject = match purpose {
            Some(Purpose::Payment) => self.subject.parse::<OrderNo>().map(|_| ()).map_err(|bad| bad.to_string()),
            Some(Purpose::Refund) => self.subject.parse::<PaymentId>().map(|_| ()).map_err(|bad| bad.to_string()),
            _ => CustomerId::new(&self.subject).map(|_| ()).map_err(|invalid| invalid.to_string()),
        };
        if let Err(message) = subject {
            errors.push(wrong("/subject", "invalid", message));
        }
        let content = content.filter(|_| self.content.is_some()).unwrap_or_default();
        if !content.is_empty() && !content.starts_with('{') {
            errors.push(wrong("/content", "wrong_type", "content is the body of a request: a JSON object".to_owned()));
        }
        match purpose {
            Some(purpose) if errors.is_empty() => Ok(Wanted { purpose, subject: self.subject, content }),
            _ => Err(Problem::invalid(&errors)),
        }
    }
}

impl Token {
    pub(crate) fn of(token: String, wanted: &Wanted, until: Timestamp) -> Self {
        Self { token, purpose: wanted.purpose.name(), subject: wanted.subject.clone(), expires_at: time(until) }
    }
}
