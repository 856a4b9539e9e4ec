//! Owns the promise of the sweep of orders whose time to pay is over: each channel is asked first, and none waits for ever.

use domain::{Action, AttemptId, Command, Timestamp};

use crate::desk::{PAY_WITHIN_MS, order_no};
use crate::ground::{Kind, on_every_database};
use crate::shop::{Shop, words};

on_every_database!(an_attempt_that_began_at_the_deadline_is_closed_too);

fn at(mut command: Command, at: i64) -> Command {
    command.at = Timestamp(at);
    command
}

async fn an_attempt_that_began_at_the_deadline_is_closed_too(kind: Kind) {
    const GRACE_MS: i64 = 60_000;
    let shop = Shop::stocked(kind).await;
    let place = shop.desk.place("k", &[("tea", 1)]);
    let (key, deadline) = ((shop.desk.tenant, order_no(&place)), place.at.0 + PAY_WITHIN_MS);
    let close =
        |key_text: &str, moment| at(shop.desk.command(key_text, Action::CloseAttempts { order_no: key.1 }), moment);
    let due = async |now: i64| {
        let due = shop.store.orders_due(Timestamp(now), Timestamp(now - GRACE_MS), 10).await.expect("orders");
        (due.to_close, due.to_expire)
    };
    shop.run(&[place, shop.desk.start(key.1)]).await;
    assert_eq!(due(deadline - 1).await, (vec![], vec![]));
    assert_eq!(due(deadline).await, (vec![(key, 1)], vec![]));
    shop.run(&[close("close 1", deadline)]).await;
    assert_eq!(due(deadline + 1).await, (vec![], vec![]), "its channel was asked");

    // It was begun in time, by another node's clock, and is committed behind the closing.
    let mut start = at(shop.desk.start(key.1), deadline - 1);
    let Action::StartPayment(wanted) = &mut start.action else { panic!("{start:?}") };
    wanted.attempt = AttemptId::new(key.1.bits() + 77);
    start.key = idempotency::Key::from_stored("again");
    assert_eq!(words(&shop.run(&[start]).await), ["201"]);
    let later = deadline + 10 * GRACE_MS;
    assert_eq!(due(later).await, (vec![(key, 2)], vec![]), "asked first, however late");
    shop.run(&[close("close 2", later)]).await;
    assert_eq!(due(later + 1).await, (vec![], vec![]), "the channel has time to answer");
    assert_eq!(due(later + GRACE_MS).await, (vec![], vec![key]));
}
