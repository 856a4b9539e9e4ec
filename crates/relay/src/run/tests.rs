//! Owns the tests of what a round keeps of its tasks: nothing, once they ended, however they did.

use store::Due;

use super::Round;
use crate::order::Ending;
use crate::tests::{AT, due, relay};

/// A task that has these messages, and ends like this.
fn begun(round: &mut Round, has: &[Due], ends: impl Future<Output = Vec<(Due, Ending)>> + Send + 'static) {
    for due in has {
        round.messages.insert(due.id);
        round.payments.insert((due.message.tenant, due.message.payment));
        *round.accounts.entry(due.message.account).or_default() += 1;
    }
    let task = round.under_way.spawn(ends);
    round.tasks.insert(task.id(), has.to_vec());
}

async fn ended(round: &mut Round) {
    let joined = round.under_way.join_next_with_id().await.unwrap();
    round.take(joined).await;
}

/// What it still takes to be under way: tasks, messages, payments, calls of accounts.
fn left(round: &Round) -> (usize, usize, usize, usize) {
    (round.tasks.len(), round.messages.len(), round.payments.len(), round.accounts.values().sum())
}

#[tokio::test]
async fn messages_that_were_not_reached_are_not_under_way_any_more() {
    let (_folder, _store, tenant, relay) = relay().await;
    let mut round = Round::new(relay);
    let has = [due(tenant, 1, 0), due(tenant, 2, 0), due(tenant, 3, 0)];
    let ends = vec![(has[0], Ending::Done), (has[1], Ending::Untouched), (has[2], Ending::Untouched)];
    begun(&mut round, &has, async { ends });
    assert_eq!(left(&round), (1, 3, 1, 3));
    ended(&mut round).await;
    // What is done is not fetched again before that is written down.
    let done: Vec<i64> = round.done.iter().map(|due| due.id).collect();
    assert_eq!((left(&round), done), ((0, 1, 0, 0), vec![1]));
    round.settle().await;
    assert_eq!((left(&round), round.done.len()), ((0, 0, 0, 0), 0));
}

#[tokio::test]
async fn a_task_that_breaks_takes_its_own_messages_along_and_no_others() {
    let (_folder, store, tenant, relay) = relay().await;
    let mut round = Round::new(relay);
    let breaks = [due(tenant, 1, 0), due(tenant, 2, 9)];
    let other = Due {
        message: domain::outbox::Message { payment: domain::PaymentId::new(2), ..breaks[0].message },
        ..due(tenant, 3, 0)
    };
    begun(&mut round, &breaks, async { panic!("as the test wants it") });
    begun(&mut round, &[other], std::future::pending());
    ended(&mut round).await;
    assert_eq!(left(&round), (1, 3, 1, 1), "the others are under way still");
    let later: Vec<_> = round.later.iter().map(|later| (later.id, later.tries, later.due_at.0 - AT.0)).collect();
    assert_eq!(later, [(1, 1, 60_000), (2, 10, 3_600_000)]);
    assert_eq!(store.reviews(tenant, true, 9).await.unwrap().len(), 1, "the second was tried ten times");
    round.settle().await;
    assert_eq!(left(&round), (1, 1, 1, 1));
}
