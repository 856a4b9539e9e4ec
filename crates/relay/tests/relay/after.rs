//! Owns the hooks behind a commit: who is told of messages is told of those that are done, and of no other.

use std::sync::{Arc, Mutex};

use domain::Timestamp;
use domain::channel::Verdict;
use relay::After;
use store::Due;

use crate::clock::until;
use crate::provider::{Provider, Say};
use crate::shop::{Shop, asked};

/// What was told.
#[derive(Default)]
struct Told(Mutex<Vec<&'static str>>);

impl After for Told {
    fn done(&self, messages: &[Due], at: Timestamp) {
        let mut told = self.0.lock().expect("nobody panics");
        for due in messages {
            assert!(at >= due.wanted_at, "nothing is done before it is wanted");
            told.push(due.message.task.name());
        }
    }
}

/// A charge is done; a refund is put off for as long as the provider says, and is not told of.
#[tokio::test]
async fn what_is_done_is_told_and_what_is_put_off_is_not() {
    let limited = asked("refund", 11);
    let provider = Provider::new(move |call| match call {
        call if call == limited => Say::TooOften(Some(std::time::Duration::from_mins(5))),
        _ => Say::Fact(Verdict::Succeeded),
    });
    let shop = Shop::open(provider).await;
    shop.begun(1).await;
    let told = Arc::new(Told::default());
    let relay = shop.relay_heard_by("a", told.clone());
    let so_far = || told.0.lock().expect("nobody panics").clone();
    until("the charge is told", async || so_far() == ["charge"]).await;
    until("it is settled", async || shop.waiting().await.is_empty()).await;
    shop.refund(1, 11, 30).await;
    let is_put_off = async || {
        let waiting = shop.waiting().await;
        waiting.first().is_some_and(|due| due.message.due_at > due.wanted_at)
    };
    until("the refund is put off", is_put_off).await;
    relay.stop().await;
    assert_eq!(so_far(), ["charge"]);
}
