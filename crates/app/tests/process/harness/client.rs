//! Owns a client that loses its server now and then, and says so instead of failing.

use std::net::SocketAddr;

use bytes::Bytes;
use http::{Method, Request};
use http_body_util::{BodyExt as _, Full};
use hyper_util::rt::TokioIo;
use serde_json::{Value, json};
use tokio::net::TcpStream;

use super::PATIENCE;

/// The connection broke off, or was never made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Cut;

/// One whole answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) etag: Option<String>,
    pub(crate) location: Option<String>,
    pub(crate) is_replay: bool,
    pub(crate) body: Bytes,
}

/// Somebody with a key.
#[derive(Clone, Debug)]
pub(crate) struct Shopper {
    pub(crate) address: SocketAddr,
    pub(crate) secret: String,
}

impl Answer {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|_| panic!("not JSON: {:?}", self.body))
    }

    pub(crate) fn text(&self, pointer: &str) -> String {
        let value = self.json().pointer(pointer).and_then(Value::as_str).map(str::to_owned);
        value.unwrap_or_else(|| panic!("no text {pointer} in {:?}", self.body))
    }

    #[track_caller]
    pub(crate) fn expect(self, status: u16) -> Self {
        assert_eq!(self.status, status, "{:?}", self.body);
        self
    }

    /// The first answer again.
    #[track_caller]
    pub(crate) fn replays(&self, first: &Self) {
        assert!(self.is_replay, "not marked as a replay: {self:?}");
        assert_eq!(*self, Self { is_replay: true, ..first.clone() });
    }
}

impl Shopper {
    /// Sends a request over a connection of its own.
    pub(crate) async fn send(&self, method: Method, path: &str, key: &str, body: &str) -> Result<Answer, Cut> {
        self.send_with(method, path, &[("idempotency-key", key)], body).await
    }

    /// The same with these headers beside those that every request has.
    pub(crate) async fn send_with(
        &self,
        method: Method,
        path: &str,
        headers: &[(&str, &str)],
        body: &str,
    ) -> Result<Answer, Cut> {
        let sent = tokio::time::timeout(PATIENCE, self.send_now(method, path, headers, body)).await;
        sent.expect("the server answers or breaks off in time")
    }

    async fn send_now(&self, method: Method, path: &str, headers: &[(&str, &str)], body: &str) -> Result<Answer, Cut> {
        let mut request = Request::builder()
            .method(method)
            .uri(path)
            .header("host", "localhost")
            .header("authorization", format!("Bearer {}", self.secret))
            .header("content-type", "application/json");
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let request = request.body(Full::new(Bytes::from(body.to_owned()))).expect("a request");
        let stream = TcpStream::connect(self.address).await.map_err(|_| Cut)?;
        let (mut sender, connection) =
            hyper::client::conn::http1::handshake(TokioIo::new(stream)).await.map_err(|_| Cut)?;
        tokio::spawn(connection);
        let (parts, body) = sender.send_request(request).await.map_err(|_| Cut)?.into_parts();
        let body = body.collect().await.map_err(|_| Cut)?.to_bytes();
        let header = |name| parts.headers.get(name).and_then(|value| value.to_str().ok()).map(str::to_owned);
        Ok(Answer {
            status: parts.status.as_u16(),
            etag: header("etag"),
            location: header("location"),
            is_replay: header("idempotent-replayed").is_some(),
            body,
        })
    }

    /// Reads, from a server that is there.
    pub(crate) async fn get(&self, path: &str) -> Answer {
        self.send(Method::GET, path, "ignored", "").await.expect("the server is there")
    }

    /// Orders one of the product `A`.
    pub(crate) async fn place(&self, key: &str) -> Result<Answer, Cut> {
        let body = json!({"customer_id": key, "lines": [{"sku": "A", "quantity": 1}]}).to_string();
        self.send(Method::POST, "/api/v1/orders", key, &body).await
    }

    /// Puts the product `A` with so much stock.
    pub(crate) async fn stock_up(&self, stock: i64) {
        let price = json!({"amount": 1_999, "currency": "CNY"});
        let body = json!({"name": "Chair", "price": price, "initial_stock": stock}).to_string();
        let answer = self.send(Method::PUT, "/api/v1/products/A", "stock-up", &body).await;
        answer.expect("the server is there").expect(201);
    }

    /// On hand, reserved and available of the product `A`.
    pub(crate) async fn stock(&self) -> [i64; 3] {
        let product = self.get("/api/v1/products/A").await.expect(200).json();
        ["on_hand", "reserved", "available"].map(|name| product["stock"][name].as_i64().expect("stock is a number"))
    }

    /// Every order's customer, which is the key it was placed under, newest first.
    pub(crate) async fn orders(&self) -> Vec<String> {
        let (mut keys, mut cursor) = (Vec::new(), String::new());
        loop {
            let page = self.get(&format!("/api/v1/orders?limit=200{cursor}")).await.expect(200).json();
            let rows = page["data"].as_array().expect("a page has rows");
            keys.extend(rows.iter().filter_map(|order| Some(order["customer_id"].as_str()?.to_owned())));
            match page["next_cursor"].as_str() {
                Some(next) => cursor = format!("&cursor={next}"),
                None => return keys,
            }
        }
    }
}
