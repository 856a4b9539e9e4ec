//! Owns the only look at the clock of the client side: durations are measured here, business time never is.

use std::time::Duration;

use hdrhistogram::Histogram;
use tokio::time::Instant;

/// The monotonic time now.
pub fn now() -> Instant {
    Instant::now()
}

/// An empty histogram of microseconds, to three digits; ten minutes and more are one.
pub fn latencies() -> Histogram<u64> {
    Histogram::new_with_bounds(1, 600_000_000, 3).expect("the bounds are good")
}

/// Whole microseconds, which is what latencies are told in.
pub fn micros(duration: Duration) -> u64 {
    u64::try_from(duration.as_micros()).unwrap_or(u64::MAX)
}
