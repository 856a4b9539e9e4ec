//! Owns how an account's provider does: whether it may be asked now, and how much of what was asked it answered.
//!
//! A provider that is away is not asked again for a while, which doubles each time it is still away; then one call shows
//! whether it is back. What is not asked uses up nobody's tries.

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

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
}

impl Health {
    /// It answered, whatever it said.
    pub fn answered(&self) {
        let mut state = self.state();
        state.note(true);
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
        let mut state = self.state();
        state.forget();
        if state.calls.len() < CALLS_LEAST {
            return 1.0;
        }
        let answered = state.calls.iter().filter(|(_, answered)| *answered).count();
        let part = |count: usize| f64::from(u32::try_from(count).unwrap_or(u32::MAX));
        part(answered) / part(state.calls.len())
    }

    /// Whether it is tried before others: it is open, and answers at least half of what it is asked.
    pub fn is_well(&self) -> bool {
        self.state().closed_until.is_none() && self.rate() >= 0.5
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

    fn forget(&mut self) {
        let now = Instant::now();
        while self.calls.front().is_some_and(|(at, _)| now.duration_since(*at) > WINDOW) {
            self.calls.pop_front();
        }
    }

    fn close(&mut self) {
        self.pause = (self.pause * 2).clamp(PAUSE_FIRST, PAUSE_MAX);
        self.closed_until = Some(Instant::now() + self.pause);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn what_is_away_is_asked_again_behind_a_pause_that_grows() {
        let health = Health::default();
        assert!(health.may_ask() && health.is_well());
        for pause in [1, 2, 4, 8, 8] {
            health.away();
            assert!(!health.may_ask() && !health.is_well());
            tokio::time::advance(Duration::from_millis(pause * 1_000 - 1)).await;
            assert!(!health.may_ask());
            tokio::time::advance(Duration::from_millis(1)).await;
            assert!(health.may_ask(), "one call behind {pause} s");
            assert!(!health.may_ask(), "and one only");
        }
        health.answered();
        assert!(health.may_ask() && health.may_ask());
    }

    #[tokio::test(start_paused = true)]
    async fn silence_closes_the_way_too_and_the_rate_is_of_a_minute() {
        let health = Health::default();
        health.silent();
        health.silent();
        assert!(health.may_ask() && health.is_well());
        health.silent();
        assert!(!health.may_ask());
        health.answered();
        health.answered();
        assert!(health.rate() < 0.5 && !health.is_well() && health.may_ask());
        tokio::time::advance(WINDOW + Duration::from_millis(1)).await;
        assert!((health.rate() - 1.0).abs() < f64::EPSILON && health.is_well());
    }
}
