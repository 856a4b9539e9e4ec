//! Owns what is expected of a request that has names beside its key.

use domain::{Alias, Command, Timestamp};
use idempotency::Key;

use crate::sample::{LONG, Sample, movement, word, words};
use crate::{Options, Scope};

/// A movement that has this name beside its key, at this time; a claim counts for so long.
fn named(id: u128, key: &str, (name, quantity): (&str, i64), (at, for_ms): (i64, Option<i64>)) -> Command {
    let alias = Alias { key: Key::derived("name", name), since: for_ms.map(|ms| Timestamp(at - ms)) };
    Command { at: Timestamp(at), aliases: vec![alias], ..movement(id, 1, key, quantity) }
}

async fn said(sample: &Sample, command: Command) -> String {
    word(&sample.submit(command).wait(LONG).await)
}

#[tokio::test(start_paused = true)]
async fn f4_one_name_is_one_effect_whatever_the_keys() {
    let sample = Sample::start(&[], Options::default());
    let tickets = (1..4).map(|id| sample.submit(named(id, &format!("k{id}"), ("a", 1), (0, None)))).collect();
    assert_eq!(words(tickets).await, ["Executed", "Replayed", "Replayed"]);
    assert_eq!(said(&sample, named(4, "k4", ("a", 1), (0, None))).await, "Replayed");
    // Their keys are names of it as well: of nothing else.
    assert_eq!(said(&sample, movement(5, 1, "k4", 1)).await, "Replayed");
    assert_eq!(said(&sample, movement(6, 1, "k2", 2)).await, "KeyReused");
    assert_eq!(sample.moved(), 1);
}

#[tokio::test(start_paused = true)]
async fn f4_a_name_that_is_taken_is_refused_to_another_request() {
    let sample = Sample::start(&[], Options::default());
    assert_eq!(said(&sample, named(1, "k1", ("a", 1), (0, None))).await, "Executed");
    assert_eq!(said(&sample, named(2, "k2", ("a", 2), (0, None))).await, "Executed");
    assert_eq!(said(&sample, named(3, "k3", ("b", 2), (0, None))).await, "Executed");
    assert_eq!(sample.moved(), 3, "the second was refused, and that is its answer");
}

/// F2: what has no key is the same wish within some time, and a new one behind it.
#[tokio::test(start_paused = true)]
async fn f2_a_claim_counts_for_its_time() {
    let sample = Sample::start(&[], Options::default());
    assert_eq!(said(&sample, named(1, "k1", ("a", 1), (100, Some(50)))).await, "Executed");
    assert_eq!(said(&sample, named(2, "k2", ("a", 1), (150, Some(50)))).await, "Replayed");
    assert_eq!(said(&sample, named(3, "k3", ("a", 1), (151, Some(50)))).await, "Executed");
    assert_eq!(said(&sample, named(4, "k4", ("a", 1), (160, Some(50)))).await, "Replayed", "of the third");
    assert_eq!(sample.moved(), 2);
}

/// A key that came to an answer by another name is kept from its own time on, and not from the first one's.
#[tokio::test(start_paused = true)]
async fn an_adopted_key_lives_as_long_as_its_own() {
    let sample = Sample::start(&[], Options::default());
    assert_eq!(said(&sample, named(1, "k1", ("a", 1), (100, None))).await, "Executed");
    let late = named(2, "k2", ("a", 1), (900, None));
    let scope = Scope::of(&late);
    assert_eq!(said(&sample, late).await, "Replayed");
    assert_eq!(sample.memory.tables().records[&scope].completed_at_ms, 900);
}

/// Two arrivals without a key of their own leave one record for each name, and none for themselves.
#[tokio::test(start_paused = true)]
async fn an_arrival_that_is_another_wish_s_leaves_no_record() {
    let sample = Sample::start(&[], Options::default());
    let arrival =
        |id: u128| Command { key: Key::derived("arrival", &id.to_string()), ..named(id, "k", ("a", 1), (0, Some(9))) };
    assert_eq!(said(&sample, arrival(1)).await, "Executed");
    let records = sample.memory.tables().records.len();
    assert_eq!(said(&sample, arrival(2)).await, "Replayed");
    assert_eq!((sample.memory.tables().records.len(), sample.moved()), (records, 1));
}
