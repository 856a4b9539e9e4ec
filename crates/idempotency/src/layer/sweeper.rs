//! Owns when what has ended is removed from the store. What that is, the store knows.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::sleep;

use super::waiting::jittered;
use super::{House, Idempotency};

/// So many records are removed by one statement.
const AT_ONCE: u32 = 1_000;
/// Between two such lies so much time, so that those who write come in between.
const PAUSE: Duration = Duration::from_millis(100);
const INTERVAL_MIN: Duration = Duration::from_secs(1);
const INTERVAL_MAX: Duration = Duration::from_hours(24);

impl Idempotency {
    /// Removes what has ended from the store, again and again, in a task that ends with [`Idempotency::drain`] or with the
    /// last clone of this. Without it, or a loop over [`Store::purge`](crate::protocol::Store::purge) elsewhere, the store
    /// grows for ever.
    ///
    /// `interval` is the longest pause, between a second and a day; the pauses are random, so that nodes take turns. One
    /// node that does it is enough, and it harms nobody if all do. It is called within tokio's runtime.
    pub fn sweep_every(&self, interval: Duration) {
        let interval = interval.clamp(INTERVAL_MIN, INTERVAL_MAX);
        let (house, closing) = (Arc::downgrade(&self.house), self.house.closing.clone());
        self.house.sweepers.spawn(async move {
            while closing.run_until_cancelled(sleep(jittered(interval))).await.is_some() {
                let Some(house) = house.upgrade() else { return };
                house.sweep().await;
            }
        });
    }
}

impl House {
    async fn sweep(&self) {
        while !self.is_closing() {
            match self.store.purge(AT_ONCE).await {
                Ok(purged) if purged < u64::from(AT_ONCE) => return,
                Ok(_) => sleep(PAUSE).await,
                Err(error) => return tracing::warn!(%error, "what has ended could not be removed from the store"),
            }
        }
    }
}
