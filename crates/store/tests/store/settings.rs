//! Owns how a database file behaves between several connections, as between the server and a command line beside it.

use std::collections::BTreeSet;

use domain::{Needs, Timestamp};
use engine::{Fault, Storage as _};
use store::Store;

use crate::shop::{self, Shop};

async fn checkpoint(shop: &Shop) -> (i64, i64, i64) {
    let mut connection = shop.connect().await;
    sqlx::query_as("pragma wal_checkpoint(passive)").fetch_one(&mut connection).await.expect("a known pragma")
}

#[tokio::test]
async fn the_file_is_in_wal_mode_for_everybody() {
    let shop = Shop::open().await;
    let mut connection = shop.connect().await;
    let mode: String = sqlx::query_scalar("pragma journal_mode").fetch_one(&mut connection).await.expect("a pragma");
    assert_eq!(mode, "wal");
}

#[tokio::test]
async fn a_second_writer_waits_for_the_first() {
    let shop = Shop::stocked().await;
    let beside = Store::open_existing(&shop.file()).await.expect("a command line beside the server");
    let (transaction, _) = shop.store.load(&Needs::default(), &BTreeSet::new()).await.expect("nobody else writes");
    // Who does not wait is refused at once: the lock is held.
    let mut hasty = shop.connect().await;
    let busy = sqlx::query("begin immediate").execute(&mut hasty).await.expect_err("the lock is held");
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
    let shop = Shop::stocked().await;
    let mut other = shop.connect().await;
    sqlx::query("begin immediate").execute(&mut other).await.expect("nobody else writes");
    let fault = shop::run(&shop.store, &[shop.desk.place("k", &[("tea", 1)])]).await.expect_err("the lock is held");
    assert!(matches!(fault, Fault::Retry(_)), "{fault:?}");
    sqlx::query("rollback").execute(&mut other).await.expect("it was begun");
    shop.run(&[shop.desk.place("k", &[("tea", 1)])]).await;
}

#[tokio::test]
async fn a_long_reader_blocks_neither_commits_nor_for_ever_the_checkpoint() {
    let shop = Shop::stocked().await;
    let mut reader = shop.connect().await;
    sqlx::query("begin").execute(&mut reader).await.expect("a transaction");
    let count = "select count(*) from orders";
    let before: i64 = sqlx::query_scalar(count).fetch_one(&mut reader).await.expect("the table is there");
    for at in 0..20 {
        shop.run(&[shop.desk.place(&format!("k{at}"), &[("tea", 1)])]).await;
    }
    let (_, pages, folded) = checkpoint(&shop).await;
    assert!(folded < pages, "the reader still needs the old pages: {folded} of {pages}");
    let during: i64 = sqlx::query_scalar(count).fetch_one(&mut reader).await.expect("the table is there");
    assert_eq!((before, during), (0, 0), "a reader sees one moment");
    sqlx::query("commit").execute(&mut reader).await.expect("it was begun");
    let (busy, pages, folded) = checkpoint(&shop).await;
    assert_eq!((busy, folded), (0, pages));
    assert_eq!(shop.count(count).await, 20);
}

#[tokio::test]
async fn closing_folds_the_log_into_the_file() {
    let shop = Shop::stocked().await;
    shop.run(&[shop.desk.place("k", &[("tea", 1)])]).await;
    shop.store.close().await;
    let log = shop.folder.path().join("mideng.db-wal");
    assert!(!log.exists(), "the log is gone");
    let again = Store::open_existing(&shop.file()).await.expect("the database is whole");
    assert_eq!(
        again.orders(shop.desk.tenant, &store::OrderFilter::default(), None, 9).await.expect("a page").rows.len(),
        1
    );
}
