//! Owns one connection of the load: sends one request after the other, and notes what came back.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use hdrhistogram::Histogram;
use http::StatusCode;
use tokio::time::Instant;

use super::load::Run;
use super::order::{Next, Orders};
use crate::client::clock::{latencies, micros, now};
use crate::client::{Answer, Connection, NoAnswer};

/// A request that takes longer counts as not answered.
const TIMEOUT: Duration = Duration::from_secs(30);
/// What came back to one connection, or to all.
pub struct Seen {
    /// Requests that were due in the measured time, by what came back.
    pub measured: Tally,
    /// All requests, the warm-up's too.
    pub total: Tally,
    /// Latencies of the measured ones, in µs.
    pub latencies: Histogram<u64>,
    /// When the last answer came.
    pub last: Instant,
}

/// Requests by what came back.
#[derive(Debug, Default)]
pub struct Tally {
    /// All.
    pub requests: u64,
    /// Successes that were no replays: new orders.
    pub executed: u64,
    /// Successes that were.
    pub replayed: u64,
    /// Final refusals.
    pub refused: u64,
    /// 429 and 5xx: not applied, or not known.
    pub deferred: u64,
    /// No answer.
    pub lost: u64,
    /// Repetitions whose answer was not the first one's bytes.
    pub different: u64,
    /// Everything that is no success, by its code.
    pub problems: BTreeMap<String, u64>,
}

/// Sends until the time is over.
pub async fn work(run: Arc<Run>, number: usize) -> Seen {
    let sender = run.sender(number);
    let mut connection = Connection::new(sender.target.clone());
    let mut orders = Orders::new(&run.plan, (sender.buyer.clone(), number));
    let mut seen = Seen::new();
    while let Some(due) = run.next().await {
        let Next { request, known } = orders.next();
        let answer = connection.send(&request, TIMEOUT).await;
        seen.last = now();
        run.answered.fetch_add(1, Ordering::Relaxed);
        seen.total.add(&answer, known.as_ref());
        if run.is_measured(due) {
            seen.measured.add(&answer, known.as_ref());
            seen.latencies.saturating_record(micros(seen.last - due));
        }
        match answer {
            Ok(answer) if known.is_none() && answer.status == StatusCode::CREATED => orders.keep(request, answer.body),
            // A server that is away is not asked a million times a second.
            Err(NoAnswer::Unreachable { .. }) => tokio::time::sleep(Duration::from_millis(10)).await,
            _ => {}
        }
    }
    seen
}

impl Seen {
    /// Nothing yet.
    pub fn new() -> Self {
        Self { measured: Tally::default(), total: Tally::default(), latencies: latencies(), last: now() }
    }

    /// Adds what another connection saw.
    pub fn merge(&mut self, other: &Self) {
        self.measured.merge(&other.measured);
        self.total.merge(&other.total);
        self.latencies.add(&other.latencies).expect("the bounds are the same");
        self.last = self.last.max(other.last);
    }
}

impl Tally {
    fn add(&mut self, answer: &Result<Answer, NoAnswer>, known: Option<&bytes::Bytes>) {
        self.requests += 1;
        let answer = match answer {
            Ok(answer) => answer,
            Err(error) => {
                self.lost += 1;
                return self.problem(error.name().to_owned());
            }
        };
        self.different += u64::from(known.is_some_and(|known| *known != answer.body) && !is_deferral(answer.status));
        match answer.status {
            status if status.is_success() && answer.is_replay() => self.replayed += 1,
            status if status.is_success() => self.executed += 1,
            status => {
                *(if is_deferral(status) { &mut self.deferred } else { &mut self.refused }) += 1;
                self.problem(answer.code());
            }
        }
    }

    fn problem(&mut self, code: String) {
        *self.problems.entry(code).or_default() += 1;
    }

    fn merge(&mut self, other: &Self) {
        self.requests += other.requests;
        self.executed += other.executed;
        self.replayed += other.replayed;
        self.refused += other.refused;
        self.deferred += other.deferred;
        self.lost += other.lost;
        self.different += other.different;
        for (code, count) in &other.problems {
            *self.problems.entry(code.clone()).or_default() += count;
        }
    }
}

fn is_deferral(status: StatusCode) -> bool {
    status == StatusCode::TOO_MANY_REQUESTS || status.is_server_error()
}
