//! Owns the other side of a connection in tests: a local server that answers one request after the other as it is told.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

/// A request as it came in.
#[derive(Clone, Debug, Default)]
pub(crate) struct Seen {
    pub(crate) method: String,
    pub(crate) target: String,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: String,
}

/// What the server does.
pub(crate) enum Reply {
    /// Answers: status, headers, body.
    Say(u16, Vec<(String, String)>, String),
    /// Writes these bytes and closes.
    Raw(Vec<u8>),
    /// Says nothing for so long, and closes.
    Hang(Duration),
}

/// The server.
pub(crate) struct Desk {
    pub(crate) address: String,
    seen: Arc<Mutex<Vec<Seen>>>,
}

impl Desk {
    /// Opens one that answers each request with what `reply` makes of it.
    pub(crate) async fn open(reply: impl Fn(&Seen) -> Reply + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let seen = Arc::new(Mutex::new(Vec::new()));
        let reply: Arc<dyn Fn(&Seen) -> Reply + Send + Sync> = Arc::new(reply);
        let kept = Arc::clone(&seen);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(serve(stream, Arc::clone(&kept), Arc::clone(&reply)));
            }
        });
        Self { address, seen }
    }

    /// The requests so far.
    pub(crate) fn seen(&self) -> Vec<Seen> {
        self.seen.lock().unwrap().clone()
    }
}

impl Seen {
    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.iter().find(|(it, _)| it == name).map_or("", |(_, value)| value)
    }
}

/// Says some JSON.
pub(crate) fn json(status: u16, body: &str) -> Reply {
    Reply::Say(status, vec![("content-type".into(), "application/json".into())], body.into())
}

async fn serve(mut stream: TcpStream, kept: Arc<Mutex<Vec<Seen>>>, reply: Arc<dyn Fn(&Seen) -> Reply + Send + Sync>) {
    while let Some(seen) = take(&mut stream).await {
        kept.lock().unwrap().push(seen.clone());
        match reply(&seen) {
            Reply::Say(status, headers, body) => {
                let lines: Vec<String> = headers.iter().map(|(name, value)| format!("{name}: {value}\r\n")).collect();
                let lines = lines.concat();
                let length = if status == 204 { String::new() } else { format!("content-length: {}\r\n", body.len()) };
                let text = format!("HTTP/1.1 {status} Said\r\n{lines}{length}\r\n{body}");
                if stream.write_all(text.as_bytes()).await.is_err() {
                    return;
                }
            }
            Reply::Raw(bytes) => {
                let _ = stream.write_all(&bytes).await;
                return;
            }
            Reply::Hang(long) => return tokio::time::sleep(long).await,
        }
    }
}

async fn take(stream: &mut TcpStream) -> Option<Seen> {
    let mut bytes = Vec::new();
    let head = loop {
        if let Some(at) = bytes.windows(4).position(|window| window == b"\r\n\r\n") {
            break at;
        }
        if stream.read_buf(&mut bytes).await.ok()? == 0 {
            return None;
        }
    };
    let text = String::from_utf8(bytes[..head].to_vec()).ok()?;
    let mut lines = text.split("\r\n");
    let mut first = lines.next()?.split(' ');
    let (method, target) = (first.next()?.to_owned(), first.next()?.to_owned());
    let headers: Vec<_> = lines
        .filter_map(|line| line.split_once(": "))
        .map(|(name, value)| (name.to_lowercase(), value.to_owned()))
        .collect();
    let mut seen = Seen { method, target, headers, body: String::new() };
    let length: usize = seen.header("content-length").parse().unwrap_or(0);
    while bytes.len() < head + 4 + length {
        if stream.read_buf(&mut bytes).await.ok()? == 0 {
            return None;
        }
    }
    seen.body = String::from_utf8(bytes[head + 4..].to_vec()).ok()?;
    Some(seen)
}
