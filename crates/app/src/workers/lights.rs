//! Owns looking at the whole now and then, at low cost: every invariant of `mideng check`, and how far behind the outbox is. What
//! takes long is asked seldom.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use api::{Light, Lights};
use store::{Finding, Store};
use tokio::time::{Instant, timeout};
use tokio_util::sync::CancellationToken;

/// Between two looks at the outbox, at least; and at the invariants.
const OUTBOX_EVERY: Duration = Duration::from_secs(2);
const CHECK_EVERY: Duration = Duration::from_secs(20);
/// A server that starts has better things to do.
const FIRST: Duration = Duration::from_secs(1);
/// Behind a start, what expired before it is closed by then.
const SWEPT_WITHIN: Duration = Duration::from_mins(3);
/// What takes longer is given up.
const ANSWER_MAX: Duration = Duration::from_mins(2);
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

/// One invariant after the other, round and round. Each is asked on a connection that nobody else waits for, as of a moment of its own.
async fn invariants(store: &Store, lights: &Lights, stop: &CancellationToken) {
    let (started, mut told) = (Instant::now(), BTreeSet::new());
    // What expired while no server ran is closed behind the start; until then time stands where the last one left it.
    let before = store.last_written_at().await.ok().flatten();
    // One that could not be asked this time stands as it was found last.
    let mut found: BTreeMap<usize, Light> = BTreeMap::new();
    let mut pause = FIRST;
    while goes_on(pause, stop).await {
        let round = Instant::now();
        let inspector = store.inspector();
        for which in 0..inspector.count() {
            let (begun, now) = (Instant::now(), api::now());
            let now = before.filter(|_| started.elapsed() < SWEPT_WITHIN).map_or(now, |before| before.min(now));
            let looked = tokio::select! {
                biased;
                () = stop.cancelled() => return,
                looked = timeout(ANSWER_MAX, inspector.look(which, now)) => looked,
            };
            match looked {
                Ok(Ok(finding)) => {
                    tell(&finding, &mut told);
                    let Finding { id, title, violations, .. } = finding;
                    found.insert(which, Light { id, title, violations });
                }
                Ok(Err(error)) => tracing::debug!(%error, "an invariant could not be asked"),
                Err(_) => tracing::debug!(which, "an invariant took too long"),
            }
            if !goes_on(begun.elapsed() * SHARE, stop).await {
                return;
            }
        }
        inspector.close().await;
        if !found.is_empty() {
            lights.show(|looked| (looked.lights, looked.at) = (found.values().cloned().collect(), Some(api::now())));
        }
        pause = CHECK_EVERY.saturating_sub(round.elapsed());
    }
}

/// Once, until it holds again.
fn tell(finding: &Finding, told: &mut BTreeSet<&'static str>) {
    let Finding { id, title, violations, .. } = *finding;
    if violations == 0 {
        told.remove(id);
    } else if told.insert(id) {
        tracing::error!(id, title, violations, "an invariant is broken; `mideng check` tells where");
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
