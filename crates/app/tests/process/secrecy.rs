//! Owns that no secret comes out: each is one that would be recognised, and whatever a server writes is looked through for it,
//! however it is spelled. It does not know what a secret is for.

mod forged;
mod served;
mod starts;
mod vault;

use std::net::SocketAddr;

use http::Method;
use serde_json::Value;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use crate::harness::PATIENCE;

/// A whole answer, as it came.
struct Reply {
    status: u16,
    head: String,
    body: String,
}

impl Reply {
    #[track_caller]
    fn expect(self, status: u16) -> Self {
        assert_eq!(self.status, status, "{}", self.body);
        self
    }

    fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|_| panic!("not JSON: {}", self.body))
    }

    #[track_caller]
    fn text(&self, pointer: &str) -> String {
        let value = self.json().pointer(pointer).and_then(Value::as_str).map(str::to_owned);
        value.unwrap_or_else(|| panic!("no text {pointer} in {}", self.body))
    }
}

/// Sends a request, byte by byte as it is given, and reads its answer.
async fn ask(to: SocketAddr, method: &Method, target: &str, headers: &[(&str, &str)], body: &[u8]) -> Reply {
    let mut head = format!("{method} {target} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n").into_bytes();
    for (name, value) in headers {
        head.extend(format!("{name}: {value}\r\n").into_bytes());
    }
    head.extend(format!("content-length: {}\r\n\r\n", body.len()).into_bytes());
    let mut stream = TcpStream::connect(to).await.expect("the server listens");
    stream.write_all(&[&head, body].concat()).await.expect("it is sent");
    let mut said = Vec::new();
    let read = tokio::time::timeout(PATIENCE, stream.read_to_end(&mut said)).await;
    read.expect("an answer comes in time").expect("an answer comes");
    let said = String::from_utf8_lossy(&said).into_owned();
    let (head, body) = said.split_once("\r\n\r\n").unwrap_or_else(|| panic!("no answer: {said:?}"));
    let status = head.split(' ').nth(1).and_then(|status| status.parse().ok()).expect("a status");
    Reply { status, head: head.to_owned(), body: body.to_owned() }
}
