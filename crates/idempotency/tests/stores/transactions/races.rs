//! Two at once: who comes while the transaction of another is open waits for it, and sees how it ended.

use std::sync::Arc;
use std::time::Duration;

use idempotency::protocol::{Begun, Released, Store, Written};
use idempotency::store::{Mysql, Postgres};

use super::{ORDER, ORDERS, on_every_database};
use crate::ground::{Server, answer, execute, request};

/// Whether statements wait for a lock, as the database tells.
trait Waiters {
    async fn waiters(&self) -> i64;

    async fn wait_for_waiters(&self, count: i64) {
        let waited = async {
            while self.waiters().await < count {
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        };
        tokio::time::timeout(Duration::from_secs(20), waited).await.expect("they wait");
    }
}

impl Waiters for sqlx::PgPool {
    async fn waiters(&self) -> i64 {
        let waiting =
            "select count(*) from pg_stat_activity where wait_event_type = 'Lock' and datname = current_database()";
        sqlx::query_scalar(waiting).fetch_one(self).await.expect("a number")
    }
}

impl Waiters for sqlx::MySqlPool {
    async fn waiters(&self) -> i64 {
        let waiting = "select count(*) from information_schema.innodb_trx join information_schema.processlist \
                       on trx_mysql_thread_id = id where trx_state = 'LOCK WAIT' and db = database()";
        // MariaDB makes this picture anew only where nobody has looked for a tenth of a second. Two tests that look in turns
        // would keep the first picture for ever: so one at a time looks, behind a pause.
        let mut line = self.acquire().await.expect("the database is there");
        let mut say =
            async |sql: &'static str| sqlx::query_scalar::<_, i64>(sql).fetch_one(&mut *line).await.expect("a number");
        assert_eq!(say("select get_lock('the picture of locks', 15)").await, 1, "the others look for a moment only");
        tokio::time::sleep(Duration::from_millis(120)).await;
        let count = say(waiting).await;
        say("select release_lock('the picture of locks')").await;
        count
    }
}

/// A file does not tell: whoever is to write tries it again and again.
impl Waiters for sqlx::SqlitePool {
    async fn waiters(&self) -> i64 {
        i64::MAX
    }
}

/// The old owner has completed and not yet committed when its lease ends.
macro_rules! a_takeover_waits_for_a_commit_and_replays {
    ($store:ident, $pool:ident) => {
        use super::*;
        let mut short = request("a");
        short.lease = Duration::ZERO;
        let old = execute(&$store, &short).await;
        let ledger = $store.ledger().expect("a store in SQL has a ledger").clone();
        let mut transaction = $pool.begin().await.expect("the database is there");
        sqlx::query(ORDER).execute(&mut *transaction).await.expect("an order");
        let written = ledger.complete(&mut *transaction, &old, &answer("old")).await;
        assert_eq!(written.expect("the record is there"), Written::Done);
        let store = Arc::new($store);
        let taker = tokio::spawn({
            let store = store.clone();
            async move { store.begin(&request("a")).await }
        });
        let releaser = tokio::spawn({
            let (store, old) = (store.clone(), old.clone());
            async move { store.release(&old).await }
        });
        $pool.wait_for_waiters(2).await;
        assert!(!taker.is_finished() && !releaser.is_finished());
        transaction.commit().await.expect("the database is there");
        let begun = taker.await.expect("no panic").expect("the database is there");
        assert_eq!(begun, Begun::Replay(answer("old")));
        let released = releaser.await.expect("no panic").expect("the database is there");
        assert_eq!(released, Released::Answered(answer("old")));
    };
}

macro_rules! a_takeover_waits_for_a_rollback_and_executes {
    ($store:ident, $pool:ident) => {
        use super::*;
        let mut short = request("a");
        short.lease = Duration::ZERO;
        let old = execute(&$store, &short).await;
        let ledger = $store.ledger().expect("a store in SQL has a ledger").clone();
        let mut transaction = $pool.begin().await.expect("the database is there");
        let written = ledger.complete(&mut *transaction, &old, &answer("old")).await;
        assert_eq!(written.expect("the record is there"), Written::Done);
        let store = Arc::new($store);
        let taker = tokio::spawn({
            let store = store.clone();
            async move { store.begin(&request("a")).await }
        });
        $pool.wait_for_waiters(1).await;
        assert!(!taker.is_finished());
        transaction.rollback().await.expect("the database is there");
        let begun = taker.await.expect("no panic").expect("the database is there");
        assert!(matches!(begun, Begun::Execute(new) if new.fence > old.fence));
    };
}

use {a_takeover_waits_for_a_commit_and_replays, a_takeover_waits_for_a_rollback_and_executes};

on_every_database!(a_takeover_waits_for_a_commit_and_replays, a_takeover_waits_for_a_rollback_and_executes);

/// F-09 with the worst order: the old owner's transaction has written its order when the takeover comes, and is still
/// open when the new owner has committed. (SQLite has one writer, so that it cannot come to this there.)
#[tokio::test(flavor = "multi_thread")]
async fn an_open_transaction_is_refused_on_postgres() {
    let server = Server::postgres().await;
    let pool = server.postgres_pool().await;
    let store = Postgres::new(pool.clone());
    store.migrate().await.expect("the table is made");
    sqlx::query(ORDERS).execute(&pool).await.expect("the table is made");
    let mut short = request("a");
    short.lease = Duration::ZERO;
    let old = execute(&store, &short).await;
    let ledger = store.ledger().expect("a store in SQL has a ledger");
    let mut late = pool.begin().await.expect("the server is there");
    sqlx::query(ORDER).execute(&mut *late).await.expect("an order");
    let new = execute(&store, &request("a")).await;
    let mut transaction = pool.begin().await.expect("the server is there");
    sqlx::query("insert into orders (id) values (2)").execute(&mut *transaction).await.expect("an order");
    let written = ledger.complete(&mut *transaction, &new, &answer("new")).await;
    assert_eq!(written.expect("the record is there"), Written::Done);
    transaction.commit().await.expect("the server is there");
    let written = ledger.complete(&mut *late, &old, &answer("old")).await;
    assert_eq!(written.expect("the record is there"), Written::Lost);
    late.rollback().await.expect("the server is there");
    let ids: Vec<i64> = sqlx::query_scalar("select id from orders").fetch_all(&pool).await.expect("orders");
    assert_eq!(ids, [2]);
    assert_eq!(store.begin(&short).await.expect("the server is there"), Begun::Replay(answer("new")));
}

/// The same on MariaDB, whose transactions read as of their beginning, and write as of now.
#[tokio::test(flavor = "multi_thread")]
async fn an_open_transaction_is_refused_on_mariadb() {
    let server = Server::mariadb().await;
    let pool = server.mariadb_pool().await;
    let store = Mysql::new(pool.clone());
    store.migrate().await.expect("the table is made");
    sqlx::query(ORDERS).execute(&pool).await.expect("the table is made");
    let mut short = request("a");
    short.lease = Duration::ZERO;
    let old = execute(&store, &short).await;
    let ledger = store.ledger().expect("a store in SQL has a ledger");
    let mut late = pool.begin().await.expect("the server is there");
    sqlx::query("select * from idempotency_keys").fetch_all(&mut *late).await.expect("a snapshot");
    sqlx::query(ORDER).execute(&mut *late).await.expect("an order");
    let new = execute(&store, &request("a")).await;
    let mut transaction = pool.begin().await.expect("the server is there");
    sqlx::query("insert into orders (id) values (2)").execute(&mut *transaction).await.expect("an order");
    let written = ledger.complete(&mut *transaction, &new, &answer("new")).await;
    assert_eq!(written.expect("the record is there"), Written::Done);
    transaction.commit().await.expect("the server is there");
    let written = ledger.complete(&mut *late, &old, &answer("old")).await;
    assert_eq!(written.expect("the record is there"), Written::Lost);
    late.rollback().await.expect("the server is there");
    let ids: Vec<i64> = sqlx::query_scalar("select id from orders").fetch_all(&pool).await.expect("orders");
    assert_eq!(ids, [2]);
    assert_eq!(store.begin(&short).await.expect("the server is there"), Begun::Replay(answer("new")));
}
