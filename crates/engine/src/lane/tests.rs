//! Owns what is expected of a batch's life, whatever the storage does, and of the callers who wait for it.

mod names;
mod setbacks;
mod thread;
mod tickets;

use crate::sample::{LONG, POISON, Sample, movement, word, words};
use crate::{Options, Refused, Standing, Ticket};

/// Submits these keys at once, each under its place from 1 as its id.
fn submit(sample: &Sample, keys: &[&str]) -> Vec<Ticket> {
    (1..).zip(keys).map(|(id, key)| sample.submit(movement(id, 1, key, 1))).collect()
}

#[tokio::test(start_paused = true)]
async fn what_waits_together_is_committed_together() {
    let sample = Sample::start(&[], Options { batch_commands_max: 3, ..Options::default() });
    let tickets = submit(&sample, &["a", "b", "c", "d"]);
    assert_eq!(words(tickets).await, ["Executed"; 4]);
    assert_eq!((sample.sizes(), sample.moved()), (vec![3, 1], 4));
}

#[tokio::test(start_paused = true)]
async fn o1_parallel_clicks_are_one_effect() {
    let sample = Sample::start(&[], Options::default());
    let tickets = submit(&sample, &["k", "k", "k"]);
    assert_eq!(words(tickets).await, ["Executed", "Replayed", "Replayed"]);
    assert_eq!(word(&sample.answer(9, "k").await), "Replayed");
    assert_eq!(sample.moved(), 1);
}

/// while the first runs, another request under its key is refused as it would be behind it.
#[tokio::test(start_paused = true)]
async fn r_02_another_request_under_a_key_in_flight() {
    let sample = Sample::start(&[], Options::default());
    let first = sample.submit(movement(1, 1, "k", 1));
    let other = sample.submit(movement(2, 1, "k", 7));
    assert!(other.is_duplicate());
    assert_eq!(words(vec![first, other]).await, ["Executed", "KeyReused"]);
    assert_eq!(word(&sample.submit(movement(3, 1, "k", 7)).wait(LONG).await), "KeyReused");
    assert_eq!(sample.moved(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_poisoned_command_breaks_only_itself() {
    let sample = Sample::start(&[], Options::default());
    let tickets = submit(&sample, &["a", "b", "c", POISON, "d", "e"]);
    assert_eq!(words(tickets).await, ["Executed", "Executed", "Executed", "Broken", "Executed", "Executed"]);
    assert_eq!((sample.sizes(), sample.moved()), (vec![6, 3, 3, 1, 2], 5));
    assert_eq!(sample.engine.standing(), Standing::Ready);
}

#[tokio::test(start_paused = true)]
async fn f_17_closing_drains() {
    let sample = Sample::start(&[], Options { batch_commands_max: 2, ..Options::default() });
    let tickets = submit(&sample, &["a", "b", "c", "d", "e"]);
    sample.engine.close();
    assert_eq!(sample.engine.submit(movement(9, 1, "late", 1)).err(), Some(Refused::Closed));
    assert_eq!(words(tickets).await, ["Executed"; 5]);
    let moved = sample.moved();
    sample.task.await.expect("the lane ends by itself");
    assert_eq!((moved, sample.engine.standing(), sample.engine.waiting()), (5, Standing::Closed, 0));
}

/// One tenant floods; the other's single command is in the batch behind the one that runs.
#[tokio::test(start_paused = true)]
async fn a_flood_does_not_starve_a_trickle() {
    let sample = Sample::start(&[], Options { batch_commands_max: 4, ..Options::default() });
    let flood: Vec<Ticket> = (0..40).map(|id| sample.submit(movement(id, 1, &format!("f{id}"), 1))).collect();
    let trickle = sample.submit(movement(99, 2, "trickle", 1));
    assert_eq!(word(&trickle.wait(LONG).await), "Executed");
    let behind =
        sample.batches.lock().expect("no test panics").iter().position(|batch| batch.contains(&"trickle".into()));
    assert_eq!(behind, Some(0));
    assert_eq!(words(flood).await, ["Executed"; 40]);
}
