//! Owns what becomes of one message by what the channel said to it, while others go their way.

use std::time::Duration;

use domain::channel::Verdict;

use crate::provider::{A_WHILE, Provider, Say};
use crate::shop::{ACCOUNT, Shop, asked, now, sleep_through, until};

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
        let relay = shop.relay("a");
        let of_it = async || shop.waiting().await.into_iter().find(|due| due.message.task.name() == "refund");
        until("it is put off", async || of_it().await.is_some_and(|due| due.message.due_at > now())).await;
        let due = of_it().await.expect("it waits");
        let pause = (due.message.due_at.0 - now().0 + 500) / 1_000;
        assert!((least_s..=most_s).contains(&pause), "{said:?}: {pause} s");
        assert_eq!(due.tries, 0, "no try is used up");
        assert!(shop.directory.find(ACCOUNT).expect("it is known").health.is_well(), "the account is open");
        shop.refund(2, 21, 30).await;
        until("another refund is made meanwhile", async || shop.payment(2).await.refunded == 30).await;
        tokio::time::sleep(A_WHILE).await;
        let count = || shop.provider.calls().iter().filter(|call| **call == asked("refund", 11)).count();
        assert_eq!(count(), 1, "it is not asked again before");
        sleep_through(Duration::from_secs(most_s.unsigned_abs()));
        until("it comes again", async || count() == 2).await;
        relay.stop().await;
    }
}
