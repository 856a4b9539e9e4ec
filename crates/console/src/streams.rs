//! Owns how many live pages are served at once: of one session, and of all of them on this server. Each asks the API every second, so
//! without a bound one browser could keep a server busy.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

/// So many a session may have open: more tabs than people look at.
const OF_SESSION_MAX: usize = 25;
/// And so many there are on a server: each is some two requests a second.
const MAX: usize = 250;
/// For so long one is served; the page opens another then.
pub(crate) const LASTS: Duration = Duration::from_mins(15);
/// Behind that its place is another's, even where its browser keeps the connection and reads no more: the stream is not asked for its
/// next event then, and would never end by itself.
const HELD_MAX: Duration = Duration::from_mins(16);

/// Which are open, by the session: each with its number, and until when its place is kept. Clones share it.
#[derive(Clone, Default)]
pub(crate) struct Streams(Arc<Mutex<Open>>);

#[derive(Default)]
struct Open {
    next: u64,
    of: HashMap<String, HashMap<u64, Instant>>,
}

/// One that is open. Whoever drops it leaves room for another.
pub(crate) struct Place {
    streams: Streams,
    session_id: String,
    number: u64,
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
        let (mut open, now) = (self.open(), Instant::now());
        if open.count() >= MAX || open.of.get(session_id).is_some_and(|own| own.len() >= OF_SESSION_MAX) {
            open.forget(now);
        }
        if open.of.get(session_id).is_some_and(|own| own.len() >= OF_SESSION_MAX) {
            return Err(Full::Session);
        }
        if open.count() >= MAX {
            return Err(Full::Server);
        }
        let number = open.next;
        open.next += 1;
        open.of.entry(session_id.to_owned()).or_default().insert(number, now + HELD_MAX);
        Ok(Place { streams: self.clone(), session_id: session_id.to_owned(), number })
    }

    /// Whoever panicked with it had changed all of it, or nothing.
    fn open(&self) -> MutexGuard<'_, Open> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Open {
    fn count(&self) -> usize {
        self.of.values().map(HashMap::len).sum()
    }

    /// Takes the places back that were kept for long enough.
    fn forget(&mut self, now: Instant) {
        for own in self.of.values_mut() {
            own.retain(|_, until| *until > now);
        }
        self.of.retain(|_, own| !own.is_empty());
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut open = self.streams.open();
        if let Some(own) = open.of.get_mut(&self.session_id) {
            own.remove(&self.number);
            if own.is_empty() {
                open.of.remove(&self.session_id);
            }
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
        assert!(streams.open().of.is_empty(), "nothing is kept of those who left");
    }

    /// A browser that stops reading keeps its connection, and nobody's place.
    #[tokio::test(start_paused = true)]
    async fn a_place_is_kept_for_so_long_and_not_given_back_twice() {
        let streams = Streams::default();
        let asleep = enter(&streams, "one", OF_SESSION_MAX);
        tokio::time::advance(HELD_MAX.saturating_sub(Duration::from_secs(1))).await;
        assert_eq!(streams.enter("one").err(), Some(Full::Session));
        tokio::time::advance(Duration::from_secs(1)).await;
        let _awake = enter(&streams, "one", OF_SESSION_MAX);
        drop(asleep);
        assert_eq!(
            streams.enter("one").err(),
            Some(Full::Session),
            "theirs are not the places of those who came behind them"
        );
    }
}
