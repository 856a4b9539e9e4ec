//! Owns what it costs those who order that operators look on: orders while so many overviews are open, and while none is.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use anyhow::{Context as _, ensure};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::task::JoinSet;
use tokio::time::timeout;

use super::super::load::Load;
use super::super::order::{Buyer, Sender};
use super::super::stock;
use super::{SKUS, equal, load};
use crate::client::{Caller, Policy, Request, Target};

const CONNECTIONS: usize = 64;
const LOGIN: &str = "bench-operator";
const PASSWORD: &str = "a password of the bench";
const PATIENCE: Duration = Duration::from_secs(10);

/// The same orders with and without people who look on, in turns; which of both goes first changes.
pub(super) async fn measure(
    target: &Arc<Target>,
    (tabs, seconds, turns): (usize, u64, usize),
) -> anyhow::Result<Value> {
    let cookie = operator(target).await?;
    let before = stock::reserved(target, SKUS).await?;
    let senders = || vec![Sender { target: target.clone(), buyer: Buyer::Many }];
    let (mut figures, mut placed, mut told) = (Vec::new(), 0, 0);
    for turn in 0..turns {
        let mut watched = async || {
            let open = Tabs::open(target, &cookie, tabs).await?;
            let load = load(senders(), CONNECTIONS, seconds, None).await?;
            told += open.close(seconds)?;
            anyhow::Ok(load)
        };
        let alone = async || load(senders(), CONNECTIONS, seconds, None).await;
        let (with, without) = if turn % 2 == 0 {
            let with = watched().await?;
            (with, alone().await?)
        } else {
            let without = alone().await?;
            (watched().await?, without)
        };
        placed += with.total.executed + without.total.executed;
        figures.push(json!({"watched_per_second": per_second(&with), "alone_per_second": per_second(&without)}));
    }
    let rows = stock::reserved(target, SKUS).await? - before;
    Ok(json!({"turns": figures, "tabs": tabs, "events": told, "orders": equal(placed, rows)?}))
}

/// Pages that are open.
struct Tabs {
    tasks: JoinSet<()>,
    events: Arc<AtomicU64>,
    count: u64,
}

impl Tabs {
    /// Opens so many, and waits until each has its first part.
    async fn open(target: &Target, cookie: &str, tabs: usize) -> anyhow::Result<Self> {
        let (mut tasks, events) = (JoinSet::new(), Arc::new(AtomicU64::new(0)));
        for _ in 0..tabs {
            let request = format!(
                "GET /console/live HTTP/1.1\r\nhost: {}\r\ncookie: __Host-mideng-staff={cookie}\r\n\r\n",
                host(target)
            );
            let mut stream = TcpStream::connect(host(target)).await.context("a page does not reach the server")?;
            stream.write_all(request.as_bytes()).await.context("a page is not asked for")?;
            let mut text = vec![0; 65_536];
            let count = timeout(PATIENCE, stream.read(&mut text)).await.context("a page does not begin")??;
            let head = String::from_utf8_lossy(&text[..count]).into_owned();
            ensure!(
                head.starts_with("HTTP/1.1 200"),
                "the overview is not shown: {}",
                head.lines().next().unwrap_or("")
            );
            let events = events.clone();
            tasks.spawn(async move {
                while let Ok(count @ 1..) = stream.read(&mut text).await {
                    let parts = text[..count].windows(12).filter(|bytes| bytes == b"event: parts").count();
                    events.fetch_add(parts as u64, Ordering::Relaxed);
                }
            });
        }
        Ok(Self { tasks, events, count: tabs as u64 })
    }

    /// How many parts were sent, which are about one a second for each.
    fn close(mut self, seconds: u64) -> anyhow::Result<u64> {
        self.tasks.abort_all();
        let told = self.events.load(Ordering::Relaxed);
        ensure!(told >= self.count * seconds / 2, "{} pages were told {told} times in {seconds} s", self.count);
        Ok(told)
    }
}

/// Adds an operator, and logs them in as a browser does; the cookie's value.
async fn operator(target: &Arc<Target>) -> anyhow::Result<String> {
    let body = json!({"login": LOGIN, "name": LOGIN, "password": PASSWORD, "role": "support"});
    let mut caller = Caller::new(target.clone(), Policy::default());
    caller.ask(&Request::post("/api/v1/staff", "add-operator", &body)).await.context("an operator cannot be added")?;
    let body =
        json!({"as": "staff", "login": LOGIN, "password": PASSWORD, "device": {"type": "web"}, "keep": "cookie"});
    let body = body.to_string();
    let request = format!(
        "POST /api/v1/sessions HTTP/1.1\r\nhost: {}\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\
         sec-fetch-site: same-origin\r\nconnection: close\r\n\r\n{body}",
        host(target),
        body.len()
    );
    let mut stream = TcpStream::connect(host(target)).await?;
    stream.write_all(request.as_bytes()).await?;
    let mut answer = String::new();
    timeout(PATIENCE, stream.read_to_string(&mut answer)).await.context("nobody is let in")??;
    let cookie = answer.lines().find_map(|line| {
        let (name, value) = line.split_once(':')?;
        let value = name.eq_ignore_ascii_case("set-cookie").then(|| value.trim().strip_prefix("__Host-mideng="))??;
        value.split(';').next().map(str::to_owned)
    });
    cookie.with_context(|| format!("the operator is given no cookie: {}", answer.lines().next().unwrap_or_default()))
}

fn host(target: &Target) -> &str {
    target.url().trim_start_matches("http://")
}

#[expect(clippy::cast_precision_loss, reason = "counts are far under 2^53")]
fn per_second(load: &Load) -> f64 {
    load.measured.executed as f64 / load.took.as_secs_f64()
}
