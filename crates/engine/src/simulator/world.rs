//! Owns what all actors of a run share: the tables, the clock, the log, the trace, and the faults' dice.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use domain::channel::{Account, Conditions, Kind};
use domain::{ChannelAccountId, TenantId, Timestamp};
use idempotency::CommandId;
use rand::RngExt as _;
use rand::rngs::StdRng;
use tokio::time::Instant;

use super::gate::Gate;
use super::log::{Arrival, Heard, Log};
use super::plan::{Plan, Rates, actor};
use super::trace::{Goal, Trace};
use super::wish::Wish;
use super::{CrashPoint, Options};
use crate::memory::{Call, Fate, Faults, Landing, Memory};
use crate::{Answered, Failure, Refused};

pub(super) struct World {
    pub(super) seed: u64,
    pub(super) options: Options,
    pub(super) plan: Plan,
    pub(super) memory: Memory,
    pub(super) gate: Gate,
    book: Mutex<Book>,
    started: Instant,
    healed: AtomicBool,
    calls: AtomicUsize,
}

/// What is written while the run goes on.
#[derive(Default)]
pub(super) struct Book {
    pub(super) log: Log,
    pub(super) trace: Trace,
    pub(super) goals: BTreeSet<Goal>,
    /// Arrivals that had their member's turn, and found no record when they got it.
    pub(super) first_of_turn: BTreeSet<CommandId>,
}

impl World {
    pub(super) fn new(seed: u64, options: Options) -> Self {
        let plan = Plan::of(seed, options.crash_point.is_none() && options.faults);
        let memory = Memory::default();
        memory.put_accounts((1..=plan.tenants).flat_map(|tenant| [1, 2].map(|number| account(tenant, number))));
        Self {
            seed,
            options,
            gate: Gate::new(seed, plan.turn_ms, plan.lies),
            plan,
            memory,
            book: Mutex::default(),
            started: Instant::now(),
            healed: AtomicBool::new(false),
            calls: AtomicUsize::new(0),
        }
    }

    pub(super) fn book(&self) -> MutexGuard<'_, Book> {
        self.book.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn elapsed(&self) -> Duration {
        self.started.elapsed()
    }

    /// The clock on the wall of the simulated servers. It is shortly before a midnight: names that hold the day meet it.
    pub(super) fn now(&self) -> Timestamp {
        Timestamp(1_800_057_599_700).plus_ms(i64::try_from(self.elapsed().as_millis()).unwrap_or(i64::MAX))
    }

    pub(super) fn trace(&self, what: std::fmt::Arguments<'_>) {
        let line = format!("{:>7} ms  {what}", self.elapsed().as_millis());
        self.book().trace.line(line);
    }

    pub(super) fn met(&self, goal: Goal) {
        self.book().goals.insert(goal);
    }

    pub(super) fn storage_calls(&self) -> usize {
        self.calls.load(Ordering::Relaxed)
    }

    /// From now on nothing fails.
    pub(super) fn heal(&self) {
        self.healed.store(true, Ordering::Relaxed);
        self.trace(format_args!("healed"));
    }

    pub(super) fn is_healed(&self) -> bool {
        self.healed.load(Ordering::Relaxed)
    }

    pub(super) fn arrive(&self, wish: &Arc<Wish>, node: usize) -> u64 {
        let arrival = self.book().log.arrive(wish);
        let (tenant, principal, key) = (wish.tenant.0, wish.principal.0, &wish.key);
        self.trace(format_args!("{arrival:>4} to node {node}: {tenant}/{principal}/{key} {:?}", wish.what));
        arrival
    }

    pub(super) fn hear(&self, arrival: u64, heard: Heard) {
        self.trace(format_args!("{arrival:>4} heard {heard:?}"));
        let mut book = self.book();
        let is_keyless = book.log.get(CommandId(arrival.into())).is_some_and(Arrival::is_keyless);
        let goal = match &heard {
            Heard::Answered(Answered::Replayed(_)) if is_keyless => Some(Goal::SameAgain),
            Heard::Answered(Answered::Replayed(_)) => Some(Goal::Replay),
            Heard::Answered(Answered::KeyReused) => Some(Goal::KeyReuse),
            Heard::Answered(Answered::Failed(Failure::Busy)) => Some(Goal::Busy),
            Heard::Answered(Answered::Failed(Failure::Broken)) => Some(Goal::Broken),
            Heard::Answered(Answered::Executed(answer)) => Goal::refused(&answer.body),
            Heard::Refused(Refused::Full) => Some(Goal::Full),
            Heard::TooFrequent => Some(Goal::TooFrequent),
            Heard::Waiting(_) => Some(Goal::Impatience),
            _ => None,
        };
        book.goals.extend(goal);
        book.log.hear(arrival, heard);
    }
}

fn account(tenant: i64, number: u128) -> Account {
    Account {
        tenant: TenantId(tenant),
        id: ChannelAccountId::new(number),
        kind: Kind::Sandbox,
        name: format!("account {number}"),
        is_enabled: true,
        conditions: Conditions::default(),
    }
}

/// The dice of one node's storage.
pub(super) struct Dice {
    world: Arc<World>,
    node: usize,
    rng: Mutex<StdRng>,
}

impl Dice {
    pub(super) fn new(world: &Arc<World>, node: usize, life: u64) -> Self {
        let rng = Mutex::new(actor(world.seed, 1_000_000 + node as u64 * 1_000 + life));
        Self { world: world.clone(), node, rng }
    }

    fn roll(&self, call: Call) -> Fate {
        let elapsed = u64::try_from(self.world.elapsed().as_millis()).unwrap_or(u64::MAX);
        if self.world.plan.outage_ms.contains(&elapsed) {
            return Fate::Unreachable;
        }
        let mut rng = self.rng.lock().unwrap_or_else(PoisonError::into_inner);
        let mut roll = rng.random_range(0..1_000);
        let mut falls = |rate: u32| {
            let hit = roll < rate;
            // What is left of the roll belongs to the next fault.
            roll = roll.saturating_sub(rate);
            hit
        };
        let Rates { slow, retry, rejected, unknown_applied, unknown_lost, unknown_late, crash, fatal } =
            self.world.plan.rates;
        let commit = call == Call::Commit;
        if falls(slow) {
            Fate::Slow(Duration::from_millis(rng.random_range(1..150)))
        } else if falls(retry) {
            Fate::Retry
        } else if falls(crash) {
            Fate::Crash { applied: rng.random_ratio(1, 2) }
        } else if falls(fatal) {
            Fate::Fatal { applied: rng.random_ratio(1, 2) }
        } else if commit && falls(rejected) {
            Fate::Rejected
        } else if commit && falls(unknown_applied) {
            Fate::Unknown(Landing::Now)
        } else if commit && falls(unknown_lost) {
            Fate::Unknown(Landing::Never)
        } else if commit && falls(unknown_late) {
            Fate::Unknown(Landing::After(Duration::from_millis(rng.random_range(0..30))))
        } else {
            Fate::Fine
        }
    }
}

impl Faults for Dice {
    fn next(&self, call: Call) -> Fate {
        let number = self.world.calls.fetch_add(1, Ordering::Relaxed);
        match self.world.options.crash_point {
            Some(CrashPoint { call, behind }) if call == number => Fate::Crash { applied: behind },
            Some(_) => Fate::Fine,
            None if self.world.is_healed() => Fate::Fine,
            None => self.roll(call),
        }
    }

    fn ended(&self, call: Call, fate: Fate, applied: bool) {
        self.world.trace(format_args!("node {} {call:?}: {fate:?}, applied: {applied}", self.node));
        let goal = match fate {
            Fate::Unknown(Landing::Now) if applied => Goal::UnknownApplied,
            Fate::Unknown(Landing::Never) => Goal::UnknownNotApplied,
            Fate::Unknown(Landing::After(_)) if applied => Goal::UnknownLate,
            Fate::Unknown(Landing::After(_)) => Goal::UnknownOvertaken,
            Fate::Crash { applied: true } if applied => Goal::CrashAfter,
            Fate::Crash { applied: false } => Goal::CrashBefore,
            Fate::Fatal { .. } => Goal::Fatal,
            Fate::Fine | Fate::Slow(_) if call == Call::Commit && !applied => Goal::Conflict,
            _ => return,
        };
        self.world.met(goal);
    }
}
