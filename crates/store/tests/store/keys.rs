//! Owns the questions about keys: what came under one, from where, who sent it, and which came last.

use std::collections::BTreeSet;

use domain::{Origin, Timestamp};
use engine::Scope;
use idempotency::Key;
use store::{Account, Cursor, KeyRow, REPLAYED, Senders, Sighting};

use crate::desk::order_no;
use crate::ground::{Kind, on_every_database};
use crate::shop::Shop;

on_every_database!(
    a_key_tells_what_came_under_it_and_from_where,
    what_was_executed_tells_its_route_and_until_its_answer_is_purged_its_address,
    keys_are_looked_up_by_who_sent_them,
);

/// Repetitions are no conflicts; the last address is that of the latest, whichever node tells first.
async fn a_key_tells_what_came_under_it_and_from_where(kind: Kind) {
    let shop = Shop::open(kind).await;
    let seen = |kind, at, from: Option<&str>| Sighting {
        tenant: shop.desk.tenant,
        principal: shop.desk.principal,
        key: Key::from_stored("k"),
        kind,
        times: 1,
        first_at: Timestamp(at),
        last_at: Timestamp(at),
        last_from: from.map(|from| from.parse().expect("an address")),
    };
    let later = seen(REPLAYED, 30, Some("2001:db8:ffff:ffff:ffff:ffff:ffff:ffff"));
    shop.store.sightings_add(&[later, seen(REPLAYED, 20, Some("10.0.0.1"))]).await.expect("new counts");
    shop.store.sightings_add(&[seen(REPLAYED, 10, Some("10.0.0.2")), seen("x", 5, None)]).await.expect("more counts");
    let rows = shop.store.sightings(shop.desk.tenant, vec!["k".to_owned()]).await.expect("rows");
    let told: Vec<_> = rows.iter().map(|row| (row.kind.as_str(), row.times, row.last_from.as_deref())).collect();
    assert_eq!(told, [(REPLAYED, 3, Some("2001:db8:ffff:ffff:ffff:ffff:ffff:ffff")), ("x", 1, None)]);
    assert_eq!(rows[0].principal, shop.desk.principal);
    let conflicts = shop.store.conflicts(shop.desk.tenant, None, 9).await.expect("rows");
    assert_eq!(conflicts.iter().map(|row| row.kind.as_str()).collect::<Vec<_>>(), ["x"]);
    let other = shop.store.tenant_create("other", "ten_2", Timestamp(0)).await.expect("a new tenant");
    assert_eq!(shop.store.sightings(other, vec!["k".to_owned()]).await.expect("rows"), Vec::new());
    assert_eq!(shop.store.key_senders(other, &Key::from_stored("k")).await.expect("senders").len(), 0);
}

/// What the server does for itself tells neither.
async fn what_was_executed_tells_its_route_and_until_its_answer_is_purged_its_address(kind: Kind) {
    let shop = Shop::stocked(kind).await;
    let (mut place, own) = (shop.desk.place("k1", &[("tea", 1)]), shop.desk.place("k2", &[("tea", 1)]));
    let (request, from) = ("POST /api/v1/orders", "2001:db8:ffff:ffff:ffff:ffff:ffff:ffff");
    place.origin = Origin { request: Some(request.into()), from: Some(from.into()) };
    let scope = Scope { tenant: place.tenant, principal: place.principal, key: place.key.clone() };
    shop.run(&[place, own]).await;
    let (tenant, store) = (shop.desk.tenant, &shop.store);
    let listed = async || {
        let page = store.keys_latest(tenant, Senders::Clients, None, 9).await.expect("a page");
        let told = |row: KeyRow| (row.key.as_str().to_owned(), row.request, row.came_from);
        page.rows.into_iter().map(told).filter(|(key, ..)| key.starts_with('k')).collect::<Vec<_>>()
    };
    let under = async || {
        let rows = store.keys_under(tenant, &BTreeSet::from([scope.clone()])).await.expect("rows");
        (rows[0].request.clone(), rows[0].came_from.clone())
    };
    let (request, from) = (Some(request.to_owned()), Some(from.to_owned()));
    let unknown = ("k2".to_owned(), None, None);
    assert_eq!(listed().await, [unknown.clone(), ("k1".to_owned(), request.clone(), from.clone())]);
    assert_eq!(under().await, (request.clone(), from));
    shop.store.records_purge(Timestamp(i64::MAX), 100).await.expect("a step");
    assert_eq!(listed().await, [unknown, ("k1".to_owned(), request.clone(), None)]);
    assert_eq!(under().await, (request, None));
}

async fn keys_are_looked_up_by_who_sent_them(kind: Kind) {
    let shop = Shop::stocked(kind).await;
    let place = shop.desk.place("k1", &[("tea", 1)]);
    let (scope, number) =
        (Scope { tenant: place.tenant, principal: place.principal, key: place.key.clone() }, order_no(&place));
    shop.run(&[place, shop.desk.place("k2", &[("tea", 1)])]).await;
    let (tenant, store) = (shop.desk.tenant, &shop.store);
    let rows = store.keys_under(tenant, &BTreeSet::from([scope.clone()])).await.expect("rows");
    assert_eq!(rows.len(), 1);
    assert_eq!((rows[0].status, rows[0].order_no), (Some(201), Some(number)));
    assert!(rows[0].answer.is_some());
    let account = rows[0].account.clone().expect("it is there");
    assert_eq!(account.name, "service:checkout");
    for name in [account.id.as_str(), "service:checkout"] {
        assert_eq!(store.sender_named(tenant, name).await.expect("an answer"), Some(shop.desk.principal), "{name}");
    }
    let other = store.tenant_create("other", "ten_2", Timestamp(0)).await.expect("a new tenant");
    assert_eq!(store.sender_named(other, &account.id).await.expect("an answer"), None, "of another tenant");
    let latest = async |tenant, after: Option<Cursor>| {
        let page =
            store.keys_latest(tenant, Senders::One(shop.desk.principal), after.as_ref(), 1).await.expect("a page");
        (page.rows.iter().map(|row| row.key.as_str().to_owned()).collect::<Vec<_>>(), page.next)
    };
    let (first, next) = latest(tenant, None).await;
    assert_eq!(first, ["k2"]);
    assert_eq!(latest(tenant, next).await.0, ["k1"]);
    assert_eq!(latest(other, None).await, (Vec::new(), None));
    let system = Account { tenant, kind: "system", name: "mideng", public_id: "acc_9" };
    let own_work = store.account(&system, Timestamp(0)).await.expect("an account");
    let mut swept = shop.desk.place("k3", &[("tea", 1)]);
    swept.principal = own_work;
    shop.run(&[swept]).await;
    for (senders, keys) in [
        (Senders::All, vec!["k3", "k2", "k1"]),
        (Senders::Clients, vec!["k2", "k1"]),
        (Senders::One(own_work), vec!["k3"]),
    ] {
        let page = store.keys_latest(tenant, senders, None, 9).await.expect("a page");
        let found: Vec<_> = page.rows.iter().map(|row| row.key.as_str()).filter(|key| key.starts_with('k')).collect();
        assert_eq!(found, keys, "{senders:?}");
    }
    assert!(store.key_senders(tenant, &scope.key).await.expect("senders").contains(&shop.desk.principal));
}
