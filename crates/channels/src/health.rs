//! Owns how an account's provider does: whether it may be asked now, and how much of what was asked it answered.
//!
//! A provider that is away is not asked again for a while, which doubles each time it is still away; then one call shows
//! whether it is back. What is not asked uses up nobody's tries. A node that asks nothing knows what another told.

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

#[cfg(test)]
mod tests;

/// For how long calls are remembered.
const WINDOW: Duration = Duration::from_mins(1);
/// The most calls that are remembered.
const CALLS_MAX: usize = 500;
/// So many calls are needed before their rate says anything.
const CALLS_LEAST: usize = 5;
/// So many calls in a row without an answer close the way to a provider that takes calls.
const SILENCES_MAX: u32 = 3;
const PAUSE_FIRST: Duration = Duration::from_secs(1);
const PAUSE_MAX: Duration = Duration::from_secs(8);

/// What was told is told again behind so long while the provider does badly: it is forgotten as calls are.
const TELL_AGAIN: Duration = Duration::from_secs(30);
/// How much older than its age says what is heard may be: it was on its way, and our own calls were not.
const ON_ITS_WAY: Duration = Duration::from_secs(2);

/// What other nodes are to know.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Report {
    /// Whether it is tried before others.
    pub is_well: bool,
    /// For how long it is not asked; none where it may be.
    pub closed_for: Option<Duration>,
    /// Calls of the last minute.
    pub asked: u32,
    /// How many of them were answered.
    pub answered: u32,
    made: Instant,
    closings: u64,
}

/// How a provider does, as seen from this process.
#[derive(Debug, Default)]
pub struct Health(Mutex<State>);

#[derive(Debug, Default)]
struct State {
    /// When, and whether it answered.
    calls: VecDeque<(Instant, bool)>,
    silences: u32,
    /// Not asked until then.
    closed_until: Option<Instant>,
    pause: Duration,
    /// How often the way was closed, ever.
    closings: u64,
    /// What was told last, by this node or another one.
    heard: Option<Heard>,
}

/// What a node told, and when.
#[derive(Clone, Copy, Debug)]
struct Heard {
    at: Instant,
    is_well: bool,
    /// As often had the way been closed then, where this node told it.
    closings: Option<u64>,
}

impl Health {
    /// It answered, whatever it said.
    pub fn answered(&self) {
        let mut state = self.state();
        state.note(true);
        (state.silences, state.closed_until, state.pause) = (0, None, Duration::ZERO);
    }

    /// It answered that this account may not ask for that: it is there, and asked on, and who denies most of what is asked
    /// comes behind others.
    pub fn denied(&self) {
        let mut state = self.state();
        state.note(false);
        (state.silences, state.closed_until, state.pause) = (0, None, Duration::ZERO);
    }

    /// It was asked, and no answer came.
    pub fn silent(&self) {
        let mut state = self.state();
        state.note(false);
        state.silences += 1;
        if state.silences >= SILENCES_MAX {
            state.close();
        }
    }

    /// It could not be reached.
    pub fn away(&self) {
        let mut state = self.state();
        state.note(false);
        state.close();
    }

    /// Whether it may be asked. Behind a pause one call is let through, and the next only once that told something, or
    /// another pause is over.
    pub fn may_ask(&self) -> bool {
        let mut state = self.state();
        let now = Instant::now();
        match state.closed_until {
            None => true,
            Some(until) if now < until => false,
            Some(_) => {
                state.closed_until = Some(now + state.pause);
                true
            }
        }
    }

    /// Whether it was not closed when last looked at. Lets no call through.
    pub fn is_open(&self) -> bool {
        self.state().closed_until.is_none_or(|until| until <= Instant::now())
    }

    /// Of the calls of the last minute, the part that was answered; one where there were too few to say.
    pub fn rate(&self) -> f64 {
        self.state().rate()
    }

    /// Whether it is tried before others: it is open, and answers at least half of what it is asked; as this node found, or
    /// as another told since.
    pub fn is_well(&self) -> bool {
        let mut state = self.state();
        match state.heard.filter(|heard| heard.at.elapsed() <= WINDOW && !state.was_asked_since(heard.at)) {
            Some(heard) => heard.is_well,
            None => state.is_well(),
        }
    }

    /// What other nodes are to be told, where this one found what was not told yet.
    pub fn news(&self) -> Option<Report> {
        let mut state = self.state();
        let is_well = state.is_well();
        let is_news = match state.heard {
            None => !is_well,
            Some(known) => {
                let is_other = known.is_well != is_well || known.closings.is_some_and(|then| then != state.closings);
                state.was_asked_since(known.at) && (is_other || (!is_well && known.at.elapsed() >= TELL_AGAIN))
            }
        };
        let made = Instant::now();
        is_news.then(|| {
            let (asked, answered) = state.counts();
            let closed_for = state.closed_until.map(|until| until - made).filter(|left| !left.is_zero());
            Report { is_well, closed_for, asked, answered, made, closings: state.closings }
        })
    }

    /// It was told to the others.
    pub fn told(&self, report: &Report) {
        let Report { is_well, made, closings, .. } = *report;
        self.state().heard = Some(Heard { at: made, is_well, closings: Some(closings) });
    }

    /// A node told this so long ago.
    pub fn hear(&self, is_well: bool, ago: Duration) {
        let mut state = self.state();
        let Some(at) = Instant::now().checked_sub(ago + ON_ITS_WAY) else { return };
        if state.heard.is_none_or(|before| before.at < at) {
            state.heard = Some(Heard { at, is_well, closings: None });
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn note(&mut self, answered: bool) {
        self.forget();
        if self.calls.len() == CALLS_MAX {
            self.calls.pop_front();
        }
        self.calls.push_back((Instant::now(), answered));
    }

    fn is_well(&mut self) -> bool {
        self.closed_until.is_none() && self.rate() >= 0.5
    }

    fn rate(&mut self) -> f64 {
        let (asked, answered) = self.counts();
        if self.calls.len() < CALLS_LEAST { 1.0 } else { f64::from(answered) / f64::from(asked) }
    }

    /// Calls of the last minute, and how many of them were answered.
    fn counts(&mut self) -> (u32, u32) {
        self.forget();
        let count = |count: usize| u32::try_from(count).unwrap_or(u32::MAX);
        (count(self.calls.len()), count(self.calls.iter().filter(|(_, answered)| *answered).count()))
    }

    /// Whether this node found something out since.
    fn was_asked_since(&self, at: Instant) -> bool {
        self.calls.back().is_some_and(|(last, _)| *last > at)
    }

    fn forget(&mut self) {
        let now = Instant::now();
        while self.calls.front().is_some_and(|(at, _)| now.duration_since(*at) > WINDOW) {
            self.calls.pop_front();
        }
    }

    fn close(&mut self) {
        self.closings += 1;
        self.pause = (self.pause * 2).clamp(PAUSE_FIRST, PAUSE_MAX);
        self.closed_until = Some(Instant::now() + self.pause);
    }
}
