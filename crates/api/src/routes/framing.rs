//! Owns what HTTP/1.1 leaves to a reader's mercy: where a request ends and for whom it is. A proxy before us may read it
//! differently, and so take a part of one request for another; what can be read in two ways is refused (RFC 9112, 11.2).

use axum::extract::Request;
use axum::middleware::Next;
use axum::response::Response;
use http::header::{CONNECTION, HOST, TRANSFER_ENCODING};
use http::{HeaderMap, HeaderValue, Version};

use crate::problem::Problem;

/// Refuses a request that another reader may see otherwise.
pub(super) fn is_plain(request: &Request) -> Result<(), Problem> {
    let headers = request.headers();
    let malformed = |detail: &str| Err(Problem::new("request_malformed", detail));
    // RFC 9112, 6.1: chunked stands there once, and a coding that is not known is not guessed at.
    if headers.contains_key(TRANSFER_ENCODING) && !is_chunked(headers) {
        return malformed("send the body's length, or one header Transfer-Encoding: chunked");
    }
    // RFC 9112, 3.2: one of HTTP/1.1 without a host, or with two, is answered with 400.
    if request.version() == Version::HTTP_11 && headers.get_all(HOST).iter().count() != 1 {
        return malformed("send one header Host");
    }
    Ok(())
}

fn is_chunked(headers: &HeaderMap) -> bool {
    let mut lines = headers.get_all(TRANSFER_ENCODING).iter();
    lines.next().is_some_and(|line| line.as_bytes().eq_ignore_ascii_case(b"chunked")) && lines.next().is_none()
}

/// Closes the connection behind a body in chunks. Whether a length stood beside it is not seen here: hyper reads the chunks
/// and drops it. What was meant as the rest of the body must not be read as another request (RFC 9112, 6.1).
pub(crate) async fn closed_behind_chunks(request: Request, next: Next) -> Response {
    let has_chunks = request.headers().contains_key(TRANSFER_ENCODING);
    let mut response = next.run(request).await;
    if has_chunks {
        response.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
    }
    response
}
