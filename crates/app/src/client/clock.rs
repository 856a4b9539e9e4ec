//! Owns the only look at the clock of the client side: durations are measured here, business time never is.

use std::time::Duration;

use tokio::time::Instant;

/// The monotonic time now.
pub fn now() -> Instant {
    Instant::now()
}

/// Whole microseconds, which is what latencies are told in.
pub fn micros(duration: Duration) -> u64 {
    u64::try_from(duration.as_micros()).unwrap_or(u64::MAX)
}
