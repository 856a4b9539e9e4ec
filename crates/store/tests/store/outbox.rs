//! Owns what whoever empties the outbox may rely on: whose a lane is, what is due in it, and what cannot be read.

use domain::channel::Verdict;
use domain::{ChannelAccountId, Timestamp};
use store::{Error, Illegible, Later};

use crate::desk::order_no;
use crate::ground::{Kind, on_every_database};
use crate::shop::Shop;

on_every_database!(
    a_lane_is_held_until_its_lease_is_over_or_somebody_took_it,
    a_lease_that_is_almost_over_is_none,
    under_an_old_lease_nothing_is_settled,
    a_message_that_cannot_be_read_holds_up_no_other,
    what_is_due_at_once_waits_for_no_clock,
    a_message_is_as_old_as_its_time,
);

const NONE: &[ChannelAccountId] = &[];
const LEASE_MS: i64 = 60_000;

/// A shop with so many payments that were begun.
async fn begun(kind: Kind, count: usize) -> Shop {
    let shop = Shop::stocked(kind).await;
    for number in 0..count {
        let place = shop.desk.place(&format!("k{number}"), &[("tea", 1)]);
        let start = shop.desk.start(order_no(&place));
        shop.run(&[place, start]).await;
    }
    shop
}

async fn a_lane_is_held_until_its_lease_is_over_or_somebody_took_it(kind: Kind) {
    let shop = Shop::open(kind).await;
    let store = &shop.store;
    let held = store.lanes_take("a", LEASE_MS).await.expect("they are free");
    assert!(store.lane_is_held(&held[0]).await.expect("the database is there"));
    assert_eq!(store.lanes_take("b", LEASE_MS).await.expect("they are not free"), []);
    store.lanes_free("a").await.expect("the database is there");
    assert!(!store.lane_is_held(&held[0]).await.expect("the database is there"), "anybody may take it");
    let taken = store.lanes_take("b", LEASE_MS).await.expect("they are free");
    assert_eq!((taken.len(), taken[0].epoch), (held.len(), held[0].epoch + 1));
    assert!(!store.lane_is_held(&held[0]).await.expect("the database is there"));
    assert!(store.lane_is_held(&taken[0]).await.expect("the database is there"));
    // Had again, it is another lease.
    store.lanes_free("b").await.expect("the database is there");
    store.lanes_take("a", LEASE_MS).await.expect("they are free");
    assert!(!store.lane_is_held(&held[0]).await.expect("the database is there"));
}

async fn a_lease_that_is_almost_over_is_none(kind: Kind) {
    let shop = Shop::open(kind).await;
    for (lease_ms, is_held) in [(1_900, false), (LEASE_MS, true), (1_900, false)] {
        let held = shop.store.lanes_take("a", lease_ms).await.expect("they are ours");
        assert_eq!(shop.store.lane_is_held(&held[0]).await.expect("the database is there"), is_held, "{lease_ms} ms");
    }
}

async fn under_an_old_lease_nothing_is_settled(kind: Kind) {
    let shop = begun(kind, 2).await;
    let store = &shop.store;
    let old = store.lanes_take("a", LEASE_MS).await.expect("they are free");
    let lanes: Vec<i64> = old.iter().map(|lease| lease.lane).collect();
    let (due, _) = store.messages_due(&lanes, NONE, Timestamp(1_000), 9).await.expect("the database is there");
    let later = Later { id: due[1].id, due_at: Timestamp(5_000), tries: 3, error: "why".to_owned() };
    store.lanes_free("a").await.expect("the database is there");
    let new = store.lanes_take("b", LEASE_MS).await.expect("they are free");
    let settle = async |leases| {
        let settled = store.messages_settle(leases, &[due[0].id], std::slice::from_ref(&later)).await;
        let (left, _) = store.messages_due(&lanes, NONE, Timestamp(1_000), 9).await.expect("the database is there");
        (settled.expect("the database is there"), left.len())
    };
    assert_eq!(settle(&old).await, (false, 2));
    assert_eq!(settle(&new).await, (true, 0));
    let (left, _) = store.messages_due(&lanes, NONE, Timestamp(5_000), 9).await.expect("the database is there");
    assert_eq!(left.iter().map(|due| (due.id, due.tries)).collect::<Vec<_>>(), [(due[1].id, 3)]);
}

async fn a_message_that_cannot_be_read_holds_up_no_other(kind: Kind) {
    let shop = begun(kind, 2).await;
    shop.ground
        .plant(
            "update outbox set task = 'sing', tries = 3 where id = (select id from (select min(id) id from outbox) m)",
        )
        .await;
    let lanes: Vec<i64> = (0..16).collect();
    let found = shop.store.messages_due(&lanes, NONE, Timestamp(1_000), 9).await;
    let (due, illegible) = found.expect("the database is there");
    assert_eq!((due.len(), illegible.len()), (1, 1));
    let Illegible { tenant, wanted_at, tries, error, .. } = &illegible[0];
    assert_eq!((*tenant, *tries), (shop.desk.tenant, 3));
    assert!((Timestamp(1)..due[0].wanted_at).contains(wanted_at), "{wanted_at:?}");
    assert!(matches!(error, Error::Unreadable { table: "outbox", column: "task", .. }), "{error}");
}

/// A node whose clock is far ahead begins a payment: one whose clock is right performs it now, and asks about it in time.
async fn what_is_due_at_once_waits_for_no_clock(kind: Kind) {
    const AHEAD: u64 = 1_000_000;
    let shop = Shop::stocked(kind).await;
    let desk = shop.desk_from(AHEAD);
    let place = desk.place("k", &[("tea", 1)]);
    let order = order_no(&place);
    let [start, paid] = desk.pay(order, 100);
    let (refund, denied) = (desk.refund(order, 1, None), desk.back(order, 1, Verdict::Failed));
    shop.run(&[place, start]).await;
    let lanes: Vec<i64> = (0..16).collect();
    let tasks = async |now: u64| {
        let now = Timestamp(i64::try_from(now).expect("a small time"));
        let (due, _) = shop.store.messages_due(&lanes, NONE, now, 9).await.expect("the database is there");
        due.iter().map(|due| due.message.task.name()).collect::<Vec<_>>()
    };
    assert_eq!(tasks(10).await, ["charge"]);
    let (count, since) = shop.store.outbox_lag(Timestamp(10)).await.expect("the database is there");
    assert_eq!((count, since), (1, Some(Timestamp(i64::try_from(AHEAD).expect("a small time") + 1))));
    shop.run(&[paid, refund]).await;
    assert_eq!(tasks(10).await, ["charge", "refund"], "in the order in which they were written");
    // A denial is asked about at once too.
    shop.run(&[denied]).await;
    assert_eq!(tasks(10).await, ["charge", "refund", "query_refund"]);
}

/// A question that is written down before its time, and put off then.
async fn a_message_is_as_old_as_its_time(kind: Kind) {
    const FAR: Timestamp = Timestamp(1_000_000);
    let shop = Shop::stocked(kind).await;
    let (store, desk) = (&shop.store, &shop.desk);
    let place = desk.place("k", &[("tea", 1)]);
    let order = order_no(&place);
    shop.run(&[place, desk.start(order), desk.said(order, Verdict::Pending, None)]).await;
    let held = store.lanes_take("a", LEASE_MS).await.expect("they are free");
    let lanes: Vec<i64> = held.iter().map(|lease| lease.lane).collect();
    let question = async || {
        let (due, _) = store.messages_due(&lanes, NONE, FAR, 9).await.expect("the database is there");
        due.into_iter().find(|due| due.message.task.name() == "query_charge").expect("it is asked about")
    };
    let first = question().await;
    assert_eq!(first.wanted_at, first.message.due_at);
    let later = Later { id: first.id, due_at: FAR, tries: 0, error: "why".to_owned() };
    assert!(store.messages_settle(&held, &[], &[later]).await.expect("the database is there"));
    let then = question().await;
    assert_eq!((then.message.due_at, then.wanted_at), (FAR, first.wanted_at));
}
