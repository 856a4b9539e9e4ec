//! A merchant: the simulator, a client, and a small server that takes callbacks.

use std::collections::VecDeque;
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use http::{HeaderMap, StatusCode};
use psp_sim::{Options, Running};
use ring::hmac;
use serde_json::{Value, json};
use tokio::sync::OnceCell;

/// A callback that came in.
#[derive(Clone, Debug)]
pub struct Came {
    pub headers: HeaderMap,
    pub body: Bytes,
}

/// What came in, and what the next ones are answered with instead of `ok`.
#[derive(Clone, Default)]
pub struct Inbox {
    came: Arc<Mutex<Vec<Came>>>,
    refusals: Arc<Mutex<VecDeque<StatusCode>>>,
}

pub struct Merchant {
    pub running: Running,
    pub base: String,
    pub client: reqwest::Client,
    pub inbox: Inbox,
    pub notify_url: String,
    pub folder: tempfile::TempDir,
}

impl Came {
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap()
    }

    pub fn header(&self, name: &str) -> &str {
        self.headers[name].to_str().unwrap()
    }
}

impl Inbox {
    pub fn refuse_next(&self, status: StatusCode) {
        self.refusals.lock().unwrap().push_back(status);
    }

    pub fn all(&self) -> Vec<Came> {
        self.came.lock().unwrap().clone()
    }

    /// Waits until so many have come.
    pub async fn wait_for(&self, count: usize) -> Vec<Came> {
        for _ in 0..500 {
            let came = self.all();
            if came.len() >= count {
                return came;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        panic!("{count} callbacks were awaited, {} came", self.all().len());
    }
}

async fn take(State(inbox): State<Inbox>, headers: HeaderMap, body: Bytes) -> (StatusCode, &'static str) {
    inbox.came.lock().unwrap().push(Came { headers, body });
    match inbox.refusals.lock().unwrap().pop_front() {
        Some(status) => (status, "later"),
        None => (StatusCode::OK, "ok"),
    }
}

pub async fn start(folder: &Path) -> Running {
    let listen = "127.0.0.1:0".parse().unwrap();
    let options = Options { listen, folder: folder.to_owned(), time_scale: 1_000.0, auto_pay_ms: None };
    Running::start(options).await.unwrap()
}

/// Keys take a second to make, so all tests have the same.
async fn copy_keys(folder: &Path) {
    static MADE: OnceCell<tempfile::TempDir> = OnceCell::const_new();
    let start_once = async || {
        let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
        start(folder.path()).await.stop().await;
        folder
    };
    let made = MADE.get_or_init(start_once).await;
    for part in ["merchant", "provider"] {
        std::fs::create_dir(folder.join(part)).unwrap();
        for file in std::fs::read_dir(made.path().join(part)).unwrap() {
            let file = file.unwrap();
            std::fs::copy(file.path(), folder.join(part).join(file.file_name())).unwrap();
        }
    }
}

impl Merchant {
    pub async fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        copy_keys(folder.path()).await;
        let running = start(folder.path()).await;
        let inbox = Inbox::default();
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let notify_url = format!("http://{}/notify", listener.local_addr().unwrap());
        let router = Router::new().fallback(take).with_state(inbox.clone());
        tokio::spawn(async move { axum::serve(listener, router).await });
        let base = format!("http://{}", running.address);
        Self {
            running,
            base,
            client: reqwest::Client::builder().no_proxy().build().unwrap(),
            inbox,
            notify_url,
            folder,
        }
    }

    pub fn secret(&self, name: &str) -> String {
        std::fs::read_to_string(self.folder.path().join("merchant").join(name)).unwrap().trim().to_owned()
    }

    pub async fn desk(&self, method: &str, path: &str, body: Value) -> Value {
        let method = method.parse().unwrap();
        let text = if body.is_null() { String::new() } else { body.to_string() };
        let answer = self.client.request(method, format!("{}{path}", self.base)).body(text).send().await.unwrap();
        serde_json::from_slice(&answer.bytes().await.unwrap()).unwrap()
    }

    pub async fn mischief(&self, rules: Value) {
        let set = self.desk("PUT", "/sim/mischief", rules).await;
        assert!(set["rules"].is_array(), "{set}");
    }

    /// The ledger's file, as a judge reads it: kind, number of the refund, amount.
    pub fn ledger(&self) -> Vec<(String, Option<String>, i64)> {
        let text = std::fs::read_to_string(self.folder.path().join("ledger.jsonl")).unwrap();
        let lines = text.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
        let read = |line: Value| {
            let refund = line["out_refund_no"].as_str().map(ToOwned::to_owned);
            (line["kind"].as_str().unwrap().to_owned(), refund, line["amount"].as_i64().unwrap())
        };
        lines.map(read).collect()
    }
}

pub fn hmac_hex(secret: &str, text: &str) -> String {
    let key = hmac::Key::new(hmac::HMAC_SHA256, secret.as_bytes());
    let digit = |half: u8| char::from_digit(u32::from(half), 16).unwrap();
    let signature = hmac::sign(&key, text.as_bytes());
    signature.as_ref().iter().flat_map(|byte| [digit(byte >> 4), digit(byte & 15)]).collect()
}

#[expect(clippy::disallowed_methods, reason = "a merchant stamps its requests")]
pub fn seconds() -> u64 {
    std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_secs()
}

pub fn nothing() -> Value {
    json!(null)
}
