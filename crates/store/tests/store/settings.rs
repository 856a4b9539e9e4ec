//! Owns how a database file behaves between several connections, as between the server and a command line beside it.

use std::collections::BTreeSet;

use domain::{Needs, Timestamp};
use engine::{Fault, Storage as _};
use store::Store;

use crate::ground::Kind;
use crate::shop::{self, Shop};

/// Folds the log; gives whether somebody was in the way, how many pages it has, and how many were folded.
async fn checkpoint(shop: &Shop) -> [i64; 3] {
    let row = shop.ground.connect().await.cells("pragma wal_checkpoint(passive)").await.remove(0);
    [0, 1, 2].map(|at| row[at].parse().expect("a number"))
}

#[tokio::test]
async fn the_file_is_in_wal_mode_for_everybody() {
    let shop = Shop::open(Kind::Sqlite).await;
    let mut connection = shop.ground.connect().await;
    assert_eq!(connection.lines("pragma journal_mode").await, ["wal"]);
}

#[tokio::test]
async fn a_second_writer_waits_for_the_first() {
    let shop = Shop::stocked(Kind::Sqlite).await;
    let beside = Store::open_existing(&shop.ground.file()).await.expect("a command line beside the server");
    let (transaction, _) = shop.store.load(&Needs::default(), &BTreeSet::new()).await.expect("nobody else writes");
    // Who does not wait is refused at once: the lock is held.
    let mut hasty = shop.ground.connect().await;
    let busy = hasty.run("begin immediate").await.expect_err("the lock is held");
    assert!(busy.to_string().contains("locked"), "{busy}");

    let waiting = tokio::spawn(async move { beside.tenant_create("other", "ten_2", Timestamp(0)).await });
    // Commits nothing, and gives the lock back.
    let place = shop.desk.place("k", &[("tea", 1)]);
    for _ in 0..100 {
        tokio::task::yield_now().await;
    }
    assert!(!waiting.is_finished());
    drop(transaction);
    waiting.await.expect("it does not panic").expect("it waited");
    shop.run(&[place]).await;
}

#[tokio::test]
async fn a_lock_that_is_never_given_back_is_a_retry() {
    let shop = Shop::stocked(Kind::Sqlite).await;
    let mut other = shop.ground.connect().await;
    other.run("begin immediate").await.expect("nobody else writes");
    let fault = shop::run(&shop.store, &[shop.desk.place("k", &[("tea", 1)])]).await.expect_err("the lock is held");
    assert!(matches!(fault, Fault::Retry(_)), "{fault:?}");
    other.run("rollback").await.expect("it was begun");
    shop.run(&[shop.desk.place("k", &[("tea", 1)])]).await;
}

#[tokio::test]
async fn a_long_reader_blocks_neither_commits_nor_for_ever_the_checkpoint() {
    let shop = Shop::stocked(Kind::Sqlite).await;
    let mut reader = shop.ground.connect().await;
    reader.run("begin").await.expect("a transaction");
    let count = "select count(*) from orders";
    let before = reader.number(count).await;
    for at in 0..20 {
        shop.run(&[shop.desk.place(&format!("k{at}"), &[("tea", 1)])]).await;
    }
    let [_, pages, folded] = checkpoint(&shop).await;
    assert!(folded < pages, "the reader still needs the old pages: {folded} of {pages}");
    let during = reader.number(count).await;
    assert_eq!((before, during), (0, 0), "a reader sees one moment");
    reader.run("commit").await.expect("it was begun");
    let [busy, pages, folded] = checkpoint(&shop).await;
    assert_eq!((busy, folded), (0, pages));
    assert_eq!(shop.count(count).await, 20);
}

#[tokio::test]
async fn closing_folds_the_log_into_the_file() {
    let shop = Shop::stocked(Kind::Sqlite).await;
    shop.run(&[shop.desk.place("k", &[("tea", 1)])]).await;
    shop.store.close().await;
    let log = shop.ground.folder().join("mideng.db-wal");
    assert!(!log.exists(), "the log is gone");
    let again = Store::open_existing(&shop.ground.file()).await.expect("the database is whole");
    assert_eq!(
        again.orders(shop.desk.tenant, &store::OrderFilter::default(), None, 9).await.expect("a page").rows.len(),
        1
    );
}
