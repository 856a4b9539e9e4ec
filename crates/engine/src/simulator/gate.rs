//! Owns the gate before the nodes: a member's turn, kept as a coordinator keeps it, with a lease and in the open; and the
//! lies that the plan has for it. It knows nothing of what is done in a turn.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use domain::TenantId;
use rand::RngExt as _;
use rand::rngs::StdRng;

use super::plan::{Lies, actor};
use super::trace::Goal;
use super::world::World;

/// Whose turn: a member of a tenant.
pub(super) type Member = (TenantId, u64);

/// What the gate says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Asked {
    /// It is this arrival's turn, for one lease.
    Granted,
    /// It is another's.
    Held,
    /// The gate cannot be reached.
    Away,
}

/// What may be wrong with what it says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Lie {
    Lost,
    Twice,
    Refused,
    Flushed,
    Stale,
    Away,
}

pub(super) struct Gate {
    lease_ms: u64,
    lies: Lies,
    turns: Mutex<Turns>,
}

struct Turns {
    rng: StdRng,
    held: Holds,
    /// What a replica has: the state of some time ago.
    replica: Holds,
    away_until_ms: u64,
}

type Holds = BTreeMap<Member, Hold>;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Hold {
    arrival: u64,
    until_ms: u64,
}

impl Gate {
    pub(super) fn new(seed: u64, lease_ms: u64, lies: Lies) -> Self {
        let rng = actor(seed, 3_000);
        let turns = Turns { rng, held: Holds::new(), replica: Holds::new(), away_until_ms: 0 };
        Self { lease_ms, lies, turns: Mutex::new(turns) }
    }

    /// Asks for a member's turn. What is granted begins when the gate decides, however late that is heard.
    pub(super) async fn ask(&self, world: &World, member: Member, arrival: u64) -> Asked {
        let (asked, goal, delay_ms) = self.decide(now_ms(world), member, arrival, world.is_healed());
        world.trace(format_args!("{arrival:>4} at the gate: {asked:?} {goal:?}, heard {delay_ms} ms later"));
        world.book().goals.extend(goal);
        if delay_ms > 0 {
            tokio::time::sleep(Duration::from_millis(delay_ms)).await;
            if asked == Asked::Granted && delay_ms >= self.lease_ms {
                world.met(Goal::LateGrant);
            }
        }
        asked
    }

    /// Gives a turn back, if it is still this arrival's and the gate can be reached.
    pub(super) fn release(&self, world: &World, member: Member, arrival: u64) {
        let mut turns = self.turns();
        if turns.away_until_ms <= now_ms(world) && turns.held.get(&member).is_some_and(|hold| hold.arrival == arrival) {
            turns.held.remove(&member);
        }
    }

    fn decide(&self, now: u64, member: Member, arrival: u64, is_healed: bool) -> (Asked, Option<Goal>, u64) {
        let mut turns = self.turns();
        if is_healed {
            return (turns.ask(now, member, Hold { arrival, until_ms: now + self.lease_ms }), None, 0);
        }
        if turns.away_until_ms > now {
            return (Asked::Away, Some(Goal::GateAway), 0);
        }
        let roll = turns.rng.random_range(0..1_000);
        let delay_ms =
            if turns.rng.random_range(0..1_000) < self.lies.late { turns.rng.random_range(1..400) } else { 0 };
        let lie = self.lies.fall(roll);
        let hold = Hold { arrival, until_ms: now + self.lease_ms };
        let (asked, goal) = turns.lie(now, member, hold, lie);
        if turns.rng.random_ratio(1, 4) {
            turns.replica = turns.held.clone();
        }
        (asked, goal, delay_ms)
    }

    fn turns(&self) -> MutexGuard<'_, Turns> {
        self.turns.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Turns {
    /// As a lock should.
    fn ask(&mut self, now: u64, member: Member, hold: Hold) -> Asked {
        if self.is_held(now, member) {
            return Asked::Held;
        }
        self.held.insert(member, hold);
        Asked::Granted
    }

    /// A lie that changes nothing, as with nothing to lose, reaches no goal.
    fn lie(&mut self, now: u64, member: Member, hold: Hold, lie: Option<Lie>) -> (Asked, Option<Goal>) {
        let was_held = self.is_held(now, member);
        self.held.retain(|_, held| held.until_ms > now);
        let goal = match lie {
            Some(Lie::Lost) => self.held.remove(&member).map(|_| Goal::HoldLost),
            Some(Lie::Twice) if was_held => return (Asked::Granted, Some(Goal::GrantedTwice)),
            Some(Lie::Refused) if !was_held => return (Asked::Held, Some(Goal::FreeRefused)),
            None | Some(Lie::Twice | Lie::Refused) => None,
            Some(Lie::Flushed) => (!std::mem::take(&mut self.held).is_empty()).then_some(Goal::Flushed),
            Some(Lie::Stale) => {
                self.held.clone_from(&self.replica);
                (was_held != self.is_held(now, member)).then_some(Goal::StaleTurn)
            }
            Some(Lie::Away) => {
                self.away_until_ms = now + self.rng.random_range(20..400);
                return (Asked::Away, Some(Goal::GateAway));
            }
        };
        (self.ask(now, member, hold), goal)
    }

    fn is_held(&self, now: u64, member: Member) -> bool {
        self.held.get(&member).is_some_and(|held| held.until_ms > now)
    }
}

impl Lies {
    /// The lie of a roll of a thousand.
    fn fall(self, mut roll: u32) -> Option<Lie> {
        let Self { lost, twice, refused, flushed, stale, away, late: _ } = self;
        let rates = [
            (lost, Lie::Lost),
            (twice, Lie::Twice),
            (refused, Lie::Refused),
            (flushed, Lie::Flushed),
            (stale, Lie::Stale),
            (away, Lie::Away),
        ];
        for (rate, lie) in rates {
            if roll < rate {
                return Some(lie);
            }
            roll -= rate;
        }
        None
    }
}

fn now_ms(world: &World) -> u64 {
    u64::try_from(world.elapsed().as_millis()).unwrap_or(u64::MAX)
}
