//! Owns what a rate limit is to its user: a rate, a decision, and what to do without one. It does not know whom it limits.

mod cell;
mod local;
mod redis;

use std::num::NonZeroU32;
use std::time::Duration;

use async_trait::async_trait;

use crate::Error;

pub use self::redis::RedisLimit;
pub use local::LocalLimit;

/// The longest time in which a whole burst may come back.
pub const REFILL_MAX: Duration = Duration::from_hours(90 * 24);

/// Limits by GCRA: a bucket that leaks evenly, kept as one moment for each name.
#[async_trait]
pub trait Limit: Send + Sync {
    /// Takes `cost` from what the name may use, if there is enough. A cost of zero only looks.
    async fn check(&self, name: &str, rate: Rate, cost: u32) -> Result<Decision, Error>;
}

/// How much a name may use: a burst at once, that comes back evenly.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rate {
    burst: NonZeroU32,
    /// In nanoseconds: how long until one comes back.
    interval: u64,
}

/// What a check found. The names are those of the fields of draft-ietf-httpapi-ratelimit-headers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Decision {
    /// Whether it may go on; if so the cost is taken.
    pub allowed: bool,
    /// The burst.
    pub limit: u32,
    /// What is left of it now.
    pub remaining: u32,
    /// Until the whole burst is there again, if nothing more is used.
    pub reset_after: Duration,
    /// When to come again with the same cost; `None` where it is allowed, and where it costs more than the burst and never
    /// will be.
    pub retry_after: Option<Duration>,
}

/// What to do when nobody can count.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WhenAway {
    /// Let all pass: the limit protects from load, and an outage should not be one of ours as well.
    Open,
    /// Let none pass: the limit protects from guessing.
    Closed,
}

/// How long a caller is told to stay away when nobody can count.
const AWAY_RETRY: Duration = Duration::from_secs(1);

impl Rate {
    /// So many in this time, all of them at once if the name was quiet. The time until one comes back is a whole number of
    /// nanoseconds, at least one; a burst that would take more than [`REFILL_MAX`] to come back comes back in that.
    pub fn new(count: NonZeroU32, per: Duration) -> Self {
        let nanoseconds = per.min(REFILL_MAX).as_nanos() / u128::from(count.get());
        let interval = u64::try_from(nanoseconds).unwrap_or(u64::MAX).max(1);
        Self { burst: count, interval }.bounded()
    }

    /// The same in the long run, with another burst.
    #[must_use]
    pub fn burst(self, burst: NonZeroU32) -> Self {
        Self { burst, ..self }.bounded()
    }

    fn bounded(self) -> Self {
        let most = u64::try_from(REFILL_MAX.as_nanos()).expect("ninety days fit") / u64::from(self.burst.get());
        Self { interval: self.interval.min(most), ..self }
    }

    /// In nanoseconds: until the whole burst comes back.
    fn refill(self) -> u64 {
        self.interval * u64::from(self.burst.get())
    }
}

impl WhenAway {
    /// The decision, or what stands for it when nobody can count. The error is the caller's to log and to count.
    pub fn decide(self, asked: &Result<Decision, Error>, rate: Rate) -> Decision {
        let limit = rate.burst.get();
        match (asked, self) {
            (Ok(decision), _) => *decision,
            (Err(_), Self::Open) => {
                Decision { allowed: true, limit, remaining: limit, reset_after: Duration::ZERO, retry_after: None }
            }
            (Err(_), Self::Closed) => {
                Decision { allowed: false, limit, remaining: 0, reset_after: AWAY_RETRY, retry_after: Some(AWAY_RETRY) }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn count(of: u32) -> NonZeroU32 {
        NonZeroU32::new(of).expect("more than none")
    }

    #[test]
    fn rates_are_whole_nanoseconds_and_bounded() {
        assert_eq!(Rate::new(count(3), Duration::from_secs(1)).interval, 333_333_333);
        assert_eq!(Rate::new(count(u32::MAX), Duration::from_nanos(1)).interval, 1);
        let slow = Rate::new(count(1), Duration::MAX).burst(count(1_000));
        assert_eq!(Duration::from_nanos(slow.refill()), REFILL_MAX);
    }

    #[test]
    fn without_a_count_the_caller_says_what_happens() {
        let rate = Rate::new(count(5), Duration::from_secs(1));
        let away = Err(Error::away("redis", "gone"));
        assert!(WhenAway::Open.decide(&away, rate).allowed);
        let closed = WhenAway::Closed.decide(&away, rate);
        assert!(!closed.allowed && closed.retry_after.is_some());
        let refused = Decision { allowed: false, ..WhenAway::Open.decide(&away, rate) };
        assert_eq!(WhenAway::Open.decide(&Ok(refused), rate), refused);
    }
}
