//! Owns bringing a database up to date: harmless to repeat, and refused where it would be a guess.

use store::{Error, Store};

use crate::ground::{Ground, Kind, on_every_database};
use crate::shop::Shop;

on_every_database!(
    to_migrate_twice_is_harmless,
    a_migrated_shop_keeps_its_rows,
    a_database_of_a_newer_version_is_not_opened,
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
