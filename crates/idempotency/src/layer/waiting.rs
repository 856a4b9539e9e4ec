//! Owns how a duplicate waits for the answer of the one that runs. Waiting holds nothing of the store's (C-07).

use std::time::Duration;

use tokio::time::{Instant, sleep_until, timeout_at};

use super::hub::Hub;
use crate::protocol::Name;

/// The first pause before the store is asked again about a request that runs on another node.
const PAUSE_MIN: Duration = Duration::from_millis(20);
/// The longest.
const PAUSE_MAX: Duration = Duration::from_millis(500);
/// A request that runs here wakes its duplicates. They look again all the same: its lease may have been lost.
const PAUSE_HERE: Duration = Duration::from_secs(1);

/// How long a duplicate still waits.
pub(super) struct Patience {
    until: Instant,
    pause: Duration,
}

impl Patience {
    pub(super) fn new(wait: Duration) -> Self {
        Self { until: Instant::now() + wait, pause: PAUSE_MIN }
    }

    /// Waits until it is worth asking again; false where the time is over.
    pub(super) async fn wait(&mut self, hub: &Hub, name: &Name) -> bool {
        let now = Instant::now();
        if now >= self.until {
            return false;
        }
        if let Some(end) = hub.end_of(name) {
            let _ = timeout_at(self.until.min(now + PAUSE_HERE), end.cancelled()).await;
        } else {
            sleep_until(self.until.min(now + jittered(self.pause))).await;
            self.pause = PAUSE_MAX.min(self.pause * 2);
        }
        true
    }
}

/// Between half of it and the whole, so that waiters do not all come at the same moment.
pub(super) fn jittered(pause: Duration) -> Duration {
    let chance = getrandom::u32().unwrap_or(u32::MAX / 2);
    pause.mul_f64(0.5 + f64::from(chance) / f64::from(u32::MAX) / 2.0)
}
