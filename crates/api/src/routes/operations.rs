//! Owns the routes for those who run the server: liveness, readiness, metrics, the contract.

use axum::Json;
use axum::Router;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use engine::Standing;
use http::{HeaderValue, StatusCode, header};
use utoipa_swagger_ui::{Config, SwaggerUi};

use crate::state::Api;
use crate::wire::Ready;

/// The process is alive. Depends on nothing.
#[utoipa::path(get, path = "/livez", tag = "operations", responses((status = 204, description = "Alive")))]
pub(crate) async fn live() -> StatusCode {
    StatusCode::NO_CONTENT
}

/// The server takes requests and can write.
#[utoipa::path(get, path = "/readyz", tag = "operations", responses(
    (status = 200, body = Ready, description = "Ready"),
    (status = 503, body = Ready, description = "Not ready; `status` says why")))]
pub(crate) async fn ready(State(api): State<Api>) -> Response {
    let (code, status) = match api.standing() {
        Standing::Ready => (StatusCode::OK, "ready"),
        Standing::Struggling => (StatusCode::SERVICE_UNAVAILABLE, "struggling"),
        Standing::Closed => (StatusCode::SERVICE_UNAVAILABLE, "closed"),
        Standing::Stopped => (StatusCode::SERVICE_UNAVAILABLE, "stopped"),
    };
    (code, Json(Ready { status })).into_response()
}

/// Prometheus metrics; only from this machine, or with a key of role auditor or admin.
#[utoipa::path(get, path = "/metrics", tag = "operations", responses(
    (status = 200, content_type = "text/plain", body = String, description = "Prometheus text format"),
    (status = 401, body = crate::openapi::Problem, content_type = "application/problem+json",
        description = "From elsewhere, without a key"),
    (status = 403, body = crate::openapi::Problem, content_type = "application/problem+json",
        description = "From elsewhere, with a key of role service"),
    (status = "5XX", body = crate::openapi::Problem, content_type = "application/problem+json")))]
pub(crate) async fn metrics(State(api): State<Api>) -> Response {
    let text = HeaderValue::from_static("text/plain; version=0.0.4; charset=utf-8");
    ([(header::CONTENT_TYPE, text)], api.metrics()).into_response()
}

/// The contract as an OpenAPI document.
pub(crate) async fn openapi() -> Response {
    let json = HeaderValue::from_static("application/json");
    ([(header::CONTENT_TYPE, json)], crate::openapi::text()).into_response()
}

/// The rendered reference, served whole from this binary.
pub(super) fn docs() -> Router<Api> {
    SwaggerUi::new("/docs").config(Config::from("/openapi.json").validator_url("none")).into()
}
