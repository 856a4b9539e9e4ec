//! Owns what is expected of the log: folded beside the commits, begun again before it grows long.

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use domain::{Needs, Timestamp};
use engine::{Fault, Storage as _};

use crate::Store;
use crate::dialect::{self, sqlite};
use crate::found::{Intent, Tables as _};
use crate::set::{Find, number};

use super::super::session::Session;

static TENANTS: Find = Find { table: "tenants", key: &[number("id")], unique: None, read: &[number("created_at")] };

/// The database as SQLite's, and as everybody's.
struct Opened {
    database: Arc<sqlite::Database>,
    store: Store,
}

async fn open(file: &Path, pages_max: i64) -> Opened {
    let database = Arc::new(sqlite::Database::open_with(file, pages_max).await.expect("a new database"));
    let store = Store::of(dialect::Database::Sqlite(database.clone()));
    store.migrate().await.expect("an empty database takes the schema");
    Opened { database, store }
}

/// One commit, and what the write path does behind each.
async fn commit(Opened { database, .. }: &Opened, at: i64) {
    let insert =
        "insert into tenants (public_id, name, created_at) values (hex(randomblob(15)), hex(randomblob(15)), ?1)";
    sqlx::query(insert).bind(at).execute(&database.administrator).await.expect("a tenant");
    let mut turn = database.turn().await.expect("nothing has failed");
    database.log.committed(turn.session().expect("it is open"));
}

#[tokio::test]
async fn the_file_holds_what_was_folded() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let (file, alone) = (folder.path().join("mideng.db"), folder.path().join("alone.db"));
    let opened = open(&file, 1_000).await;
    for at in 0..7 {
        commit(&opened, at).await;
    }
    opened.store.tend().await.expect("nobody is in the way");
    commit(&opened, 7).await;
    std::fs::copy(&file, &alone).expect("a copy without its log");
    let alone = sqlite::Database::open(&alone).await.expect("a whole database");
    let tenants: i64 =
        sqlx::query_scalar("select count(*) from tenants").fetch_one(&alone.administrator).await.expect("a count");
    assert_eq!(tenants, 7, "all but the last, which is in the log");
}

/// Commits that come in while the log is folded keep it from beginning again; here a reader does, who is easier held.
#[tokio::test]
async fn the_log_begins_again() {
    let mut pages = Vec::new();
    for pages_max in [50, 1_000_000] {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let opened = open(&folder.path().join("mideng.db"), pages_max).await;
        let mut reader = opened.database.lister.begin().await.expect("a connection");
        for at in 0..200 {
            if at == 100 {
                sqlx::query("select count(*) from tenants").execute(&mut *reader).await.expect("a snapshot");
            }
            commit(&opened, at).await;
        }
        opened.store.tend().await.expect("nobody is in the way");
        reader.rollback().await.expect("it only read");
        commit(&opened, 200).await;
        commit(&opened, 201).await;
        pages.push(opened.database.log.fold().await.expect("nobody is in the way").pages);
    }
    assert!(pages[0] < 20 && pages[1] > 200, "{pages:?}");
}

#[tokio::test]
async fn nothing_is_written_behind_a_fold_that_failed() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let opened = open(&folder.path().join("mideng.db"), 1_000).await;
    commit(&opened, 0).await;
    let rubbish = folder.path().join("rubbish.db");
    std::fs::write(&rubbish, [b'x'; 4_096]).expect("a file that is no database");
    // Opening it reads nothing yet.
    let broken = Session::of(rusqlite::Connection::open(&rubbish).expect("any file"));
    let load = async |store: &Store| store.load(&Needs::default(), &BTreeSet::new()).await.map(|_| ());

    let good = opened.database.log.folder.lock().await.replace(broken);
    load(&opened.store).await.expect("nothing has failed yet");
    assert!(opened.store.is_trusted());
    opened.store.tend().await.expect_err("it is no database");
    assert!(!opened.store.is_trusted());
    assert!(matches!(load(&opened.store).await, Err(Fault::Fatal(text)) if text.contains("folded")));
    *opened.database.log.folder.lock().await = good;
    opened.store.tend().await.expect_err("a second try would say that all is well");
    opened.store.tenant_create("late", "ten_late", Timestamp(0)).await.expect_err("administration stops too");
    opened.store.changes().await.map(|_| ()).expect_err("and so do purges");
}

/// The log goes with the last connection.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn closing_waits_for_those_who_read() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let opened = open(&folder.path().join("mideng.db"), 1_000).await;
    commit(&opened, 0).await;
    let mut reading = opened.database.read().await.expect("few read");
    reading.find(&TENANTS, vec![1_i64.into()], Intent::Read).await.expect("it reads");
    let close = tokio::spawn({
        let database = opened.database.clone();
        async move { database.close().await }
    });
    tokio::time::sleep(Duration::from_millis(50)).await;
    assert!(!close.is_finished());
    reading.find(&TENANTS, vec![1_i64.into()], Intent::Read).await.expect("it still reads");
    drop(reading);
    close.await.expect("no panic");
    assert!(!folder.path().join("mideng.db-wal").exists());
}
