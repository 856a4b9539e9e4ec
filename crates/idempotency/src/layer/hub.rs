//! Owns which requests run in this process, so that their duplicates are woken and need not ask the store again and again.

use std::collections::hash_map::{self as map, HashMap};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio_util::sync::CancellationToken;

use crate::protocol::Name;

/// The requests that run here. Of those that have a record only a hint: the store decides.
#[derive(Clone, Default)]
pub(super) struct Hub(Arc<Inside>);

#[derive(Default)]
struct Inside {
    running: Mutex<HashMap<Name, Entry>>,
    next: AtomicU64,
}

struct Entry {
    /// Which run it is: one that was silent may have been taken over.
    run: u64,
    /// It runs without a record: nobody but this process knows of it.
    is_unguarded: bool,
    /// Cancelled at its end, where somebody waits for that.
    over: Option<CancellationToken>,
}

/// A request runs until this is dropped.
pub(super) struct Running {
    hub: Hub,
    name: Name,
    run: u64,
}

impl Hub {
    /// Says that a request begins to run under its lease; `None` where it runs here without one.
    pub(super) fn enter(&self, name: &Name) -> Option<Running> {
        self.enter_if(name, false, |there| !there.is_unguarded).ok()
    }

    /// Says that a request begins to run without a record. Where it runs here already: whether that is without one, too.
    pub(super) fn enter_unguarded(&self, name: &Name) -> Result<Running, bool> {
        self.enter_if(name, true, |_| false)
    }

    /// Whether a request runs without a record; `None` where it does not run here.
    pub(super) fn is_unguarded(&self, name: &Name) -> Option<bool> {
        self.map().get(name).map(|entry| entry.is_unguarded)
    }

    fn enter_if(&self, name: &Name, is_unguarded: bool, gives_way: impl Fn(&Entry) -> bool) -> Result<Running, bool> {
        let run = self.0.next.fetch_add(1, Ordering::Relaxed);
        let entry = Entry { run, is_unguarded, over: None };
        match self.map().entry(name.clone()) {
            map::Entry::Occupied(there) if !gives_way(there.get()) => return Err(there.get().is_unguarded),
            map::Entry::Occupied(mut there) => there.insert(entry).end(),
            map::Entry::Vacant(free) => {
                free.insert(entry);
            }
        }
        Ok(Running { hub: self.clone(), name: name.clone(), run })
    }

    /// What is cancelled as soon as the request has ended; `None` where it does not run here.
    pub(super) fn end_of(&self, name: &Name) -> Option<CancellationToken> {
        self.map().get_mut(name).map(|entry| entry.over.get_or_insert_default().clone())
    }

    fn map(&self) -> MutexGuard<'_, HashMap<Name, Entry>> {
        self.0.running.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Entry {
    fn end(self) {
        if let Some(over) = self.over {
            over.cancel();
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // One that took over while this one was silent has an entry of its own, which stays.
        let own = match self.hub.map().entry(self.name.clone()) {
            map::Entry::Occupied(there) if there.get().run == self.run => Some(there.remove()),
            _ => None,
        };
        if let Some(own) = own {
            own.end();
        }
    }
}
