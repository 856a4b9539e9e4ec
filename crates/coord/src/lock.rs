//! Owns what a lock is to its user: terms, a guard, the loss of it. It does not know who keeps it, and no correctness rests
//! on it: `docs/decisions/0030-what-locks-promise.md`.

mod guard;
mod holder;
mod keep;
mod lease;
mod redis;
mod redlock;
mod striped;

use std::time::Duration;

use async_trait::async_trait;
use tokio::time::Instant;

use crate::Error;

pub use self::redis::RedisLeases;
pub use guard::{Guard, Released};
pub use holder::Holder;
pub use lease::{LeaseLock, LeaseTable, Taken};
pub use redlock::RedlockLeases;
pub use striped::{StripedLock, WAITING_MAX};

/// A shorter lease counts as this: what is renewed at a third of it must have time to be.
pub const LEASE_MIN: Duration = Duration::from_millis(50);
/// A longer one counts as this.
pub const LEASE_MAX: Duration = Duration::from_hours(24);

/// A longer wait counts as this, and a longer pause between attempts too: a moment further away is none that every clock
/// knows.
const WAIT_MAX: Duration = Duration::from_hours(24 * 365);

/// A lock on Redis: [`LeaseLock`] over one server, over sentinels or over a cluster.
pub type RedisLock = LeaseLock<RedisLeases>;
/// A lock on several Redis servers that know nothing of each other.
pub type Redlock = LeaseLock<RedlockLeases>;

/// One name, one holder — as far as a lock can promise that. Two may hold one name when a lease ran out while its holder
/// slept, and when Redis forgot it; both are told ([`Guard::lost`]), and neither in time. What must not happen twice is
/// prevented where it happens: by a unique key, or by comparing [`Guard::fence`].
#[async_trait]
pub trait Lock: Send + Sync {
    /// Waits for the lock, as long as the terms say; the last attempt may take as long as one answer may.
    async fn acquire(&self, name: &str, terms: Terms) -> Result<Guard, NotAcquired>;

    /// Takes the lock if it is free now.
    async fn try_acquire(&self, name: &str, terms: Terms) -> Result<Guard, NotAcquired> {
        self.acquire(name, Terms { wait: Duration::ZERO, ..terms }).await
    }
}

/// What a holder asks for.
#[derive(Clone, Copy, Debug)]
pub struct Terms {
    /// How long the lock stays with a holder of whom nothing is heard, between [`LEASE_MIN`] and [`LEASE_MAX`].
    pub lease: Duration,
    /// How long to wait while somebody else holds it; zero is one attempt.
    pub wait: Duration,
    /// How long between attempts, on average; the real pauses are spread by half of it to both sides.
    pub retry: Duration,
    /// What becomes of the lock at the end of the lease, while the guard lives.
    pub keep: Keep,
}

/// What becomes of a lock whose guard lives longer than the lease.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Keep {
    /// It is renewed at a third of the lease, again and again.
    Renewed,
    /// It is lost: nobody holds it longer than one lease.
    OneLease,
}

impl Default for Terms {
    /// Ten seconds, renewed; one attempt.
    fn default() -> Self {
        let (lease, retry) = (Duration::from_secs(10), Duration::from_millis(50));
        Self { lease, wait: Duration::ZERO, retry, keep: Keep::Renewed }
    }
}

impl Terms {
    fn lease(&self) -> Duration {
        self.lease.clamp(LEASE_MIN, LEASE_MAX)
    }

    fn deadline(&self) -> Instant {
        Instant::now() + self.wait.min(WAIT_MAX)
    }
}

/// Why there is no guard.
#[derive(Debug, thiserror::Error)]
pub enum NotAcquired {
    /// Somebody else had it until the wait was over, or too many wait already.
    #[error("somebody else holds the lock")]
    Held,
    /// Nobody knows who has it. What may have been taken is given back, or runs out with its lease.
    #[error("the lock is not to be had")]
    Away(#[source] Error),
}

/// Numbers that only grow, for each name, whatever dies: from where data is safe, so not from Redis. Two holders can then be
/// told apart where they write: who comes with a smaller number than was seen there already is refused.
#[async_trait]
pub trait Fence: Send + Sync {
    /// A number greater than all that this name had.
    async fn next(&self, name: &str) -> Result<i64, Error>;
}
