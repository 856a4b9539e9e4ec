//! Owns what a seed decides before anything runs: how many take part, which faults exist, and how often they come.

use std::ops::Range;
use std::time::Duration;

use rand::rngs::StdRng;
use rand::{RngExt as _, SeedableRng as _};

use crate::Options;

/// The shape of one run. Swarm style: a seed has some of the faults, not a little of each.
#[derive(Clone, Debug)]
pub(super) struct Plan {
    pub(super) nodes: usize,
    pub(super) tenants: i64,
    pub(super) clients: u64,
    pub(super) wishes_per_client: u32,
    pub(super) skus: u32,
    /// How many of a hundred wishes change a product, whatever else there is to wish for.
    pub(super) puts: u32,
    pub(super) rates: Rates,
    /// The database cannot be reached from and until then, in milliseconds.
    pub(super) outage_ms: Range<u64>,
    /// How long a process runs before it is closed in order.
    pub(super) drain_after: Option<Duration>,
    /// How long a member's turn lasts at most, in milliseconds; 0: there is no gate.
    pub(super) turn_ms: u64,
    pub(super) lies: Lies,
    pub(super) engine: Options,
}

/// How often each fault comes, in a thousand calls.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Rates {
    pub(super) slow: u32,
    pub(super) retry: u32,
    pub(super) rejected: u32,
    pub(super) unknown_applied: u32,
    pub(super) unknown_lost: u32,
    pub(super) unknown_late: u32,
    pub(super) crash: u32,
    pub(super) fatal: u32,
}

/// How often the gate lies, in a thousand times that it is asked.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Lies {
    /// It forgets whose turn it is.
    pub(super) lost: u32,
    /// It gives a turn to two.
    pub(super) twice: u32,
    /// It refuses what is free.
    pub(super) refused: u32,
    /// It forgets everything.
    pub(super) flushed: u32,
    /// A replica takes its place, with the state of some time ago.
    pub(super) stale: u32,
    /// It goes away for a while.
    pub(super) away: u32,
    /// It answers late, whatever it answers.
    pub(super) late: u32,
}

impl Plan {
    pub(super) fn of(seed: u64, faults: bool) -> Self {
        let mut rng = actor(seed, 0);
        let engine = Options {
            queue_commands_max: pick(&mut rng, &[3, 16, 256]),
            batch_commands_max: pick(&mut rng, &[1, 4, 64, 512]),
            batch_rows_max: pick(&mut rng, &[20, 16_384]),
            retries_max: rng.random_range(1..9),
            lanes: rng.random_range(1..4),
            ..Options::default()
        };
        let plan = Self {
            nodes: rng.random_range(1..3),
            tenants: rng.random_range(1..3),
            clients: rng.random_range(2..7),
            wishes_per_client: rng.random_range(6..22),
            skus: rng.random_range(1..4),
            puts: pick(&mut rng, &[5, 5, 5, 60]),
            rates: Rates::default(),
            outage_ms: 0..0,
            drain_after: None,
            turn_ms: pick(&mut rng, &[0, 20, 150, 1_000]),
            lies: Lies::default(),
            engine,
        };
        if !faults {
            return Self { nodes: 1, engine: Options { lanes: 1, ..engine }, ..plan };
        }
        let outage = rng.random_range(0..600);
        let outage_ms = if rng.random_ratio(1, 5) { outage..outage + rng.random_range(50..3_000) } else { 0..0 };
        let drain_after = rng.random_ratio(1, 5).then(|| Duration::from_millis(rng.random_range(50..800)));
        Self { rates: Rates::of(&mut rng), outage_ms, drain_after, lies: Lies::of(&mut rng), ..plan }
    }
}

impl Lies {
    fn of(rng: &mut StdRng) -> Self {
        let mut rate = |most| rate(rng, most);
        Self {
            lost: rate(150),
            twice: rate(200),
            refused: rate(100),
            flushed: rate(100),
            stale: rate(150),
            away: rate(60),
            late: rate(300),
        }
    }
}

impl Rates {
    fn of(rng: &mut StdRng) -> Self {
        let mut rate = |most| rate(rng, most);
        Self {
            slow: rate(200),
            retry: rate(200),
            rejected: rate(120),
            unknown_applied: rate(200),
            unknown_lost: rate(200),
            unknown_late: rate(200),
            crash: rate(60),
            fatal: rate(15),
        }
    }
}

/// In every other seed a fault does not come at all.
fn rate(rng: &mut StdRng, most: u32) -> u32 {
    if rng.random_ratio(1, 2) { rng.random_range(1..=most) } else { 0 }
}

/// The random numbers of one actor: what one draws does not shift what another does.
pub(super) fn actor(seed: u64, actor: u64) -> StdRng {
    StdRng::seed_from_u64(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ actor.wrapping_mul(0xd1b5_4a32_d192_ed03))
}

/// One of these.
pub(super) fn pick<T: Copy>(rng: &mut StdRng, of: &[T]) -> T {
    of[rng.random_range(0..of.len())]
}
