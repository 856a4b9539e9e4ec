//! Owns the round: what is due is fetched, performed many at once but in order for each payment, and settled in sums.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::time::Duration;

use domain::review::{self, Review};
use domain::{ChannelAccountId, Payment, PaymentId, ReviewId, TenantId, Timestamp};
use futures_util::StreamExt as _;
use futures_util::stream::FuturesUnordered;
use store::{Due, Later, Lease};
use tokio::task::JoinHandle;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use crate::Relay;
use crate::courier::Performed;
use crate::lanes::Lanes;

/// What is done is settled at the latest so long after, and at the latest when there is so much of it.
const SETTLE_WITHIN: Duration = Duration::from_millis(20);
const SETTLE_MANY: usize = 256;
/// How often a message is tried that cannot be performed as things are set up, until a person is called; and the pause
/// before the next try.
const TRIES_MAX: u32 = 10;
const STUCK_PAUSE_MS: i64 = 60_000;
const PARKED_PAUSE_MS: i64 = 60 * 60_000;
/// Where an answer could not be handed in.
const AGAIN_PAUSE_MS: i64 = 2_000;

/// What became of messages of one payment, in order.
type Ended = Vec<(Due, Result<(), Later>)>;

/// The state of a relay that runs.
pub(crate) struct Round {
    relay: Relay,
    lanes: Lanes,
    /// Messages that are being performed, and the payments whose they are.
    under_way: FuturesUnordered<JoinHandle<Ended>>,
    messages: HashSet<i64>,
    payments: HashSet<(TenantId, PaymentId)>,
    accounts: HashMap<ChannelAccountId, usize>,
    done: Vec<i64>,
    later: Vec<Later>,
    settle_at: Option<Instant>,
    look_at: Instant,
}

impl Round {
    pub(crate) fn new(relay: Relay) -> Self {
        Self {
            relay,
            lanes: Lanes::default(),
            under_way: FuturesUnordered::new(),
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
                Some(ended) = self.under_way.next(), if !self.under_way.is_empty() => self.take(ended),
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
        let (due, unreadable) = match found {
            Ok(found) => found,
            Err(error) => return tracing::warn!(%error, "the outbox could not be read; tried again"),
        };
        for (id, error) in unreadable {
            tracing::error!(id, %error, "a message of the outbox cannot be read; it is put off");
            self.later.push(Later {
                id,
                due_at: now.plus_ms(PARKED_PAUSE_MS),
                tries: TRIES_MAX,
                error: error.to_string(),
            });
        }
        // As many as were asked for: there may be more.
        let full = due.len() as u64 >= limit;
        let begun = self.begin(due).await;
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

    async fn begin(&mut self, due: Vec<Due>) -> usize {
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
            begun += messages.len();
            self.payments.insert(key);
            for one in &messages {
                self.messages.insert(one.id);
                *self.accounts.entry(one.message.account).or_default() += 1;
            }
            let (relay, payment) = (self.relay.clone(), payments.remove(&key));
            self.under_way.push(tokio::spawn(in_order(relay, messages, payment)));
        }
        begun
    }

    fn take(&mut self, ended: Result<Ended, tokio::task::JoinError>) {
        let ended = match ended {
            Ok(ended) => ended,
            Err(error) => {
                // What it had is not known any more: all is fetched anew, and each message is asked for as before.
                tracing::error!(%error, "a message broke its task: this is a bug");
                self.messages.clear();
                self.payments.clear();
                self.accounts.clear();
                return;
            }
        };
        for (due, result) in ended {
            self.messages.remove(&due.id);
            self.payments.remove(&(due.message.tenant, due.message.payment));
            if let Some(count) = self.accounts.get_mut(&due.message.account) {
                *count = count.saturating_sub(1);
            }
            match result {
                Ok(()) => self.done.push(due.id),
                // Not sent, and no try used up: it stays as it is.
                Err(later) if later.id == 0 => {}
                Err(later) => self.later.push(later),
            }
        }
        self.settle_at.get_or_insert_with(|| Instant::now() + SETTLE_WITHIN);
    }

    async fn settle_if_due(&mut self) {
        let many = self.done.len() + self.later.len() >= SETTLE_MANY;
        if many || self.settle_at.is_some_and(|at| at <= Instant::now()) {
            self.settle().await;
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
        match self.relay.store.messages_settle(&leases, &self.done, &self.later).await {
            Ok(true) => {}
            Ok(false) => self.lanes.lost(),
            // They are performed again; each answer was applied already, and is found under its key.
            Err(error) => tracing::warn!(%error, "messages that are done could not be settled"),
        }
        self.done.clear();
        self.later.clear();
    }

    /// Lets what is under way end, settles it, and frees the lanes. What does not end in time keeps its lane until the lease
    /// is over: it may still be sent.
    async fn end(mut self) {
        let deadline = Instant::now() + Duration::from_secs(4);
        while !self.under_way.is_empty() {
            match tokio::time::timeout_at(deadline, self.under_way.next()).await {
                Ok(Some(ended)) => self.take(ended),
                Ok(None) => break,
                Err(_) => return self.settle().await,
            }
        }
        self.settle().await;
        if let Err(error) = self.relay.store.lanes_free(&self.relay.options.owner).await {
            tracing::warn!(%error, "the outbox's lanes could not be freed; their lease runs out");
        }
    }
}

/// Performs the messages of one payment one after the other, each on the payment as those before it left it.
async fn in_order(relay: Relay, messages: Vec<Due>, mut payment: Option<Payment>) -> Ended {
    let mut ended = Vec::with_capacity(messages.len());
    let mut messages = messages.into_iter();
    while let Some(due) = messages.next() {
        let (result, changed) = match &payment {
            Some(payment) => one(&relay, &due, payment).await,
            // A payment is never removed: a message without one is of a database that was put together by hand.
            None => (Ok(()), false),
        };
        if changed {
            let key = (due.message.tenant, due.message.payment);
            payment = relay.store.payment(key.0, key.1).await.ok().flatten();
        }
        let stop = changed && payment.is_none();
        ended.push((due, result));
        if stop {
            // As it is now it could not be read: the rest stays as it is, and is fetched again.
            ended.extend(messages.map(|due| (due, Err(untouched()))));
            break;
        }
    }
    ended
}

/// Performs one message; tells whether the payment may be other than before.
async fn one(relay: &Relay, due: &Due, payment: &Payment) -> (Result<(), Later>, bool) {
    let now = || (relay.options.now)();
    let later =
        |pause_ms: i64, tries: u32, error: String| Later { id: due.id, due_at: now().plus_ms(pause_ms), tries, error };
    match relay.perform(due, payment).await {
        Performed::Done => (Ok(()), false),
        Performed::Answer(action) => match relay.hand_in(due, *action).await {
            Ok(()) => (Ok(()), true),
            Err(error) => {
                tracing::warn!(message = due.id, error, "an answer could not be handed in; its message is done again");
                (Err(later(AGAIN_PAUSE_MS, due.tries, error)), true)
            }
        },
        Performed::Away => (Err(untouched()), false),
        Performed::Stuck(why) => {
            let tries = due.tries + 1;
            if tries == TRIES_MAX {
                park(relay, due, &why).await;
            }
            let pause = if tries < TRIES_MAX { STUCK_PAUSE_MS } else { PARKED_PAUSE_MS };
            (Err(later(pause, tries, why)), false)
        }
    }
}

/// Not sent, and no try used up.
fn untouched() -> Later {
    Later { id: 0, due_at: Timestamp(0), tries: 0, error: String::new() }
}

/// Calls a person. The message stays, and is tried from time to time.
async fn park(relay: &Relay, due: &Due, why: &str) {
    let review = Review {
        id: ReviewId::new((relay.options.id)()),
        tenant: due.message.tenant,
        kind: review::Kind::Parked,
        subject: due.message.task.subject(),
        detail: format!("{} cannot be performed: {why}", due.message.task.name()).chars().take(500).collect(),
        at: (relay.options.now)(),
    };
    if let Err(error) = relay.store.review_raise(&review).await {
        tracing::warn!(%error, "a message that cannot be performed could not be put before a person");
    }
}

/// Between three and five quarters of a period: nodes that were started together do not ask together.
fn jittered(period: Duration, random: u128) -> Duration {
    let part = u32::try_from(random & 0xff).unwrap_or(0);
    period * 3 / 4 + period * part / 512
}
