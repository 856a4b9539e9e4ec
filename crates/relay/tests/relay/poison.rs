//! Owns messages that can never be done: they are put off, a person is called, and nothing else waits for them.

use std::time::Duration;

use domain::RefundId;
use domain::channel::Verdict;
use idempotency::Key;

use crate::clock::{A_WHILE, sleep_through, until};
use crate::provider::{Provider, Say};
use crate::shop::{Shop, asked, put};

const MORE_THAN_THE_PAUSE: Duration = Duration::from_secs(61);

/// Waits until the message was tried so often.
async fn tried(shop: &Shop, times: u32) {
    let what = format!("it was tried {times} times");
    until(&what, async || shop.waiting().await.iter().any(|due| due.tries == times)).await;
}

/// The same, with the pauses slept through from the first try on.
async fn tried_from_first_to(shop: &Shop, last: u32) {
    tried(shop, 1).await;
    for times in 2..=last {
        sleep_through(MORE_THAN_THE_PAUSE);
        tried(shop, times).await;
    }
}

#[tokio::test]
async fn an_answer_that_can_never_be_handed_in_is_put_before_a_person_once() {
    let shop = Shop::open(Provider::new(|_| Say::Fact(Verdict::Succeeded))).await;
    shop.paid(1).await;
    shop.refund(1, 11, 30).await;
    let waiting = shop.waiting().await;
    let due = waiting.iter().find(|due| due.message.task.name() == "refund").expect("it is queued");
    // The key of its answer belongs to another request: a database that was put together from two.
    let key = Key::derived("relay", &format!("{}:refund:{}:0", due.id, due.message.task.subject()));
    let principal = shop.actors.of(shop.tenant).await.expect("the server's own account");
    shop.run_as(principal, key, put("cup")).await;
    let relay = shop.relay("a");
    tried(&shop, 1).await;
    tokio::time::sleep(A_WHILE).await;
    let calls = shop.provider.calls().iter().filter(|call| **call == asked("refund", 11)).count();
    assert_eq!(calls, 1, "it is put off");
    tried_from_first_to(&shop, 10).await;
    until("a person is called", async || shop.reviews().await.len() == 1).await;
    // Tried from time to time, and nobody is called anew.
    sleep_through(Duration::from_secs(3_700));
    tried(&shop, 11).await;
    tokio::time::sleep(A_WHILE).await;
    let reviews = shop.reviews().await;
    assert_eq!(reviews.len(), 1);
    assert_eq!((&reviews[0].kind[..], &reviews[0].subject[..]), ("parked", &RefundId::new(11).to_string()[..]));
    relay.stop().await;
}

#[tokio::test]
async fn a_message_that_breaks_its_task_is_parked_and_what_else_is_under_way_goes_on() {
    let (breaks, holds) = (asked("refund", 11), asked("refund", 21));
    let provider = Provider::new(move |call| match call {
        call if call == breaks => Say::Panic,
        call if call == holds => Say::Held(Verdict::Succeeded),
        _ => Say::Fact(Verdict::Succeeded),
    });
    let shop = Shop::open(provider).await;
    shop.paid(1).await;
    shop.paid(2).await;
    shop.refund(2, 21, 30).await;
    let relay = shop.relay("a");
    until("another's message is under way", async || shop.provider.standing() == 1).await;
    shop.refund(1, 11, 30).await;
    shop.refund(1, 12, 30).await;
    until("what stands behind it is performed", async || shop.payment(1).await.refunded == 30).await;
    tried_from_first_to(&shop, 10).await;
    until("a person is called", async || shop.reviews().await.len() == 1).await;
    assert_eq!(shop.reviews().await[0].subject, RefundId::new(11).to_string());
    let calls = shop.provider.calls();
    let count = |refund| calls.iter().filter(|call| **call == asked("refund", refund)).count();
    assert_eq!((count(11), count(12), count(21)), (10, 1, 1), "what is under way is not begun again");
    shop.provider.release();
    until("it ends", async || shop.payment(2).await.refunded == 30).await;
    relay.stop().await;
}
