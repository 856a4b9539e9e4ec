//! Owns what a relay may still send when it slept: a machine that wakes has leases that somebody else took over.

use std::time::Duration;

use domain::channel::Verdict;
use relay::Options;

use crate::clock::{A_WHILE, now, sleep_through, until};
use crate::provider::{Provider, Say};
use crate::shop::{Shop, asked};

const AN_HOUR: Duration = Duration::from_hours(1);

/// The first of two messages of one payment is under way when the machine falls asleep.
#[tokio::test]
async fn what_waited_behind_a_call_is_not_sent_under_a_lease_that_is_gone() {
    let shop = Shop::open(Provider::new(|_| Say::Held(Verdict::Succeeded))).await;
    shop.paid(1).await;
    shop.refund(1, 11, 30).await;
    shop.refund(1, 12, 30).await;
    let sleeper = shop.relay("sleeper");
    until("the first is under way", async || shop.provider.standing() == 1).await;
    shop.taken_over("sleeper", "other").await;
    sleep_through(AN_HOUR);
    shop.provider.release();
    tokio::time::sleep(A_WHILE).await;
    assert_eq!(shop.provider.calls(), [asked("refund", 11)]);
    sleeper.stop().await;
    // Whoever has the lanes performs what is left: nothing was lost.
    shop.store.lanes_free("other").await.expect("the database is there");
    let other = shop.relay("other");
    until("the second is performed", async || shop.provider.calls().contains(&asked("refund", 12))).await;
    until("both are done", async || shop.payment(1).await.refunded == 60).await;
    other.stop().await;
}

/// The same without a takeover: who has the lanes still goes on where it was, and is asked for what is true now.
#[tokio::test]
async fn who_slept_and_still_has_the_lane_goes_on() {
    let shop = Shop::open(Provider::new(|_| Say::Held(Verdict::Succeeded))).await;
    shop.paid(1).await;
    shop.refund(1, 11, 30).await;
    shop.refund(1, 12, 30).await;
    let sleeper = shop.relay("sleeper");
    until("the first is under way", async || shop.provider.standing() == 1).await;
    sleep_through(AN_HOUR);
    shop.provider.release();
    until("both are done", async || shop.payment(1).await.refunded == 60).await;
    assert_eq!(shop.provider.calls(), [asked("refund", 11), asked("refund", 12)]);
    sleeper.stop().await;
}

/// An idle relay wakes: before it fetches anything it asks whether the lanes are its own.
#[tokio::test]
async fn who_wakes_fetches_nothing_under_an_old_lease() {
    let shop = Shop::open(Provider::new(|_| Say::Fact(Verdict::Succeeded))).await;
    shop.paid(1).await;
    let sleeper = shop.relay("sleeper");
    until("nothing is due", async || shop.waiting().await.iter().all(|due| due.message.due_at > now())).await;
    shop.taken_over("sleeper", "other").await;
    sleep_through(AN_HOUR);
    shop.refund(1, 11, 30).await;
    tokio::time::sleep(A_WHILE).await;
    assert_eq!(shop.provider.calls(), Vec::<String>::new());
    sleeper.stop().await;
}

/// Who stopped in the middle keeps nothing of what it did not send: with the lanes back, it goes on there, although no more
/// than three calls of the account may be under way.
#[tokio::test]
async fn who_stopped_in_the_middle_begins_there_anew() {
    let shop = Shop::open(Provider::new(|_| Say::Held(Verdict::Succeeded))).await;
    shop.paid(1).await;
    for refund in 11..=13 {
        shop.refund(1, refund, 20).await;
    }
    let few = |options| Options { under_way_of_account_max: 3, ..options };
    let sleeper = shop.relay_with("sleeper", few);
    until("the first is under way", async || shop.provider.standing() == 1).await;
    shop.taken_over("sleeper", "other").await;
    sleep_through(AN_HOUR);
    shop.provider.release();
    until("the first is done", async || shop.payment(1).await.refunded == 20).await;
    tokio::time::sleep(A_WHILE).await;
    assert_eq!(shop.provider.calls(), [asked("refund", 11)]);
    shop.store.lanes_free("other").await.expect("the database is there");
    until("all are done", async || shop.payment(1).await.refunded == 60).await;
    assert_eq!(shop.provider.calls(), [11, 12, 13].map(|refund| asked("refund", refund)));
    sleeper.stop().await;
}
