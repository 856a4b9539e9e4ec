//! Owns a small service behind the layer, requests to it, and what was seen of their answers.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use axum::Router;
use axum::body::Body;
use axum::handler::Handler;
use axum::routing::post;
use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Method, Request, StatusCode};
use http_body_util::BodyExt as _;
use idempotency::layer::{Idempotency, Policy, Scope};
use tower::ServiceExt as _;

use crate::faulty::Faulty;

/// The effects of handlers.
#[derive(Clone, Default)]
pub(crate) struct Effects(Arc<AtomicU32>);

impl Effects {
    pub(crate) fn one(&self) -> u32 {
        self.0.fetch_add(1, Ordering::SeqCst) + 1
    }

    pub(crate) fn count(&self) -> u32 {
        self.0.load(Ordering::SeqCst)
    }
}

/// A store and what was done: what all nodes of a service share.
#[derive(Clone, Default)]
pub(crate) struct World {
    pub(crate) store: Arc<Faulty>,
    pub(crate) effects: Effects,
}

/// One node of the service.
#[derive(Clone)]
pub(crate) struct Node {
    pub(crate) idempotency: Idempotency,
    pub(crate) app: Router,
}

impl World {
    /// A node whose `/orders` is served by the handler, under the policy.
    pub(crate) fn node<T: 'static>(&self, policy: Policy, handler: impl Handler<T, ()>) -> Node {
        let store: Arc<Faulty> = Arc::clone(&self.store);
        let idempotency = Idempotency::new(store, "shop");
        let layer = idempotency.route(Method::POST, "/orders", policy).expect("a policy that can hold");
        let app = Router::new().route("/orders", post(handler).route_layer(layer)).merge(idempotency.routes());
        Node { idempotency, app }
    }

    /// A node that makes an order for each request that is executed, under a policy that is nothing special.
    pub(crate) fn plain(&self) -> Node {
        self.orders(once())
    }

    /// The same under another policy.
    pub(crate) fn orders(&self, policy: Policy) -> Node {
        let effects = self.effects.clone();
        self.node(policy, move || std::future::ready(order(effects.one())))
    }
}

/// An at-most-once policy; the caller is what the header `x-caller` says.
pub(crate) fn once() -> Policy {
    Policy::at_most_once(by_header())
}

pub(crate) fn by_header() -> Scope {
    Scope::of(|parts| {
        let caller = parts.headers.get("x-caller").map_or("alice", |value| value.to_str().unwrap_or("?"));
        (caller != "nobody").then(|| caller.to_owned())
    })
}

/// What an order's answer looks like.
pub(crate) fn order(number: u32) -> (StatusCode, [(&'static str, String); 3], String) {
    let headers = [
        ("location", format!("/orders/{number}")),
        ("etag", format!("\"{number}\"")),
        ("content-type", "application/json".to_owned()),
    ];
    (StatusCode::CREATED, headers, format!("{{\"order\":{number}}}"))
}

/// A request on its way.
#[derive(Clone)]
pub(crate) struct Call {
    method: Method,
    path: String,
    headers: HeaderMap,
    body: Bytes,
}

/// What a client saw.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Seen {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

/// An order under a key.
pub(crate) fn place(key: &str) -> Call {
    Call::new(Method::POST, "/orders").header("idempotency-key", key).body("{\"sku\":\"A\"}")
}

impl Call {
    pub(crate) fn new(method: Method, path: &str) -> Self {
        Self { method, path: path.to_owned(), headers: HeaderMap::new(), body: Bytes::new() }
    }

    pub(crate) fn header(mut self, name: &'static str, value: impl AsRef<[u8]>) -> Self {
        let value = HeaderValue::from_bytes(value.as_ref()).expect("a header value");
        self.headers.append(name, value);
        self
    }

    pub(crate) fn body(mut self, body: impl Into<Bytes>) -> Self {
        self.body = body.into();
        self
    }

    pub(crate) fn path(mut self, path: &str) -> Self {
        path.clone_into(&mut self.path);
        self
    }

    pub(crate) fn method(mut self, method: Method) -> Self {
        self.method = method;
        self
    }

    pub(crate) async fn send(&self, node: &Node) -> Seen {
        self.send_to(&node.app).await
    }

    pub(crate) async fn send_to(&self, app: &Router) -> Seen {
        let mut request = Request::builder().method(&self.method).uri(&self.path);
        *request.headers_mut().expect("a good path") = self.headers.clone();
        let request = request.body(Body::from(self.body.clone())).expect("a good request");
        let response = app.clone().oneshot(request).await.expect("a router never fails");
        let (parts, body) = response.into_parts();
        let body = body.collect().await.expect("a body of this process").to_bytes();
        Seen { status: parts.status.as_u16(), headers: parts.headers, body }
    }

    /// Sends it in a task of its own.
    pub(crate) fn start(&self, node: &Node) -> tokio::task::JoinHandle<Seen> {
        let (call, node) = (self.clone(), node.clone());
        tokio::spawn(async move { call.send(&node).await })
    }
}

impl Seen {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(|value| value.to_str().expect("visible ASCII"))
    }

    /// The first word of `Idempotency-Status`.
    pub(crate) fn how(&self) -> &str {
        self.header("idempotency-status").and_then(|it| it.split(';').next()).unwrap_or_default()
    }

    pub(crate) fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    pub(crate) fn json(&self) -> serde_json::Value {
        serde_json::from_slice(&self.body).unwrap_or_default()
    }

    #[track_caller]
    pub(crate) fn expect(self, status: u16, how: &str) -> Self {
        assert_eq!((self.status, self.how()), (status, how), "{self:?}");
        self
    }

    /// It is a problem of the layer's, as RFC 9457 has it.
    #[track_caller]
    pub(crate) fn problem(self, status: u16, code: &str) -> Self {
        let body = self.json();
        assert_eq!((self.status, body["code"].as_str()), (status, Some(code)), "{self:?}");
        assert_eq!(body["status"], status);
        assert!(body["title"].is_string() && body["detail"].is_string(), "{body}");
        assert_eq!(body["type"], format!("/.well-known/idempotency-policy#{code}"));
        assert_eq!(self.header("content-type"), Some("application/problem+json"));
        assert_eq!(self.header("cache-control"), Some("no-store"));
        let link = format!("</.well-known/idempotency-policy#{code}>; rel=\"describedby\"");
        assert_eq!(self.header("link"), Some(link.as_str()));
        assert_eq!(self.header("idempotent-replayed"), None);
        self
    }

    #[track_caller]
    pub(crate) fn comes_again_after(self, seconds: u32) -> Self {
        assert_eq!(self.header("retry-after"), Some(seconds.to_string().as_str()), "{self:?}");
        self
    }

    /// It is the first answer again, byte for byte.
    #[track_caller]
    pub(crate) fn replays(&self, first: &Self) {
        assert!(matches!(self.how(), "replayed" | "attached"), "{self:?}");
        assert_eq!(self.header("idempotent-replayed"), Some("true"), "{self:?}");
        assert_eq!(self.header("cache-control"), Some("no-store"), "{self:?}");
        assert_eq!((self.status, &self.body), (first.status, &first.body));
        for name in ["location", "etag", "content-type", "content-encoding"] {
            let of = |seen: &Self| seen.headers.get_all(name).iter().cloned().collect::<Vec<_>>();
            assert_eq!(of(self), of(first), "{name}");
        }
    }
}

/// Waits for a condition; a minute of whichever clock is the limit.
#[track_caller]
pub(crate) fn until(what: &'static str, condition: impl Fn() -> bool) -> impl Future<Output = ()> {
    let place = std::panic::Location::caller();
    async move {
        for _ in 0..60_000 {
            if condition() {
                return;
            }
            tokio::time::sleep(std::time::Duration::from_millis(1)).await;
        }
        panic!("{what}: not within a minute, at {place}");
    }
}
