//! Owns messages that are put off for long although nothing is wrong with them: a person is called, and they are tried on.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use domain::channel::Verdict;
use domain::order::CloseReason;
use domain::payment::RefundStatus;
use domain::{Action, OrderNo, RefundId};

use crate::clock::{A_WHILE, sleep_through, until};
use crate::provider::{Provider, Say};
use crate::shop::{ACCOUNT, Shop, asked};

const MORE_THAN_AN_HOUR: Duration = Duration::from_mins(61);
/// Longer than the pause behind a call too many.
const MORE_THAN_THE_PAUSE: Duration = Duration::from_secs(8);

/// How often the provider was asked so.
fn calls(shop: &Shop, call: &str) -> usize {
    shop.provider.calls().iter().filter(|made| **made == asked(call, 11)).count()
}

/// So much time passes, and the provider may be asked at once.
fn then(shop: &Shop, time: Duration) {
    shop.directory.find(ACCOUNT).expect("it is known").health.answered();
    sleep_through(time);
}

async fn called(shop: &Shop, call: &str, times: usize) {
    let what = format!("{call} is called {times} times");
    until(&what, async || calls(shop, call) >= times).await;
}

#[tokio::test]
async fn what_is_put_off_for_an_hour_is_put_before_a_person_and_tried_on() {
    for say in [Say::TooOften(None), Say::Away] {
        let is_back = Arc::new(AtomicBool::default());
        let says = is_back.clone();
        let back = move || says.load(Ordering::SeqCst);
        let shop = Shop::open(Provider::new(move |_| if back() { Say::Fact(Verdict::Succeeded) } else { say })).await;
        shop.paid(1).await;
        let relay = shop.relay("a");
        shop.refund(1, 11, 30).await;
        called(&shop, "refund", 1).await;
        then(&shop, MORE_THAN_THE_PAUSE);
        called(&shop, "refund", 2).await;
        tokio::time::sleep(A_WHILE).await;
        assert!(shop.reviews().await.is_empty(), "{say:?}: not yet");
        then(&shop, MORE_THAN_AN_HOUR);
        until("a person is called", async || shop.reviews().await.len() == 1).await;
        let review = shop.reviews().await.remove(0);
        assert_eq!((&review.kind[..], &review.subject[..]), ("parked", &RefundId::new(11).to_string()[..]));
        assert!(review.detail.starts_with("refund is put off again and again: "), "{}", review.detail);
        let before = calls(&shop, "refund");
        then(&shop, MORE_THAN_THE_PAUSE);
        called(&shop, "refund", before + 1).await;
        tokio::time::sleep(A_WHILE).await;
        assert_eq!(shop.reviews().await.len(), 1, "{say:?}: once");
        is_back.store(true, Ordering::SeqCst);
        then(&shop, MORE_THAN_THE_PAUSE);
        until("it is made", async || shop.payment(1).await.refunds[0].status == RefundStatus::Succeeded).await;
        relay.stop().await;
    }
}

/// Such as one that every batch of which it is part breaks on.
#[tokio::test]
async fn an_answer_that_nobody_takes_for_an_hour_is_put_before_a_person() {
    let shop = Shop::open(Provider::new(|_| Say::Fact(Verdict::Succeeded))).await;
    shop.paid(1).await;
    shop.refund(1, 11, 30).await;
    shop.engine.close();
    let relay = shop.relay("a");
    called(&shop, "refund", 1).await;
    then(&shop, MORE_THAN_THE_PAUSE);
    called(&shop, "refund", 2).await;
    tokio::time::sleep(A_WHILE).await;
    assert!(shop.reviews().await.is_empty(), "not yet");
    then(&shop, MORE_THAN_AN_HOUR);
    until("a person is called", async || shop.reviews().await.len() == 1).await;
    let review = shop.reviews().await.remove(0);
    assert!(review.detail.starts_with("refund is put off again and again: "), "{}", review.detail);
    relay.stop().await;
}

/// It was asked about so often that the next question is an hour away: that it is written down already makes it no older.
#[tokio::test]
async fn a_question_is_as_old_as_its_time() {
    let often = Arc::new(AtomicBool::default());
    let says = often.clone();
    let provider =
        Provider::new(
            move |_| {
                if says.load(Ordering::SeqCst) { Say::TooOften(None) } else { Say::Fact(Verdict::Pending) }
            },
        );
    let shop = Shop::open(provider).await;
    shop.paid(1).await;
    let relay = shop.relay("a");
    shop.refund(1, 11, 30).await;
    for (times, pause_s) in (1..=11_u32).map(|times| (times, if times == 11 { 301 } else { 4 })) {
        until("a question waits", async || shop.payment(1).await.refunds[0].queries == times).await;
        sleep_through(Duration::from_secs(pause_s));
        called(&shop, "query_refund", times as usize).await;
    }
    until("the next is an hour away", async || shop.payment(1).await.refunds[0].queries == 12).await;
    often.store(true, Ordering::SeqCst);
    sleep_through(MORE_THAN_AN_HOUR);
    called(&shop, "query_refund", 12).await;
    tokio::time::sleep(A_WHILE).await;
    assert!(shop.reviews().await.is_empty(), "it was put off for the first time");
    sleep_through(MORE_THAN_AN_HOUR);
    until("a person is called", async || shop.reviews().await.len() == 1).await;
    relay.stop().await;
}

/// It was to be closed so often that the next try is an hour away: it is no older than its time either.
#[tokio::test]
async fn a_closing_is_as_old_as_its_time() {
    let often = Arc::new(AtomicBool::default());
    let says = often.clone();
    let say = move || if says.load(Ordering::SeqCst) { Say::TooOften(None) } else { Say::Silent };
    let shop = Shop::open(Provider::new(move |_| say())).await;
    shop.begun(1).await;
    // Nothing was sent yet: it is closed, and not asked about beside that.
    let cancel = Action::CancelOrder { order_no: OrderNo::new(1), reason: CloseReason::Customer };
    shop.run("cancel", cancel).await;
    let relay = shop.relay("a");
    for times in 1..=11 {
        until("it gave no answer", async || shop.payment(1).await.attempts[0].silences == times).await;
        if times < 11 {
            then(&shop, Duration::from_secs(if times == 10 { 301 } else { 4 }));
        }
    }
    often.store(true, Ordering::SeqCst);
    then(&shop, MORE_THAN_AN_HOUR);
    let closings = || shop.provider.calls().len();
    until("it is to be closed again", async || closings() == 12).await;
    tokio::time::sleep(A_WHILE).await;
    assert!(shop.reviews().await.is_empty(), "it was put off for the first time");
    then(&shop, MORE_THAN_AN_HOUR);
    until("a person is called", async || shop.reviews().await.len() == 1).await;
    let review = shop.reviews().await.remove(0);
    assert!(review.detail.starts_with("close_charge is put off again and again: "), "{}", review.detail);
    relay.stop().await;
}
