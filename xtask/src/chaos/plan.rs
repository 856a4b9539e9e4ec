//! Owns what will be done to whom and when: a pure function of a seed, a time and a database.

use std::fmt;
use std::time::Duration;

use rand::rngs::StdRng;
use rand::seq::SliceRandom as _;
use rand::{RngExt as _, SeedableRng as _};

use super::database::Database;

/// Caches fill, connections open and the first orders expire before anything is measured: behind the faults orders expire
/// as well, each a command of its own.
const WARM_UP: Duration = Duration::from_secs(7);
/// Kept for the time behind the healing; the audit has what it needs beside this.
const AFTER: Duration = Duration::from_secs(8);
const BEFORE_MIN: Duration = Duration::from_secs(7);
const BEFORE_MAX: Duration = Duration::from_secs(20);
/// However short a run: a server that is frozen, or hears nothing, for less is nothing that any time-out sees.
const DEAF_MIN: Duration = Duration::from_millis(4_200);
/// Between one fault and the next.
const GAP_MS: std::ops::Range<u64> = 300..1_500;

/// One kind of harm.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Fault {
    Killed,
    Stopped,
    Frozen,
    DiskFull,
    Delayed,
    Throttled,
    Cut,
    Refused,
    Silenced,
    CommitCut,
    ReplyDropped,
    CommitLate,
    BackendsTerminated,
    DatabaseKilled,
    ProviderKilled,
}

/// Whom it hits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Target {
    /// One server of ours, or its way to the database.
    Node(usize),
    /// All of them.
    All,
    /// What all of them share.
    Database,
    /// Where money is.
    Provider,
}

/// A fault with its time, counted from when faults begin.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Step {
    pub(super) begins: Duration,
    pub(super) lasts: Duration,
    pub(super) fault: Fault,
    pub(super) target: Target,
}

/// A whole run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Plan {
    pub(super) warm_up: Duration,
    /// Measured without faults.
    pub(super) before: Duration,
    pub(super) steps: Vec<Step>,
}

impl Fault {
    pub(super) const ALL: [Self; 15] = [
        Self::Killed,
        Self::Stopped,
        Self::Frozen,
        Self::DiskFull,
        Self::Delayed,
        Self::Throttled,
        Self::Cut,
        Self::Refused,
        Self::Silenced,
        Self::CommitCut,
        Self::ReplyDropped,
        Self::CommitLate,
        Self::BackendsTerminated,
        Self::DatabaseKilled,
        Self::ProviderKilled,
    ];

    /// Whether it needs a database that is a server of its own.
    pub(super) const fn needs_a_wire(self) -> bool {
        !matches!(self, Self::Killed | Self::Stopped | Self::Frozen | Self::DiskFull | Self::ProviderKilled)
    }

    /// How long it lasts, at least and at most, in milliseconds. What servers wait for takes longer than what only cuts.
    const fn lasts_ms(self) -> (u64, u64) {
        match self {
            Self::Killed | Self::Stopped => (200, 2_000),
            Self::Frozen | Self::Silenced => (1_000, 8_000),
            Self::DiskFull | Self::DatabaseKilled | Self::Refused | Self::BackendsTerminated | Self::ProviderKilled => {
                (1_000, 4_000)
            }
            Self::Delayed | Self::Throttled => (1_500, 5_000),
            Self::Cut => (300, 600),
            Self::CommitCut | Self::ReplyDropped | Self::CommitLate => (1_500, 4_000),
        }
    }

    fn target(self, nodes: usize, random: &mut StdRng) -> Target {
        match self {
            Self::DiskFull | Self::BackendsTerminated | Self::DatabaseKilled => Target::Database,
            Self::ProviderKilled => Target::Provider,
            // One alone is the harder case: the others go on, and take over what it began.
            _ if nodes == 1 || random.random_bool(0.3) => Target::All,
            _ => Target::Node(random.random_range(0..nodes)),
        }
    }
}

impl Plan {
    /// Every kind in each round, in an order of its own; so many rounds as there is time for, and at least one.
    pub(super) fn new(seed: u64, whole: Duration, database: Database) -> Self {
        let mut random = StdRng::seed_from_u64(seed);
        let before = whole.mul_f64(0.12).clamp(BEFORE_MIN, BEFORE_MAX);
        let time = whole.saturating_sub(WARM_UP + before + AFTER);
        let mut steps = Vec::new();
        let mut at = Duration::ZERO;
        loop {
            let round = round(database, at, &mut random);
            at = round.last().map_or(at, |step| step.begins + step.lasts);
            if steps.is_empty() {
                steps = round;
                if at > time {
                    hasten(&mut steps, time);
                    break;
                }
            } else {
                steps.extend(round.into_iter().filter(|step| step.begins + step.lasts <= time));
            }
            if at > time {
                break;
            }
        }
        Self { warm_up: WARM_UP, before, steps }
    }
}

/// Each kind of fault once.
fn round(database: Database, from: Duration, random: &mut StdRng) -> Vec<Step> {
    let mut faults = database.faults();
    faults.shuffle(random);
    let mut at = from;
    let step = |fault: Fault| {
        let (least, most) = fault.lasts_ms();
        let begins = at + Duration::from_millis(random.random_range(GAP_MS));
        let lasts = Duration::from_millis(random.random_range(least..=most));
        at = begins + lasts;
        Step { begins, lasts, fault, target: fault.target(database.nodes(), random) }
    };
    faults.into_iter().map(step).collect()
}

impl Fault {
    /// The least that it lasts in a hastened round.
    const fn lasts_min(self) -> Duration {
        match self {
            Self::Frozen | Self::Silenced => DEAF_MIN,
            _ => Duration::ZERO,
        }
    }
}

/// A short run has one round, hastened to fit: what must last has its time, and the rest shares what is left.
fn hasten(steps: &mut [Step], time: Duration) {
    let fixed: Duration = steps.iter().map(|step| step.fault.lasts_min()).sum();
    let (mut at, mut free) = (Duration::ZERO, Duration::ZERO);
    for step in &*steps {
        free += step.begins.saturating_sub(at) + step.lasts.saturating_sub(step.fault.lasts_min());
        at = step.begins + step.lasts;
    }
    let share = time.saturating_sub(fixed).as_secs_f64() / free.as_secs_f64();
    let (mut was, mut now) = (Duration::ZERO, Duration::ZERO);
    for step in steps {
        let (gap, least) = (step.begins.saturating_sub(was), step.fault.lasts_min());
        was = step.begins + step.lasts;
        step.begins = now + gap.mul_f64(share);
        step.lasts = least + step.lasts.saturating_sub(least).mul_f64(share);
        now = step.begins + step.lasts;
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.pad(match self {
            Self::Killed => "server killed (SIGKILL)",
            Self::Stopped => "server stopped (SIGTERM)",
            Self::Frozen => "server frozen (SIGSTOP)",
            Self::DiskFull => "disk full",
            Self::Delayed => "way to the database delayed",
            Self::Throttled => "way to the database throttled",
            Self::Cut => "connections to the database cut",
            Self::Refused => "database refuses connections",
            Self::Silenced => "way to the database silent",
            Self::CommitCut => "COMMIT cut off on its way",
            Self::ReplyDropped => "reply to COMMIT dropped",
            Self::CommitLate => "COMMIT late, its sender cut off",
            Self::BackendsTerminated => "database ends all connections",
            Self::DatabaseKilled => "database killed and restarted",
            Self::ProviderKilled => "payment provider killed",
        })
    }
}

impl fmt::Display for Target {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Node(node) => write!(out, "node {node}"),
            Self::All => out.write_str("all nodes"),
            Self::Database => out.write_str("the database"),
            Self::Provider => out.write_str("the provider"),
        }
    }
}

#[cfg(test)]
mod tests;
