//! Owns looking at the whole now and then, at low cost: every invariant of `mideng check`, and how far behind the outbox is. What
//! takes long is asked seldom.

use std::time::Duration;

use api::{Light, Lights};
use store::Store;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

/// Between two looks at the outbox, at least; and at the invariants.
const OUTBOX_EVERY: Duration = Duration::from_secs(2);
const CHECK_EVERY: Duration = Duration::from_secs(20);
/// Of the time, so small a part is spent looking: one in so many.
const SHARE: u32 = 50;

/// Looks until the server stops.
pub(super) async fn run(store: Store, lights: Lights, stop: CancellationToken) {
    tokio::join!(outbox(&store, &lights, &stop), invariants(&store, &lights, &stop));
}

async fn outbox(store: &Store, lights: &Lights, stop: &CancellationToken) {
    let mut pause = Duration::ZERO;
    while goes_on(pause, stop).await {
        let begun = Instant::now();
        match store.outbox_lag(api::now()).await {
            Ok((waiting, since)) => lights.show(|looked| {
                (looked.outbox_waiting, looked.outbox_since) = (waiting, since);
            }),
            Err(error) => tracing::debug!(%error, "the outbox could not be looked at"),
        }
        pause = OUTBOX_EVERY.max(begun.elapsed() * SHARE);
    }
}

async fn invariants(store: &Store, lights: &Lights, stop: &CancellationToken) {
    // A server that starts has better things to do.
    let mut pause = Duration::from_secs(1);
    let mut was_well = true;
    while goes_on(pause, stop).await {
        let begun = Instant::now();
        let checked = tokio::select! {
            biased;
            () = stop.cancelled() => return,
            checked = store.check(api::now()) => checked,
        };
        match checked {
            Ok(findings) => {
                let broken: Vec<_> = findings.iter().filter(|finding| finding.violations > 0).collect();
                for finding in broken.iter().filter(|_| was_well) {
                    let (id, title, violations) = (finding.id, finding.title, finding.violations);
                    tracing::error!(id, title, violations, "an invariant is broken; `mideng check` tells where");
                }
                was_well = broken.is_empty();
                let found = findings.iter().map(|finding| Light {
                    id: finding.id,
                    title: finding.title,
                    violations: finding.violations,
                });
                lights.show(|looked| (looked.lights, looked.at) = (found.collect(), Some(api::now())));
            }
            Err(error) => tracing::debug!(%error, "the invariants could not be asked"),
        }
        pause = CHECK_EVERY.max(begun.elapsed() * SHARE);
    }
}

/// Waits; false once it is time to stop.
async fn goes_on(pause: Duration, stop: &CancellationToken) -> bool {
    tokio::select! {
        biased;
        () = stop.cancelled() => false,
        () = tokio::time::sleep(pause) => true,
    }
}
