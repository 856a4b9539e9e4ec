//! Owns how the layer's own problems are sent, by RFC 9457.

use axum::body::Body;
use axum::response::Response;
use http::{HeaderValue, StatusCode, header};
use serde::Serialize;

use super::{House, WELL_KNOWN};
use crate::problem::Kind;

/// A problem on its way to the client.
#[derive(Clone, Debug)]
pub(super) struct Refusal {
    pub(super) kind: &'static Kind,
    pub(super) detail: String,
    /// Instead of the kind's own.
    pub(super) retry_after_s: Option<u64>,
}

#[derive(Serialize)]
struct Members<'a> {
    r#type: &'a str,
    title: &'a str,
    status: u16,
    code: &'a str,
    detail: &'a str,
}

impl Refusal {
    pub(super) fn new(kind: &'static Kind, detail: impl Into<String>) -> Self {
        Self { kind, detail: detail.into(), retry_after_s: None }
    }

    /// The response; `problems_at` is where problems are explained.
    pub(super) fn response(&self, problems_at: Option<&str>) -> Response {
        let address = match problems_at {
            Some(address) => format!("{address}{}", self.kind.code),
            None => format!("{WELL_KNOWN}#{}", self.kind.code),
        };
        let body = Members {
            r#type: &address,
            title: self.kind.title,
            status: self.kind.status,
            code: self.kind.code,
            detail: &self.detail,
        };
        let mut response = Response::new(Body::from(serde_json::to_vec(&body).unwrap_or_default()));
        *response.status_mut() = StatusCode::from_u16(self.kind.status).expect("the table has statuses of HTTP");
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        if let Some(seconds) = self.retry_after_s.or(self.kind.retry_after_s.map(u64::from)) {
            headers.insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        if let Ok(link) = HeaderValue::try_from(format!("<{address}>; rel=\"describedby\"")) {
            headers.insert(header::LINK, link);
        }
        response
    }
}

impl House {
    /// A problem as this application sends it.
    pub(super) fn refused(&self, refusal: &Refusal) -> Response {
        refusal.response(self.settings.problems_at.as_deref())
    }
}
