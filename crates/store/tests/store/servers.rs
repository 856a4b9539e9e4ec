//! Owns what is asked of a server's settings: what endangers acknowledged orders is told, and not relied upon where
//! that can be helped.

use coord::lock::Fence as _;
use store::Store;

use crate::ground::{Beside, Kind, on_every_server};
use crate::shop::Shop;

on_every_server!(a_store_that_is_closed_leaves_no_connection);

/// What the server's settings do wrong, in one line each.
async fn warnings(shop: &Shop) -> Vec<String> {
    shop.store.warnings().await.expect("the server tells its settings")
}

/// A table in which each record's commit leaves how it was made.
const WITNESS: &str = "create table witness (commits text);
    create function testify() returns trigger language plpgsql as $$ begin
        insert into witness values (current_setting('synchronous_commit')); return new; end $$;
    create trigger testify before insert on key_records for each row execute function testify()";

async fn seen(store: &Store, shop: &Shop, key: &str) -> Vec<String> {
    let batch = [shop.desk.issue(key)];
    crate::shop::run(store, &batch).await.expect("the batch commits");
    shop.ground.connect().await.lines("select commits from witness").await
}

#[tokio::test]
async fn postgres_is_told_to_wait_for_the_disk_whoever_turned_that_off() {
    let shop = Shop::open(Kind::Postgres).await;
    assert_eq!(warnings(&shop).await, Vec::<String>::new());
    shop.ground.plant(WITNESS).await;
    let name = shop.ground.name();
    let off = ["alter database", "alter role current_user in database"]
        .map(|whose| format!("{whose} {name} set synchronous_commit = off"));
    for (at, off) in off.iter().enumerate() {
        shop.ground.plant(off).await;
        let told = warnings(&shop).await;
        assert!(told.len() == 1 && told[0].contains("synchronous_commit is off"), "{told:?}");
        let store = shop.ground.store().await;
        assert_eq!(seen(&store, &shop, &format!("k{at}")).await, vec!["on"; at + 1], "{off}");
    }
    // What waits for more than our disk stays.
    shop.ground
        .plant(&format!("alter role current_user in database {name} set synchronous_commit = remote_apply"))
        .await;
    assert_eq!(warnings(&shop).await, Vec::<String>::new());
    let store = shop.ground.store().await;
    assert_eq!(seen(&store, &shop, "k").await, ["on", "on", "remote_apply"]);
}

#[tokio::test]
async fn mariadb_s_dangerous_settings_are_told() {
    let shop = Shop::open(Kind::MariaDb).await;
    let safe = warnings(&shop).await;
    // These hold for the whole server. Nothing of the other tests hangs on them: no machine fails, and they send little.
    let mut server = shop.ground.connect().await;
    let mut told = Vec::new();
    for (name, dangerous) in [("innodb_flush_log_at_trx_commit", "2"), ("max_allowed_packet", "8388608")] {
        let was = global(&mut server, name).await;
        server.run(&format!("set global {name} = {dangerous}")).await.expect("the account may set it");
        told.push((name, warnings(&shop).await));
        server.run(&format!("set global {name} = {was}")).await.expect("the account may set it");
    }
    assert_eq!(safe, Vec::<String>::new());
    for (name, told) in told {
        assert!(told.len() == 1 && told[0].contains(name), "{name}: {told:?}");
    }
    assert_eq!(warnings(&shop).await, Vec::<String>::new());
}

async fn global(server: &mut Beside, name: &str) -> String {
    server.lines(&format!("select cast(@@global.{name} as char)")).await.remove(0)
}

#[tokio::test]
async fn sqlite_has_no_settings_but_ours() {
    let shop = Shop::open(Kind::Sqlite).await;
    assert_eq!(warnings(&shop).await, Vec::<String>::new());
}

/// Lists, administration, locks and batches each have connections of their own.
async fn a_store_that_is_closed_leaves_no_connection(kind: Kind) {
    let shop = Shop::stocked(kind).await;
    shop.store.next("a").await.expect("a number");
    shop.store.tenant("nobody").await.expect("it is looked for");
    crate::shop::run(&shop.store, &[shop.desk.issue("k")]).await.expect("the batch commits");
    shop.store.close().await;
    shop.ground.nobody_is_connected().await;
}
