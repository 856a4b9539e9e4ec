//! Owns a client of the API: one connection for each call, or one kept open.

use std::net::SocketAddr;

use bytes::Bytes;
use http::{HeaderName, HeaderValue, Method, Request};
use http_body_util::{BodyExt as _, Full};
use hyper::client::conn::{http1, http2};
use hyper_util::rt::{TokioExecutor, TokioIo};
use serde_json::{Value, json};
use tokio::net::TcpStream;

use super::{Answer, PATIENCE, contract};

/// Somebody with a credential, or without one.
#[derive(Clone, Debug)]
pub(crate) struct Client {
    pub(crate) address: SocketAddr,
    pub(crate) bearer: Option<String>,
}

/// One request on its way.
#[derive(Clone)]
pub(crate) struct Call {
    client: Client,
    pub(crate) request: Request<Full<Bytes>>,
}

/// A connection that is kept open.
pub(crate) struct Wire {
    sender: http1::SendRequest<Full<Bytes>>,
}

impl Client {
    pub(crate) fn call(&self, method: Method, path: &str) -> Call {
        let mut request = Request::new(Full::default());
        *request.method_mut() = method;
        *request.uri_mut() = path.parse().unwrap_or_else(|_| panic!("{path:?} is no path"));
        let call = Call { client: self.clone(), request }.header("host", "localhost");
        match &self.bearer {
            Some(bearer) => call.header("authorization", format!("Bearer {bearer}")),
            None => call,
        }
    }

    pub(crate) async fn get(&self, path: &str) -> Answer {
        self.call(Method::GET, path).send().await
    }

    pub(crate) fn post(&self, path: &str, key: &str) -> Call {
        self.call(Method::POST, path).header("idempotency-key", key)
    }

    pub(crate) fn put(&self, path: &str) -> Call {
        self.call(Method::PUT, path)
    }

    /// Places an order.
    pub(crate) async fn place(&self, key: &str, body: &Value) -> Answer {
        self.post("/api/v1/orders", key).json(body).send().await
    }

    /// Cancels an order.
    pub(crate) async fn cancel(&self, key: &str, order_no: &str) -> Answer {
        let path = format!("/api/v1/orders/{order_no}/cancel");
        self.post(&path, key).json(&json!({"reason": "customer"})).send().await
    }

    /// The same caller without a credential.
    pub(crate) fn nobody(&self) -> Self {
        Self { bearer: None, ..self.clone() }
    }

    pub(crate) async fn connect(&self) -> Wire {
        let stream = TcpStream::connect(self.address).await.expect("the server listens");
        let (sender, connection) = http1::handshake(TokioIo::new(stream)).await.expect("a new connection is ready");
        tokio::spawn(connection);
        Wire { sender }
    }
}

impl Call {
    pub(crate) fn header(mut self, name: &str, value: impl AsRef<[u8]>) -> Self {
        let name = HeaderName::try_from(name).expect("a header's name");
        let value = HeaderValue::from_bytes(value.as_ref()).expect("a header's value");
        self.request.headers_mut().append(name, value);
        self
    }

    pub(crate) fn if_match(self, tag: &str) -> Self {
        self.header("if-match", tag)
    }

    pub(crate) fn json(self, body: &Value) -> Self {
        self.header("content-type", "application/json").body(body.to_string())
    }

    pub(crate) fn text(self, body: &str) -> Self {
        self.header("content-type", "application/json").body(body.to_owned())
    }

    pub(crate) fn body(mut self, body: impl Into<Bytes>) -> Self {
        *self.request.body_mut() = Full::new(body.into());
        self
    }

    /// Sends it over a connection of its own.
    pub(crate) async fn send(self) -> Answer {
        let mut wire = self.client.connect().await;
        wire.send(self).await
    }

    /// Sends it over HTTP/2.
    pub(crate) async fn send_http2(mut self) -> Answer {
        let stream = TcpStream::connect(self.client.address).await.expect("the server listens");
        let (mut sender, connection) =
            http2::handshake(TokioExecutor::new(), TokioIo::new(stream)).await.expect("the server speaks HTTP/2");
        tokio::spawn(connection);
        let path = self.request.uri().clone();
        *self.request.uri_mut() = format!("http://localhost{path}").parse().expect("a URI");
        self.request.headers_mut().remove("host");
        let response = tokio::time::timeout(PATIENCE, sender.send_request(self.request)).await;
        collect(response.expect("an answer comes in time").expect("an answer comes")).await
    }
}

impl Wire {
    /// Sends a request and waits for the whole answer, which the contract must name.
    pub(crate) async fn send(&mut self, call: Call) -> Answer {
        let (method, path) = (call.request.method().clone(), call.request.uri().path().to_owned());
        self.sender.ready().await.expect("the connection is open");
        let response = tokio::time::timeout(PATIENCE, self.sender.send_request(call.request)).await;
        let answer = collect(response.expect("an answer comes in time").expect("an answer comes")).await;
        contract::assert_documented(&method, &path, answer.status);
        answer
    }

    /// Sends a request and goes away as soon as `reached` says that it is being worked on.
    pub(crate) async fn send_and_leave(mut self, call: Call, reached: impl Future<Output = ()>) {
        self.sender.ready().await.expect("the connection is open");
        tokio::select! {
            _ = self.sender.send_request(call.request) => panic!("the answer came before the client left"),
            () = reached => {}
        }
    }
}

async fn collect(response: http::Response<hyper::body::Incoming>) -> Answer {
    let (parts, body) = response.into_parts();
    let body = body.collect().await.expect("the body comes whole").to_bytes();
    Answer { status: parts.status.as_u16(), headers: parts.headers, body }
}

/// The body of an order of these skus and quantities.
pub(crate) fn order_of(lines: &[(&str, i64)]) -> Value {
    let lines: Vec<_> = lines.iter().map(|(sku, quantity)| json!({"sku": sku, "quantity": quantity})).collect();
    json!({"customer_id": "c-1", "lines": lines})
}
