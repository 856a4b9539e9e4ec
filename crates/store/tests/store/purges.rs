//! Owns the promise of the sweeper and of the purge: bounded steps, nothing that is younger, and a key that is gone
//! still finds its order.

use domain::channel::Verdict as Said;
use domain::order::Status;
use domain::{Action, AttemptId, Command, PaymentId, Timestamp};
use engine::Verdict;
use idempotency::Key;

use crate::desk::{PAY_WITHIN_MS, order_no};
use crate::ground::{Kind, on_every_database};
use crate::shop::{self, Shop, words};

on_every_database!(
    a_purge_takes_bounded_steps_and_nothing_that_is_younger,
    a_clock_that_jumped_holds_up_no_records_but_its_own,
    f12_nodes_whose_clocks_are_an_hour_apart_apply_a_key_once,
    a_key_that_was_purged_still_finds_its_order,
    a_purged_key_of_an_order_serves_no_other_action,
    a_purged_key_of_a_payment_finds_its_attempt_and_its_refund,
    a_purged_key_of_a_retry_sends_nothing_again,
    another_request_under_a_purged_key_is_refused_while_its_order_lives,
    numbers_are_purged_once_they_expired,
    the_sweeper_is_told_what_is_due_and_no_more_than_it_asks_for,
);

const RECORDS: &str = "select count(*) from key_records where status is not null";
const KEYS: &str = "select count(*) from key_records";

fn at(mut command: Command, at: i64) -> Command {
    command.at = Timestamp(at);
    command
}

/// A shop whose only records are of these moments, in this order.
async fn records_of(kind: Kind, moments: &[i64]) -> Shop {
    let shop = Shop::stocked(kind).await;
    shop.ground.plant("delete from key_records").await;
    for moment in moments {
        shop.run(&[at(shop.desk.issue(&format!("k-{moment}")), *moment)]).await;
    }
    shop
}

async fn a_purge_takes_bounded_steps_and_nothing_that_is_younger(kind: Kind) {
    let shop = records_of(kind, &[10, 20, 30, 40, 50, 60, 70]).await;
    let purge = async |before, limit| shop.store.records_purge(Timestamp(before), limit).await.expect("a step");
    assert_eq!(purge(10, 100).await, 0, "what was completed at that moment is not older");
    assert_eq!(purge(55, 2).await, 2);
    assert_eq!(purge(55, 2).await, 2);
    assert_eq!(purge(55, 2).await, 1);
    assert_eq!(purge(55, 2).await, 0);
    assert_eq!(shop.count("select min(completed_at) from key_records").await, 60);
    assert_eq!(shop.count(RECORDS).await, 2);
}

async fn a_clock_that_jumped_holds_up_no_records_but_its_own(kind: Kind) {
    let shop = records_of(kind, &[10, 9_000, 20, 30]).await;
    let purge = async || shop.store.records_purge(Timestamp(100), 2).await.expect("a step");
    assert_eq!((purge().await, purge().await, purge().await), (2, 1, 0));
    assert_eq!(shop.count("select max(completed_at) from key_records").await, 9_000);
}

/// Keys have no lease: what a clock says is written down and decides nothing.
async fn f12_nodes_whose_clocks_are_an_hour_apart_apply_a_key_once(kind: Kind) {
    const HOUR_MS: i64 = 3_600_000;
    const NOW: i64 = 100 * HOUR_MS;
    let shop = Shop::stocked(kind).await;
    let other = shop.ground.store().await;
    for (key, first, again) in [("ahead", NOW + HOUR_MS, NOW), ("behind", NOW - HOUR_MS, NOW + HOUR_MS)] {
        let place = || shop.desk.place(key, &[("tea", 1)]);
        assert_eq!(words(&shop.run(&[at(place(), first)]).await), ["201"]);
        let there = shop::run(&other, &[at(place(), again)]).await.expect("the batch commits");
        assert_eq!(words(&there), ["replayed"]);
        assert_eq!(words(&shop.run(&[at(place(), first)]).await), ["replayed"]);
    }
    assert_eq!(shop.count("select count(*) from orders").await, 2);
    // Nor does the node that is ahead purge what others may be asked for: an answer lives for 25 hours at least.
    shop.run(&[at(shop.desk.place("old", &[("tea", 1)]), NOW - 24 * HOUR_MS - 1)]).await;
    let records = shop.count(RECORDS).await;
    other.records_purge(Timestamp(NOW + HOUR_MS - 25 * HOUR_MS), 100).await.expect("a purge");
    let left = shop.count(RECORDS).await;
    assert!(left < records, "what is older goes");
    for key in ["ahead", "behind"] {
        let place = at(shop.desk.place(key, &[("tea", 1)]), NOW);
        assert_eq!(words(&shop.run(&[place]).await), ["replayed"], "{key}");
    }
    other.close().await;
}

async fn a_key_that_was_purged_still_finds_its_order(kind: Kind) {
    let shop = Shop::stocked(kind).await;
    let place = shop.desk.place("k", &[("tea", 1)]);
    let number = order_no(&place);
    let [start, paid] = shop.desk.pay(number, 100);
    shop.run(&[place, start, paid]).await;
    let purge = async || shop.store.records_purge(Timestamp(i64::MAX), 100).await.expect("a step");
    assert!(purge().await > 2);
    assert_eq!(purge().await, 0);
    assert_eq!((shop.count(RECORDS).await, shop.count(KEYS).await), (0, 1), "only the key of the order is kept");

    // Sent again it is a new arrival with a new number at hand, and is answered with the order as it is now.
    let again = shop.desk.place("k", &[("tea", 1)]);
    assert_ne!(order_no(&again), number);
    let verdicts = shop.run(&[again]).await;
    let Verdict::Decided { record, changes, .. } = &verdicts[0] else { panic!("{verdicts:?}") };
    assert!(changes.is_empty(), "{changes:?}");
    let body = String::from_utf8_lossy(&record.answer.body).into_owned();
    assert!(body.contains(&number.to_string()) && body.contains("\"paid\""), "{body}");
    assert_eq!(record.answer.status, 200);
    // It has a record again, in the same shop, and that one is replayed.
    assert_eq!(shop.count(RECORDS).await, 1);
    assert_eq!(words(&shop.run(&[shop.desk.place("k", &[("tea", 1)])]).await), ["replayed"]);
    assert_eq!(shop.count("select count(*) from orders").await, 1);
    // … and it outlives that answer, too.
    assert_eq!(purge().await, 1);
    assert_eq!((shop.count(RECORDS).await, shop.count(KEYS).await), (0, 1));
    assert_eq!(words(&shop.run(&[shop.desk.place("k", &[("tea", 1)])]).await), ["200"]);
    assert_eq!(shop.broken().await, Vec::<&str>::new());
}

/// The ids of attempts and refunds are made from the key: sent again after the purge they are made again.
async fn a_purged_key_of_a_payment_finds_its_attempt_and_its_refund(kind: Kind) {
    let shop = Shop::stocked(kind).await;
    let place = |key| shop.desk.place(key, &[("tea", 1)]);
    let (first, other) = (place("k"), place("other"));
    let (number, other_number) = (order_no(&first), order_no(&other));
    let [start, paid] = shop.desk.pay(number, 100);
    let refund = || shop.desk.refund(number, 1, Some(40));
    shop.run(&[first, other, start, paid, refund()]).await;
    shop.run(&shop.desk.pay(other_number, 100)).await;
    let before = shop.count("select count(*) from outbox").await;
    let purge = async || shop.store.records_purge(Timestamp(i64::MAX), 100).await.expect("a step");
    assert!(purge().await > 4);

    let again = [shop.desk.start(number), refund()];
    assert_eq!(words(&shop.run(&again).await), ["200", "201"]);
    assert_eq!(words(&shop.run(&again).await), ["executed", "executed"]);
    purge().await;
    // Another order, payment or amount under the same key is another wish.
    let mut start = shop.desk.start(other_number);
    let Action::StartPayment(wanted) = &mut start.action else { panic!("{start:?}") };
    wanted.attempt = AttemptId::new(number.bits());
    let more = shop.desk.refund(number, 1, Some(50));
    let mut elsewhere = refund();
    let Action::RefundPayment(wanted) = &mut elsewhere.action else { panic!("{elsewhere:?}") };
    wanted.payment = PaymentId::new(other_number.bits());
    for command in [start, more, elsewhere] {
        assert_eq!(words(&shop.run(&[command]).await), ["key reused"]);
    }
    assert_eq!(shop.count("select count(*) from outbox").await, before, "nothing is asked for again");
    assert_eq!(shop.broken().await, Vec::<&str>::new());
}

/// A refund that is sent again under its own number has the key that was made for that, by which the same wish is known.
async fn a_purged_key_of_a_retry_sends_nothing_again(kind: Kind) {
    let shop = Shop::stocked(kind).await;
    let place = shop.desk.place("k", &[("tea", 1)]);
    let number = order_no(&place);
    let [start, paid] = shop.desk.pay(number, 100);
    shop.run(&[place, start, paid, shop.desk.refund(number, 1, Some(40))]).await;
    let refused = async |question, moment: i64| {
        let unseen = |question| shop.desk.back_asked(number, 1, (Said::NotFound, question));
        shop.run(&[at(unseen(question), moment)]).await;
        shop.run(&[at(unseen(question + 1), moment + 60_000)]).await;
    };
    shop.run(&[shop.desk.back(number, 1, Said::Failed)]).await;
    refused(1, 100_000).await;

    let messages = async || shop.count("select count(*) from outbox").await;
    let key = async || {
        let payment = shop.store.payment(shop.desk.tenant, PaymentId::new(number.bits())).await.expect("it is read");
        payment.expect("a payment").refunds[0].provider_key
    };
    let (before, old) = (messages().await, key().await);
    let retry = |key: &str, number_of_key| at(shop.desk.retry(key, number, 1, number_of_key), 200_000);
    assert_eq!(words(&shop.run(&[retry("retry", 77)]).await), ["201"]);
    assert_eq!((messages().await, old, key().await), (before + 1, 1, 77));
    shop.store.records_purge(Timestamp(i64::MAX), 100).await.expect("a step");
    assert_eq!(words(&shop.run(&[retry("retry", 77), retry("other", 78)]).await), ["201", "409"]);
    assert_eq!((messages().await, key().await), (before + 1, 77));
    assert_eq!(shop.broken().await, Vec::<&str>::new());
}

async fn a_purged_key_of_an_order_serves_no_other_action(kind: Kind) {
    let shop = Shop::stocked(kind).await;
    let place = shop.desk.place("k", &[("tea", 1)]);
    let number = order_no(&place);
    shop.run(&[place]).await;
    shop.store.records_purge(Timestamp(i64::MAX), 100).await.expect("a step");
    let mut cancel = shop.desk.cancel(number);
    cancel.key = Key::from_stored("k");
    let again = shop.desk.place("k", &[("tea", 1)]);
    assert_eq!(words(&shop.run(&[cancel.clone(), again, cancel]).await), ["key reused", "200", "key reused"]);
    assert_eq!(shop.count("select count(*) from orders where status = 'pending_payment'").await, 1);
    assert_eq!(shop.broken().await, Vec::<&str>::new());
}

async fn another_request_under_a_purged_key_is_refused_while_its_order_lives(kind: Kind) {
    let shop = Shop::stocked(kind).await;
    shop.run(&[shop.desk.place("k", &[("tea", 1)])]).await;
    shop.store.records_purge(Timestamp(i64::MAX), 100).await.expect("a step");
    let mut other = shop.desk.place("k", &[("cup", 1)]);
    other.fingerprints = crate::desk::fingerprints("another request");
    assert_eq!(words(&shop.run(&[other]).await), ["key reused"]);
    assert_eq!(shop.count(RECORDS).await, 0);
}

async fn numbers_are_purged_once_they_expired(kind: Kind) {
    let shop = Shop::open(kind).await;
    let issue: Vec<Command> = (0..5).map(|at| shop.desk.issue(&format!("k{at}"))).collect();
    let first = issue[0].at.0 + PAY_WITHIN_MS;
    shop.run(&issue).await;
    let purge = async |before, limit| shop.store.numbers_purge(Timestamp(before), limit).await.expect("a step");
    assert_eq!(purge(first, 100).await, 0);
    assert_eq!(purge(first + 4, 3).await, 3);
    assert_eq!(purge(first + 4, 3).await, 1);
    assert_eq!(purge(first + 4, 3).await, 0);
    assert_eq!(shop.count("select count(*) from order_numbers").await, 1);
}

async fn the_sweeper_is_told_what_is_due_and_no_more_than_it_asks_for(kind: Kind) {
    let shop = Shop::stocked(kind).await;
    let mut batch = Vec::new();
    let mut numbers = Vec::new();
    for name in ["pending", "later", "paid", "shipped", "touched"] {
        let place = shop.desk.place(name, &[("tea", 1)]);
        let number = order_no(&place);
        numbers.push((shop.desk.tenant, number));
        batch.push(place);
        if name == "paid" || name == "shipped" || name == "touched" {
            batch.extend(shop.desk.pay(number, 100));
        }
        if name == "shipped" || name == "touched" {
            batch.push(shop.desk.ship(number, 2, "T1", None));
        }
        if name == "touched" {
            batch.push(at(shop.desk.correct(number, 3, "T2"), 5_000));
        }
    }
    let deadline = batch[0].at.0 + PAY_WITHIN_MS;
    shop.run(&batch).await;
    let expired = async |now, limit| {
        shop.store.orders_due(Timestamp(now), Timestamp(now), limit).await.expect("orders").to_expire
    };
    assert_eq!(expired(deadline - 1, 10).await, []);
    assert_eq!(expired(deadline, 10).await, numbers[..1]);
    assert_eq!(expired(i64::MAX, 1).await, numbers[..1], "the oldest deadline first");
    assert_eq!(expired(i64::MAX, 10).await, numbers[..2]);
    let complete = async |before| shop.store.orders_due_to_complete(Timestamp(before), 10).await.expect("orders");
    assert_eq!(complete(4_999).await, numbers[3..4]);
    assert_eq!(complete(5_000).await, numbers[3..]);
    let shipped = shop.store.order(shop.desk.tenant, numbers[3].1).await.expect("an answer").expect("an order");
    assert_eq!(shipped.status, Status::Shipped);
    assert_eq!(complete(shipped.updated_at.0 - 1).await, []);
}
