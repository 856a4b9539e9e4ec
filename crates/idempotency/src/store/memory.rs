//! Owns the store that lives in the process: for one node, and for tests. It is gone with the process, so that whoever
//! comes back after a restart is executed again.

mod shard;

use std::hash::{BuildHasher as _, RandomState};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use async_trait::async_trait;
use tokio::time::Instant;

use super::limits::{ANSWER_BYTES_MAX, check_answer, check_name};
use crate::Answer;
use crate::protocol::{Begun, Doubt, Error, Finding, Lease, Name, Released, Request, Standing, Store, Written};

use shard::Shard;

/// Callers of different keys seldom wait for each other, as the locks are held for less than a microsecond.
const SHARDS: usize = 16;
/// So many records are kept where nothing else is set.
const RECORDS_MAX: usize = 1_000_000;
/// So many are purged at once by a request that finds no room.
const PURGED_WHEN_FULL: usize = 64;

/// Keeps records in the process. Its clock is tokio's, so that a test can turn it.
#[derive(Debug)]
pub struct Memory {
    shards: [Mutex<Shard>; SHARDS],
    hasher: RandomState,
    records: AtomicUsize,
    records_max: usize,
    answer_bytes_max: usize,
    /// When it was made, by both clocks: fences are moments, so that they grow over a restart.
    made: Instant,
    made_us: i64,
}

impl Memory {
    /// An empty store, for a million records with answers of up to [`ANSWER_BYTES_MAX`].
    pub fn new() -> Self {
        Self {
            shards: std::array::from_fn(|_| Mutex::default()),
            hasher: RandomState::new(),
            records: AtomicUsize::new(0),
            records_max: RECORDS_MAX,
            answer_bytes_max: ANSWER_BYTES_MAX,
            made: Instant::now(),
            made_us: wall_clock_us(),
        }
    }

    /// Keeps no more than so many records: another key than these is refused until [`Store::purge`] has made room.
    #[must_use]
    pub fn with_records_max(self, records_max: usize) -> Self {
        Self { records_max, ..self }
    }

    /// Keeps answers whose bodies have at most so many bytes.
    #[must_use]
    pub fn with_answer_bytes_max(self, answer_bytes_max: usize) -> Self {
        Self { answer_bytes_max, ..self }
    }

    /// How many records there are, those included whose retention has ended.
    pub fn len(&self) -> usize {
        self.records.load(Ordering::Relaxed)
    }

    /// True if there is none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    fn shard(&self, name: &Name) -> MutexGuard<'_, Shard> {
        let at = usize::try_from(self.hasher.hash_one(name) % SHARDS as u64).expect("a remainder of 16");
        lock(&self.shards[at])
    }

    /// Counts a record that is to be made; false where there is no room.
    fn room(&self) -> bool {
        let more = |records| (records < self.records_max).then_some(records + 1);
        self.records.fetch_update(Ordering::Relaxed, Ordering::Relaxed, more).is_ok()
    }

    /// Removes what has ended, shard by shard, and gives how many records it were.
    fn purge_ended(&self, limit: usize) -> usize {
        let now = Instant::now();
        let mut purged = 0;
        for shard in &self.shards {
            purged += lock(shard).purge(limit - purged, now);
        }
        self.removed(purged);
        purged
    }

    fn removed(&self, records: usize) {
        self.records.fetch_sub(records, Ordering::Relaxed);
    }

    /// The fence that a lease would have that is given now, were there none before.
    fn moment(&self, now: Instant) -> i64 {
        let since = now.saturating_duration_since(self.made).as_micros();
        self.made_us.saturating_add(i64::try_from(since).unwrap_or(i64::MAX))
    }
}

impl Default for Memory {
    fn default() -> Self {
        Self::new()
    }
}

#[async_trait]
impl Store for Memory {
    async fn begin(&self, request: &Request) -> Result<Begun, Error> {
        check_name(&request.name)?;
        let begin = || {
            let mut shard = self.shard(&request.name);
            let now = Instant::now();
            shard.begin(request, (now, self.moment(now)), || self.room())
        };
        if let Some(begun) = begin()? {
            return Ok(begun);
        }
        self.purge_ended(PURGED_WHEN_FULL);
        begin()?.ok_or_else(|| Error::Busy(format!("{} records are kept, which is the most", self.records_max)))
    }

    async fn look(&self, request: &Request) -> Result<Option<Begun>, Error> {
        check_name(&request.name)?;
        self.shard(&request.name).look(request, Instant::now())
    }

    async fn renew(&self, lease: &Lease) -> Result<Written, Error> {
        Ok(self.shard(&lease.name).renew(lease, Instant::now()))
    }

    async fn complete(&self, lease: &Lease, answer: &Answer) -> Result<Written, Error> {
        check_answer(answer, self.answer_bytes_max)?;
        Ok(self.shard(&lease.name).complete(lease, answer, Instant::now()))
    }

    async fn release(&self, lease: &Lease) -> Result<Released, Error> {
        let released = self.shard(&lease.name).release(lease);
        if released == Released::Free {
            self.removed(1);
        }
        Ok(released)
    }

    async fn doubt(&self, lease: &Lease) -> Result<Written, Error> {
        Ok(self.shard(&lease.name).doubt(lease, Instant::now()))
    }

    async fn settle(&self, doubt: &Doubt, finding: &Finding, retention: Duration) -> Result<Written, Error> {
        if let Finding::Executed(answer) = finding {
            check_answer(answer, self.answer_bytes_max)?;
        }
        let written = self.shard(&doubt.name).settle(doubt, finding, (Instant::now(), retention));
        if written == Written::Done && *finding == Finding::NotExecuted {
            self.removed(1);
        }
        Ok(written)
    }

    async fn standing(&self, name: &Name) -> Result<Option<Standing>, Error> {
        self.shard(name).standing(name, Instant::now())
    }

    async fn doubts(&self, limit: u32) -> Result<Vec<Doubt>, Error> {
        let limit = usize::try_from(limit).unwrap_or(usize::MAX);
        let now = Instant::now();
        let mut doubts: Vec<_> = self.shards.iter().flat_map(|shard| lock(shard).doubts(limit, now)).collect();
        doubts.sort_by_key(|(since, _)| *since);
        Ok(doubts.into_iter().take(limit).map(|(_, doubt)| doubt).collect())
    }

    async fn purge(&self, limit: u32) -> Result<u64, Error> {
        Ok(self.purge_ended(usize::try_from(limit).unwrap_or(usize::MAX)) as u64)
    }

    fn answer_bytes_max(&self) -> usize {
        self.answer_bytes_max
    }
}

/// A shard is only ever changed by whole steps: what panicked left it as it was.
fn lock(shard: &Mutex<Shard>) -> MutexGuard<'_, Shard> {
    shard.lock().unwrap_or_else(PoisonError::into_inner)
}

#[expect(clippy::disallowed_methods, reason = "a store has a clock of its own; this one is read when it is made")]
fn wall_clock_us() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_micros()).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests;
