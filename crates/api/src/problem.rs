//! Owns the one error format, RFC 9457, and the only table of codes and statuses.

mod door;
mod kinds;
mod page;

use axum::body::Body;
use axum::response::{IntoResponse, Response};
use domain::{Action, Refusal, checkout, order, payment, person, product, session, stock, tenant};
use http::{HeaderValue, StatusCode, header};
use serde::Serialize;
use serde_json::{Map, Value};

pub use kinds::{Kind, Retry, kinds};
pub(crate) use page::{index, page};

/// The media type of a problem.
pub(crate) const MEDIA_TYPE: &str = "application/problem+json";

/// A problem on its way to the client. The request's id is added where the response leaves.
#[derive(Clone, Debug)]
pub struct Problem {
    kind: &'static Kind,
    detail: String,
    more: Map<String, Value>,
    retry_after_s: Option<u32>,
}

/// One wrong place in a body.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct FieldError {
    /// Where, as an RFC 6901 pointer.
    pub(crate) pointer: String,
    /// What is wrong, stable.
    pub(crate) code: &'static str,
    /// What is wrong, in words.
    pub(crate) message: String,
}

#[derive(Serialize)]
struct Members<'a> {
    r#type: String,
    title: &'a str,
    status: u16,
    code: &'a str,
    detail: &'a str,
    request_id: &'a str,
    #[serde(flatten)]
    more: &'a Map<String, Value>,
}

impl Problem {
    /// A problem of the kind with this code.
    ///
    /// # Panics
    /// If the table has no such code: a bug that a test finds.
    pub(crate) fn new(code: &str, detail: impl Into<String>) -> Self {
        let kind = kinds().find(|kind| kind.code == code).expect("every code used is in the table");
        Self { kind, detail: detail.into(), more: Map::new(), retry_after_s: kind.retry_after_s }
    }

    /// A problem with a member more.
    pub(crate) fn with(mut self, name: &str, value: impl Serialize) -> Self {
        let value = serde_json::to_value(value).unwrap_or(Value::Null);
        self.more.insert(name.to_owned(), value);
        self
    }

    /// With another time to come back than the code's own, in seconds.
    pub(crate) fn after(mut self, seconds: f64) -> Self {
        // A day is for ever to who waits.
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "it is between 1 and a day")]
        let seconds = seconds.clamp(1.0, 86_400.0) as u32;
        self.retry_after_s = Some(seconds);
        self
    }

    /// The input can never be right, in these places.
    pub(crate) fn invalid(errors: &[FieldError]) -> Self {
        let detail = match errors {
            [one] => format!("{}: {}", one.pointer, one.message),
            many => format!("{} members of the body are not as they must be", many.len()),
        };
        Self::new("validation_failed", detail).with("errors", errors)
    }

    /// What an engine's refusal looks like.
    pub(crate) fn refused(refusal: &Refusal, action: &Action) -> Self {
        // A thing that the path names and that is not there is 404; one that the body names is a conflict.
        let by_path = matches!(action, Action::MoveStock(_));
        let code = match refusal {
            Refusal::Stock(stock::Refusal::ProductNotFound(_)) if by_path => "not_found",
            other => other.code(),
        };
        let problem = Self::new(code, refusal.to_string());
        match refusal {
            Refusal::Stock(stock::Refusal::ProductNotFound(skus) | stock::Refusal::Insufficient(skus)) => {
                problem.with("skus", skus.iter().map(domain::text::Sku::as_str).collect::<Vec<_>>())
            }
            Refusal::Order(order::Refusal::AnotherPending(order_no)) => problem.with("order_no", order_no.to_string()),
            Refusal::Order(order::Refusal::InvalidTransition { from, event }) => {
                problem.with("from", from.name()).with("event", event.name())
            }
            Refusal::Tenant(tenant::Refusal::InvalidTransition { from, step }) => {
                problem.with("from", from.name()).with("event", step.name())
            }
            Refusal::Order(order::Refusal::VersionMismatch { current, .. })
            | Refusal::Product(
                product::Refusal::VersionMismatch { current, .. } | product::Refusal::Exists { current, .. },
            )
            | Refusal::Person(person::Refusal::VersionMismatch { current, .. })
            | Refusal::Session(session::Refusal::VersionMismatch { current, .. })
            | Refusal::Checkout(checkout::Refusal::VersionMismatch { current, .. }) => {
                problem.with("current_version", current)
            }
            Refusal::Order(
                order::Refusal::TooManyShipped { line, left }
                | order::Refusal::TooManyRefunded { line, left }
                | order::Refusal::RefundUnderWay { line, left },
            ) => problem.with("line", line).with("left", left),
            Refusal::Payment(payment::Refusal::ExceedsCaptured { left }) => problem.with("left", left),
            Refusal::Payment(payment::Refusal::NotAwaiting { status, .. }) => {
                problem.with("refund_status", status.name())
            }
            Refusal::Payment(payment::Refusal::PolicyChanged { current }) => problem.with("current_version", current),
            Refusal::Payment(payment::Refusal::InProgress(payment)) => problem.with("payment_id", payment.to_string()),
            _ => problem,
        }
    }

    /// The stable code.
    pub(crate) const fn code(&self) -> &'static str {
        self.kind.code
    }

    /// The status code.
    pub fn status(&self) -> u16 {
        self.kind.status
    }

    /// The body, for the request of this id.
    pub(crate) fn body(&self, request_id: &str) -> Vec<u8> {
        let body = Members {
            r#type: format!("/problems/{}", self.kind.code),
            title: self.kind.title,
            status: self.kind.status,
            code: self.kind.code,
            detail: &self.detail,
            request_id,
            more: &self.more,
        };
        serde_json::to_vec(&body).unwrap_or_default()
    }

    /// The headers that belong to the problem itself.
    pub(crate) fn headers(&self) -> Vec<(String, String)> {
        let mut headers = vec![("content-type".to_owned(), MEDIA_TYPE.to_owned())];
        if let Some(seconds) = self.retry_after_s {
            headers.push(("retry-after".to_owned(), seconds.to_string()));
        }
        if self.kind.code.starts_with("idempotency_key") {
            let link = format!("</problems/{}>; rel=\"describedby\"", self.kind.code);
            headers.push(("link".to_owned(), link));
        }
        headers
    }

    /// The whole response, once the request's id is known.
    pub(crate) fn response(&self, request_id: &str) -> Response {
        let mut response = Response::new(Body::from(self.body(request_id)));
        *response.status_mut() = StatusCode::from_u16(self.kind.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        for (name, value) in self.headers() {
            if let (Ok(name), Ok(value)) = (header::HeaderName::try_from(name), HeaderValue::try_from(value)) {
                response.headers_mut().append(name, value);
            }
        }
        if self.kind.status == 401 {
            response.headers_mut().insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        response
    }
}

/// Leaves the problem to the outermost layer, which knows the request's id.
impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let mut response = Response::new(Body::empty());
        *response.status_mut() = StatusCode::from_u16(self.kind.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        response.extensions_mut().insert(self);
        response
    }
}

#[cfg(test)]
mod tests;
