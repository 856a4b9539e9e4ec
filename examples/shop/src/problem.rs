//! Owns what is answered when a request is not done: refusals of the business, and failures.

use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use idempotency::layer::NotCompleted;
use serde_json::json;

/// Why a request was not done. None of these is kept under a key: it may be sent again.
#[derive(Debug)]
pub enum Failure {
    /// No credential, or one that nobody has.
    Nobody,
    /// It can never be done as it is.
    Invalid(&'static str),
    /// There is no such thing, or not for this caller.
    NotFound,
    /// Another payment of the order is made, or being made.
    PaidElsewhere,
    /// It is not known whether the provider made the charge.
    Provider(reqwest::Error),
    /// The answer was not written under the key.
    NotCompleted(NotCompleted),
    /// The database is away, or would not.
    Database(sqlx::Error),
}

/// A problem as RFC 9457 has it.
pub fn problem(status: StatusCode, code: &str, title: &str) -> Response {
    let body = json!({"type": "about:blank", "title": title, "status": status.as_u16(), "code": code});
    (status, [(header::CONTENT_TYPE, "application/problem+json")], body.to_string()).into_response()
}

impl IntoResponse for Failure {
    fn into_response(self) -> Response {
        match self {
            Self::Nobody => {
                let mut response = problem(StatusCode::UNAUTHORIZED, "unauthorized", "A credential is missing");
                response.headers_mut().insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer, Page"));
                response
            }
            Self::Invalid(why) => problem(StatusCode::UNPROCESSABLE_ENTITY, "invalid", why),
            Self::NotFound => problem(StatusCode::NOT_FOUND, "not_found", "There is no such thing"),
            Self::PaidElsewhere => {
                problem(StatusCode::CONFLICT, "paid_elsewhere", "There is no such order to be paid under this key")
            }
            Self::Provider(error) => {
                tracing::warn!(%error, "the provider did not say what came of a charge");
                problem(StatusCode::BAD_GATEWAY, "provider_silent", "It is not known yet whether it was paid")
            }
            Self::NotCompleted(error) => error.into_response(),
            Self::Database(error) => {
                tracing::error!(%error, "the database did not do its part");
                problem(StatusCode::SERVICE_UNAVAILABLE, "try_again", "It was not done; send it again")
            }
        }
    }
}

impl From<sqlx::Error> for Failure {
    fn from(error: sqlx::Error) -> Self {
        Self::Database(error)
    }
}

impl From<NotCompleted> for Failure {
    fn from(error: NotCompleted) -> Self {
        Self::NotCompleted(error)
    }
}
