//! Owns the work that nobody asks for: closing what expired, completing what arrived, purging what is old, writing
//! down what was counted. Each change of business data is a command like any other.

mod purge;

use std::collections::HashMap;
use std::time::Duration;

use api::Conflicts;
use domain::{Action, Command, OrderNo, PrincipalId, TenantId, Timestamp};
use engine::{Answered, Engine};
use idempotency::{CommandId, Fingerprints, Key, Target};
use store::Store;
use tokio::task::JoinHandle;
use tokio::time::MissedTickBehavior;
use tokio_util::sync::CancellationToken;

use crate::server::{self, telemetry};
use crate::settings::Settings;
use purge::Purger;

/// How many orders are looked for in one step.
const STEP: u64 = 500;
/// How long the workers have to finish what they are at when the server stops.
const STOP_WITHIN: Duration = Duration::from_secs(5);
/// How long a sweep waits for one of its commands.
const ANSWER_WAIT: Duration = Duration::from_secs(30);

/// The running workers.
pub(crate) struct Workers {
    stop: CancellationToken,
    tasks: Vec<JoinHandle<()>>,
}

impl Workers {
    /// Starts them all.
    pub(crate) fn start(store: &Store, engine: &Engine, conflicts: Conflicts, settings: &Settings) -> Self {
        let stop = CancellationToken::new();
        let sweeper = Sweeper { store: store.clone(), engine: engine.clone(), actors: HashMap::new() };
        let purger = Purger::new(store, settings.key_retention.ms());
        let tasks = vec![
            tokio::spawn(sweep(sweeper, settings.receive_after.ms(), stop.clone())),
            tokio::spawn(purger.run(stop.clone())),
            tokio::spawn(write_conflicts(store.clone(), conflicts, stop.clone())),
            tokio::spawn(tend(store.clone(), engine.clone(), stop.clone())),
            tokio::spawn(keep_metrics(stop.clone())),
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

async fn sweep(mut sweeper: Sweeper, receive_after_ms: i64, stop: CancellationToken) {
    let mut timer = every(Duration::from_secs(1));
    let mut ticks: u32 = 0;
    while tick(&mut timer, &stop).await {
        let result = sweeper.expire(&stop).await;
        let result = match result {
            // Arrivals are not urgent: once a minute.
            Ok(()) if ticks.is_multiple_of(60) => sweeper.complete(receive_after_ms).await,
            other => other,
        };
        if let Err(error) = result {
            tracing::warn!(error = format!("{error:#}"), "a sweep did not succeed and will be tried again");
        }
        ticks = ticks.wrapping_add(1);
    }
}

struct Sweeper {
    store: Store,
    engine: Engine,
    /// The account in whose name the server acts, by tenant.
    actors: HashMap<TenantId, PrincipalId>,
}

impl Sweeper {
    /// Step by step until none is left that was due at the start: stock must come back as fast as it was promised.
    async fn expire(&mut self, stop: &CancellationToken) -> anyhow::Result<()> {
        let now = api::now();
        loop {
            let due = self.store.orders_due_to_expire(now, STEP).await?;
            let found = due.len() as u64;
            let done = self.submit_all(due, "expire", now, |order_no| Action::ExpireOrder { order_no }).await?;
            if done == 0 || found < STEP || stop.is_cancelled() {
                return Ok(());
            }
        }
    }

    async fn complete(&mut self, after_ms: i64) -> anyhow::Result<()> {
        let now = api::now();
        let due = self.store.orders_due_to_complete(now.plus_ms(-after_ms), STEP).await?;
        self.submit_all(due, "complete", now, |order_no| Action::ReceiveOrder { order_no, automatic: true }).await?;
        Ok(())
    }

    /// Submits one command for each order, all at once so that they share transactions, and waits for them; gives how
    /// many were executed now.
    async fn submit_all(
        &mut self,
        due: Vec<(TenantId, OrderNo)>,
        purpose: &'static str,
        now: Timestamp,
        action: impl Fn(OrderNo) -> Action,
    ) -> anyhow::Result<usize> {
        let mut tickets = Vec::with_capacity(due.len());
        for (tenant, order_no) in due {
            let principal = self.actor(tenant).await?;
            let duty = Duty { tenant, principal, purpose, order_no };
            match self.engine.submit(duty.command(now, action(order_no))) {
                Ok(ticket) => tickets.push(ticket),
                // Shoppers come first; the rest is due again in a second.
                Err(_) => break,
            }
        }
        let mut executed = 0;
        for ticket in tickets {
            executed += usize::from(matches!(ticket.wait(ANSWER_WAIT).await, Ok(Answered::Executed(_))));
        }
        Ok(executed)
    }

    async fn actor(&mut self, tenant: TenantId) -> anyhow::Result<PrincipalId> {
        if let Some(&actor) = self.actors.get(&tenant) {
            return Ok(actor);
        }
        let actor = server::system_account(&self.store, tenant).await?;
        self.actors.insert(tenant, actor);
        Ok(actor)
    }
}

/// What the server does to an order on its own account.
struct Duty {
    tenant: TenantId,
    principal: PrincipalId,
    purpose: &'static str,
    order_no: OrderNo,
}

impl Duty {
    /// The command. Its key names the order and the purpose, so that two sweeps, or two nodes, apply it once.
    fn command(&self, at: Timestamp, action: Action) -> Command {
        let identity = self.order_no.to_string();
        let target = Target { method: "SWEEP", route: self.purpose, ids: &[&identity], query: "", precondition: "" };
        Command {
            id: CommandId(api::id()),
            tenant: self.tenant,
            principal: self.principal,
            key: Key::derived(self.purpose, &identity),
            fingerprints: Fingerprints::of(&target, ""),
            at,
            request_id: format!("sweep_{}", self.purpose),
            action,
        }
    }
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

async fn write_conflicts(store: Store, conflicts: Conflicts, stop: CancellationToken) {
    let mut timer = every(Duration::from_secs(1));
    loop {
        let go_on = tick(&mut timer, &stop).await;
        let counted = conflicts.take();
        if !counted.is_empty()
            && let Err(error) = store.conflicts_add(&counted).await
        {
            tracing::warn!(%error, kinds = counted.len(), "counted conflicts could not be written");
        }
        if !go_on {
            return;
        }
    }
}
