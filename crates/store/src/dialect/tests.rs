//! Owns the tests of what an error means: real errors of a real file, each to its fault.

use std::time::Duration;

use engine::Fault;
use sqlx::{ConnectOptions as _, Connection as _};
use tempfile::TempDir;

use super::{Connection, commit_fault, statement_fault, writer_options};

async fn connect(folder: &TempDir) -> Connection {
    let options = writer_options(&folder.path().join("mideng.db")).busy_timeout(Duration::ZERO);
    options.connect().await.expect("a new file")
}

async fn run(connection: &mut Connection, sql: &'static str) -> Result<(), sqlx::Error> {
    sqlx::raw_sql(sql).execute(connection).await.map(|_| ())
}

/// A table that takes each number once, and only positive ones.
async fn table() -> (TempDir, Connection) {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let mut connection = connect(&folder).await;
    let made = "create table t (a integer not null unique check (a > 0), b text); insert into t values (1, 'one')";
    run(&mut connection, made).await.expect("a good table");
    (folder, connection)
}

async fn fault(connection: &mut Connection, sql: &'static str) -> Fault {
    statement_fault(&run(connection, sql).await.expect_err("the statement is refused"))
}

#[tokio::test]
async fn a_constraint_tells_a_race_from_a_bug() {
    let (_folder, mut connection) = table().await;
    let unique = fault(&mut connection, "insert into t values (1, 'again')").await;
    assert!(matches!(unique, Fault::Retry(_)), "{unique:?}");
    let check = fault(&mut connection, "insert into t values (0, 'none')").await;
    assert!(matches!(check, Fault::Rejected(_)), "{check:?}");
    let null = fault(&mut connection, "insert into t values (null, 'null')").await;
    assert!(matches!(null, Fault::Rejected(_)), "{null:?}");
    let unknown = fault(&mut connection, "insert into nothing values (1)").await;
    assert!(matches!(unknown, Fault::Rejected(_)), "{unknown:?}");
}

#[tokio::test]
async fn a_lock_of_another_writer_may_be_tried_again() {
    let (folder, mut connection) = table().await;
    let mut other = connect(&folder).await;
    run(&mut other, "begin immediate").await.expect("nobody else writes");
    let busy = fault(&mut connection, "begin immediate").await;
    assert!(matches!(busy, Fault::Retry(_)), "{busy:?}");
}

#[tokio::test]
async fn a_file_that_takes_no_more_is_fatal() {
    let (folder, mut connection) = table().await;
    run(&mut connection, "pragma max_page_count = 1").await.expect("a known pragma");
    let rows = "insert into t select value + 1, hex(zeroblob(9000)) from json_each('[1, 2, 3, 4, 5, 6]')";
    let full = fault(&mut connection, rows).await;
    assert!(matches!(full, Fault::Fatal(_)), "{full:?}");

    let mut reader = connect(&folder).await;
    run(&mut reader, "pragma query_only = on").await.expect("a known pragma");
    let read_only = fault(&mut reader, "insert into t values (2, 'two')").await;
    assert!(matches!(read_only, Fault::Fatal(_)), "{read_only:?}");
}

#[tokio::test]
async fn a_damaged_file_is_fatal() {
    let (folder, mut connection) = table().await;
    run(&mut connection, "insert into t select value + 1, hex(zeroblob(9000)) from json_each('[1, 2, 3, 4]')")
        .await
        .expect("there is room");
    connection.close().await.expect("the log is folded in");
    let file = folder.path().join("mideng.db");
    let mut bytes = std::fs::read(&file).expect("the file is there");
    let behind_the_schema = bytes.len().min(4_096);
    bytes[behind_the_schema..].fill(0xA5);
    std::fs::write(&file, bytes).expect("the file can be written");
    let mut connection = connect(&folder).await;
    let damaged = fault(&mut connection, "insert into t values (9, 'nine')").await;
    assert!(matches!(damaged, Fault::Fatal(_)), "{damaged:?}");
}

#[test]
fn what_commit_does_not_explain_is_unknown() {
    let odd = || sqlx::Error::Protocol("odd".to_owned());
    assert!(matches!(statement_fault(&odd()), Fault::Rejected(_)));
    assert!(matches!(commit_fault(&odd()), Fault::Unknown(_)));
    assert!(matches!(statement_fault(&sqlx::Error::PoolTimedOut), Fault::Retry(_)));
    assert!(matches!(statement_fault(&sqlx::Error::WorkerCrashed), Fault::Fatal(_)));
}
