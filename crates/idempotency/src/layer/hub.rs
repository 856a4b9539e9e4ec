//! Owns which requests run in this process, so that their duplicates are woken and need not ask the store again and again.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio_util::sync::CancellationToken;

use crate::protocol::Name;

/// The requests that run here. Of those that have a record only a hint: the store decides.
#[derive(Clone, Default)]
pub(super) struct Hub(Arc<Mutex<HashMap<Name, Entry>>>);

#[derive(Clone)]
struct Entry {
    over: CancellationToken,
    /// It runs without a record: nobody but this process knows of it.
    is_unguarded: bool,
}

/// A request runs until this is dropped.
pub(super) struct Running {
    hub: Hub,
    name: Name,
    over: CancellationToken,
}

impl Hub {
    /// Says that a request begins to run under its lease; `None` where it runs here without one.
    pub(super) fn enter(&self, name: &Name) -> Option<Running> {
        self.enter_if(name, false, |there| !there.is_unguarded)
    }

    /// Says that a request begins to run without a record; `None` where it runs here already.
    pub(super) fn enter_unguarded(&self, name: &Name) -> Option<Running> {
        self.enter_if(name, true, |_| false)
    }

    fn enter_if(&self, name: &Name, is_unguarded: bool, may_stand: impl Fn(&Entry) -> bool) -> Option<Running> {
        let over = CancellationToken::new();
        let mut map = self.map();
        if !map.get(name).is_none_or(may_stand) {
            return None;
        }
        map.insert(name.clone(), Entry { over: over.clone(), is_unguarded });
        Some(Running { hub: self.clone(), name: name.clone(), over })
    }

    /// What is cancelled as soon as the request has ended; `None` where it does not run here.
    pub(super) fn end_of(&self, name: &Name) -> Option<CancellationToken> {
        self.map().get(name).map(|entry| entry.over.clone())
    }

    fn map(&self) -> MutexGuard<'_, HashMap<Name, Entry>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let mut map = self.hub.map();
        // One that took over while this one was silent has a token of its own, which stays.
        if map.get(&self.name).is_some_and(|entry| entry.over == self.over) {
            map.remove(&self.name);
        }
        drop(map);
        self.over.cancel();
    }
}
