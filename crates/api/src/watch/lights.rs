//! Owns what was found when somebody looked at the whole: whether each invariant holds, and how far behind the outbox is. Whoever runs
//! the server looks now and then; here it stands to be shown.

use std::sync::{Arc, Mutex, PoisonError};

use domain::Timestamp;

/// See the module. Clones share it.
#[derive(Clone, Default)]
pub struct Lights(Arc<Mutex<Looked>>);

/// What was found last.
#[derive(Clone, Debug, Default)]
pub struct Looked {
    /// The invariants.
    pub lights: Vec<Light>,
    /// When they were asked; none before the first time.
    pub at: Option<Timestamp>,
    /// How many messages wait to be done outside.
    pub outbox_waiting: u64,
    /// Since when the oldest of those that are due waits.
    pub outbox_since: Option<Timestamp>,
}

/// Whether an invariant holds.
#[derive(Clone, Debug)]
pub struct Light {
    /// Its number in the domain's rules.
    pub id: &'static str,
    /// What it says.
    pub title: &'static str,
    /// How many rows break it.
    pub violations: u64,
}

impl Lights {
    /// Shows what was found.
    pub fn show(&self, change: impl FnOnce(&mut Looked)) {
        change(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner));
    }

    /// What was found last.
    pub(crate) fn shown(&self) -> Looked {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}
