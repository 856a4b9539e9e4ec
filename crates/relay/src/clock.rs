//! Owns how much time passed since something was known, also where the machine slept: its own clock stands still then,
//! and the wall's goes on; and pauses that differ from node to node.

use std::time::Duration;

use domain::Timestamp;
use tokio::time::Instant;

use crate::Relay;

/// When something was known, by both clocks.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Moment {
    machine: Instant,
    wall: Timestamp,
}

impl Moment {
    pub(crate) fn now(relay: &Relay) -> Self {
        Self { machine: Instant::now(), wall: (relay.options.now)() }
    }

    /// By the clock that says more. A wall's clock that was set back may hide any time at all.
    pub(crate) fn elapsed(self, relay: &Relay) -> Duration {
        let wall = (relay.options.now)().0.abs_diff(self.wall.0);
        self.machine.elapsed().max(Duration::from_millis(wall))
    }
}

/// Between three and five quarters of a period: nodes that were started together do not ask together.
pub(crate) fn jittered(period: Duration, random: u128) -> Duration {
    let part = u32::try_from(random & 0xff).unwrap_or(0);
    period * 3 / 4 + period * part / 512
}
