//! Owns what the tests share: where the servers are, names of their own, and waiting for a condition.

mod group;
mod process;
mod proxy;
mod server;
mod wire;

use std::future::Future;
use std::time::Duration;

use coord::Redis;
use coord::redis::Timeouts;

pub use group::{Cluster, Sentinel};
pub use proxy::Proxy;
pub use server::Server;
pub use wire::Wire;

/// Of the servers that a test starts by itself.
pub const PASSWORD: &str = "of-one-test";

/// How long anything may take that should be quick, on a machine that is busy.
pub const PATIENCE: Duration = Duration::from_secs(20);

/// What a test is told of the servers.
pub fn variable(name: &str) -> String {
    std::env::var(name).unwrap_or_else(|_| {
        panic!(
            "{name} is not set: run `cargo xtask test`, or `cargo xtask services up` and then \
             eval \"$(cargo xtask services env)\""
        )
    })
}

/// A name that no other test has.
pub fn name(of: &str) -> String {
    let mut bits = [0; 8];
    getrandom::fill(&mut bits).expect("the system has randomness");
    format!("{of}-{:016x}", u64::from_ne_bytes(bits))
}

/// A client of its own. Its waits are longer than by default: the tests' machine is busy.
pub fn client(url: &str) -> Redis {
    let timeouts = Timeouts { connect: Duration::from_secs(4), answer: Duration::from_secs(4) };
    Redis::open(url.parse().expect("an address"), timeouts)
}

/// The same with the waits of every day.
pub fn impatient(url: &str) -> Redis {
    Redis::open(url.parse().expect("an address"), Timeouts::default())
}

/// Asks again until it is true.
pub async fn until<F: Future<Output = bool>>(what: &str, ask: impl Fn() -> F) {
    let deadline = tokio::time::Instant::now() + PATIENCE;
    while !ask().await {
        assert!(tokio::time::Instant::now() < deadline, "it does not come to it: {what}");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}
