//! Owns the time of a test: a wall's clock that it moves, and waiting.

use std::cell::{Cell, OnceCell};
use std::time::Duration;

use domain::Timestamp;
use tokio::time::Instant;

/// How long a test waits for what must come, before it fails.
pub const PATIENCE: Duration = Duration::from_secs(10);
/// A pause that is long beside everything here, and short for who waits.
pub const A_WHILE: Duration = Duration::from_millis(300);

thread_local! {
    /// What the wall's clock is ahead of the machine's: a machine that sleeps has the one go on and the other stand still.
    static AHEAD_MS: Cell<i64> = const { Cell::new(0) };
    static BEGAN: OnceCell<Instant> = const { OnceCell::new() };
    static MADE: Cell<u128> = const { Cell::new(1_000) };
}

/// The wall's clock.
pub fn now() -> Timestamp {
    let passed = BEGAN.with(|began| began.get_or_init(Instant::now).elapsed());
    Timestamp(1_800_000_000_000 + AHEAD_MS.get() + i64::try_from(passed.as_millis()).expect("a short test"))
}

/// The wall's clock goes on at once, and nothing else does.
pub fn sleep_through(time: Duration) {
    AHEAD_MS.set(AHEAD_MS.get() + i64::try_from(time.as_millis()).expect("a short sleep"));
}

/// Another one each time.
pub fn id() -> u128 {
    MADE.set(MADE.get() + 1);
    MADE.get()
}

/// Waits until it holds.
pub async fn until(what: &str, mut holds: impl AsyncFnMut() -> bool) {
    let begun = Instant::now();
    while !holds().await {
        assert!(begun.elapsed() < PATIENCE, "{what}");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}
