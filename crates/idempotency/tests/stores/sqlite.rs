//! What only a file can do: it is left behind by a process that was killed, and opened by another. And what a replay
//! costs there.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use idempotency::contract::{Nodes, check};
use idempotency::protocol::{Begun, Standing, Store, Written};
use idempotency::store::Sqlite;
use sqlx::sqlite::{SqliteJournalMode, SqlitePoolOptions};
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Metadata, Subscriber};

use crate::ground::{File, answer, execute, request};
use crate::transactions::{ORDER, ORDERS};

/// The files as they are when nobody may write any more: what was acknowledged is there, what was not committed is not.
#[tokio::test(flavor = "multi_thread")]
async fn what_was_acknowledged_is_there_for_the_next_process() {
    let file = File::new();
    let pool = file.pool().await;
    let store = Sqlite::new(pool.clone());
    store.migrate().await.expect("the table is made");
    sqlx::query(ORDERS).execute(&pool).await.expect("the table is made");
    let done = execute(&store, &request("done")).await;
    assert_eq!(store.complete(&done, &answer("done")).await.expect("the file is there"), Written::Done);
    let running = execute(&store, &request("running")).await;
    let doubted = execute(&store, &request("doubted")).await;
    assert_eq!(store.doubt(&doubted).await.expect("the file is there"), Written::Done);
    // F-03: its order is written and its answer, and neither is committed.
    let mut transaction = pool.begin().await.expect("the file is there");
    sqlx::query(ORDER).execute(&mut *transaction).await.expect("an order");
    let ledger = store.ledger().expect("a store in SQL has a ledger");
    let written = ledger.complete(&mut *transaction, &running, &answer("lost")).await;
    assert_eq!(written.expect("the record is there"), Written::Done);

    let killed = File::new();
    for end in ["", "-wal"] {
        let path = |file: &File| format!("{}{end}", file.path().display());
        std::fs::copy(path(&file), path(&killed)).expect("the file is there");
    }
    let pool = killed.pool().await;
    let next = Sqlite::new(pool.clone());
    next.migrate().await.expect("the table is there");
    assert_eq!(next.begin(&request("done")).await.expect("the file is there"), Begun::Replay(answer("done")));
    let standing = next.standing(&running.name).await.expect("the file is there");
    assert_eq!(standing, Some(Standing::Running { fence: running.fence, overdue: false }));
    assert_eq!(next.doubts(9).await.expect("the file is there").len(), 1);
    let orders: i64 = sqlx::query_scalar("select count(*) from orders").fetch_one(&pool).await.expect("a number");
    assert_eq!(orders, 0);
    transaction.rollback().await.expect("the file is there");
}

/// Who opens a file without a write-ahead log waits more often, and is told nothing else.
#[tokio::test(flavor = "multi_thread")]
async fn the_contract_holds_without_a_write_ahead_log() {
    let file = File::new();
    let pool = || async {
        let options = file.options().journal_mode(SqliteJournalMode::Delete);
        sqlx::SqlitePool::connect_with(options).await.expect("the file can be opened")
    };
    let store = Sqlite::new(pool().await);
    store.migrate().await.expect("the table is made");
    let failures = check(&Nodes::two(Arc::new(store), Arc::new(Sqlite::new(pool().await)))).await;
    assert!(failures.is_empty(), "{failures:#?}");
}

#[tokio::test]
async fn a_replay_is_one_statement() {
    let file = File::new();
    let options = file.options().thread_name(|id| format!("{COUNTED}{id}"));
    // A second connection would be set up with statements of its own.
    let pool = SqlitePoolOptions::new().max_connections(1).connect_with(options).await;
    let store = Sqlite::new(pool.expect("the file can be opened"));
    store.migrate().await.expect("the table is made");
    let lease = execute(&store, &request("a")).await;
    store.complete(&lease, &answer("a")).await.expect("the file is there");
    let statements = Arc::new(AtomicUsize::new(0));
    tracing::subscriber::set_global_default(Statements(statements.clone())).expect("nobody else listens");
    let begun = store.begin(&request("a")).await.expect("the file is there");
    assert_eq!((begun, statements.swap(0, Ordering::SeqCst)), (Begun::Replay(answer("a")), 1));
    execute(&store, &request("b")).await;
    assert_eq!(statements.load(Ordering::SeqCst), 2, "what is new is looked for, and made");
}

/// With what the names of threads begin whose statements are counted: sqlx has one for each connection to a file.
const COUNTED: &str = "counted-";

/// Counts what sqlx says of each statement.
struct Statements(Arc<AtomicUsize>);

impl Subscriber for Statements {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        metadata.target() == "sqlx::query"
    }

    fn new_span(&self, _: &Attributes<'_>) -> Id {
        Id::from_u64(1)
    }

    fn record(&self, _: &Id, _: &Record<'_>) {}

    fn record_follows_from(&self, _: &Id, _: &Id) {}

    fn event(&self, _: &Event<'_>) {
        let counted = std::thread::current().name().is_some_and(|name| name.starts_with(COUNTED));
        self.0.fetch_add(usize::from(counted), Ordering::SeqCst);
    }

    fn enter(&self, _: &Id) {}

    fn exit(&self, _: &Id) {}
}
