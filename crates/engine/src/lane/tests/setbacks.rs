//! Owns the table of setbacks: what the storage says, one commit after the other, and what the callers are told.

use std::collections::BTreeSet;
use std::time::Duration;

use super::submit;
use crate::memory::{Fate, Landing};
use crate::sample::{LONG, POISON, Sample, movement, product, word, words};
use crate::{Options, Refused, Standing};

const LOST: Fate = Fate::Unknown(Landing::Never);
const UNHEARD: Fate = Fate::Unknown(Landing::Now);

fn retrying(retries_max: u32) -> Options {
    Options { retries_max, ..Options::default() }
}

/// The keys are submitted at once; their commits come to these fates, later ones are fine.
async fn check(keys: &[&str], commits: &[Fate], told: &[&str], moved: i64) {
    let sample = Sample::start(commits, retrying(2));
    let tickets = submit(&sample, keys);
    assert_eq!(words(tickets).await, told, "{keys:?} on {commits:?}");
    assert_eq!(sample.moved(), moved, "{keys:?} on {commits:?}");
    // Whatever happened: the keys tell the truth, and nothing is done twice.
    let unique: BTreeSet<&str> = keys.iter().copied().collect();
    for (id, key) in (100..).zip(&unique) {
        let answered = word(&sample.answer(id, key).await);
        assert!(matches!(&*answered, "Executed" | "Replayed"), "{key}: {answered}");
    }
    assert_eq!(usize::try_from(sample.moved()), Ok(unique.len()), "{keys:?} on {commits:?}");
    assert_eq!(sample.engine.standing(), Standing::Ready);
}

#[tokio::test(start_paused = true)]
async fn f_16_tried_again_as_often_as_is_allowed() {
    use Fate::Retry;

    check(&["a"], &[Retry, Retry], &["Executed"], 1).await;
    check(&["a"], &[Retry, Retry, Retry], &["Busy"], 0).await;
    check(&["a", "b"], &[Retry, Retry, Retry], &["Executed", "Executed"], 2).await;
    check(&["a", "b"], &[Retry; 6], &["Busy", "Executed"], 1).await;
}

/// Where nobody is there, halves would fare no better: the whole batch is given up at once, and nobody waits longer.
#[tokio::test(start_paused = true)]
async fn a_storage_that_is_away_fails_the_whole_batch() {
    use Fate::Unreachable;

    check(&["a", "b"], &[Unreachable, Unreachable], &["Executed", "Executed"], 2).await;
    check(&["a", "b"], &[Unreachable, Unreachable, Unreachable], &["Busy", "Busy"], 0).await;
    check(&["a"], &[LOST, Unreachable, Unreachable, Unreachable, Unreachable], &["Executed"], 1).await;
}

/// Halves are tried at once; one command alone can be no less, and is tried again.
#[tokio::test(start_paused = true)]
async fn a_batch_that_is_too_much_is_split_at_once() {
    use Fate::TooMuch;

    check(&["a", "b"], &[TooMuch], &["Executed", "Executed"], 2).await;
    check(&["a", "b", "c", "d"], &[TooMuch, TooMuch], &["Executed"; 4], 4).await;
    // The whole is not tried again: the tries that are left are those of its first half.
    check(&["a", "b"], &[TooMuch; 4], &["Busy", "Executed"], 1).await;
    check(&["a"], &[TooMuch, TooMuch], &["Executed"], 1).await;
    check(&["a"], &[TooMuch, TooMuch, TooMuch], &["Busy"], 0).await;
    check(&["a"], &[LOST, TooMuch, TooMuch, TooMuch, TooMuch], &["Executed"], 1).await;
}

/// The halves are tried, down to the one that is refused alone.
#[tokio::test(start_paused = true)]
async fn a_refused_batch_is_split() {
    use Fate::Rejected;

    check(&["a"], &[Rejected], &["Broken"], 0).await;
    check(&["a", "b"], &[Rejected], &["Executed", "Executed"], 2).await;
    check(&["a", "b"], &[Rejected, Rejected], &["Broken", "Executed"], 1).await;
    check(&["a", "b", "c"], &[Rejected, Rejected, Rejected, Rejected], &["Broken", "Broken", "Executed"], 1).await;
}

/// The reply is lost, the rerun finds out: this arrival was executed, not replayed.
#[tokio::test(start_paused = true)]
async fn f_05_a_lost_reply_is_resolved_by_running_again() {
    use Fate::Retry;

    check(&["a"], &[UNHEARD], &["Executed"], 1).await;
    check(&["a"], &[LOST], &["Executed"], 1).await;
    check(&["a"], &[LOST, UNHEARD], &["Executed"], 1).await;
    check(&["a", "a"], &[UNHEARD], &["Executed", "Replayed"], 1).await;
    check(&["a", "b"], &[UNHEARD], &["Executed", "Executed"], 2).await;
    // Nobody gives up: no count of retries makes "not applied" true.
    check(&["a"], &[LOST, Retry, Retry, Retry, Retry, Retry], &["Executed"], 1).await;
}

/// Unknown, then refused: only the key can tell, for each half of a split batch too.
#[tokio::test(start_paused = true)]
async fn what_was_unknown_is_never_told_as_not_applied() {
    use Fate::{Rejected, Retry};

    check(&["a"], &[LOST, Rejected], &["Pending"], 0).await;
    check(&["a"], &[UNHEARD, Rejected], &["Pending"], 1).await;
    check(&["a", "b"], &[LOST, Rejected, Rejected, Rejected], &["Pending", "Pending"], 0).await;
    check(&["a", "b"], &[UNHEARD, Rejected, Rejected], &["Pending", "Executed"], 2).await;
    check(&["a", "b"], &[LOST, Rejected, Retry, Retry, Retry, Retry], &["Executed", "Executed"], 2).await;
}

/// A late commit lands between the rerun's load and its commit: the rerun is refused, looks again, and finds it.
#[tokio::test(start_paused = true)]
async fn a_late_commit_lands_under_the_rerun() {
    let late = Fate::Unknown(Landing::After(Duration::from_millis(5)));
    let slow = Fate::Slow(Duration::from_millis(20));
    check(&["a"], &[late, slow], &["Executed"], 1).await;
    check(&["a", "a"], &[late, slow], &["Executed", "Replayed"], 1).await;
}

/// F-06: refused, not guessed; nothing is stored under a key that was not run.
#[tokio::test(start_paused = true)]
async fn f_06_a_database_that_cannot_be_reached() {
    let sample = Sample::start_loads(&[Fate::Retry; 3], retrying(2));
    assert_eq!(word(&sample.answer(1, "a").await), "Busy");
    assert_eq!(word(&sample.answer(2, "a").await), "Executed");
    assert_eq!(sample.moved(), 1);
}

/// A batch that was given up leaves no mark: the next one's success says that the storage is well.
#[tokio::test(start_paused = true)]
async fn struggling_ends_with_the_next_success() {
    let sample = Sample::start(&[Fate::Retry; 9], retrying(8));
    assert_eq!(word(&sample.answer(1, "a").await), "Busy");
    assert_eq!(sample.engine.standing(), Standing::Struggling);
    assert_eq!(word(&sample.answer(2, "b").await), "Executed");
    assert_eq!(sample.engine.standing(), Standing::Ready);
}

/// The storage fails for good: what was at work is for the keys to tell, the rest was not applied.
#[tokio::test(start_paused = true)]
async fn a_storage_that_fails_for_good() {
    for applied in [false, true] {
        let sample = Sample::start(&[Fate::Fatal { applied }], Options { batch_commands_max: 2, ..Options::default() });
        let tickets = submit(&sample, &["a", "b", "c", "d"]);
        assert_eq!(words(tickets).await, ["Pending", "Pending", "Stopped", "Stopped"]);
        assert_eq!(sample.engine.standing(), Standing::Stopped);
        assert_eq!(sample.engine.submit(movement(9, 1, "e", 1)).err(), Some(Refused::Stopped));
        assert_eq!(sample.moved(), if applied { 2 } else { 0 });
        sample.task.await.expect("the lane ends by itself");
    }
}

/// A half that waits for its turn when the storage fails: not applied, unless a commit with it was unknown.
#[tokio::test(start_paused = true)]
async fn a_half_that_waits_when_the_storage_fails() {
    let fatal = Fate::Fatal { applied: false };
    for (commits, second) in [(vec![Fate::Rejected, fatal], "Stopped"), (vec![LOST, Fate::Rejected, fatal], "Pending")]
    {
        let sample = Sample::start(&commits, Options::default());
        let tickets = submit(&sample, &["a", "b"]);
        assert_eq!(words(tickets).await, ["Pending", second], "{commits:?}");
    }
}

/// A panic breaks the command that panics, and not the answer to another whose commit was unknown.
#[tokio::test(start_paused = true)]
async fn a_panic_beside_an_unknown_commit() {
    let sample = Sample::start(&[LOST, Fate::Rejected], Options::default());
    let first = sample.submit(movement(1, 1, "a", 1));
    tokio::task::yield_now().await;
    let poison = sample.submit(movement(2, 1, POISON, 1));
    assert_eq!(word(&first.wait(LONG).await), "Pending");
    assert_eq!(word(&poison.wait(LONG).await), "Broken");
    assert_eq!(word(&sample.answer(3, "a").await), "Executed");
}

/// Two prices take turns under derived keys, in one batch whose reply is lost: each arrival's record was replaced by
/// a later one of the same batch, and still none of them is executed again.
#[tokio::test(start_paused = true)]
async fn a_replaced_record_is_no_reason_to_execute_again() {
    use Fate::Rejected;

    // Behind a split, the second half's wishes are those that the first half just fulfilled: replays.
    for (commits, version) in
        [(vec![UNHEARD], 5), (vec![UNHEARD, Rejected], 5), (vec![LOST], 5), (vec![LOST, Rejected], 3)]
    {
        let sample = Sample::start(&commits, Options::default());
        let tickets = (1..).zip([110, 120, 110, 120]).map(|(id, price)| sample.submit(product(id, 1, price))).collect();
        let told = words(tickets).await;
        assert!(told.iter().all(|word| matches!(&**word, "Executed" | "Replayed")), "{told:?} on {commits:?}");
        let tables = sample.memory.tables();
        tables.audit().expect("no arrival is executed twice");
        let tea = tables.products.values().next().expect("there is tea");
        assert_eq!((tea.version, tea.price.minor), (version, 120), "{commits:?}");
    }
}
