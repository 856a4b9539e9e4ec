//! Owns what a copy does where something came between: a source that was written to, and a copy that was broken off at
//! its beginning, in its middle or at its end.

use domain::Timestamp;
use store::{Copy, Error, Light, Store};

use crate::desk::noted;
use crate::ground::{Ground, Kind, on_every_database};
use crate::shop::{Shop, run};

on_every_database!(
    a_source_that_is_written_to_meanwhile_is_refused,
    a_source_that_was_written_to_since_is_refused,
    a_copy_goes_on_wherever_it_was_broken_off,
    a_copy_that_left_only_its_mark_goes_on,
    people_come_with_their_sessions_and_logs,
);

/// A shop with an order, and an empty database of this kind.
async fn two(kind: Kind) -> (Shop, Ground, Store) {
    let shop = Shop::stocked(Kind::Sqlite).await;
    shop.run(&[shop.desk.place("first", &[("tea", 1), ("cup", 1)])]).await;
    let ground = Ground::new(kind).await;
    let target = ground.store().await;
    target.migrate().await.expect("an empty database takes the schema");
    (shop, ground, target)
}

async fn whole(copy: &mut Copy<'_>) -> usize {
    let mut steps = 0;
    while copy.step().await.expect("both sides are there").is_some() {
        steps += 1;
    }
    steps
}

fn refusal<T>(result: Result<T, Error>) -> String {
    match result {
        Err(Error::Refused(text)) => text,
        Err(other) => panic!("it should be refused: {other}"),
        Ok(_) => panic!("it should be refused"),
    }
}

/// The stock changes behind the copy of its table, and in front of that of the keys: every count agrees.
async fn a_source_that_is_written_to_meanwhile_is_refused(kind: Kind) {
    let (shop, _ground, target) = two(kind).await;
    let mut copy = Copy::begin(&shop.store, &target).await.expect("an empty target");
    while copy.step().await.expect("both sides are there").is_some_and(|(table, _)| table != "stock_items") {}
    shop.run(&[shop.desk.put("tea", 150, 1_000)]).await;
    whole(&mut copy).await;
    let text = refusal(copy.finish().await);
    assert!(text.contains("was written to while"), "{text}");
    assert!(target.is_half_copied().await.expect("it is there"), "no server may run on it");
}

/// Between two tries: what was copied before may be old.
async fn a_source_that_was_written_to_since_is_refused(kind: Kind) {
    let (shop, _ground, target) = two(kind).await;
    let mut copy = Copy::begin(&shop.store, &target).await.expect("an empty target");
    copy.step().await.expect("both sides are there");
    drop(copy);
    shop.run(&[shop.desk.place("second", &[("tea", 1)])]).await;
    let text = refusal(Copy::begin(&shop.store, &target).await);
    assert!(text.contains("was written to since"), "{text}");
}

async fn a_copy_goes_on_wherever_it_was_broken_off(kind: Kind) {
    let (shop, ground, target) = two(kind).await;
    let mut broken_off = 0;
    loop {
        let mut copy = Copy::begin(&shop.store, &target).await.expect("the same source");
        assert_eq!(copy.there > 0, broken_off > 0);
        if copy.step().await.expect("both sides are there").is_none() {
            copy.finish().await.expect("nobody wrote");
            break;
        }
        broken_off += 1;
    }
    assert!(broken_off > 8, "{broken_off} tables have rows");
    // Broken off once more, behind its end.
    let again = Copy::begin(&shop.store, &target).await.expect("the same source");
    again.finish().await.expect("nobody wrote");
    target.copy_done().await.expect("it is whole");
    assert!(!target.is_half_copied().await.expect("it is there"));
    assert_eq!(ground.count("select count(*) from order_lines").await, 2);
}

async fn a_copy_that_left_only_its_mark_goes_on(kind: Kind) {
    let (shop, ground, target) = two(kind).await;
    ground.plant("create table mideng_copy (written_at bigint not null, row_count bigint not null)").await;
    assert!(target.is_half_copied().await.expect("it is there"), "no server may run on it");
    let mut copy = Copy::begin(&shop.store, &target).await.expect("nothing was copied yet");
    assert!(whole(&mut copy).await > 8);
    copy.finish().await.expect("nobody wrote");
    assert_eq!(ground.count("select count(*) from mideng_copy").await, 1);
}

/// Who was logged in before the move is logged in behind it, and the log goes on where it was.
async fn people_come_with_their_sessions_and_logs(kind: Kind) {
    let (shop, ground, target) = two(kind).await;
    let session = shop.peopled().await;
    let before = shop.store.session(session).await.expect("it is read").expect("it is there");
    let mut copy = Copy::begin(&shop.store, &target).await.expect("an empty target");
    whole(&mut copy).await;
    let counts = copy.finish().await.expect("nobody wrote");
    for table in ["people", "sessions", "second_factors", "guest_links", "signing_keys", "audit_heads", "audit_entries"]
    {
        let rows = counts.iter().find(|(name, _)| *name == table).map(|(_, rows)| *rows);
        assert!(rows > Some(0), "{table}: {rows:?}");
    }
    target.copy_done().await.expect("it is whole");
    assert_eq!(target.session(session).await.expect("it is read"), Some(before));
    assert_eq!(target.signing_keys().await.expect("they are read"), shop.store.signing_keys().await.expect("they are"));
    let findings = target.check(Timestamp(0)).await.expect("the check runs");
    assert!(findings.iter().all(|finding| finding.light() == Light::Green), "{findings:?}");
    let noted = noted(shop.desk.issue("behind the move"), None);
    run(&target, &[noted]).await.expect("the batch commits");
    assert_eq!(ground.count("select max(place) - count(*) from audit_entries").await, 0, "no place is missing");
}
