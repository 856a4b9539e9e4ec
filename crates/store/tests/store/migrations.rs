//! Owns bringing a database up to date: harmless to repeat, and refused where it would be a guess.

use domain::Timestamp;
use store::{Error, Store};
use tokio::task::JoinSet;

use crate::ground::{Ground, Kind, on_every_database};
use crate::shop::Shop;

on_every_database!(
    to_migrate_twice_is_harmless,
    a_migrated_shop_keeps_its_rows,
    a_database_of_a_newer_version_is_not_opened;
    nodes_that_start_at_once_make_one_schema,
    a_node_that_dies_while_it_is_alone_lets_the_next_one_in,
);

fn refusal<T>(result: Result<T, Error>) -> String {
    match result {
        Err(Error::Refused(text)) => text,
        Err(other) => panic!("it should be refused: {other:?}"),
        Ok(_) => panic!("it should be refused"),
    }
}

async fn to_migrate_twice_is_harmless(kind: Kind) {
    let ground = Ground::new(kind).await;
    let store = ground.store().await;
    let all = store.pending_migrations().await.expect("an empty database lacks all of them");
    assert!(all >= 1);
    assert_eq!(store.migrate().await.expect("an empty database takes the schema"), all);
    assert!(store.is_empty().await.expect("the table is there"));
    for _ in 0..2 {
        assert_eq!(store.pending_migrations().await.expect("a list"), 0);
        assert_eq!(store.migrate().await.expect("nothing to do"), 0);
    }
}

async fn a_migrated_shop_keeps_its_rows(kind: Kind) {
    let shop = Shop::stocked(kind).await;
    shop.run(&[shop.desk.place("k", &[("tea", 1)])]).await;
    let again = shop.ground.store().await;
    assert_eq!(again.migrate().await.expect("nothing to do"), 0);
    assert!(!again.is_empty().await.expect("the table is there"));
    assert_eq!(shop.count("select count(*) from orders").await, 1);
}

#[tokio::test]
async fn a_command_that_only_looks_makes_and_changes_nothing() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let file = folder.path().join("mideng.db");
    assert!(refusal(Store::open_existing(&file).await).contains("no database"));
    assert!(!file.exists());
    Store::open(&file).await.expect("a new database").close().await;
    assert!(refusal(Store::open_existing(&file).await).contains("mideng migrate"));
}

async fn a_database_of_a_newer_version_is_not_opened(kind: Kind) {
    let shop = Shop::open(kind).await;
    shop.ground.plant("insert into seaql_migrations values ('m9999_later', 0)").await;
    let text = refusal(Store::open_existing(shop.ground.address()).await);
    assert!(text.contains("newer"), "{text}");
    assert!(refusal(shop.store.migrate().await).contains("newer"));
}

/// Three nodes start at once on a new database: one makes the schema and the first tenant, and the others find them.
async fn nodes_that_start_at_once_make_one_schema(kind: Kind) {
    let ground = Ground::new(kind).await;
    let mut nodes = JoinSet::new();
    for node in 0..3 {
        let store = ground.store().await;
        nodes.spawn(async move {
            let alone = store.alone().await.expect("the others are done soon");
            let applied = store.migrate().await.expect("nobody else migrates");
            if store.is_empty().await.expect("the table is there") {
                store.tenant_create("shop", &format!("ten_{node}"), Timestamp(0)).await.expect("a new tenant");
            }
            drop(alone);
            applied
        });
    }
    let mut applied = nodes.join_all().await;
    applied.sort_unstable();
    let all = *applied.last().expect("three nodes");
    assert!(all >= 1);
    assert_eq!(applied, [0, 0, all]);
    assert_eq!(ground.count("select count(*) from tenants").await, 1);
}

/// Who starts and dies keeps nobody out.
async fn a_node_that_dies_while_it_is_alone_lets_the_next_one_in(kind: Kind) {
    let ground = Ground::new(kind).await;
    let (dies, next) = (ground.store().await, ground.store().await);
    let alone = dies.alone().await.expect("nobody else starts");
    let waiting = tokio::spawn(async move { next.alone().await.map(|_| ()) });
    for _ in 0..100 {
        tokio::task::yield_now().await;
    }
    assert!(!waiting.is_finished());
    drop(alone);
    waiting.await.expect("it does not panic").expect("it is its turn");
}
