//! Owns what is learned of a provider by asking it, and whom it is told to.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use domain::channel::Verdict;
use domain::payment::AttemptStatus;

use crate::clock::{now, sleep_through, until};
use crate::provider::{Provider, Say};
use crate::shop::{ACCOUNT, Shop};

/// Two calls without an answer, a page that is only built, and a third one: that makes three in a row.
#[tokio::test]
async fn a_charge_that_asks_nobody_is_no_sign_of_life() {
    let shop = Shop::open(Provider::new(|_| Say::Fact(Verdict::Pending)).made_here()).await;
    let relay = shop.relay("a");
    let health = shop.directory.find(ACCOUNT).expect("it is known").health.clone();
    health.silent();
    health.silent();
    shop.begun(1).await;
    until("the page is made", async || shop.payment(1).await.attempts[0].status != AttemptStatus::Created).await;
    assert!(health.is_open());
    health.silent();
    assert!(!health.is_open());
    relay.stop().await;
}

#[tokio::test]
async fn what_a_node_finds_is_told_to_the_others() {
    let shop = Shop::open(Provider::new(|_| Say::Silent)).await;
    let relay = shop.relay("a");
    let told = async || shop.store.channel_health().await.expect("the database is there");
    for number in 1..=3 {
        assert_eq!(told().await, [], "two silences are no news");
        shop.begun(number).await;
        until("it is asked", async || shop.provider.calls().len() == usize::try_from(number).expect("few")).await;
    }
    until("it is told", async || !told().await.is_empty()).await;
    let (health, age_ms) = told().await[0];
    assert_eq!((health.account, health.is_well, health.asked, health.answered), (ACCOUNT, false, 3, 0));
    assert!(health.closed_for_ms.is_some_and(|left| left <= 1_000) && age_ms < 1_000, "{health:?} {age_ms}");
    relay.stop().await;
}

/// Whoever says that the account may not ask is there: others of the account's messages may do better.
#[tokio::test]
async fn who_denies_is_there() {
    let provider =
        Provider::new(|call| if call.starts_with("query") { Say::Fact(Verdict::Pending) } else { Say::Deny("40002") });
    let shop = Shop::open(provider).await;
    shop.paid(1).await;
    let health = shop.directory.find(ACCOUNT).expect("it is known").health.clone();
    health.silent();
    health.silent();
    let relay = shop.relay("a");
    shop.refund(1, 11, 30).await;
    until("the refund waits for a person", async || shop.waiting().await.iter().any(|due| due.tries == 1)).await;
    health.silent();
    assert!(health.is_open() && health.is_well(), "it answered in between");
    relay.stop().await;
}

/// Neither a provider's silence nor its word: two calls without an answer, one that asked nobody, and a third one.
#[tokio::test]
async fn what_asks_nobody_says_nothing_of_the_provider() {
    for (say, status) in [(Say::Unclear, AttemptStatus::Unknown), (Say::Unfit, AttemptStatus::Failed)] {
        let shop = Shop::open(Provider::new(move |_| say)).await;
        let relay = shop.relay("a");
        let health = shop.directory.find(ACCOUNT).expect("it is known").health.clone();
        health.silent();
        health.silent();
        shop.begun(1).await;
        until("it is written down", async || shop.payment(1).await.attempts[0].status == status).await;
        assert!(health.is_open(), "{say:?} is no silence");
        health.silent();
        assert!(!health.is_open(), "{say:?} is no word");
        relay.stop().await;
    }
}

/// A payer who is told that it failed tells no operator; and few pay here, so that nothing else is noticed.
#[tokio::test]
async fn an_account_whose_charges_are_denied_is_put_before_a_person_once_a_day() {
    const CODES: [&str; 5] = ["40006", "40006", "40001", "40006", "40006"];
    let count = Arc::new(AtomicUsize::default());
    let provider = Provider::new(move |_| Say::Deny(CODES[count.fetch_add(1, Ordering::SeqCst)]));
    let shop = Shop::open(provider).await;
    let relay = shop.relay("a");
    // From the first hour of a day on.
    let day_ms = 24 * 3_600_000;
    let left_ms = u64::try_from(day_ms - now().0 % day_ms).expect("some is left");
    sleep_through(Duration::from_millis(left_ms));
    for (number, reviews) in [(1, 1), (2, 1), (3, 2), (4, 2)] {
        shop.begun(number).await;
        until("the payer is told", async || shop.payment(number).await.attempts[0].status == AttemptStatus::Failed)
            .await;
        assert_eq!(shop.reviews().await.len(), reviews, "behind {number}");
    }
    sleep_through(Duration::from_millis(day_ms.unsigned_abs()));
    shop.begun(5).await;
    until("it is told again", async || shop.reviews().await.len() == 3).await;
    let reviews = shop.reviews().await;
    let first = reviews.last().expect("there are three");
    assert_eq!((&first.kind[..], &first.subject[..]), ("parked", "sandbox"));
    assert!(first.detail.contains("does not let the account ask, with 40006: words"), "{}", first.detail);
    relay.stop().await;
}
