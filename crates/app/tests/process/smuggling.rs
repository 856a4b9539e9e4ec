//! Owns what a client can do to the lines of HTTP/1.1 itself, so that two readers of one stream see different requests
//! (RFC 9112, 11.2): each is refused and the connection closed, or has its plain meaning. Never are there two answers to
//! one request, and nothing that a client sends becomes a line of an answer's head.

pub(crate) mod bodies;
pub(crate) mod heads;
mod lines;

use std::net::SocketAddr;

use serde_json::json;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use crate::harness::{Folder, PATIENCE, Server};

/// What becomes of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Wanted {
    /// It is answered with this status, and the server closes the connection of itself.
    Closed(u16),
    /// It is answered with this status; the client asks that the connection be closed.
    Plain(u16),
}

/// An order as a client may write it.
#[derive(Debug)]
pub(crate) struct Written {
    /// Lines of its head beside those that every order has.
    pub(crate) lines: String,
    /// All behind its head.
    pub(crate) behind: String,
    /// What the server makes of it where nobody stands before it.
    wanted: Wanted,
}

/// A second request, which is none where it stands within a body.
const INNER: &str = "GET /livez HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n";

/// A server, and how many orders were sent to it and taken.
struct Shop {
    _folder: Folder,
    server: Server,
    sent: usize,
    taken: usize,
}

impl Shop {
    async fn open() -> Self {
        let folder = Folder::new();
        let server = folder.serve(&[]).await;
        server.admin.stock_up(1_000).await;
        Self { _folder: folder, server, sent: 0, taken: 0 }
    }

    /// Each of these, in order.
    async fn orders(&mut self, written: Vec<Written>) {
        for Written { lines, behind, wanted } in written {
            self.order(&lines, &behind, wanted).await;
        }
    }

    /// An order with these lines more in its head, and this behind its head.
    async fn order(&mut self, lines: &str, behind: &str, wanted: Wanted) {
        self.sent += 1;
        let close = if matches!(wanted, Wanted::Plain(_)) { "connection: close\r\n" } else { "" };
        let (secret, key) = (&self.server.admin.secret, format!("k{}", self.sent));
        let request = order(secret, &key, &format!("{close}{lines}"), behind);
        let answer = self.whole(&request, wanted).await;
        self.taken += usize::from(answer.starts_with("HTTP/1.1 201"));
    }

    /// These bytes; what was answered.
    async fn whole(&self, request: &str, wanted: Wanted) -> String {
        let said = exchange(self.server.admin.address, request.as_bytes()).await;
        let (Wanted::Closed(status) | Wanted::Plain(status)) = wanted;
        let shown: String = request.chars().take(700).collect();
        assert!(said.starts_with(&format!("HTTP/1.1 {status} ")), "{wanted:?}: {shown:?} got {said:?}");
        assert_eq!(answers(&said).count(), 1, "one answer to one request: {shown:?} got {said:?}");
        said
    }

    /// As many orders were made as were taken, and the server goes on.
    async fn close(self) {
        assert_eq!(self.server.admin.orders().await.len(), self.taken);
        self.server.stop().await;
    }
}

/// What was answered, each behind the protocol in its first line; problems name the protocol, too.
pub(crate) fn answers(said: &str) -> impl Iterator<Item = &str> {
    said.split("HTTP/1.1 ").skip(1).filter(|rest| rest.starts_with(|letter: char| letter.is_ascii_digit()))
}

/// Sends bytes and reads until the server closes the connection, which it must do in time.
async fn exchange(address: SocketAddr, bytes: &[u8]) -> String {
    let stream = TcpStream::connect(address).await.expect("the server listens");
    let (mut reader, mut writer) = stream.into_split();
    // A server that answers early may close before everything is sent.
    let bytes = bytes.to_vec();
    let sending = tokio::spawn(async move {
        let _sent = writer.write_all(&bytes).await;
        writer
    });
    let mut said = Vec::new();
    let read = tokio::time::timeout(PATIENCE, reader.read_to_end(&mut said)).await;
    let _cut = read.expect("the server closes the connection in time");
    sending.abort();
    String::from_utf8_lossy(&said).into_owned()
}

/// A request for an order, with these lines more in its head, and this behind its head.
pub(crate) fn order(secret: &str, key: &str, lines: &str, behind: &str) -> String {
    format!(
        "POST /api/v1/orders HTTP/1.1\r\nhost: a\r\nauthorization: Bearer {secret}\r\nidempotency-key: {key}\r\n\
         content-type: application/json\r\n{lines}\r\n{behind}"
    )
}

/// The body of somebody's order.
pub(crate) fn body(customer: &str) -> String {
    json!({"customer_id": customer, "lines": [{"sku": "A", "quantity": 1}]}).to_string()
}

/// A body as one chunk.
pub(crate) fn in_chunks(body: &str) -> String {
    format!("{:x}\r\n{body}\r\n0\r\n\r\n", body.len())
}
