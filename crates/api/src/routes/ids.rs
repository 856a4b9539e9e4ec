//! Owns ids in paths. A text that cannot be an id names nothing.

use std::fmt;
use std::str::FromStr;

use axum::extract::{FromRequestParts, Path};
use http::request::Parts;

use crate::problem::Problem;
use crate::state::Api;

/// The one id in a path.
pub(crate) struct IdPath<T>(pub(crate) T);

/// What an id names, for people.
pub(crate) trait Named: FromStr + fmt::Display + Send {
    const WHAT: &'static str;
}

impl Named for domain::PaymentId {
    const WHAT: &'static str = "payment";
}

impl Named for domain::RefundId {
    const WHAT: &'static str = "refund";
}

impl Named for domain::ChannelAccountId {
    const WHAT: &'static str = "channel account";
}

impl<T: Named> FromRequestParts<Api> for IdPath<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, api: &Api) -> Result<Self, Problem> {
        let text = Path::<String>::from_request_parts(parts, api).await;
        let id = text.as_ref().ok().and_then(|Path(text)| text.parse().ok());
        id.map(IdPath).ok_or_else(|| Problem::new("not_found", format!("there is no such {}", T::WHAT)))
    }
}
