//! Owns the promise that a backup is of one moment and holds nobody up, and that a restore is all or nothing.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use domain::person::Kind as Of;
use domain::session::End;
use domain::{Needs, Timestamp};
use engine::Storage as _;
use store::{Account, Error, Light, OrderFilter, Store};

use crate::desk::noted;
use crate::ground::{self, Kind};
use crate::shop::Shop;

/// Longer than anything takes that ends at all.
const LONG: Duration = Duration::from_secs(30);

async fn orders(shop: &Shop, from: usize, to: usize) {
    for at in from..to {
        shop.run(&[shop.desk.place(&format!("order-{at}"), &[("tea", 1), ("cup", 1)])]).await;
    }
}

async fn clean(file: &std::path::Path) -> Store {
    let store = Store::open_existing(file).await.expect("a whole database");
    let findings = store.check(Timestamp(0)).await.expect("the check runs");
    assert!(findings.iter().all(|finding| finding.light() == Light::Green), "{findings:?}");
    assert_eq!(store.damage().await.expect("the file can be read"), Vec::<String>::new());
    store
}

fn refusal(result: Result<u64, Error>) -> String {
    match result {
        Err(Error::Refused(text)) => text,
        other => panic!("it should be refused: {other:?}"),
    }
}

#[tokio::test]
async fn a_backup_waits_for_nobody_and_nobody_for_it() {
    let shop = Shop::stocked(Kind::Sqlite).await;
    orders(&shop, 0, 3).await;
    // A batch is open: it holds the writing connection and the write lock.
    let (transaction, _) = shop.store.load(&Needs::default(), &BTreeSet::new()).await.expect("nobody else writes");
    let file = shop.ground.folder().join("copy.db");
    tokio::time::timeout(LONG, shop.store.backup(&file)).await.expect("it waits for no writer").expect("a new file");
    drop(transaction);
    assert_eq!(
        clean(&file).await.orders(shop.desk.tenant, &OrderFilter::default(), None, 9).await.expect("a page").rows.len(),
        3
    );
    let again = shop.store.backup(&file).await.expect_err("the file is there");
    assert!(again.to_string().contains("exists already"), "{again}");
}

#[tokio::test]
async fn a_backup_beside_commits_is_of_one_moment() {
    let shop = Shop::stocked(Kind::Sqlite).await;
    orders(&shop, 0, 10).await;
    let (store, file) = (shop.store.clone(), shop.ground.folder().join("copy.db"));
    let copy = {
        let file = file.clone();
        tokio::spawn(async move { store.backup(&file).await })
    };
    let mut placed = 10;
    while !copy.is_finished() {
        orders(&shop, placed, placed + 1).await;
        placed += 1;
    }
    copy.await.expect("it does not panic").expect("a new file");
    clean(&file).await;
    shop.store.check(Timestamp(0)).await.expect("the check runs");
}

/// Who was logged in then is logged in again; who was put out since, or came since, is as then.
#[tokio::test]
async fn a_backup_has_people_their_sessions_and_the_log() {
    let shop = Shop::stocked(Kind::Sqlite).await;
    let session = shop.peopled().await;
    let file = shop.ground.folder().join("copy.db");
    shop.store.backup(&file).await.expect("a new file");
    let before = shop.store.session(session).await.expect("it is read").expect("it is there");
    let copy = clean(&file).await;
    assert_eq!(copy.session(session).await.expect("it is read").as_ref(), Some(&before));
    copy.close().await;
    let whose = (before.authority.tenant, before.authority.principal);
    let ended = shop.store.sessions_end(whose, None, End::Kicked, Timestamp(9)).await.expect("an answer");
    assert_eq!(ended, [session]);
    shop.person(Of::Member, "bob").await;
    shop.run(&[noted(shop.desk.issue("since"), None)]).await;
    shop.store.restore(&file).await.expect("a backup of this database");
    assert_eq!(shop.store.session(session).await.expect("it is read"), Some(before));
    assert_eq!(shop.count("select count(*) from people").await, 3);
    assert_eq!(shop.count("select max(place) from audit_entries").await, 2);
    assert_eq!(shop.broken().await, Vec::<&str>::new());
    shop.run(&[noted(shop.desk.issue("behind it"), None)]).await;
    assert_eq!(shop.broken().await, Vec::<&str>::new());
}

#[tokio::test]
async fn a_backup_that_fails_leaves_no_file() {
    let shop = Shop::stocked(Kind::Sqlite).await;
    let nowhere = shop.ground.folder().join("no folder").join("copy.db");
    assert!(shop.store.backup(&nowhere).await.is_err());
    assert!(!nowhere.exists());
}

/// A shop with five orders, and a backup of when there were two.
async fn two_of_five() -> (Shop, PathBuf) {
    let shop = Shop::stocked(Kind::Sqlite).await;
    orders(&shop, 0, 2).await;
    let file = shop.ground.folder().join("copy.db");
    shop.store.backup(&file).await.expect("a new file");
    orders(&shop, 2, 5).await;
    (shop, file)
}

#[tokio::test]
async fn readers_see_the_old_rows_or_the_restored_ones() {
    let (shop, file) = two_of_five().await;
    let (mut reader, over) = (shop.ground.connect().await, Arc::new(AtomicBool::new(false)));
    let watch = {
        let over = over.clone();
        tokio::spawn(async move {
            let sql = "select (select count(*) from orders) || ' ' || (select count(*) from order_lines) || ' ' ||
            (select count(*) from key_records) || ' ' || (select sum(reserved) from stock_items)";
            let mut seen = BTreeSet::new();
            loop {
                let last = over.load(Ordering::SeqCst);
                seen.extend(reader.lines(sql).await);
                if last {
                    return seen;
                }
            }
        })
    };
    tokio::task::yield_now().await;
    let rows = shop.store.restore(&file).await.expect("a backup of this database");
    over.store(true, Ordering::SeqCst);
    let seen = watch.await.expect("it does not panic");
    assert!(seen.iter().all(|row| row == "5 10 7 10" || row == "2 4 4 4"), "{seen:?}");
    assert!(seen.contains("2 4 4 4"), "{seen:?}");
    assert!(rows > 20, "{rows}");
    assert_eq!(shop.broken().await, Vec::<&str>::new());
    // The server goes on: what was placed after the backup is new again.
    orders(&shop, 4, 6).await;
    assert_eq!(shop.count("select count(*) from orders").await, 4);
}

#[tokio::test]
async fn a_restore_gives_no_number_away_twice() {
    let (shop, file) = two_of_five().await;
    let account = |name| Account { tenant: shop.desk.tenant, kind: "service", name, public_id: name };
    let after = shop.store.account(&account("after"), Timestamp(0)).await.expect("a new account");
    shop.store.restore(&file).await.expect("a backup of this database");
    let next = shop.store.account(&account("next"), Timestamp(0)).await.expect("a new account");
    assert!(next.0 > after.0, "{next:?} was {after:?}");
    // Nor does a fresh database that takes the backup in, where its last rows were removed before.
    ground::run_in(&file, "delete from key_records; update sqlite_sequence set seq = 500 where name = 'key_records'")
        .await;
    let fresh = Shop::open(Kind::Sqlite).await;
    fresh.store.restore(&file).await.expect("a backup of the same version");
    fresh.run(&[fresh.desk.issue("k")]).await;
    assert_eq!(fresh.count("select id from key_records").await, 501);
}

#[tokio::test]
async fn a_file_that_is_no_backup_of_this_version_is_refused_and_changes_nothing() {
    let (shop, good) = two_of_five().await;
    let make = |name: &str| shop.ground.folder().join(name);
    let (older, newer, foreign, text) = (make("older.db"), make("newer.db"), make("foreign.db"), make("text.db"));
    std::fs::copy(&good, &older).expect("a copy");
    ground::run_in(&older, "delete from seaql_migrations").await;
    std::fs::copy(&good, &newer).expect("a copy");
    ground::run_in(&newer, "insert into seaql_migrations values ('m9999_later', 0)").await;
    std::fs::copy(&good, &foreign).expect("a copy");
    ground::run_in(&foreign, "drop table seaql_migrations").await;
    std::fs::write(&text, "not a database, but long enough to look like one at first sight").expect("a new file");
    for (file, why) in [(&older, "older"), (&newer, "newer"), (&foreign, "not a backup"), (&text, "not a backup")] {
        let text = refusal(shop.store.restore(file).await);
        assert!(text.contains(why), "{text}");
    }
    let missing = make("missing.db");
    refusal(shop.store.restore(&missing).await);
    assert!(!missing.exists(), "looking for a file does not make it");
    assert_eq!(shop.count("select count(*) from orders").await, 5);
    // The same connection takes a good one behind the bad ones.
    shop.store.restore(&good).await.expect("a backup of this database");
    assert_eq!(shop.count("select count(*) from orders").await, 2);
}

#[tokio::test]
async fn damage_is_told() {
    let (_shop, file) = two_of_five().await;
    let mut bytes = std::fs::read(&file).expect("the backup is there");
    // A page of orders: with the pages that say which tables there are, the file would not even open.
    let root = "select (select rootpage from sqlite_schema where name = 'orders') * page_size from pragma_page_size";
    let end = usize::try_from(ground::count_in(&file, root).await).expect("a place in the file");
    bytes[end - 2_048..end].fill(0xA5);
    std::fs::write(&file, bytes).expect("the file can be written");
    let store = Store::open(&file).await.expect("its first pages are whole");
    let damage = store.damage().await;
    assert!(damage.as_ref().map_or(true, |rows| !rows.is_empty()), "{damage:?}");
}
