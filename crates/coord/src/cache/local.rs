//! Owns the cache of this process: bounded, and what was put longest ago goes first.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use tokio::time::Instant;

use super::{Cache, Entry, TTL_MAX, check};
use crate::Error;

/// The queue is swept when it has this many places for each entry.
const PLACES_PER_ENTRY: usize = 2;

/// Entries of this process alone.
///
/// At the bound the one goes that was put longest ago, however often it is asked for. A cache that weighs what is asked
/// for might let go at once what was just put: that may be the newer version which keeps late readers out.
pub struct LocalCache {
    kept: Mutex<Kept>,
    entries_max: usize,
}

#[derive(Default)]
struct Kept {
    entries: HashMap<Arc<str>, Standing>,
    /// In the order of puts. A name has a place for each; the one of its last put counts.
    order: VecDeque<(Arc<str>, u64)>,
    puts: u64,
    clears: u64,
}

struct Standing {
    entry: Entry,
    until: Instant,
    put: u64,
}

impl LocalCache {
    /// Keeps at most so many.
    pub fn new(entries_max: usize) -> Self {
        Self { kept: Mutex::default(), entries_max: entries_max.max(1) }
    }

    /// Forgets all of it: for who was told that it missed something. Versions go as well, so that a late reader could put an
    /// old row: it puts by [`LocalCache::put_since`].
    pub fn clear(&self) {
        let mut kept = self.kept();
        *kept = Kept { clears: kept.clears + 1, ..Kept::default() };
    }

    /// How often it was cleared: asked before the database is.
    pub fn clears(&self) -> u64 {
        self.kept().clears
    }

    /// The same as [`Cache::put`], ignored where it was cleared since: what was read before that may be old.
    pub fn put_since(&self, clears: u64, name: &str, entry: Entry, ttl: Duration) -> Result<(), Error> {
        check(name, &entry)?;
        let now = Instant::now();
        let mut kept = self.kept();
        if kept.clears == clears {
            kept.put(name, entry, (now, now + ttl.min(TTL_MAX)));
            kept.sweep(now, self.entries_max);
        }
        Ok(())
    }

    fn kept(&self) -> MutexGuard<'_, Kept> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[async_trait]
impl Cache for LocalCache {
    async fn get(&self, name: &str) -> Result<Option<Entry>, Error> {
        let kept = self.kept();
        let standing = kept.entries.get(name).filter(|standing| Instant::now() < standing.until);
        Ok(standing.map(|standing| standing.entry.clone()))
    }

    async fn put(&self, name: &str, entry: Entry, ttl: Duration) -> Result<(), Error> {
        self.put_since(self.clears(), name, entry, ttl)
    }
}

impl Kept {
    fn put(&mut self, name: &str, entry: Entry, (now, until): (Instant, Instant)) {
        let standing = self.entries.get(name).filter(|standing| now < standing.until);
        if standing.is_some_and(|standing| standing.entry.version > entry.version) {
            return;
        }
        self.puts += 1;
        let name: Arc<str> = name.into();
        self.order.push_back((Arc::clone(&name), self.puts));
        self.entries.insert(name, Standing { entry, until, put: self.puts });
    }

    fn sweep(&mut self, now: Instant, entries_max: usize) {
        while let Some((name, put)) = self.order.front() {
            let standing = self.entries.get(name).filter(|standing| standing.put == *put);
            if standing.is_some_and(|standing| now < standing.until) && self.entries.len() <= entries_max {
                break;
            }
            if standing.is_some() {
                self.entries.remove(name);
            }
            self.order.pop_front();
        }
        if self.order.len() > entries_max.saturating_mul(PLACES_PER_ENTRY) {
            let entries = &self.entries;
            self.order.retain(|(name, put)| entries.get(name).is_some_and(|standing| standing.put == *put));
        }
    }
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use proptest::prelude::*;

    use super::*;

    const MINUTE: Duration = Duration::from_mins(1);

    fn entry(version: u64, bytes: &'static str) -> Entry {
        Entry { version, bytes: Bytes::from_static(bytes.as_bytes()) }
    }

    async fn there(cache: &LocalCache, names: &[&str]) -> Vec<bool> {
        let mut there = Vec::new();
        for name in names {
            there.push(cache.get(name).await.unwrap().is_some());
        }
        there
    }

    #[tokio::test(start_paused = true)]
    async fn an_entry_lasts_as_long_as_it_should() {
        let cache = LocalCache::new(10);
        cache.put("a", entry(1, "one"), MINUTE).await.unwrap();
        cache.put("b", entry(1, "one"), Duration::MAX).await.unwrap();
        tokio::time::advance(Duration::from_millis(59_999)).await;
        assert_eq!(cache.get("a").await.unwrap(), Some(entry(1, "one")));
        tokio::time::advance(Duration::from_millis(1)).await;
        assert_eq!(there(&cache, &["a", "b"]).await, [false, true]);
        tokio::time::advance(TTL_MAX).await;
        assert_eq!(there(&cache, &["b"]).await, [false]);
    }

    /// Why a newer version is put for longer than a reader may be late.
    #[tokio::test(start_paused = true)]
    async fn what_ran_out_guards_nothing() {
        let cache = LocalCache::new(10);
        cache.put("a", entry(2, "ended"), MINUTE).await.unwrap();
        cache.put("a", entry(1, "late"), MINUTE).await.unwrap();
        assert_eq!(cache.get("a").await.unwrap(), Some(entry(2, "ended")));
        tokio::time::advance(MINUTE).await;
        cache.put("a", entry(1, "late"), MINUTE).await.unwrap();
        assert_eq!(cache.get("a").await.unwrap(), Some(entry(1, "late")));
    }

    #[tokio::test(start_paused = true)]
    async fn at_the_bound_what_was_put_longest_ago_goes() {
        let cache = LocalCache::new(3);
        for name in ["a", "b", "c"] {
            cache.put(name, entry(1, "row"), MINUTE).await.unwrap();
        }
        // Its end is put now, and stays longer than what was put before it.
        cache.put("a", entry(2, "ended"), MINUTE).await.unwrap();
        for name in ["d", "e"] {
            assert!(cache.get("b").await.is_ok(), "asking keeps nothing");
            cache.put(name, entry(1, "row"), MINUTE).await.unwrap();
        }
        assert_eq!(there(&cache, &["a", "b", "c", "d", "e"]).await, [true, false, false, true, true]);
        cache.clear();
        assert_eq!(there(&cache, &["a", "d", "e"]).await, [false; 3]);
    }

    #[tokio::test(start_paused = true)]
    async fn the_same_name_again_and_again_takes_no_memory() {
        let cache = LocalCache::new(4);
        cache.put("first", entry(1, "row"), MINUTE).await.unwrap();
        for version in 0..1_000 {
            cache.put("a", entry(version, "row"), MINUTE).await.unwrap();
        }
        let kept = cache.kept.lock().unwrap();
        assert_eq!(kept.entries.len(), 2);
        assert!(kept.order.len() <= 8, "{}", kept.order.len());
    }

    #[tokio::test(start_paused = true)]
    async fn what_was_read_before_it_was_cleared_is_not_put() {
        let cache = LocalCache::new(4);
        let clears = cache.clears();
        cache.put_since(clears, "a", entry(1, "row"), MINUTE).unwrap();
        assert_eq!(there(&cache, &["a"]).await, [true]);
        cache.clear();
        cache.put_since(clears, "a", entry(1, "row"), MINUTE).unwrap();
        assert_eq!(there(&cache, &["a"]).await, [false]);
        cache.put_since(cache.clears(), "a", entry(2, "ended"), MINUTE).unwrap();
        assert_eq!(there(&cache, &["a"]).await, [true]);
    }

    proptest! {
        /// Against the rule in its plainest form, with time.
        #[test]
        fn it_is_as_the_rule_says(steps in prop::collection::vec((0..3_usize, 0..4_u64, 1..40_u64, 0..20_u64), 1..60)) {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build().unwrap();
            runtime.block_on(async {
                let cache = LocalCache::new(3);
                let mut model: [Option<(Entry, Instant)>; 3] = Default::default();
                for (number, (name, version, ttl, pause)) in steps.into_iter().enumerate() {
                    let (now, ttl) = (Instant::now(), Duration::from_secs(ttl));
                    let put = Entry { version, bytes: number.to_string().into() };
                    let older = model[name].as_ref().is_none_or(|(kept, until)| *until <= now || kept.version <= version);
                    if older {
                        model[name] = Some((put.clone(), now + ttl));
                    }
                    cache.put(["a", "b", "c"][name], put, ttl).await.unwrap();
                    tokio::time::advance(Duration::from_secs(pause)).await;
                    for (name, kept) in ["a", "b", "c"].into_iter().zip(&model) {
                        let kept = kept.as_ref().filter(|(_, until)| Instant::now() < *until).map(|(kept, _)| kept.clone());
                        assert_eq!(cache.get(name).await.unwrap(), kept);
                    }
                }
            });
        }
    }
}
