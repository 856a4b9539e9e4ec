//! Owns the JSON of the overview: numbers of this node, and the lights.

use domain::Timestamp;
use serde::Serialize;
use utoipa::ToSchema;

use super::answers::time;
use crate::watch::{Beat as Seen, Light as Found, Looked};

/// How this node does, in the caller's tenant.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Overview {
    /// Orders that were placed, a second, of late. Each is among the commands that were applied.
    orders_per_second: f64,
    /// Commands that were applied, a second, of late.
    executed_per_second: f64,
    /// Repetitions that got the answer of before, a second: duplicates that did nothing.
    replayed_per_second: f64,
    /// Commands that were refused, a second.
    refused_per_second: f64,
    /// Half of all answers took at most so long, in milliseconds, of late.
    p50_ms: Option<f64>,
    /// All but one in a hundred.
    p99_ms: Option<f64>,
    /// Orders that were placed in the last hour.
    orders_in_hour: u64,
    /// Repetitions that did nothing, in the last hour.
    replayed_in_hour: u64,
    /// Commands that were applied in the last hour.
    executed_in_hour: u64,
    /// Commands that wait to be applied, of all tenants.
    queue_commands: u64,
    /// How many commands the latest batches had, on average.
    batch_commands: f64,
    /// The last hour by the minute, the oldest first.
    minutes: Vec<Beat>,
    /// What looks at the whole installation; for its first tenant alone.
    installation: Option<Installation>,
}

/// What happened in a minute.
#[derive(Debug, Serialize, ToSchema)]
struct Beat {
    /// When it began.
    #[schema(format = DateTime)]
    at: String,
    /// Orders that were placed.
    orders: u32,
    /// Commands that were applied.
    executed: u32,
    /// Repetitions that got the answer of before.
    replayed: u32,
    /// Commands that were refused.
    refused: u32,
    /// Half of all answers took at most so long, in milliseconds.
    p50_ms: Option<f64>,
    /// All but one in a hundred.
    p99_ms: Option<f64>,
}

/// What looks at the whole installation.
#[derive(Debug, Serialize, ToSchema)]
struct Installation {
    /// Messages that wait to be done outside.
    outbox_waiting: u64,
    /// How long the oldest of those that are due waits, in milliseconds.
    outbox_lag_ms: i64,
    /// The invariants of `mideng check`.
    lights: Vec<Light>,
    /// When they were asked; null before the first time.
    #[schema(format = DateTime)]
    checked_at: Option<String>,
}

/// Whether an invariant holds.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Light {
    /// Its number.
    #[schema(example = "I-1")]
    id: &'static str,
    /// What it says.
    title: &'static str,
    /// How many rows break it.
    violations: u64,
}

impl Overview {
    /// `looked` is there for whoever looks after the whole.
    pub(crate) fn of(
        ((late, seconds), minutes): ((Seen, f64), &[Seen]),
        (waiting, batches): (usize, &[usize]),
        looked: Option<Looked>,
        now: Timestamp,
    ) -> Self {
        let in_hour = |count: fn(&Seen) -> u32| minutes.iter().map(|beat| u64::from(count(beat))).sum();
        let working: Vec<_> = batches.iter().filter(|commands| **commands > 0).collect();
        let commands: usize = working.iter().copied().sum();
        let number = |count: usize| f64::from(u32::try_from(count).unwrap_or(u32::MAX));
        Self {
            orders_per_second: f64::from(late.orders) / seconds,
            executed_per_second: f64::from(late.executed) / seconds,
            replayed_per_second: f64::from(late.replayed) / seconds,
            refused_per_second: f64::from(late.refused) / seconds,
            p50_ms: late.p50_ms,
            p99_ms: late.p99_ms,
            orders_in_hour: in_hour(|beat| beat.orders),
            replayed_in_hour: in_hour(|beat| beat.replayed),
            executed_in_hour: in_hour(|beat| beat.executed),
            queue_commands: waiting as u64,
            batch_commands: number(commands) / number(working.len().max(1)),
            minutes: minutes.iter().map(Beat::of).collect(),
            installation: looked.map(|looked| Installation::of(&looked, now)),
        }
    }
}

impl Beat {
    fn of(seen: &Seen) -> Self {
        let Seen { at, orders, executed, replayed, refused, p50_ms, p99_ms } = *seen;
        Self { at: time(at), orders, executed, replayed, refused, p50_ms, p99_ms }
    }
}

impl Installation {
    fn of(looked: &Looked, now: Timestamp) -> Self {
        Self {
            outbox_waiting: looked.outbox_waiting,
            outbox_lag_ms: looked.outbox_since.map_or(0, |since| (now.0 - since.0).max(0)),
            lights: looked.lights.iter().map(Light::of).collect(),
            checked_at: looked.at.map(time),
        }
    }
}

impl Light {
    fn of(found: &Found) -> Self {
        let Found { id, title, violations } = *found;
        Self { id, title, violations }
    }
}
