//! Owns channels that give no word for days: a person is called, and has them asked anew.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use domain::channel::Verdict;
use domain::order::CloseReason;
use domain::payment::{AttemptStatus, SILENCES_MAX};
use domain::{Action, OrderNo, PaymentId, QueryPayment};

use crate::clock::{sleep_through, until};
use crate::provider::{Provider, Say};
use crate::shop::{ACCOUNT, Shop};

/// As long as the longest pause behind a silence.
const MORE_THAN_A_DAY: Duration = Duration::from_hours(25);

/// Lets the pauses pass until its provider was silent for the last time.
async fn given_up(shop: &Shop) {
    let silences = async || shop.payment(1).await.attempts[0].silences;
    for times in 1..=SILENCES_MAX {
        until("it gave no answer", async || silences().await >= times).await;
        shop.directory.find(ACCOUNT).expect("it is known").health.answered();
        sleep_through(MORE_THAN_A_DAY);
    }
    until("a person is called", async || shop.reviews().await.len() == 1).await;
}

/// A provider that is silent until it is told to speak, and says this then.
fn silent_until(speaks: &Arc<AtomicBool>, verdict: Verdict) -> Provider {
    let speaks = speaks.clone();
    Provider::new(move |_| if speaks.load(Ordering::SeqCst) { Say::Fact(verdict) } else { Say::Silent })
}

async fn asked_anew(shop: &Shop, status: AttemptStatus) {
    let review = shop.reviews().await.remove(0);
    let payment = PaymentId::new(1);
    assert_eq!(review.kind, "stuck");
    assert!(review.detail.contains(&format!("POST /api/v1/payments/{payment}/query ")), "{}", review.detail);
    assert_eq!(shop.broken().await, [""; 0], "a person was called");
    shop.run("query", Action::QueryPayment(QueryPayment { payment })).await;
    until("it is known", async || shop.payment(1).await.attempts[0].status == status).await;
    assert_eq!(shop.broken().await, [""; 0]);
}

#[tokio::test]
async fn an_attempt_of_which_no_word_came_is_asked_about_anew() {
    let speaks = Arc::default();
    let shop = Shop::open(silent_until(&speaks, Verdict::Succeeded)).await;
    let relay = shop.relay("a");
    shop.begun(1).await;
    given_up(&shop).await;
    speaks.store(true, Ordering::SeqCst);
    asked_anew(&shop, AttemptStatus::Succeeded).await;
    relay.stop().await;
}

/// Taken back before it was sent: no message of it waits any more.
#[tokio::test]
async fn an_attempt_that_was_never_sent_and_is_not_closed_is_closed_anew() {
    let speaks = Arc::default();
    let shop = Shop::open(silent_until(&speaks, Verdict::Closed)).await;
    shop.begun(1).await;
    let cancel = Action::CancelOrder { order_no: OrderNo::new(1), reason: CloseReason::Customer };
    shop.run("cancel", cancel).await;
    let relay = shop.relay("a");
    given_up(&shop).await;
    until("nothing waits any more", async || shop.waiting().await.is_empty()).await;
    assert_eq!(shop.payment(1).await.attempts[0].status, AttemptStatus::Created);
    speaks.store(true, Ordering::SeqCst);
    asked_anew(&shop, AttemptStatus::Closed).await;
    relay.stop().await;
}
