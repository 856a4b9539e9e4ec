//! Owns what the tests stand on: a server as a process, its folder, and clients that may be cut off at any time.

mod client;
mod database;
mod process;
mod proxy;

use std::time::Duration;

pub(crate) use client::{Answer, Shopper};
pub(crate) use database::{Database, Kind};
pub(crate) use process::{Folder, Server, ended};
pub(crate) use proxy::Proxy;

/// How long a test waits for what must come, before it fails.
pub(crate) const PATIENCE: Duration = Duration::from_secs(30);

/// Asks again and again until the answer is yes.
pub(crate) async fn until<F: Future<Output = bool>>(what: &str, mut question: impl FnMut() -> F) {
    let asked = async {
        while !question().await {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    assert!(tokio::time::timeout(PATIENCE, asked).await.is_ok(), "waited for this in vain: {what}");
}
