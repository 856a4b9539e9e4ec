//! Owns what is expected of the queue: bounded, fair, in order, and full to a batch's bounds but not beyond.

use std::sync::Arc;

use super::{Entry, Intake, Refused, Standing};
use crate::sample::movement;
use crate::{Options, Ticket};

fn intake(options: Options) -> Arc<Intake> {
    Arc::new(Intake::new(options))
}

fn submit(intake: &Arc<Intake>, tenant: i64, key: &str) -> Result<Ticket, Refused> {
    intake.submit(movement(1, tenant, key, 1))
}

/// Submits so many commands and drops the tickets; says how many were taken.
fn flood(intake: &Arc<Intake>, tenant: i64, count: usize) -> usize {
    (0..count).filter(|at| submit(intake, tenant, &format!("k{at}")).is_ok()).count()
}

async fn tenants(intake: &Intake) -> Vec<i64> {
    let batch: Vec<Entry> = intake.take(0).await.expect("open");
    batch.iter().map(|entry| entry.command.tenant.0).collect()
}

#[tokio::test]
async fn the_queue_is_bounded() {
    let intake = intake(Options { queue_commands_max: 5, ..Options::default() });
    assert_eq!(flood(&intake, 1, 9), 5);
    assert_eq!(submit(&intake, 1, "one-more").err(), Some(Refused::Full));
    assert_eq!(intake.waiting(), 5);
    assert_eq!(tenants(&intake).await.len(), 5);
    assert!(submit(&intake, 1, "one-more").is_ok(), "there is room again");
}

/// While one half is committed, the other reads its answers and asks again.
#[tokio::test]
async fn a_crowd_is_taken_by_halves() {
    let intake = intake(Options::default());
    flood(&intake, 1, 64);
    assert_eq!(tenants(&intake).await.len(), 32);
    assert_eq!(tenants(&intake).await.len(), 32, "half of the 32 that wait and the 32 that will be back");
    flood(&intake, 1, 8);
    assert_eq!(tenants(&intake).await.len(), 8);
}

#[tokio::test]
async fn a_few_are_taken_at_once() {
    let intake = intake(Options::default());
    flood(&intake, 1, 16);
    assert_eq!(tenants(&intake).await.len(), 16);
}

/// A flood that came first leaves a share to each tenant that comes after it, even the smallest.
#[tokio::test]
async fn a_flood_does_not_keep_others_out() {
    let intake = intake(Options { queue_commands_max: 6, ..Options::default() });
    assert_eq!(flood(&intake, 1, 9), 6);
    assert_eq!(flood(&intake, 2, 9), 3);
    assert_eq!(flood(&intake, 3, 9), 2);
    assert_eq!((4..20).map(|tenant| flood(&intake, tenant, 9)).collect::<Vec<_>>()[..4], [1, 1, 1, 1]);
}

#[tokio::test]
async fn a_trickle_is_in_the_next_batch() {
    let intake = intake(Options { batch_commands_max: 4, ..Options::default() });
    flood(&intake, 1, 40);
    assert_eq!(tenants(&intake).await, [1, 1, 1, 1]);
    flood(&intake, 2, 1);
    flood(&intake, 3, 2);
    assert_eq!(tenants(&intake).await, [1, 2, 3, 1]);
    assert_eq!(tenants(&intake).await, [3, 1, 1, 1]);
}

#[tokio::test]
async fn one_tenant_is_served_in_the_order_of_arrival() {
    let intake = intake(Options { batch_commands_max: 2, ..Options::default() });
    flood(&intake, 1, 5);
    let mut keys = Vec::new();
    for _ in 0..3 {
        keys.extend(intake.take(0).await.expect("open").iter().map(|entry| entry.command.key.to_string()));
    }
    assert_eq!(keys, ["k0", "k1", "k2", "k3", "k4"]);
}

/// The bounds of a batch: commands, rows, bytes. One command may pass the last two, or it would never be run.
#[tokio::test]
async fn a_batch_is_bounded() {
    let (rows, bytes) = {
        let action = movement(1, 1, "k", 1).action;
        (action.rows(), action.bytes())
    };
    let wide = Options::default();
    for (options, expected) in [
        (Options { batch_commands_max: 3, ..wide }, 3),
        (Options { batch_rows_max: 2 * rows, ..wide }, 2),
        (Options { batch_rows_max: 3 * rows - 1, ..wide }, 2),
        (Options { batch_bytes_max: 4 * bytes, ..wide }, 4),
        (Options { batch_rows_max: 0, ..wide }, 1),
        (Options { batch_bytes_max: 1, ..wide }, 1),
        (wide, 7),
    ] {
        let intake = intake(options);
        flood(&intake, 1, 7);
        assert_eq!(tenants(&intake).await.len(), expected, "{options:?}");
    }
}

#[tokio::test]
async fn a_closed_queue_gives_what_it_has() {
    let intake = intake(Options::default());
    flood(&intake, 1, 2);
    intake.close(Refused::Closed);
    assert_eq!(submit(&intake, 1, "late").err(), Some(Refused::Closed));
    assert_eq!(intake.standing(), Standing::Closed);
    assert_eq!(tenants(&intake).await, [1, 1]);
    assert!(intake.take(0).await.is_none());
}

#[tokio::test]
async fn a_stopped_queue_stays_stopped() {
    let intake = intake(Options::default());
    flood(&intake, 1, 2);
    intake.stop();
    assert_eq!((intake.waiting(), intake.standing()), (0, Standing::Stopped));
    intake.close(Refused::Closed);
    assert_eq!(intake.standing(), Standing::Stopped, "closing does not make the storage good");
    assert_eq!(submit(&intake, 1, "late").err(), Some(Refused::Stopped));
}

#[tokio::test]
async fn a_key_is_in_flight_until_all_its_arrivals_are_answered() {
    use crate::{Answered, Failure};

    let intake = intake(Options { batch_commands_max: 1, ..Options::default() });
    let duplicate = |tenant, key| submit(&intake, tenant, key).expect("there is room").is_duplicate();
    assert!(!duplicate(1, "k"));
    assert!(duplicate(1, "k"));
    assert!(!duplicate(2, "k"), "another tenant's key");
    for _ in 0..3 {
        let batch = intake.take(0).await.expect("open");
        intake.answer(batch.into_iter().map(|entry| (entry, Answered::Failed(Failure::Busy))).collect());
    }
    assert!(!duplicate(1, "k"));
}

/// While one lane commits, another takes; each has its share, and so have the callers.
#[tokio::test]
async fn lanes_take_a_share_each() {
    let intake = intake(Options { lanes: 2, ..Options::default() });
    flood(&intake, 1, 96);
    let share = intake.take(0).await.expect("open").len();
    assert_eq!((share, intake.take(1).await.expect("open").len()), (32, 32));
}

/// A lane that found nothing hears of what comes, also where one word was for two commands.
#[tokio::test]
async fn idle_lanes_wake_each_other() {
    let intake = intake(Options { lanes: 2, batch_commands_max: 1, ..Options::default() });
    let lane = |number| {
        let intake = intake.clone();
        tokio::spawn(async move { intake.take(number).await.map(|batch| batch.len()) })
    };
    let (one, two) = (lane(0), lane(1));
    tokio::task::yield_now().await;
    flood(&intake, 1, 2);
    assert_eq!((one.await.expect("no panic"), two.await.expect("no panic")), (Some(1), Some(1)));
    let (one, two) = (lane(0), lane(1));
    tokio::task::yield_now().await;
    intake.close(Refused::Closed);
    assert_eq!((one.await.expect("no panic"), two.await.expect("no panic")), (None, None));
}
