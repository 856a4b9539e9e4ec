//! Owns ids in paths. A text that cannot be an id names nothing.

use std::fmt;
use std::str::FromStr;

use axum::extract::{FromRequestParts, Path};
use http::request::Parts;

use crate::problem::Problem;
use crate::state::Api;

/// The one id in a path.
pub(crate) struct IdPath<T>(pub(crate) T);

/// A thing in a path and what it is of, which stands first.
pub(crate) struct WithinPath<T, U>(pub(crate) IdPath<T>, pub(crate) U);

/// What an id names, for people.
pub(crate) trait Named: FromStr + fmt::Display + Send {
    const WHAT: &'static str;
}

impl Named for domain::PaymentId {
    const WHAT: &'static str = "payment";
}

impl Named for domain::SessionId {
    const WHAT: &'static str = "session";
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

impl<T: Named, U: Named> FromRequestParts<Api> for WithinPath<T, U> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, api: &Api) -> Result<Self, Problem> {
        let missing = |what: &str| Problem::new("not_found", format!("there is no such {what}"));
        let texts = Path::<(String, String)>::from_request_parts(parts, api).await;
        let Path((first, second)) = texts.map_err(|_| missing(T::WHAT))?;
        let first = first.parse().map_err(|_| missing(T::WHAT))?;
        Ok(Self(IdPath(first), second.parse().map_err(|_| missing(U::WHAT))?))
    }
}
