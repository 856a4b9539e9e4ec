//! Owns the marks of this process: bounded, and forgotten in the order in which they were made.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use tokio::time::Instant;

use super::Tokens;
use crate::Error;

/// A mark lasts no longer: a year.
const TTL_MAX: Duration = Duration::from_hours(24 * 365);

/// Marks that this process made. At the bound the oldest goes.
pub struct LocalTokens {
    marks: Mutex<Marks>,
    marks_max: usize,
}

#[derive(Default)]
struct Marks {
    until: HashMap<Arc<str>, Instant>,
    /// In the order in which they were made. Each name stands in it once.
    order: VecDeque<Arc<str>>,
}

impl LocalTokens {
    /// Keeps at most so many.
    pub fn new(marks_max: usize) -> Self {
        Self { marks: Mutex::default(), marks_max: marks_max.max(1) }
    }
}

#[async_trait]
impl Tokens for LocalTokens {
    async fn seen(&self, name: &str) -> Result<bool, Error> {
        let marks = self.marks.lock().unwrap_or_else(PoisonError::into_inner);
        Ok(marks.until.get(name).is_some_and(|&until| Instant::now() < until))
    }

    async fn mark(&self, name: &str, ttl: Duration) -> Result<(), Error> {
        let now = Instant::now();
        let mut marks = self.marks.lock().unwrap_or_else(PoisonError::into_inner);
        let name: Arc<str> = name.into();
        if marks.until.insert(Arc::clone(&name), now + ttl.min(TTL_MAX)).is_none() {
            marks.order.push_back(name);
        }
        while marks.order.len() > self.marks_max || marks.is_first_over(now) {
            if let Some(first) = marks.order.pop_front() {
                marks.until.remove(&first);
            }
        }
        Ok(())
    }
}

impl Marks {
    fn is_first_over(&self, now: Instant) -> bool {
        self.order.front().and_then(|first| self.until.get(first)).is_some_and(|&until| until <= now)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MINUTE: Duration = Duration::from_mins(1);

    #[tokio::test(start_paused = true)]
    async fn a_mark_lasts_as_long_as_it_should() {
        let tokens = LocalTokens::new(10);
        assert!(!tokens.seen("a").await.unwrap());
        tokens.mark("a", MINUTE).await.unwrap();
        assert!(tokens.seen("a").await.unwrap());
        tokio::time::advance(MINUTE).await;
        assert!(!tokens.seen("a").await.unwrap());
        tokens.mark("b", MINUTE).await.unwrap();
        assert_eq!(tokens.marks.lock().unwrap().until.len(), 1, "the first is gone");
    }

    #[tokio::test(start_paused = true)]
    async fn no_time_is_too_long() {
        let tokens = LocalTokens::new(10);
        tokens.mark("a", Duration::MAX).await.unwrap();
        assert!(tokens.seen("a").await.unwrap());
    }

    #[tokio::test(start_paused = true)]
    async fn at_the_bound_the_oldest_goes() {
        let tokens = LocalTokens::new(3);
        for name in ["a", "b", "a", "c", "d"] {
            tokens.mark(name, MINUTE).await.unwrap();
        }
        let mut seen = Vec::new();
        for name in ["a", "b", "c", "d"] {
            seen.push(tokens.seen(name).await.unwrap());
        }
        assert_eq!(seen, [false, true, true, true]);
    }
}
