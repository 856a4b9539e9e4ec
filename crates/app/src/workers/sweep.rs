//! Owns what the server does to orders on its own account: closing what expired, completing what arrived.

use std::time::Duration;

use domain::{Action, Command, OrderNo, PrincipalId, TenantId, Timestamp, Whose};
use engine::{Answered, Engine};
use idempotency::{CommandId, Fingerprints, Key, Target};
use store::{Actors, OrdersDue, Store};
use tokio_util::sync::CancellationToken;

use super::{every, tick};

/// How many orders are looked for in one step.
const STEP: u64 = 500;
/// For so long behind an order's deadline its channels are asked to close its attempts; then it is closed all the same, and
/// what is paid later goes back by itself.
const CLOSING_MS: i64 = 60_000;
/// How long a sweep waits for one of its commands.
const ANSWER_WAIT: Duration = Duration::from_secs(30);

/// The worker.
pub(super) struct Sweeper {
    store: Store,
    engine: Engine,
    /// How long behind its shipment an order counts as received.
    receive_after_ms: i64,
    actors: Actors,
}

impl Sweeper {
    pub(super) fn new(store: &Store, engine: &Engine, actors: &Actors, receive_after_ms: i64) -> Self {
        Self { store: store.clone(), engine: engine.clone(), receive_after_ms, actors: actors.clone() }
    }

    /// Sweeps each second until it is stopped.
    pub(super) async fn run(mut self, stop: CancellationToken) {
        let mut timer = every(Duration::from_secs(1));
        let mut ticks: u32 = 0;
        while tick(&mut timer, &stop).await {
            let result = match self.expire(&stop).await {
                // Arrivals are not urgent: once a minute.
                Ok(()) if ticks.is_multiple_of(60) => self.complete().await,
                other => other,
            };
            if let Err(error) = result {
                tracing::warn!(error = format!("{error:#}"), "a sweep did not succeed and will be tried again");
            }
            ticks = ticks.wrapping_add(1);
        }
    }

    /// Step by step until none is left that was due at the start: stock must come back as fast as it was promised.
    async fn expire(&mut self, stop: &CancellationToken) -> anyhow::Result<()> {
        let now = api::now();
        loop {
            let OrdersDue { to_expire, to_close } = self.store.orders_due(now, now.plus_ms(-CLOSING_MS), STEP).await?;
            let found = (to_expire.len() + to_close.len()) as u64;
            let close = |order_no| Action::CloseAttempts { order_no };
            // An attempt that began at the deadline is a duty of its own.
            let to_close = to_close.into_iter().map(|(key, number)| (key, format!("{}:{number}", key.1))).collect();
            let mut done = self.submit_all(to_close, "close", now, close).await?;
            let expire = |order_no| Action::ExpireOrder { order_no };
            done += self.submit_all(each(to_expire), "expire", now, expire).await?;
            if done == 0 || found < STEP || stop.is_cancelled() {
                return Ok(());
            }
        }
    }

    async fn complete(&mut self) -> anyhow::Result<()> {
        let now = api::now();
        let due = self.store.orders_due_to_complete(now.plus_ms(-self.receive_after_ms), STEP).await?;
        self.submit_all(each(due), "complete", now, |order_no| Action::ReceiveOrder { order_no, automatic: true })
            .await?;
        Ok(())
    }

    /// Submits one command for each order and duty, all at once so that they share transactions, and waits for them; gives how
    /// many were executed now.
    async fn submit_all(
        &mut self,
        due: Vec<(OrderKey, String)>,
        purpose: &'static str,
        now: Timestamp,
        action: impl Fn(OrderNo) -> Action,
    ) -> anyhow::Result<usize> {
        let mut tickets = Vec::with_capacity(due.len());
        for ((tenant, order_no), identity) in due {
            let principal = self.actors.of(tenant).await?;
            let duty = Duty { tenant, principal, purpose, identity };
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
}

type OrderKey = (TenantId, OrderNo);

/// What the server does to an order on its own account.
struct Duty {
    tenant: TenantId,
    principal: PrincipalId,
    purpose: &'static str,
    /// What names it among those of this purpose.
    identity: String,
}

/// A duty that an order has once.
fn each(due: Vec<OrderKey>) -> Vec<(OrderKey, String)> {
    due.into_iter().map(|key| (key, key.1.to_string())).collect()
}

impl Duty {
    /// The command. Its key names the order and the purpose, so that two sweeps, or two nodes, apply it once.
    fn command(&self, at: Timestamp, action: Action) -> Command {
        let target =
            Target { method: "SWEEP", route: self.purpose, ids: &[&self.identity], query: "", precondition: "" };
        Command {
            aliases: Vec::new(),
            token: domain::Token::None,
            origin: domain::Origin::default(),
            whose: Whose::Anybodys,
            note: None,
            id: CommandId(api::id()),
            tenant: self.tenant,
            principal: self.principal,
            key: Key::derived(self.purpose, &self.identity),
            fingerprints: Fingerprints::of(&target, ""),
            at,
            request_id: format!("sweep_{}", self.purpose),
            action,
        }
    }
}
