//! Owns the outermost layer: the request's id in and out, problems given their body, what no route answers.

use std::any::Any;

use axum::extract::Request;
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use http::{HeaderValue, StatusCode, header};

use super::browsers;
use crate::auth::Sender;
use crate::problem::Problem;
use crate::rates;
use crate::request_id::{RequestId, X_REQUEST_ID};

/// Runs around everything.
pub(super) async fn around(mut request: Request, next: Next) -> Response {
    let id = RequestId::of(request.headers());
    request.extensions_mut().insert(id.clone());
    request.extensions_mut().insert(Sender::default());
    let mut response = next.run(request).await;
    // The reference answers for a file that it has not without a word.
    let silent = response.status() == StatusCode::NOT_FOUND && !response.headers().contains_key(header::CONTENT_TYPE);
    let problem = response.extensions_mut().remove::<Problem>();
    if let Some(problem) = problem.or_else(|| silent.then(|| Problem::new("not_found", "there is no such file"))) {
        let mut before = std::mem::take(response.headers_mut());
        response = problem.response(id.as_str());
        for name in rates::KEPT {
            if let Some(value) = before.remove(&name) {
                response.headers_mut().insert(name, value);
            }
        }
    }
    if response.status().is_server_error() {
        tracing::warn!(request_id = %id, status = response.status().as_u16(), "a request was not answered as it should");
    }
    let headers = response.headers_mut();
    if let Ok(value) = HeaderValue::from_str(id.as_str()) {
        headers.insert(X_REQUEST_ID, value);
    }
    headers.entry(header::CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
    browsers::protect(headers);
    response
}

/// More requests at once than the limit.
pub(super) async fn overloaded(_: tower::BoxError) -> Problem {
    Problem::new("overloaded", "too many requests are being worked on; nothing was done")
}

/// No route has this path.
pub(super) async fn not_found(request: Request) -> Problem {
    Problem::new("not_found", format!("there is nothing at {}", request.uri().path()))
}

/// The route has not this method.
pub(super) async fn method_not_allowed(request: Request) -> Problem {
    Problem::new("method_not_allowed", format!("{} is not possible here", request.method()))
}

/// A handler panicked: a bug. The process lives on and the client learns no internal text.
#[expect(clippy::needless_pass_by_value, reason = "the layer hands the panic over")]
pub(super) fn panicked(panic: Box<dyn Any + Send + 'static>) -> Response {
    let text = panic
        .downcast_ref::<String>()
        .map(String::as_str)
        .or_else(|| panic.downcast_ref::<&str>().copied())
        .unwrap_or("no text");
    tracing::error!(panic = text, "a handler panicked: this is a bug");
    Problem::new("internal_error", "the server ran into a bug of its own").into_response()
}
