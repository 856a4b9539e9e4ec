//! Owns what is expected of the log: folded beside the commits, begun again before it grows long.

use std::collections::BTreeSet;
use std::path::Path;
use std::time::Duration;

use domain::{Needs, Timestamp};
use engine::{Fault, Storage as _};
use tokio::sync::oneshot;

use super::Log;
use crate::Store;
use crate::dialect::Session;
use crate::load::LoadError;

async fn open(file: &Path, pages_max: i64) -> Store {
    let store = Store::open(file).await.expect("a new database");
    store.migrate().await.expect("an empty database takes the schema");
    Store { log: Log { pages_max, ..Log::open(file).expect("it is there") }.into(), ..store }
}

/// One commit, and what the write path does behind each.
async fn commit(store: &Store, at: i64) {
    let insert = "insert into tenants (public_id, name, created_at) values (hex(randomblob(15)), 'shop', ?1)";
    sqlx::query(insert).bind(at).execute(&store.administrator).await.expect("a tenant");
    let mut turn = store.turn().await.expect("nothing has failed");
    store.log.committed(turn.as_mut().expect("it is open"));
}

#[tokio::test]
async fn the_file_holds_what_was_folded() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let (file, alone) = (folder.path().join("mideng.db"), folder.path().join("alone.db"));
    let store = open(&file, 1_000).await;
    for at in 0..7 {
        commit(&store, at).await;
    }
    store.checkpoint().await.expect("nobody is in the way");
    commit(&store, 7).await;
    std::fs::copy(&file, &alone).expect("a copy without its log");
    let alone = Store::open(&alone).await.expect("a whole database");
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
        let store = open(&folder.path().join("mideng.db"), pages_max).await;
        let mut reader = store.lister.begin().await.expect("a connection");
        for at in 0..200 {
            if at == 100 {
                sqlx::query("select count(*) from tenants").execute(&mut *reader).await.expect("a snapshot");
            }
            commit(&store, at).await;
        }
        store.checkpoint().await.expect("nobody is in the way");
        reader.rollback().await.expect("it only read");
        commit(&store, 200).await;
        commit(&store, 201).await;
        pages.push(store.log.fold().await.expect("nobody is in the way").pages);
    }
    assert!(pages[0] < 20 && pages[1] > 200, "{pages:?}");
}

#[tokio::test]
async fn nothing_is_written_behind_a_fold_that_failed() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let store = open(&folder.path().join("mideng.db"), 1_000).await;
    commit(&store, 0).await;
    let rubbish = folder.path().join("rubbish.db");
    std::fs::write(&rubbish, [b'x'; 4_096]).expect("a file that is no database");
    // Opening it reads nothing yet.
    let broken = Session::of(rusqlite::Connection::open(&rubbish).expect("any file"));
    let load = async |store: &Store| store.load(&Needs::default(), &BTreeSet::new()).await.map(|_| ());

    let good = store.log.folder.lock().await.replace(broken);
    load(&store).await.expect("nothing has failed yet");
    assert!(store.is_trusted());
    store.checkpoint().await.expect_err("it is no database");
    assert!(!store.is_trusted());
    assert!(matches!(load(&store).await, Err(Fault::Fatal(text)) if text.contains("folded")));
    *store.log.folder.lock().await = good;
    store.checkpoint().await.expect_err("a second try would say that all is well");
    store.tenant_create("late", "ten_late", Timestamp(0)).await.expect_err("administration stops too");
    store.changes().await.map(|_| ()).expect_err("and so do purges");
}

/// The log goes with the last connection.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn closing_waits_for_those_who_read() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let store = open(&folder.path().join("mideng.db"), 1_000).await;
    commit(&store, 0).await;
    let (begun, has_begun) = oneshot::channel();
    let (go, wait) = oneshot::channel::<()>();
    let read = tokio::spawn({
        let store = store.clone();
        async move {
            let read = async move |_: &mut Session| {
                begun.send(()).expect("somebody waits");
                Ok::<_, LoadError>(wait.await.is_ok())
            };
            store.read(read).await
        }
    });
    has_begun.await.expect("it begins");
    let close = tokio::spawn({
        let store = store.clone();
        async move { store.close().await }
    });
    tokio::time::sleep(Duration::from_millis(50)).await;
    go.send(()).expect("it waits");
    close.await.expect("no panic");
    assert!(read.await.expect("no panic").expect("it reads"));
    assert!(!folder.path().join("mideng.db-wal").exists());
}
