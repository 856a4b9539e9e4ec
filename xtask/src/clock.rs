//! Owns the only looks at a clock, and the only pause, in the developer's commands.

use std::fmt;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

/// Tells how long something took.
#[derive(Clone, Copy)]
pub(crate) struct Stopwatch(Instant);

/// A time for people: `4.2 s`, `3 min 05 s`.
pub(crate) struct Took(pub(crate) Duration);

impl Stopwatch {
    #[expect(clippy::disallowed_methods, reason = "measures a step of a developer's command")]
    pub(crate) fn start() -> Self {
        Self(Instant::now())
    }

    pub(crate) fn elapsed(self) -> Duration {
        self.0.elapsed()
    }
}

impl fmt::Display for Took {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let seconds = self.0.as_secs();
        if seconds < 60 {
            write!(out, "{:.1} s", self.0.as_secs_f64())
        } else {
            write!(out, "{} min {:02} s", seconds / 60, seconds % 60)
        }
    }
}

/// A first seed that no run before had: a thousand of them for every second since 1970.
#[expect(clippy::disallowed_methods, reason = "new seeds are wanted, and each is printed")]
pub(crate) fn seed() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    since.as_secs().saturating_mul(1_000)
}

/// Milliseconds since 1970, which is how a log is put beside another process's log.
#[expect(clippy::disallowed_methods, reason = "a log of what a tool did says when")]
pub(crate) fn unix_ms() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
}

/// Waits before looking again at another process.
#[expect(clippy::disallowed_methods, reason = "another process tells nobody when it is ready")]
pub(crate) fn pause(duration: Duration) {
    std::thread::sleep(duration);
}
