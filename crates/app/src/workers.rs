//! Owns the work that nobody asks for: closing what expired, completing what arrived, purging what is old, writing
//! down what was counted, performing what is to be done outside. Each change of business data is a command like any other.

mod lights;
mod outside;
mod purge;
mod sweep;

use std::time::Duration;

use api::{Lights, Sightings};
use engine::Engine;
use relay::Relay;
use store::{Actors, Store};
use tokio::task::JoinHandle;
use tokio::time::MissedTickBehavior;
use tokio_util::sync::CancellationToken;

use crate::server::telemetry;
use crate::settings::Settings;
pub(crate) use outside::Outside;
use outside::Strays;
use purge::Purger;
use sweep::Sweeper;

/// How long the workers have to finish what they are at when the server stops.
const STOP_WITHIN: Duration = Duration::from_secs(5);

/// The running workers.
pub(crate) struct Workers {
    stop: CancellationToken,
    tasks: Vec<JoinHandle<()>>,
}

impl Workers {
    /// Starts them all.
    pub(crate) fn start(
        (store, engine, actors): (&Store, &Engine, &Actors),
        (sightings, lights): (Sightings, Lights),
        (outside, relay): (Outside, Relay),
        settings: &Settings,
    ) -> Self {
        let stop = CancellationToken::new();
        let sweeper = Sweeper::new(store, engine, actors, settings.receive_after.ms());
        let purger = Purger::new(store, settings.key_retention.ms());
        let tasks = vec![
            tokio::spawn(sweeper.run(stop.clone())),
            tokio::spawn(purger.run(stop.clone())),
            tokio::spawn(write_sightings(store.clone(), sightings, stop.clone())),
            tokio::spawn(lights::run(store.clone(), lights, stop.clone())),
            tokio::spawn(tend(store.clone(), engine.clone(), stop.clone())),
            tokio::spawn(keep_metrics(stop.clone())),
            tokio::spawn(outside.run(stop.clone())),
            tokio::spawn(Strays::new(store, engine, actors).run(stop.clone())),
            tokio::spawn(relay.run(stop.clone())),
        ];
        Self { stop, tasks }
    }

    /// Lets each finish its step, for a while, and ends it. A step that is cut off is rolled back.
    pub(crate) async fn stop(self) {
        self.stop.cancel();
        let deadline = tokio::time::Instant::now() + STOP_WITHIN;
        for mut task in self.tasks {
            if tokio::time::timeout_at(deadline, &mut task).await.is_err() {
                tracing::warn!("a worker was still busy when the time to drain was over");
                task.abort();
            }
        }
    }
}

/// Waits for the next tick; false once it is time to stop.
async fn tick(timer: &mut tokio::time::Interval, stop: &CancellationToken) -> bool {
    tokio::select! {
        biased;
        () = stop.cancelled() => false,
        _ = timer.tick() => true,
    }
}

fn every(period: Duration) -> tokio::time::Interval {
    let mut timer = tokio::time::interval(period);
    timer.set_missed_tick_behavior(MissedTickBehavior::Delay);
    timer
}

async fn keep_metrics(stop: CancellationToken) {
    let mut timer = every(Duration::from_secs(5));
    while tick(&mut timer, &stop).await {
        telemetry::upkeep();
    }
}

async fn tend(store: Store, engine: Engine, stop: CancellationToken) {
    let mut timer = every(Duration::from_secs(1));
    while tick(&mut timer, &stop).await {
        let Err(error) = store.tend().await else { continue };
        if !store.is_trusted() {
            tracing::error!(%error, "the disk failed: nothing is written any more until the server is started again");
            return engine.stop();
        }
        tracing::warn!(%error, "the database could not be tended and will be again: its log folded, or statistics gathered");
    }
}

async fn write_sightings(store: Store, sightings: Sightings, stop: CancellationToken) {
    let mut timer = every(Duration::from_secs(1));
    loop {
        let go_on = tick(&mut timer, &stop).await;
        let counted = sightings.take();
        if !counted.is_empty()
            && let Err(error) = store.sightings_add(&counted).await
        {
            tracing::warn!(%error, kinds = counted.len(), "what was counted of keys could not be written, and will be again");
            sightings.put_back(counted);
        }
        if !go_on {
            return;
        }
    }
}

#[cfg(test)]
mod tests {
    use std::future::pending;

    use tokio::time::Instant;

    use super::*;

    /// Virtual time: two that hang share the time that one has, and both are ended.
    #[tokio::test(start_paused = true)]
    async fn workers_that_hang_hold_a_stop_up_for_a_while_only() {
        let held = std::sync::Arc::new(());
        let hangs = |held: std::sync::Arc<()>| async move {
            pending::<()>().await;
            drop(held);
        };
        let tasks = vec![tokio::spawn(hangs(held.clone())), tokio::spawn(hangs(held.clone()))];
        let begun = Instant::now();
        Workers { stop: CancellationToken::new(), tasks }.stop().await;
        assert_eq!(begun.elapsed(), STOP_WITHIN);
        tokio::task::yield_now().await;
        assert_eq!(std::sync::Arc::strong_count(&held), 1, "what they held is given back");
    }

    #[tokio::test(start_paused = true)]
    async fn workers_that_end_hold_nobody_up() {
        let stop = CancellationToken::new();
        let token = stop.clone();
        let tasks = vec![tokio::spawn(async move { token.cancelled().await })];
        let begun = Instant::now();
        Workers { stop, tasks }.stop().await;
        assert_eq!(begun.elapsed(), Duration::ZERO);
    }
}
