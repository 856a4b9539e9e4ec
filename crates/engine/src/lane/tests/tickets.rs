//! Owns what callers see who wait, wait too long, or go away.

use std::time::Duration;

use crate::memory::{Fate, Landing};
use crate::sample::{LONG, Sample, movement, word};
use crate::{Options, Standing};

const SECOND: Duration = Duration::from_secs(1);

/// F-01, C-06: the work belongs to the engine, not to whoever waits for it.
#[tokio::test(start_paused = true)]
async fn f_01_c_06_a_caller_who_goes_away_cancels_nothing() {
    let sample = Sample::start(&[Fate::Slow(SECOND)], Options::default());
    drop(sample.submit(movement(1, 1, "gone", 1)));
    let waiting = sample.submit(movement(2, 1, "waits", 1)).wait(Duration::from_millis(10));
    assert_eq!(word(&waiting.await), "still Pending");
    assert_eq!(word(&sample.answer(3, "gone").await), "Replayed");
    assert_eq!(word(&sample.answer(4, "waits").await), "Replayed");
    assert_eq!(sample.moved(), 2);
}

/// C-02, C-03: a duplicate waits with the first; waiting too long disturbs nobody.
#[tokio::test(start_paused = true)]
async fn c_02_c_03_waiting_too_long() {
    let sample = Sample::start(&[Fate::Slow(10 * SECOND)], Options::default());
    let first = sample.submit(movement(1, 1, "k", 1));
    let short = sample.submit(movement(2, 1, "k", 1));
    let long = sample.submit(movement(3, 1, "k", 1));
    assert!(!first.is_duplicate() && short.is_duplicate() && long.is_duplicate());
    assert_eq!(word(&first.wait(SECOND).await), "still Pending");
    assert_eq!(word(&short.wait(SECOND).await), "still InFlight");
    assert_eq!(word(&long.wait(LONG).await), "Replayed");
    assert_eq!(sample.moved(), 1);
}

/// While a commit is unresolved a duplicate is told so, and not merely that the first is running.
#[tokio::test(start_paused = true)]
async fn a_duplicate_of_an_unresolved_command_is_pending() {
    let sample = Sample::start(&[Fate::Unknown(Landing::Never); 9], Options::default());
    let first = sample.submit(movement(1, 1, "k", 1));
    tokio::task::yield_now().await;
    let second = sample.submit(movement(2, 1, "k", 1));
    assert_eq!(word(&second.wait(Duration::from_millis(20)).await), "still Pending");
    assert_eq!(sample.engine.standing(), Standing::Struggling);
    assert_eq!(word(&first.wait(LONG).await), "Executed");
    assert_eq!(sample.engine.standing(), Standing::Ready);
}

/// A lane that is gone, by a storage that panics or a task that is aborted, leaves nobody waiting and takes nobody in.
#[tokio::test(start_paused = true)]
async fn a_lane_that_dies_leaves_nobody_waiting() {
    let sample = Sample::start(&[Fate::Slow(SECOND)], Options { batch_commands_max: 1, ..Options::default() });
    let [first, second] = ["a", "b"].map(|key| sample.submit(movement(1, 1, key, 1)));
    tokio::time::sleep(SECOND / 2).await;
    sample.task.abort();
    assert_eq!(word(&first.wait(LONG).await), "Pending");
    assert_eq!(word(&second.wait(LONG).await), "Stopped");
    assert_eq!(sample.engine.standing(), Standing::Stopped);
    assert!(sample.engine.submit(movement(3, 1, "c", 1)).is_err());
}
