//! Owns how many live pages are served at once: of one session, and of all of them on this server. Each asks the API every second, so
//! without a bound one browser could keep a server busy.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// So many a session may have open: more tabs than people look at.
const OF_SESSION_MAX: usize = 25;
/// And so many there are on a server: each is some two requests a second.
const MAX: usize = 250;

/// How many are open, by the session. Clones share it.
#[derive(Clone, Default)]
pub(crate) struct Streams(Arc<Mutex<HashMap<String, usize>>>);

/// One that is open. Whoever drops it leaves room for another.
pub(crate) struct Place {
    streams: Streams,
    session_id: String,
}

/// Why there is no room for one more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Full {
    /// The session has as many as it may.
    Session,
    /// So does the server.
    Server,
}

impl Streams {
    /// One more of a session.
    pub(crate) fn enter(&self, session_id: &str) -> Result<Place, Full> {
        let mut open = self.open();
        let own = open.get(session_id).copied().unwrap_or(0);
        if own >= OF_SESSION_MAX {
            return Err(Full::Session);
        }
        if open.values().sum::<usize>() >= MAX {
            return Err(Full::Server);
        }
        open.insert(session_id.to_owned(), own + 1);
        Ok(Place { streams: self.clone(), session_id: session_id.to_owned() })
    }

    /// Whoever panicked with it had changed all of it, or nothing.
    fn open(&self) -> MutexGuard<'_, HashMap<String, usize>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut open = self.streams.open();
        match open.get_mut(&self.session_id) {
            Some(own) if *own > 1 => *own -= 1,
            _ => drop(open.remove(&self.session_id)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn enter(streams: &Streams, session_id: &str, count: usize) -> Vec<Place> {
        (0..count).map(|_| streams.enter(session_id).unwrap_or_else(|full| panic!("{session_id}: {full:?}"))).collect()
    }

    #[test]
    fn a_session_has_so_many_and_another_as_many() {
        let streams = Streams::default();
        let mut one = enter(&streams, "one", OF_SESSION_MAX);
        assert_eq!(streams.enter("one").err(), Some(Full::Session));
        let _two = enter(&streams, "two", OF_SESSION_MAX);
        one.pop();
        one.extend(enter(&streams, "one", 1));
        assert_eq!(streams.enter("one").err(), Some(Full::Session), "one that left makes room for one");
    }

    #[test]
    fn a_server_has_so_many_and_forgets_who_left() {
        let streams = Streams::default();
        let sessions = MAX / OF_SESSION_MAX;
        let mut all: Vec<_> =
            (0..sessions).map(|number| enter(&streams, &number.to_string(), OF_SESSION_MAX)).collect();
        assert_eq!(streams.enter("late").err(), Some(Full::Server));
        assert_eq!(streams.enter("0").err(), Some(Full::Session), "who can do something about it is told so");
        all.pop();
        drop(enter(&streams, "late", OF_SESSION_MAX));
        drop(all);
        assert!(streams.open().is_empty(), "nothing is kept of those who left");
    }
}
