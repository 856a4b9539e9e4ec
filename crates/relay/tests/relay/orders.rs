//! Owns what becomes of one message by what the channel said to it, while others go their way.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use domain::RefundId;
use domain::channel::{Subject, Verdict};
use domain::payment::{AttemptStatus, RefundStatus};
use domain::text::{Code, Reference};

use crate::clock::{A_WHILE, now, sleep_through, until};
use crate::provider::{Provider, Say};
use crate::shop::{ACCOUNT, Shop, asked};

/// One payment's refund is one too many; the account's others are taken all the while.
#[tokio::test]
async fn who_is_asked_too_often_is_left_alone_by_that_message_only() {
    for (said, least_s, most_s) in [(None, 5, 7), (Some(0), 1, 2), (Some(20), 20, 26), (Some(86_400), 300, 376)] {
        let limited = asked("refund", 11);
        let provider = Provider::new(move |call| match call {
            call if call == limited => Say::TooOften(said.map(Duration::from_secs)),
            _ => Say::Fact(Verdict::Succeeded),
        });
        let shop = Shop::open(provider).await;
        shop.paid(1).await;
        shop.paid(2).await;
        shop.refund(1, 11, 30).await;
        let before = now();
        let relay = shop.relay("a");
        let of_it = async || shop.waiting().await.into_iter().find(|due| due.message.task.name() == "refund");
        until("it is put off", async || of_it().await.is_some_and(|due| due.message.due_at > now())).await;
        let due = of_it().await.expect("it waits");
        let pause_ms = due.message.due_at.0 - before.0;
        assert!((least_s * 1_000..=most_s * 1_000 + 3_000).contains(&pause_ms), "{said:?}: {pause_ms} ms");
        assert_eq!(due.tries, 0, "no try is used up");
        assert!(shop.directory.find(ACCOUNT).expect("it is known").health.is_well(), "the account is open");
        shop.refund(2, 21, 30).await;
        until("another refund is made meanwhile", async || shop.payment(2).await.refunded == 30).await;
        tokio::time::sleep(A_WHILE).await;
        let count = || shop.provider.calls().iter().filter(|call| **call == asked("refund", 11)).count();
        assert_eq!(count(), 1, "it is not asked again before");
        sleep_through(Duration::from_secs(most_s.unsigned_abs() + 3));
        until("it comes again", async || count() == 2).await;
        relay.stop().await;
    }
}

#[tokio::test]
async fn no_answer_is_written_down_as_such() {
    let silent =
        Provider::new(|call| if call.starts_with("charge") { Say::Silent } else { Say::Fact(Verdict::Pending) });
    let shop = Shop::open(silent).await;
    let relay = shop.relay("a");
    shop.begun(1).await;
    until("nobody knows", async || shop.payment(1).await.attempts[0].status == AttemptStatus::Unknown).await;
    let attempt = &shop.payment(1).await.attempts[0];
    assert_eq!(attempt.code.as_ref().map(Code::as_str), Some("no_answer"));
    assert_eq!((attempt.silences, attempt.queries), (1, 1), "it is asked about");
    relay.stop().await;
}

/// The payer may choose another way at once; a refund is owed all the same.
#[tokio::test]
async fn a_charge_that_the_account_may_not_ask_for_has_failed_and_a_refund_waits() {
    let shop = Shop::open(Provider::new(|_| Say::Deny("40006"))).await;
    shop.paid(1).await;
    let relay = shop.relay("a");
    shop.begun(2).await;
    until("it failed", async || shop.payment(2).await.attempts[0].status == AttemptStatus::Failed).await;
    assert_eq!(shop.payment(2).await.attempts[0].code.as_ref().map(Code::as_str), Some("40006"));
    shop.refund(1, 11, 30).await;
    until("it is put off", async || shop.waiting().await.iter().any(|due| due.tries == 1)).await;
    assert_eq!(shop.payment(1).await.refunds[0].status, RefundStatus::Created);
    relay.stop().await;
}

/// A refund that a channel refuses may be under way there all the same: what it says then is asked for without a pause.
#[tokio::test]
async fn a_refusal_of_a_refund_is_asked_about_at_once() {
    let provider =
        Provider::new(
            |call| {
                if call.starts_with("refund") { Say::Refuse("NOT_ENOUGH") } else { Say::Fact(Verdict::Failed) }
            },
        );
    let shop = Shop::open(provider).await;
    shop.paid(1).await;
    let relay = shop.relay("a");
    shop.refund(1, 11, 30).await;
    until("it failed for good", async || shop.payment(1).await.refunds[0].status == RefundStatus::Failed).await;
    assert_eq!(shop.provider.calls(), [asked("refund", 11), asked("query_refund", 11)]);
    relay.stop().await;
}

/// An earlier try, of which nothing is known, may be on its way when the first question finds nothing.
#[tokio::test]
async fn a_refusal_is_final_once_two_questions_a_minute_apart_found_nothing() {
    let provider = Provider::new(|call| {
        if call.starts_with("refund") { Say::Refuse("NOT_ENOUGH") } else { Say::Fact(Verdict::NotFound) }
    });
    let shop = Shop::open(provider).await;
    shop.paid(1).await;
    let relay = shop.relay("a");
    shop.refund(1, 11, 30).await;
    until("nothing was found", async || shop.payment(1).await.refunds[0].silences == 1).await;
    let again_at = shop.payment(1).await.refunds[0].query_at.expect("it is asked again");
    assert!(again_at > now().plus_ms(50_000), "{again_at:?}");
    assert_eq!(shop.payment(1).await.refund_reserved, 30);
    sleep_through(Duration::from_secs(61));
    until("it failed for good", async || shop.payment(1).await.refunds[0].status == RefundStatus::Failed).await;
    assert_eq!(shop.provider.calls(), [asked("refund", 11), asked("query_refund", 11), asked("query_refund", 11)]);
    relay.stop().await;
}

/// It was asked about so often that the next question is minutes away when a callback denies it: one is asked at once, and
/// the one for later is in vain.
#[tokio::test]
async fn a_denial_brings_the_next_question_forward() {
    let denies = Arc::new(AtomicBool::default());
    let says = denies.clone();
    let provider =
        Provider::new(move |_| Say::Fact(if says.load(Ordering::SeqCst) { Verdict::Failed } else { Verdict::Pending }));
    let shop = Shop::open(provider).await;
    shop.paid(1).await;
    let relay = shop.relay("a");
    shop.refund(1, 11, 30).await;
    let asked_about = || shop.provider.calls().iter().filter(|call| **call == asked("query_refund", 11)).count();
    for times in 1..=10 {
        until("a question waits", async || shop.payment(1).await.refunds[0].queries == times).await;
        sleep_through(Duration::from_secs(4));
        until("it is asked", async || asked_about() == times as usize).await;
    }
    until("the next is minutes away", async || shop.payment(1).await.refunds[0].queries == 11).await;
    let later = shop.payment(1).await.refunds[0].query_at.expect("it is asked again");
    assert!(later > now().plus_ms(200_000), "{later:?}");
    denies.store(true, Ordering::SeqCst);
    let reference = Reference::from_stored(&RefundId::new(11).to_string());
    shop.called_back(Subject::Refund(reference), Verdict::Failed, None).await;
    until("it failed for good", async || shop.payment(1).await.refunds[0].status == RefundStatus::Failed).await;
    assert_eq!(asked_about(), 11);
    sleep_through(Duration::from_secs(400));
    until("nothing waits", async || shop.waiting().await.iter().all(|due| due.message.task.name() != "query_refund"))
        .await;
    assert_eq!(asked_about(), 11, "the one for later is in vain");
    relay.stop().await;
}
