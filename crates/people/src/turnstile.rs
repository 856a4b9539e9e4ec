//! Owns how many log-ins are under way at once. Each asks the database before and after its hash; where two hundred do so
//! together, a connection that writes orders gets one part in as many of the processors, and every order waits.

use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::sync::{Semaphore, SemaphorePermit};

use crate::Denied;

pub(crate) struct Turnstile {
    places: Semaphore,
    waiting: AtomicUsize,
    waiting_max: usize,
}

/// One of those who wait, until they do not.
struct Waiting<'a>(&'a AtomicUsize);

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

impl Turnstile {
    /// So many at once; so many more wait.
    pub(crate) fn new(places: usize, waiting_max: usize) -> Self {
        Self { places: Semaphore::new(places), waiting: AtomicUsize::new(0), waiting_max }
    }

    /// Refuses who would be told to come again, before anything is asked about them.
    pub(crate) fn look(&self) -> Result<(), Denied> {
        if self.waiting.load(Ordering::Relaxed) < self.waiting_max { Ok(()) } else { Err(Denied::Busy) }
    }

    /// Waits for a place, in turn. Where too many wait already, who comes now is told to come again.
    pub(crate) async fn enter(&self) -> Result<SemaphorePermit<'_>, Denied> {
        if let Ok(place) = self.places.try_acquire() {
            return Ok(place);
        }
        let before = self.waiting.fetch_add(1, Ordering::Relaxed);
        let _waiting = Waiting(&self.waiting);
        if before >= self.waiting_max {
            return Err(Denied::Busy);
        }
        self.places.acquire().await.map_err(|_| Denied::Busy)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::time::Duration;

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn so_many_are_inside_and_so_many_wait_in_turn() {
        let turnstile = Arc::new(Turnstile::new(2, 3));
        let inside = Arc::new(AtomicUsize::new(0));
        let come = |number: u64| {
            let (turnstile, inside) = (turnstile.clone(), inside.clone());
            async move {
                // In this order.
                tokio::time::sleep(Duration::from_millis(number)).await;
                let _place = turnstile.enter().await.map_err(|_| number)?;
                assert!(inside.fetch_add(1, Ordering::Relaxed) < 2, "{number}");
                tokio::time::sleep(Duration::from_secs(1)).await;
                inside.fetch_sub(1, Ordering::Relaxed);
                Ok::<_, u64>(number)
            }
        };
        let all: Vec<_> = (0..6).map(|number| tokio::spawn(come(number))).collect();
        let mut results = Vec::new();
        for one in all {
            results.push(one.await.expect("nobody met a third inside"));
        }
        assert_eq!(results, [Ok(0), Ok(1), Ok(2), Ok(3), Ok(4), Err(5)]);
        assert_eq!(turnstile.waiting.load(Ordering::Relaxed), 0);
    }

    #[tokio::test]
    async fn who_goes_away_leaves_no_place_taken() {
        let turnstile = Turnstile::new(1, 1);
        let place = turnstile.enter().await.expect("it is empty");
        for _ in 0..9 {
            let waited = tokio::time::timeout(Duration::from_millis(1), turnstile.enter()).await;
            assert!(waited.is_err(), "there is a place to wait in");
        }
        drop(place);
        assert!(turnstile.enter().await.is_ok());
    }
}
