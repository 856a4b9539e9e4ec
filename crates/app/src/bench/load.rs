//! Owns a run of the load: all connections at once, closed loop or at a pace, with a warm-up that is not counted.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use anyhow::Context as _;
use tokio::task::JoinSet;
use tokio::time::Instant;

use super::cpu;
use super::order::Sender;
use super::pace::Pace;
use super::worker::{Seen, Tally, work};
use crate::client::clock::now;
use crate::terminal;

/// What is to be done.
pub struct Plan {
    /// Where and as whom: a connection is of one of these, in turns.
    pub senders: Vec<Sender>,
    /// Connections.
    pub connections: usize,
    /// Not counted.
    pub warm_up: Duration,
    /// Counted.
    pub duration: Duration,
    /// Products.
    pub skus: u32,
    /// The share of repetitions.
    pub duplicates: f64,
    /// Requests a second; none: each connection sends when it has its answer.
    pub rate: Option<u32>,
    /// GET /livez instead of orders.
    pub route_empty: bool,
    /// No other run has it.
    pub seed: u64,
}

/// A plan under way.
pub struct Run {
    /// What is to be done.
    pub plan: Plan,
    /// Answers so far.
    pub answered: AtomicU64,
    begin: Instant,
    pace: Option<Arc<Pace>>,
}

/// What a run saw.
pub struct Load {
    /// Requests that were due in the measured time.
    pub measured: Tally,
    /// All requests.
    pub total: Tally,
    /// Latencies of the measured ones, in µs.
    pub latencies: hdrhistogram::Histogram<u64>,
    /// From the first measured request's time to the last answer.
    pub took: Duration,
    /// Processor time of this process meanwhile, in seconds; none where the system does not tell.
    pub cpu: Option<f64>,
    /// Requests that were due at the pace and never sent, because the server was too slow for it.
    pub unsent: u64,
}

/// Loads the server.
pub async fn run(plan: Plan) -> anyhow::Result<Load> {
    let cpu = cpu::seconds();
    let length = plan.warm_up + plan.duration;
    let pace = plan.rate.map(|rate| Pace::start(rate, length, plan.connections));
    let run = Arc::new(Run { plan, answered: AtomicU64::new(0), begin: now(), pace });
    let mut workers: JoinSet<Seen> = (0..run.plan.connections).map(|number| work(run.clone(), number)).collect();
    let mut seen = Seen::new();
    let gather = async {
        while let Some(worker) = workers.join_next().await {
            seen.merge(&worker.context("a connection's task ended badly")?);
        }
        anyhow::Ok(())
    };
    tokio::select! {
        gathered = gather => gathered?,
        () = run.show() => {}
    }
    let cpu = cpu::seconds().zip(cpu).map(|(after, before)| after - before);
    let Seen { measured, total, latencies, last } = seen;
    let unsent = run.pace.as_ref().map_or(0, |pace| pace.untaken());
    Ok(Load { measured, total, latencies, took: last - run.measured_from(), cpu, unsent })
}

impl Run {
    /// Who sends over this connection.
    pub fn sender(&self, connection: usize) -> &Sender {
        &self.plan.senders[connection % self.plan.senders.len()]
    }

    /// When the next request is due; none when the time is over.
    pub async fn next(&self) -> Option<Instant> {
        match &self.pace {
            None => Some(now()).filter(|due| *due < self.measured_until()),
            // A server that is too slow for the pace gets as much time again to catch up, and no more.
            Some(pace) => pace.take().await.filter(|_| now() < self.measured_until() + self.plan.duration),
        }
    }

    /// True where a request that was due then counts.
    pub fn is_measured(&self, due: Instant) -> bool {
        due >= self.measured_from() && due < self.measured_until()
    }

    fn measured_from(&self) -> Instant {
        self.begin + self.plan.warm_up
    }

    fn measured_until(&self) -> Instant {
        self.measured_from() + self.plan.duration
    }

    /// Shows what is going on, for ever.
    async fn show(&self) {
        const STEP: Duration = Duration::from_millis(250);
        let steps = (self.plan.warm_up + self.plan.duration).as_millis() / STEP.as_millis();
        let progress = terminal::gauge(usize::try_from(steps).unwrap_or(usize::MAX), "load");
        let mut before = 0;
        loop {
            tokio::time::sleep(STEP).await;
            let answered = self.answered.load(Ordering::Relaxed);
            let each_second = (answered - before) * 1_000 / u64::try_from(STEP.as_millis()).unwrap_or(1);
            before = answered;
            progress.inc(1);
            progress.set_message(format!("{} requests/s", terminal::thousands(each_second)));
        }
    }
}
