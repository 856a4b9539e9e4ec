//! Owns the crowd of clients: their threads, how fast they go, and how far they are.

mod shopper;

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use anyhow::{Result, anyhow};
use serde_json::json;

use super::client::Http;
use super::ledger::Entry;
use super::log::Log;
use crate::clock;
use shopper::Shopper;

const CLIENTS: usize = 24;
/// Everybody wants this one.
const HOT: &str = "hot";
/// It costs nothing, so that its orders are paid as soon as they are placed and can be shipped.
const GIFT: &str = "gift";
/// There are few of it: most who come are refused.
const SCARCE: &str = "scarce";
const OTHERS: [&str; 6] = ["tea-1", "tea-2", "tea-3", "tea-4", "tea-5", "tea-6"];
const PLENTY: i64 = 100_000_000;
const FEW: i64 = 300;

/// What the clients share.
pub(super) struct Crowd {
    http: Http,
    log: Arc<Log>,
    /// How long each rests behind a wish, in microseconds.
    rest_us: AtomicU64,
    is_over: AtomicBool,
    answered: AtomicU64,
}

/// Clients at work.
pub(super) struct Load {
    crowd: Arc<Crowd>,
    threads: Vec<JoinHandle<Vec<Entry>>>,
}

impl Load {
    /// Puts the products, and lets the clients go.
    pub(super) fn start(nodes: &[SocketAddr], log: &Arc<Log>, seed: u64) -> Result<Self> {
        let http = Http::new(nodes);
        for (sku, price, stock) in products() {
            let price = json!({"amount": price, "currency": "CNY"});
            let body = json!({"name": sku, "price": price, "initial_stock": stock}).to_string();
            http.put(&format!("/api/v1/products/{sku}"), &body)?;
        }
        let crowd = Arc::new(Crowd {
            http,
            log: Arc::clone(log),
            rest_us: AtomicU64::new(0),
            is_over: AtomicBool::new(false),
            answered: AtomicU64::new(0),
        });
        let threads = (0..CLIENTS)
            .map(|number| {
                let crowd = Arc::clone(&crowd);
                thread::spawn(move || Shopper::new(crowd, number, seed).shop())
            })
            .collect();
        Ok(Self { crowd, threads })
    }

    /// How long each client rests from now on.
    pub(super) fn rest(&self, pause: Duration) {
        self.crowd.rest_us.store(u64::try_from(pause.as_micros()).unwrap_or(u64::MAX), Ordering::Relaxed);
    }

    /// Wishes that have their final answer.
    pub(super) fn answered(&self) -> u64 {
        self.crowd.answered.load(Ordering::Relaxed)
    }

    /// Lets all finish what they began; gives all that they know.
    pub(super) fn finish(self) -> Result<Vec<Entry>> {
        self.crowd.is_over.store(true, Ordering::Relaxed);
        let mut entries = Vec::new();
        for thread in self.threads {
            entries.extend(thread.join().map_err(|_| anyhow!("a client panicked; see above"))?);
        }
        Ok(entries)
    }
}

impl Crowd {
    fn is_over(&self) -> bool {
        self.is_over.load(Ordering::Relaxed)
    }

    fn rest(&self) {
        let pause = Duration::from_micros(self.rest_us.load(Ordering::Relaxed));
        if !pause.is_zero() {
            clock::pause(pause);
        }
    }
}

/// Each with its price and its stock.
fn products() -> impl Iterator<Item = (&'static str, i64, i64)> {
    let special = [(HOT, 1_999, PLENTY), (GIFT, 0, PLENTY), (SCARCE, 99_900, FEW)];
    special.into_iter().chain(OTHERS.map(|sku| (sku, 4_900, PLENTY)))
}
