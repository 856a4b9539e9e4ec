//! Owns the tests of what an error means: real errors of a real file, each to its fault.

use std::time::Duration;

use engine::Fault;
use rusqlite::{Connection, Error};
use tempfile::TempDir;

use super::{Mode, Session, commit_fault, statement_fault};
use crate::set::{Rows, Write, number, row, text};

fn connect(folder: &TempDir) -> Connection {
    let file = folder.path().join("mideng.db");
    if !file.exists() {
        std::fs::File::create(&file).expect("a new file");
    }
    let Session { connection, .. } = Session::open(&file, Mode::Write).expect("a database");
    connection.busy_timeout(Duration::ZERO).expect("a time");
    connection
}

fn run(connection: &Connection, sql: &str) -> Result<(), Error> {
    connection.execute_batch(sql)
}

#[test]
fn a_commit_survives_a_power_cut() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let _made = connect(&folder);
    let number = |connection: &Connection, pragma: &str| {
        connection.pragma_query_value(None, pragma, |row| row.get::<_, i64>(0)).expect("a known pragma")
    };
    for (mode, query_only) in [(Mode::Write, 0), (Mode::Read, 1)] {
        let Session { connection, .. } = Session::open(&folder.path().join("mideng.db"), mode).expect("a database");
        let journal: String =
            connection.pragma_query_value(None, "journal_mode", |row| row.get(0)).expect("a known pragma");
        assert_eq!(journal, "wal");
        assert_eq!(number(&connection, "synchronous"), 2, "FULL");
        assert_eq!(number(&connection, "busy_timeout"), 5_000);
        assert_eq!(number(&connection, "query_only"), query_only);
    }
}

/// A table that takes each number once, and only positive ones.
fn table() -> (TempDir, Connection) {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let connection = connect(&folder);
    let made = "create table t (a integer not null unique check (a > 0), b text); insert into t values (1, 'one')";
    run(&connection, made).expect("a good table");
    (folder, connection)
}

fn fault(connection: &Connection, sql: &str) -> Fault {
    statement_fault(&run(connection, sql).expect_err("the statement is refused"))
}

#[test]
fn a_constraint_tells_a_race_from_a_bug() {
    let (_folder, connection) = table();
    let unique = fault(&connection, "insert into t values (1, 'again')");
    assert!(matches!(unique, Fault::Retry(_)), "{unique:?}");
    let check = fault(&connection, "insert into t values (0, 'none')");
    assert!(matches!(check, Fault::Rejected(_)), "{check:?}");
    let null = fault(&connection, "insert into t values (null, 'null')");
    assert!(matches!(null, Fault::Rejected(_)), "{null:?}");
    let unknown = fault(&connection, "insert into nothing values (1)");
    assert!(matches!(unknown, Fault::Rejected(_)), "{unknown:?}");
}

#[test]
fn a_lock_of_another_writer_may_be_tried_again() {
    let (folder, connection) = table();
    let other = connect(&folder);
    run(&other, "begin immediate").expect("nobody else writes");
    let busy = fault(&connection, "begin immediate");
    assert!(matches!(busy, Fault::Retry(_)), "{busy:?}");
}

#[test]
fn a_file_that_takes_no_more_is_fatal() {
    let (folder, connection) = table();
    run(&connection, "pragma max_page_count = 1").expect("a known pragma");
    let rows = "insert into t select value + 1, hex(zeroblob(9000)) from json_each('[1, 2, 3, 4, 5, 6]')";
    let full = fault(&connection, rows);
    assert!(matches!(full, Fault::Fatal(_)), "{full:?}");

    let reader = connect(&folder);
    run(&reader, "pragma query_only = on").expect("a known pragma");
    let read_only = fault(&reader, "insert into t values (2, 'two')");
    assert!(matches!(read_only, Fault::Fatal(_)), "{read_only:?}");
}

#[test]
fn a_damaged_file_is_fatal() {
    let (folder, connection) = table();
    run(&connection, "insert into t select value + 1, hex(zeroblob(9000)) from json_each('[1, 2, 3, 4]')")
        .expect("there is room");
    connection.close().expect("the log is folded in");
    let file = folder.path().join("mideng.db");
    let mut bytes = std::fs::read(&file).expect("the file is there");
    let behind_the_schema = bytes.len().min(4_096);
    bytes[behind_the_schema..].fill(0xA5);
    std::fs::write(&file, bytes).expect("the file can be written");
    let connection = connect(&folder);
    let damaged = fault(&connection, "insert into t values (9, 'nine')");
    assert!(matches!(damaged, Fault::Fatal(_)), "{damaged:?}");
}

#[test]
fn what_commit_does_not_explain_is_unknown() {
    assert!(matches!(statement_fault(&Error::InvalidQuery), Fault::Rejected(_)));
    assert!(matches!(commit_fault(&Error::InvalidQuery), Fault::Unknown(_)));
}

/// Three rows are bound as four: neither the one that is missing nor the one that has changed counts.
#[test]
fn a_row_that_has_changed_is_not_touched() {
    static RENAMED: Write = Write::update("t", &[number("a")], &[text("b")], &[text("b")]);
    let (_folder, connection) = table();
    run(&connection, "insert into t values (2, 'two'), (3, 'three')").expect("good rows");
    let mut rows = Rows::of(&RENAMED);
    for (number, was) in [(1_i64, "one"), (2, "another"), (3, "three")] {
        rows.add(row![number, "new", was]);
    }
    let mut session = Session::of(connection);
    assert_eq!(session.write(rows).expect("a good statement"), 2);
}
