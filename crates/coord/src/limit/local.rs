//! Owns the rate limit within this process: cells in shards, swept so that only those that still count stay. It knows no
//! other node.

use std::collections::HashMap;
use std::collections::hash_map::RandomState;
use std::hash::BuildHasher as _;
use std::sync::{Mutex, PoisonError};

use async_trait::async_trait;
use tokio::time::Instant;

use super::{Decision, Limit, Rate, cell};
use crate::Error;

const SHARDS: usize = 64;
/// A shard is swept when it has twice as many cells as the last sweep left, and not for fewer than these.
const SWEEP_MIN: usize = 64;

/// Exact, for this process alone. A name whose whole burst has come back is as one that was never seen, and takes no
/// memory for long.
pub struct LocalLimit {
    shards: Box<[Mutex<Shard>]>,
    hasher: RandomState,
    began_at: Instant,
    cells_max: usize,
}

struct Shard {
    /// For each name the moment, in nanoseconds since the limit began, when the whole burst is there again.
    cells: HashMap<Box<str>, u64, RandomState>,
    sweep_at: usize,
    /// When sweeping can free a cell: never before the first of them is full again.
    free_at: u64,
}

impl LocalLimit {
    /// Keeps about so many names that are below their burst, and never more: they are spread over shards with an equal
    /// share each, of one name at least, and a new one beyond its shard's share is [`Error::Full`].
    pub fn new(cells_max: usize) -> Self {
        let shard = || Mutex::new(Shard { cells: HashMap::default(), sweep_at: SWEEP_MIN, free_at: 0 });
        Self {
            shards: (0..SHARDS).map(|_| shard()).collect(),
            hasher: RandomState::new(),
            began_at: Instant::now(),
            cells_max,
        }
    }

    /// The same as [`Limit::check`], for who waits for nothing.
    pub fn check_now(&self, name: &str, rate: Rate, cost: u32) -> Result<Decision, Error> {
        let now = u64::try_from((Instant::now() - self.began_at).as_nanos()).unwrap_or(u64::MAX);
        self.check_at(now, name, rate, cost)
    }

    fn check_at(&self, now: u64, name: &str, rate: Rate, cost: u32) -> Result<Decision, Error> {
        let mut shard = self.shard(name).lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(full_at) = shard.cells.get_mut(name) {
            let (decision, after) = cell::check(now, *full_at, rate, cost);
            *full_at = after;
            return Ok(decision);
        }
        let (decision, full_at) = cell::check(now, 0, rate, cost);
        if full_at > now {
            let cells_max = (self.cells_max / SHARDS).max(1);
            if !shard.has_room(now, cells_max) {
                return Err(Error::Full { what: "names below their limit", most: self.cells_max });
            }
            shard.cells.insert(name.into(), full_at);
        }
        Ok(decision)
    }

    /// How many names are kept.
    pub fn names(&self) -> usize {
        self.shards.iter().map(|shard| shard.lock().unwrap_or_else(PoisonError::into_inner).cells.len()).sum()
    }

    fn shard(&self, name: &str) -> &Mutex<Shard> {
        let at = usize::try_from(self.hasher.hash_one(name) % SHARDS as u64).expect("it is less than the shards");
        &self.shards[at]
    }
}

#[async_trait]
impl Limit for LocalLimit {
    async fn check(&self, name: &str, rate: Rate, cost: u32) -> Result<Decision, Error> {
        self.check_now(name, rate, cost)
    }
}

impl Shard {
    /// Sweeps when that is due; false where even so there is no room.
    fn has_room(&mut self, now: u64, cells_max: usize) -> bool {
        let is_full = self.cells.len() >= cells_max;
        if is_full && now < self.free_at {
            return false;
        }
        if is_full || self.cells.len() >= self.sweep_at {
            self.cells.retain(|_, full_at| *full_at > now);
            self.sweep_at = (self.cells.len() * 2).max(SWEEP_MIN);
            // A full shard that is asked again and again is not swept each time: an eighth of it should go at once.
            let mut ends: Vec<u64> = self.cells.values().copied().collect();
            let eighth = ends.len() / 8;
            self.free_at = if ends.is_empty() { now } else { *ends.select_nth_unstable(eighth).1 };
        }
        self.cells.len() < cells_max
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::num::NonZeroU32;
    use std::time::Duration;

    use proptest::prelude::*;

    use super::*;

    const BUCKETS: [(u32, u64); 4] = [(1, 1_000), (5, 7), (100, 1_000_000), (3, 10)];

    fn rate(burst: u32, interval: u64) -> Rate {
        Rate { burst: NonZeroU32::new(burst).expect("more than none"), interval }
    }

    /// A bucket as everybody draws it: it holds at most its burst, in pieces of one nanosecond, and fills evenly.
    #[derive(Clone, Copy)]
    struct Bucket {
        pieces: u64,
        at: u64,
    }

    impl Bucket {
        fn check(&mut self, now: u64, rate: Rate, cost: u32) -> (bool, u32, u64) {
            self.pieces = (self.pieces + (now - self.at)).min(rate.refill());
            self.at = now;
            let price = u64::from(cost) * rate.interval;
            let allowed = price <= self.pieces;
            if allowed {
                self.pieces -= price;
            }
            let remaining = u32::try_from(self.pieces / rate.interval).expect("at most the burst");
            (allowed, remaining, rate.refill() - self.pieces)
        }
    }

    proptest! {
        #[test]
        fn it_equals_a_bucket(steps in prop::collection::vec((0_u64..5_000, 0_usize..4, 0_u32..8), 1..300)) {
            let limit = LocalLimit::new(1_000);
            let mut buckets = BTreeMap::new();
            let mut now = 0;
            for (pause, which, cost) in steps {
                now += pause;
                let (burst, interval) = BUCKETS[which];
                let rate = rate(burst, interval);
                let bucket = buckets.entry(which).or_insert(Bucket { pieces: rate.refill(), at: now });
                let (allowed, remaining, reset) = bucket.check(now, rate, cost);
                let decision = limit.check_at(now, &which.to_string(), rate, cost).expect("there is room");
                prop_assert_eq!((decision.allowed, decision.remaining), (allowed, remaining));
                prop_assert_eq!(decision.reset_after, Duration::from_nanos(reset));
                prop_assert_eq!(decision.retry_after.is_some(), !allowed && cost <= burst);
                if let Some(after) = decision.retry_after {
                    // Then, and not before.
                    let at = now + u64::try_from(after.as_nanos()).expect("it is short");
                    prop_assert!(bucket.clone().check(at, rate, cost).0);
                    prop_assert!(!bucket.clone().check(at - 1, rate, cost).0);
                }
            }
        }
    }

    #[test]
    fn memory_is_bounded_and_comes_back() {
        let limit = LocalLimit::new(6_400);
        let rate = rate(1, 1_000);
        let mut refused = 0;
        for name in 0..20_000 {
            refused += u32::from(limit.check_at(1, &name.to_string(), rate, 1).is_err());
        }
        assert!(limit.names() <= 6_400 && refused >= 13_600, "{} names, {refused} refused", limit.names());
        for name in 0..20_000 {
            let asked = limit.check_at(5_000 + name * 10, &name.to_string(), rate, 1);
            assert!(asked.expect("there is room again").allowed);
        }
        assert!(limit.names() < 6_400, "{}", limit.names());
    }

    #[test]
    fn a_look_costs_nothing_and_keeps_nothing() {
        let limit = LocalLimit::new(10);
        let decision = limit.check_now("a", rate(3, 1_000_000_000), 0).expect("there is room");
        assert_eq!((decision.allowed, decision.remaining, limit.names()), (true, 3, 0));
    }

    #[test]
    fn another_rate_does_not_keep_a_name_out_for_longer_than_its_own() {
        let limit = LocalLimit::new(1_000);
        let slow = rate(1, 1_000_000);
        assert!(limit.check_at(0, "a", slow, 1).expect("there is room").allowed);
        let quick = rate(1, 1_000);
        let decision = limit.check_at(0, "a", quick, 1).expect("there is room");
        assert_eq!(decision.retry_after, Some(Duration::from_micros(1)));
    }
}
