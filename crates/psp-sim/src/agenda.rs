//! Owns when something happens by itself: payments, refunds that end, charges that expire. It does not know how they do.

use std::collections::BTreeSet;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::Notify;

/// What is due, with the provider's number.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Due {
    Pay(String),
    Expire(String),
    Refund(String),
}

/// What is due, and when.
#[derive(Default)]
pub(crate) struct Agenda {
    dues: Mutex<BTreeSet<(i64, Due)>>,
    earlier: Notify,
}

impl Agenda {
    pub(crate) fn note(&self, dues: Vec<(i64, Due)>) {
        if !dues.is_empty() {
            self.lock().extend(dues);
            self.earlier.notify_one();
        }
    }

    /// What is due by now, or how long there is nothing.
    pub(crate) fn take(&self, now: i64) -> Result<Vec<Due>, Duration> {
        let mut dues = self.lock();
        let mut taken = Vec::new();
        while let Some((at, _)) = dues.first() {
            if *at > now {
                let wait = Duration::from_millis(u64::try_from(at - now).unwrap_or_default());
                return if taken.is_empty() { Err(wait) } else { Ok(taken) };
            }
            taken.extend(dues.pop_first().map(|(_, due)| due));
        }
        if taken.is_empty() { Err(Duration::from_hours(1)) } else { Ok(taken) }
    }

    /// Until something is due earlier than before, but no longer than this. An hour at most: the clock may be set.
    pub(crate) async fn rest(&self, wait: Duration) {
        let _ = tokio::time::timeout(wait.min(Duration::from_hours(1)), self.earlier.notified()).await;
    }

    fn lock(&self) -> MutexGuard<'_, BTreeSet<(i64, Due)>> {
        self.dues.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
