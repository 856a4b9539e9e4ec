//! Owns purging what is old, and how much of the database's time that may take.

use std::time::Duration;

use store::Store;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::{every, tick};

/// How many rows are removed in one step.
const STEP: u64 = 500;
/// The pause behind a step, in lengths of the step.
const PAUSE: u32 = 4;
const PAUSE_MIN: Duration = Duration::from_millis(20);
/// How long a session is shown that is over, in milliseconds: 30 days.
const SESSIONS_KEPT_MS: i64 = 30 * 86_400_000;

/// Removes answers, counted conflicts, unused numbers, and leases and sessions that are over, once they are old enough.
pub(super) struct Purger {
    store: Store,
    retention_ms: i64,
}

impl Purger {
    /// One that keeps answers and conflicts for so long.
    pub(super) fn new(store: &Store, retention_ms: i64) -> Self {
        Self { store: store.clone(), retention_ms }
    }

    /// Looks every ten seconds.
    pub(super) async fn run(self, stop: CancellationToken) {
        let mut timer = every(Duration::from_secs(10));
        while tick(&mut timer, &stop).await {
            if let Err(error) = self.purge(&stop).await {
                tracing::warn!(%error, "purging did not succeed and will be tried again");
            }
        }
    }

    async fn purge(&self, stop: &CancellationToken) -> Result<(), store::Error> {
        let now = api::now();
        let before = now.plus_ms(-self.retention_ms);
        stepwise(stop, || self.store.records_purge(before, STEP)).await?;
        stepwise(stop, || self.store.sightings_purge(before, STEP)).await?;
        stepwise(stop, || self.store.numbers_purge(now, STEP)).await?;
        stepwise(stop, || self.store.sessions_purge(now.plus_ms(-SESSIONS_KEPT_MS), STEP)).await?;
        stepwise(stop, || self.store.leases_purge(STEP)).await
    }
}

/// Small steps until one finds nothing, with a pause behind each that is some times as long as the step: orders go
/// first, and where they keep the database busy, steps take longer and pauses with them.
async fn stepwise<F>(stop: &CancellationToken, mut remove: impl FnMut() -> F) -> Result<(), store::Error>
where
    F: Future<Output = Result<u64, store::Error>>,
{
    while !stop.is_cancelled() {
        let begun = Instant::now();
        if remove().await? == 0 {
            break;
        }
        tokio::select! {
            biased;
            () = stop.cancelled() => {}
            () = tokio::time::sleep(PAUSE_MIN.max(begun.elapsed() * PAUSE)) => {}
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Virtual time: a step that takes long is followed by a long pause, and one that stops is not followed by another.
    #[tokio::test(start_paused = true)]
    async fn the_purge_leaves_most_of_the_time_to_orders() {
        let (begun, mut steps) = (Instant::now(), [3_u64, 2, 1, 0].into_iter());
        let step = || {
            let removed = steps.next().expect("none behind the one that finds nothing");
            async move {
                tokio::time::sleep(Duration::from_millis(100)).await;
                Ok(removed)
            }
        };
        stepwise(&CancellationToken::new(), step).await.expect("no step fails");
        let (worked, took) = (Duration::from_millis(400), begun.elapsed());
        assert!(worked * 4 <= took && took <= worked * 5, "{took:?}");
    }

    #[tokio::test(start_paused = true)]
    async fn a_pause_ends_with_the_server() {
        let (begun, stop) = (Instant::now(), CancellationToken::new());
        let slow = || async {
            tokio::time::sleep(Duration::from_mins(1)).await;
            stop.cancel();
            Ok(1)
        };
        stepwise(&stop, slow).await.expect("no step fails");
        assert_eq!(begun.elapsed(), Duration::from_mins(1));
    }
}
