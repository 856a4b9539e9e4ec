//! Owns what the tests stand on: a server in this process on a fresh database, and clients that speak to it.

mod answer;
mod client;
mod contract;
mod faults;
mod raw;
mod server;

use std::time::Duration;

pub(crate) use answer::{Answer, FOR_BROWSERS};
pub(crate) use client::{Call, Client, order_of};
pub(crate) use faults::{Faults, Step};
pub(crate) use raw::{head, raw};
pub(crate) use server::{CHANNEL, CHANNEL_SECRET, Setup, Shop};

/// How long a test waits for what must come, before it fails.
pub(crate) const PATIENCE: Duration = Duration::from_secs(20);

/// Asks again and again until the answer is yes.
pub(crate) async fn until<F: Future<Output = bool>>(what: &str, mut question: impl FnMut() -> F) {
    let asked = async {
        while !question().await {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    assert!(tokio::time::timeout(PATIENCE, asked).await.is_ok(), "waited for this in vain: {what}");
}

/// Runs all at once and gives their results in order.
pub(crate) async fn all<T: Send + 'static>(
    tasks: impl IntoIterator<Item: Future<Output = T> + Send + 'static>,
) -> Vec<T> {
    let tasks: Vec<_> = tasks.into_iter().map(tokio::spawn).collect();
    let mut results = Vec::with_capacity(tasks.len());
    for task in tasks {
        results.push(task.await.expect("a task of the test does not panic"));
    }
    results
}
