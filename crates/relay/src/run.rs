//! Owns the round: what is due is fetched, performed many at once but in order for each payment, and settled in sums.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::time::Duration;

use domain::{ChannelAccountId, PaymentId, TenantId};
use store::{Due, Later, Lease};
use tokio::task::{Id, JoinError, JoinSet};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use crate::Relay;
use crate::clock::{Moment, jittered};
use crate::lanes::Lanes;
use crate::order::{Ending, Queue};

#[cfg(test)]
mod tests;

/// What is done is settled at the latest so long after, and at the latest when there is so much of it.
const SETTLE_WITHIN: Duration = Duration::from_millis(20);
const SETTLE_MANY: usize = 256;
/// What became of messages of one payment, in order; or that their task broke.
type Joined = Result<(Id, Vec<(Due, Ending)>), JoinError>;

/// The state of a relay that runs.
pub(crate) struct Round {
    relay: Relay,
    lanes: Lanes,
    /// What is being performed, a task for each payment, and what each task has.
    under_way: JoinSet<Vec<(Due, Ending)>>,
    tasks: HashMap<Id, Vec<Due>>,
    /// Messages that are under way, or done and not settled.
    messages: HashSet<i64>,
    payments: HashSet<(TenantId, PaymentId)>,
    accounts: HashMap<ChannelAccountId, usize>,
    done: Vec<Due>,
    later: Vec<Later>,
    settle_at: Option<Instant>,
    look_at: Instant,
}

impl Round {
    pub(crate) fn new(relay: Relay) -> Self {
        Self {
            relay,
            lanes: Lanes::default(),
            under_way: JoinSet::new(),
            tasks: HashMap::new(),
            messages: HashSet::new(),
            payments: HashSet::new(),
            accounts: HashMap::new(),
            done: Vec::new(),
            later: Vec::new(),
            settle_at: None,
            look_at: Instant::now(),
        }
    }

    pub(crate) async fn run(mut self, stop: CancellationToken) {
        let wake = self.relay.wake.clone();
        while !stop.is_cancelled() {
            let next = self.settle_at.map_or(self.look_at, |at| at.min(self.look_at));
            tokio::select! {
                biased;
                () = stop.cancelled() => break,
                Some(joined) = self.under_way.join_next_with_id() => self.take(joined).await,
                () = wake.notified() => self.look_at = Instant::now(),
                () = tokio::time::sleep_until(next) => {}
            }
            self.settle_if_due().await;
            if self.look_at <= Instant::now() {
                self.look().await;
            }
        }
        self.end().await;
    }

    /// Fetches what is due and begins to perform it.
    async fn look(&mut self) {
        self.look_at = Instant::now() + jittered(self.relay.options.poll, (self.relay.options.id)());
        // Before the question whose lanes are: what is fetched is known to be ours as of then.
        let as_of = Moment::now(&self.relay);
        let free = self.relay.options.under_way_max.saturating_sub(self.messages.len());
        let leases = self.lanes.keep(&self.relay).await;
        let lanes: Vec<i64> = leases.iter().map(|lease| lease.lane).collect();
        if free == 0 || lanes.is_empty() {
            return;
        }
        let but = self.busy_or_away();
        let limit = (free + self.messages.len()) as u64;
        let now = (self.relay.options.now)();
        let found = self.relay.store.messages_due(&lanes, &but, now, limit).await;
        let (due, illegible) = match found {
            Ok(found) => found,
            Err(error) => return tracing::warn!(%error, "the outbox could not be read; tried again"),
        };
        for row in illegible {
            let later = self.relay.illegible(&row).await;
            self.later.push(later);
            self.settle_soon();
        }
        // As many as were asked for: there may be more.
        let full = due.len() as u64 >= limit;
        let begun = self.begin(due, as_of).await;
        if full && begun > 0 {
            self.look_at = Instant::now();
        }
    }

    /// Accounts that take no more now, and those that are not there.
    fn busy_or_away(&self) -> Vec<ChannelAccountId> {
        let most = self.relay.options.under_way_of_account_max;
        let busy = self.accounts.iter().filter(|(_, count)| **count >= most).map(|(account, _)| *account);
        let all = self.relay.directory.all();
        let away = all.iter().filter(|entry| !entry.health.is_open()).map(|entry| entry.account.id);
        busy.chain(away).collect()
    }

    async fn begin(&mut self, due: Vec<Due>, as_of: Moment) -> usize {
        let mut groups: BTreeMap<(TenantId, PaymentId), Vec<Due>> = BTreeMap::new();
        for one in due {
            let payment = (one.message.tenant, one.message.payment);
            // One after the other: what comes behind for a payment under way is fetched again.
            if !self.messages.contains(&one.id) && !self.payments.contains(&payment) {
                groups.entry(payment).or_default().push(one);
            }
        }
        if groups.is_empty() {
            return 0;
        }
        let ids: BTreeSet<_> = groups.keys().copied().collect();
        let payments = match self.relay.store.payments(ids).await {
            Ok(payments) => payments,
            Err(error) => {
                tracing::warn!(%error, "payments could not be read; tried again");
                return 0;
            }
        };
        let mut payments: HashMap<_, _> =
            payments.into_iter().map(|payment| ((payment.tenant, payment.id), payment)).collect();
        let mut begun = 0;
        for (key, messages) in groups {
            let lane = messages[0].lane();
            let Some(lease) = self.lanes.held().iter().find(|lease| lease.lane == lane).cloned() else { continue };
            begun += messages.len();
            self.payments.insert(key);
            for one in &messages {
                self.messages.insert(one.id);
                *self.accounts.entry(one.message.account).or_default() += 1;
            }
            let queue = Queue { messages: messages.clone(), payment: payments.remove(&key), lease, as_of };
            let task = self.under_way.spawn(self.relay.clone().in_order(queue));
            self.tasks.insert(task.id(), messages);
        }
        begun
    }

    async fn take(&mut self, joined: Joined) {
        let (task, ended) = match joined {
            Ok((task, ended)) => (task, Ok(ended)),
            Err(error) => (error.id(), Err(error)),
        };
        let had = self.tasks.remove(&task).unwrap_or_default();
        for due in &had {
            self.payments.remove(&(due.message.tenant, due.message.payment));
            if let Some(count) = self.accounts.get_mut(&due.message.account) {
                *count = count.saturating_sub(1);
            }
        }
        let ended = match ended {
            Ok(ended) => ended,
            Err(error) => {
                // How far it came is not known: each of its messages is asked for again, and not for ever.
                tracing::error!(%error, "messages of a payment broke their task: this is a bug");
                let mut ended = Vec::new();
                for due in had {
                    ended.push((due, self.relay.stuck(&due, "it broke its task").await));
                }
                ended
            }
        };
        for (due, ending) in ended {
            match ending {
                Ending::Done => self.done.push(due),
                Ending::Later(later) => self.later.push(later),
                Ending::Untouched => {
                    self.messages.remove(&due.id);
                }
            }
        }
        self.settle_soon();
    }

    fn settle_soon(&mut self) {
        self.settle_at.get_or_insert_with(|| Instant::now() + SETTLE_WITHIN);
    }

    async fn settle_if_due(&mut self) {
        let many = self.done.len() + self.later.len() >= SETTLE_MANY;
        if many || self.settle_at.is_some_and(|at| at <= Instant::now()) {
            self.settle().await;
            self.relay.tell_health().await;
            // There is room again.
            self.look_at = Instant::now();
        }
    }

    async fn settle(&mut self) {
        self.settle_at = None;
        if self.done.is_empty() && self.later.is_empty() {
            return;
        }
        let leases: Vec<Lease> = self.lanes.held().to_vec();
        metrics::counter!("mideng_relay_messages_total").increment(self.done.len() as u64);
        if !self.done.is_empty() {
            // Before they are settled: told behind it, a message whose settling got no answer might never be told.
            let at = (self.relay.options.now)();
            self.relay.after.iter().for_each(|hook| hook.done(&self.done, at));
        }
        let done: Vec<i64> = self.done.iter().map(|due| due.id).collect();
        match self.relay.store.messages_settle(&leases, &done, &self.later).await {
            Ok(true) => {}
            Ok(false) => self.lanes.lost(),
            // They are performed again; each answer was applied already, and is found under its key.
            Err(error) => tracing::warn!(%error, "messages that are done could not be settled"),
        }
        // Only now: before, the database would have given them out again.
        for id in self.done.drain(..).map(|due| due.id).chain(self.later.drain(..).map(|later| later.id)) {
            self.messages.remove(&id);
        }
    }

    /// Lets what is under way end, settles it, and frees the lanes. What does not end in time keeps its lane until the lease
    /// is over: it may still be sent.
    async fn end(mut self) {
        let deadline = Instant::now() + Duration::from_secs(4);
        while !self.under_way.is_empty() {
            match tokio::time::timeout_at(deadline, self.under_way.join_next_with_id()).await {
                Ok(Some(joined)) => self.take(joined).await,
                Ok(None) => break,
                Err(_) => {
                    self.under_way.detach_all();
                    return self.settle().await;
                }
            }
        }
        self.settle().await;
        if let Err(error) = self.relay.store.lanes_free(&self.relay.options.owner).await {
            tracing::warn!(%error, "the outbox's lanes could not be freed; their lease runs out");
        }
    }
}
