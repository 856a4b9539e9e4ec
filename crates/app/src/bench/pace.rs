//! Owns the open loop's pace: when each request is due, whatever the server does.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use tokio::sync::Semaphore;
use tokio::time::Instant;

use crate::client::clock::now;

/// How often due requests are let go. tokio's timer counts whole milliseconds, too coarse for latencies of some
/// hundred microseconds; a thread of its own sleeps finer.
const STEP: Duration = Duration::from_micros(50);

/// The due times of a fixed number of requests at a fixed rate.
pub struct Pace {
    begin: Instant,
    rate: u32,
    total: u64,
    taken: AtomicU64,
    due: Semaphore,
}

impl Pace {
    /// Begins now, and goes on for so long; `waiters` are the most that wait at once.
    pub fn start(rate: u32, length: Duration, waiters: usize) -> Arc<Self> {
        let total = length.as_secs() * u64::from(rate);
        let pace = Self { begin: now(), rate, total, taken: AtomicU64::new(0), due: Semaphore::new(0) };
        let pace = Arc::new(pace);
        let ticking = pace.clone();
        std::thread::spawn(move || ticking.tick(waiters));
        pace
    }

    /// Waits for a request to be due and takes it: when it was due, or none when all are taken.
    pub async fn take(&self) -> Option<Instant> {
        self.due.acquire().await.expect("it is never closed").forget();
        let number = self.taken.fetch_add(1, Ordering::Relaxed);
        (number < self.total).then(|| self.begin + self.offset(number))
    }

    /// How many were not taken.
    pub fn untaken(&self) -> u64 {
        self.total.saturating_sub(self.taken.load(Ordering::Relaxed))
    }

    fn offset(&self, number: u64) -> Duration {
        let nanos = u128::from(number) * 1_000_000_000 / u128::from(self.rate);
        Duration::from_nanos(u64::try_from(nanos).unwrap_or(u64::MAX))
    }

    #[expect(clippy::disallowed_methods, reason = "the thread has nothing to do but to sleep until requests are due")]
    fn tick(&self, waiters: usize) {
        let mut released = 0;
        while released < self.total {
            let elapsed = self.begin.elapsed();
            let due = elapsed.as_nanos() * u128::from(self.rate) / 1_000_000_000 + 1;
            let due = u64::try_from(due).unwrap_or(u64::MAX).min(self.total);
            self.release(due - released);
            released = due;
            std::thread::sleep(self.offset(released).saturating_sub(elapsed).max(STEP));
        }
        // Whoever still waits finds that all are taken.
        self.release(waiters as u64);
    }

    fn release(&self, count: u64) {
        self.due.add_permits(usize::try_from(count).expect("far under a machine word"));
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::Pace;

    #[tokio::test]
    async fn every_request_is_due_once_and_at_its_time() {
        let pace = Pace::start(2_000, Duration::from_secs(1), 1);
        let mut taken = 0_u64;
        while let Some(due) = pace.take().await {
            assert_eq!(due - pace.begin, Duration::from_micros(500 * taken));
            assert!(due.elapsed() < Duration::from_secs(1), "let go when it was due");
            taken += 1;
        }
        assert_eq!((taken, pace.untaken()), (2_000, 0));
        assert!(pace.begin.elapsed() >= Duration::from_millis(999));
    }
}
