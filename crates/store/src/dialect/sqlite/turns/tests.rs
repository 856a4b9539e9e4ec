//! Owns what is expected of reading and of turns: one moment, and everybody in line.

use std::time::Duration;

use domain::Timestamp;
use sea_orm::{ConnectionTrait as _, DbBackend, Statement};

use crate::Store;
use crate::found::{Intent, Tables as _};
use crate::set::{Find, Value, number, text};

static TENANTS: Find = Find { table: "tenants", key: &[number("id")], unique: None, read: &[text("name")] };

async fn open() -> (tempfile::TempDir, Store) {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let store = Store::open(&folder.path().join("mideng.db")).await.expect("a new database");
    store.migrate().await.expect("an empty database takes the schema");
    (folder, store)
}

/// Somebody commits between two questions; the second is answered as of the first.
#[tokio::test]
async fn what_is_read_is_of_one_moment() {
    let (_folder, store) = open().await;
    let tenant = store.tenant_create("before", "ten_1", Timestamp(0)).await.expect("a tenant");
    let key = || vec![Value::from(tenant.0)];
    let mut reading = store.database.read().await.expect("few read");
    let before = reading.find(&TENANTS, key(), Intent::Read).await.expect("it reads");
    let rename = Statement::from_string(DbBackend::Sqlite, "update tenants set name = 'behind'");
    store.administrator.execute_raw(rename).await.expect("nobody is in the way");
    let again = reading.find(&TENANTS, key(), Intent::Read).await.expect("it reads");
    drop(reading);
    let later =
        store.database.read().await.expect("few read").find(&TENANTS, key(), Intent::Read).await.expect("it reads");
    let names = [before, again, later].map(|found| found.values);
    assert_eq!(names, ["before", "before", "behind"].map(|name| vec![Value::from(name)]));
}

/// Nobody of this process asks again and again for the lock: who administers, or counts, waits in line with the batches.
#[tokio::test]
async fn administration_waits_for_its_turn() {
    let (_folder, store) = open().await;
    // Only the turn, no transaction: SQLite itself would let the others through.
    let turn = store.turn().await.expect("nobody else writes");
    let conflicts = [crate::Sighting {
        tenant: domain::TenantId(1),
        principal: domain::PrincipalId(1),
        key: idempotency::Key::from_stored("k"),
        kind: "idempotency_key_reused",
        times: 1,
        first_at: Timestamp(0),
        last_at: Timestamp(0),
        last_from: None,
    }];
    let made = tokio::spawn({
        let store = store.clone();
        async move { store.tenant_create("late", "ten_late", Timestamp(0)).await.map(|_| ()).expect("its turn came") }
    });
    let add = tokio::spawn({
        let store = store.clone();
        async move { store.sightings_add(&conflicts).await.expect("its turn came") }
    });
    tokio::time::sleep(Duration::from_millis(50)).await;
    assert!(!made.is_finished() && !add.is_finished(), "they wait");
    drop(turn);
    made.await.expect("no panic");
    add.await.expect("no panic");
}
