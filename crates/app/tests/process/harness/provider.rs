//! Owns a payment provider as a process of its own: told how to fail, paid by hand, and asked what it has in its book.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::Stdio;

use http::Method;
use ports::Port;
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::process::{Child, Command};

use super::{Answer, PATIENCE, Shopper, until};

/// How much faster than the real ones it repeats callbacks: a minute is 50 ms.
const TIME_SCALE: &str = "1200";

/// A running provider.
pub(crate) struct Provider {
    child: Option<Child>,
    folder: TempDir,
    desk: Shopper,
    port: Port,
}

impl Provider {
    pub(crate) async fn start() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        copy(&keys().await, folder.path());
        let port = Port::reserve().expect("a free port");
        let (child, desk) = started(folder.path(), &port.address().to_string()).await;
        Self { child: Some(child), folder, desk, port }
    }

    /// SIGKILL: no chance to tidy up.
    pub(crate) async fn kill(&mut self) {
        let mut child = self.child.take().expect("it runs");
        child.kill().await.expect("the process is killed");
    }

    /// Starts it again where it was.
    pub(crate) async fn restart(&mut self) {
        let (child, _) = started(self.folder.path(), &self.port.address().to_string()).await;
        self.child = Some(child);
    }

    /// What a merchant's side of an account of this kind is.
    pub(crate) fn settings(&self, kind: &str) -> PathBuf {
        self.folder.path().join(format!("merchant/{kind}.json"))
    }

    /// Where it listens.
    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.desk.address)
    }

    /// A secret that both sides know.
    pub(crate) fn secret(&self, name: &str) -> String {
        let text =
            std::fs::read_to_string(self.folder.path().join("merchant").join(name)).expect("the secret is there");
        text.trim().to_owned()
    }

    /// From now on it fails like this.
    pub(crate) async fn fails(&self, rules: Value) {
        self.ask(Method::PUT, "/sim/mischief", &rules).await.expect(200);
    }

    pub(crate) async fn behaves(&self) {
        self.ask(Method::DELETE, "/sim/mischief", &Value::Null).await.expect(200);
    }

    pub(crate) async fn set(&self, settings: Value) {
        self.ask(Method::PUT, "/sim/settings", &settings).await.expect(200);
    }

    /// How it is set, and how it fails from now on.
    pub(crate) async fn manners(&self) -> [Value; 2] {
        let read = async |path| self.ask(Method::GET, path, &Value::Null).await.expect(200).json();
        [read("/sim/settings").await, read("/sim/mischief").await]
    }

    /// Has WeChat Pay sign with another certificate; its number and itself.
    pub(crate) async fn certificate(&self) -> Value {
        self.ask(Method::POST, "/sim/wechat_pay/certificate", &Value::Null).await.expect(200).json()
    }

    /// The payer pays.
    pub(crate) async fn pay(&self, kind: &str, out_trade_no: &str) {
        self.ask(Method::POST, &format!("/sim/charges/{kind}/{out_trade_no}/pay"), &Value::Null).await.expect(200);
    }

    /// The payer pays if there is something to pay.
    pub(crate) async fn try_pay(&self, kind: &str, out_trade_no: &str) {
        self.ask(Method::POST, &format!("/sim/charges/{kind}/{out_trade_no}/pay"), &Value::Null).await;
    }

    /// The payer does not want to.
    pub(crate) async fn refuse(&self, kind: &str, out_trade_no: &str) {
        self.ask(Method::POST, &format!("/sim/charges/{kind}/{out_trade_no}/refuse"), &Value::Null).await.expect(200);
    }

    /// What moved money: kind, our number, and how much.
    pub(crate) async fn movements(&self) -> Vec<(String, String, i64)> {
        let movements = self.ledger().await;
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        movements
            .iter()
            .map(|row| {
                let number = if row["kind"] == "charge" { &row["out_trade_no"] } else { &row["out_refund_no"] };
                (text(&row["kind"]), text(number), row["amount"].as_i64().expect("an amount"))
            })
            .collect()
    }

    /// The same as its book has them.
    pub(crate) async fn ledger(&self) -> Vec<Value> {
        let ledger = self.ask(Method::GET, "/sim/ledger", &Value::Null).await.expect(200).json();
        ledger["movements"].as_array().expect("movements").clone()
    }

    /// What lies with it.
    pub(crate) async fn left(&self) -> i64 {
        let signed = |(kind, _, amount): &(String, String, i64)| if kind == "charge" { *amount } else { -amount };
        self.movements().await.iter().map(signed).sum()
    }

    /// How often each rule of how it fails was met.
    pub(crate) async fn hits(&self) -> Vec<u64> {
        let rules = self.ask(Method::GET, "/sim/mischief", &Value::Null).await.expect(200).json();
        let rules = rules["rules"].as_array().expect("rules").iter();
        rules.map(|rule| rule["hits"].as_u64().expect("a number")).collect()
    }

    /// How many callbacks were delivered, and how many of them were acknowledged.
    pub(crate) async fn deliveries(&self) -> (usize, usize) {
        let callbacks = self.ask(Method::GET, "/sim/callbacks", &Value::Null).await.expect(200).json();
        let all = callbacks["deliveries"].as_array().expect("deliveries");
        (all.len(), all.iter().filter(|one| one["acknowledged"] == true).count())
    }

    /// Waits until so many were acknowledged.
    pub(crate) async fn acknowledged(&self, count: usize) {
        until("callbacks are acknowledged", || async { self.deliveries().await.1 >= count }).await;
    }

    async fn ask(&self, method: Method, path: &str, body: &Value) -> Answer {
        let body = if body.is_null() { String::new() } else { body.to_string() };
        self.desk.send_with(method, path, &[], &body).await.expect("the provider is there")
    }
}

async fn started(folder: &Path, listen: &str) -> (Child, Shopper) {
    let mut child = Command::new(env!("CARGO_BIN_EXE_mideng"))
        .args(["psp-sim", "--listen", listen, "--time-scale", TIME_SCALE, "--folder"])
        .arg(folder)
        .env("MIDENG_LOG", "error")
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .expect("the binary runs");
    let mut lines = BufReader::new(child.stdout.take().expect("standard output is piped")).lines();
    let reading = async {
        while let Ok(Some(line)) = lines.next_line().await {
            if let Some((_, address)) = line.split_once("listens on http://") {
                return address.trim().parse().ok();
            }
        }
        None
    };
    let address = tokio::time::timeout(PATIENCE, reading).await.expect("the provider starts in time");
    let address = address.expect("the provider says where it listens");
    // What it says later is of no concern, and must not fill the pipe.
    tokio::spawn(async move { while let Ok(Some(_)) = lines.next_line().await {} });
    (child, Shopper { address, secret: "none".to_owned() })
}

/// A folder with keys, made once for all tests: making them takes some seconds.
async fn keys() -> PathBuf {
    let whole = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("psp-sim-keys");
    let lock = File::create(whole.with_extension("lock")).expect("a lock");
    lock.lock().expect("whoever makes them comes to an end");
    if !whole.exists() {
        let scratch = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).expect("a folder");
        let (mut child, _) = started(scratch.path(), "127.0.0.1:0").await;
        child.kill().await.expect("the process is killed");
        std::fs::rename(scratch.keep(), &whole).expect("the keys are kept");
    }
    whole
}

/// The keys, and nothing of a book. The settings are written anew with the place where they are.
fn copy(keys: &Path, to: &Path) {
    for name in ["provider", "merchant"] {
        std::fs::create_dir(to.join(name)).expect("a new folder");
        for entry in std::fs::read_dir(keys.join(name)).expect("there are keys") {
            let from = entry.expect("it can be read").path();
            let name = Path::new(name).join(from.file_name().expect("a name"));
            std::fs::copy(&from, to.join(name)).expect("a copy");
        }
    }
}

/// A rule of how it fails.
pub(crate) fn rule(on: &str, how: impl Into<Value>) -> Value {
    json!({"on": on, "do": how.into()})
}
