//! Owns a client that sends bytes as they are and reads what comes back, for what no proper client would send.

use std::net::SocketAddr;

use serde_json::Value;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use super::PATIENCE;

/// What came back until the server closed the connection.
#[derive(Debug)]
pub(crate) struct Raw {
    pub(crate) text: String,
}

impl Raw {
    pub(crate) fn status(&self) -> Option<u16> {
        self.text.strip_prefix("HTTP/1.1 ")?.get(..3)?.parse().ok()
    }

    pub(crate) fn json(&self) -> Value {
        let body = self.text.split_once("\r\n\r\n").map_or("", |(_, body)| body);
        serde_json::from_str(body).unwrap_or_else(|_| panic!("no JSON body: {:?}", self.text))
    }

    /// A problem with this status and code.
    #[track_caller]
    pub(crate) fn problem(&self, status: u16, code: &str) {
        assert_eq!(self.status(), Some(status), "{:?}", self.text);
        assert!(self.text.contains("application/problem+json"), "{:?}", self.text);
        assert_eq!(self.json()["code"], code, "{:?}", self.text);
    }
}

/// Sends these bytes and reads until the server closes, which it must do in time.
pub(crate) async fn raw(address: SocketAddr, bytes: impl Into<Vec<u8>>) -> Raw {
    let bytes = bytes.into();
    let stream = TcpStream::connect(address).await.expect("the server listens");
    let (mut reader, mut writer) = stream.into_split();
    // A server that answers early may close before everything is sent.
    let sending = tokio::spawn(async move {
        let _sent = writer.write_all(&bytes).await;
        writer
    });
    let mut text = Vec::new();
    let read = tokio::time::timeout(PATIENCE, reader.read_to_end(&mut text)).await;
    let read = read.expect("the server closes the connection in time");
    sending.abort();
    assert!(read.is_ok() || !text.is_empty(), "the connection was cut without an answer");
    Raw { text: String::from_utf8_lossy(&text).into_owned() }
}

/// The head of a request that asks the server to close behind it; `lines` end with CRLF each.
pub(crate) fn head(method_and_path: &str, bearer: &str, lines: &str) -> Vec<u8> {
    format!(
        "{method_and_path} HTTP/1.1\r\nhost: localhost\r\nauthorization: Bearer {bearer}\r\n{lines}connection: close\r\n\r\n"
    )
    .into_bytes()
}
