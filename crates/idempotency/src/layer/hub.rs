//! Owns which requests run in this process, so that their duplicates are woken and need not ask the store again and again.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio_util::sync::CancellationToken;

use crate::protocol::Name;

/// The requests that run here. Only a hint: the store decides.
#[derive(Clone, Default)]
pub(super) struct Hub(Arc<Mutex<HashMap<Name, CancellationToken>>>);

/// A request runs until this is dropped.
pub(super) struct Running {
    hub: Hub,
    name: Name,
    over: CancellationToken,
}

impl Hub {
    /// Says that a request begins to run.
    pub(super) fn enter(&self, name: &Name) -> Running {
        let over = CancellationToken::new();
        self.map().insert(name.clone(), over.clone());
        Running { hub: self.clone(), name: name.clone(), over }
    }

    /// What is cancelled as soon as the request has ended; `None` where it does not run here.
    pub(super) fn end_of(&self, name: &Name) -> Option<CancellationToken> {
        self.map().get(name).cloned()
    }

    fn map(&self) -> MutexGuard<'_, HashMap<Name, CancellationToken>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let mut map = self.hub.map();
        // One that took over while this one was silent has a token of its own, which stays.
        if map.get(&self.name) == Some(&self.over) {
            map.remove(&self.name);
        }
        drop(map);
        self.over.cancel();
    }
}
