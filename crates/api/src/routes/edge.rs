//! Owns the outermost layer: the request's id in and out, problems given their body, what no route answers.

use std::any::Any;

use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use http::{HeaderValue, Method, StatusCode, header};

use super::{browsers, framing};
use crate::auth::Sender;
use crate::problem::Problem;
use crate::rates;
use crate::request_id::{RequestId, X_REQUEST_ID};
use crate::state::{Api, Peer, Socket};

/// Runs around everything.
pub(super) async fn around(State(api): State<Api>, mut request: Request, next: Next) -> Response {
    let id = RequestId::of(request.headers());
    request.extensions_mut().insert(id.clone());
    let door = Door { sender: Sender::default(), peer: peer(&api, &request), method: request.method().clone() };
    request.extensions_mut().insert(door.sender.clone());
    if let Some(peer) = door.peer {
        request.extensions_mut().insert(peer);
    }
    let is_plain = framing::is_plain(&request);
    let mut response = match is_plain {
        Ok(()) => next.run(request).await,
        Err(problem) => {
            let mut refused = problem.into_response();
            // Where the next request would begin is not known.
            refused.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("close"));
            refused
        }
    };
    // The reference answers for a file that it has not without a word.
    let silent = response.status() == StatusCode::NOT_FOUND && !response.headers().contains_key(header::CONTENT_TYPE);
    let problem = response.extensions_mut().remove::<Problem>();
    if let Some(problem) = problem.or_else(|| silent.then(|| Problem::new("not_found", "there is no such file"))) {
        door.note(&problem, &id);
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

/// Who stands at the door.
struct Door {
    sender: Sender,
    peer: Option<Peer>,
    method: Method,
}

impl Door {
    /// Writes down that somebody was not let in (ASVS 16.3.1 and 16.3.2): the names that we gave, and no text of theirs.
    fn note(&self, problem: &Problem, request_id: &RequestId) {
        if !matches!(problem.status(), 401 | 403 | 429) {
            return;
        }
        let code = problem.code();
        metrics::counter!("mideng_refused_total", "code" => code).increment(1);
        let address = self.peer.map(|peer| tracing::field::display(peer.address));
        let caller = self.sender.known();
        let person = caller.and_then(|caller| Some(tracing::field::display(caller.session.as_ref()?.person)));
        let account = caller.filter(|caller| caller.session.is_none()).map(|caller| caller.principal.0);
        let method = &self.method;
        tracing::info!(code, %method, address, person, account, %request_id, "a request was refused at the door");
    }
}

/// Who asks, where a socket says it.
fn peer(api: &Api, request: &Request) -> Option<Peer> {
    let Socket(address) = *request.extensions().get::<Socket>()?;
    let (proxies, headers) = (api.proxies(), request.headers());
    Some(Peer { address: proxies.client(address, headers), is_here: proxies.is_here(address, headers) })
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
