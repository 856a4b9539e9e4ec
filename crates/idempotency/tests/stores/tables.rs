//! The table: who makes it, what it is called, what is removed from it, and what is said of rows that nobody wrote so.

use std::time::Duration;

use idempotency::protocol::{Begun, Error, Guarantee, Released, Request, Store, Written};
use idempotency::store::{Mysql, Postgres, Sqlite};

use crate::ground::{File, Server, answer, execute, request};

#[tokio::test(flavor = "multi_thread")]
async fn nodes_make_the_table_at_the_same_time() {
    let (postgres, mariadb, file) = (Server::postgres().await, Server::mariadb().await, File::new());
    let mut nodes = tokio::task::JoinSet::new();
    for _ in 0..6 {
        let on_postgres = Postgres::new(postgres.postgres_pool().await);
        nodes.spawn(async move { on_postgres.migrate().await });
        let on_mariadb = Mysql::new(mariadb.mariadb_pool().await);
        nodes.spawn(async move { on_mariadb.migrate().await });
        let on_sqlite = Sqlite::new(file.pool().await);
        nodes.spawn(async move { on_sqlite.migrate().await });
    }
    while let Some(made) = nodes.join_next().await {
        made.expect("no panic").expect("the table is made, or is there");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_table_may_have_another_name_and_be_made_by_hand() {
    let file = File::new();
    let pool = file.pool().await;
    let store = Sqlite::new(pool.clone()).with_table("Shop_keys").expect("a good name");
    for statement in store.schema() {
        sqlx::query(sqlx::AssertSqlSafe(statement)).execute(&pool).await.expect("a good statement");
    }
    let lease = execute(&store, &request("a")).await;
    let mut transaction = pool.begin().await.expect("the file is there");
    let ledger = store.ledger().expect("a store in SQL has a ledger");
    let written = ledger.complete(&mut *transaction, &lease, &answer("a")).await;
    assert_eq!(written.expect("the record is there"), Written::Done);
    transaction.commit().await.expect("the file is there");
    let rows: i64 = sqlx::query_scalar("select count(*) from shop_keys").fetch_one(&pool).await.expect("a number");
    assert_eq!(rows, 1);
    assert!(matches!(Sqlite::new(pool).with_table("a; drop table b"), Err(Error::Broken(_))));
}

/// What ended is gone, with what is left of what was released; and nothing else is.
async fn purges(store: &dyn Store, rows: impl AsyncFn() -> i64, ages: impl AsyncFn(i64)) {
    for key in ["a", "b", "c"] {
        let short = Request { retention: Duration::ZERO, ..request(key) };
        let lease = execute(store, &short).await;
        assert_eq!(store.complete(&lease, &answer(key)).await.expect("the database is there"), Written::Done);
    }
    let kept = execute(store, &request("kept")).await;
    assert_eq!(store.complete(&kept, &answer("kept")).await.expect("the database is there"), Written::Done);
    let freed = execute(store, &request("freed")).await;
    assert_eq!(store.release(&freed).await.expect("the database is there"), Released::Free);
    assert_eq!(rows().await, 5);
    let mut purged = Vec::new();
    let all = async {
        while purged.iter().sum::<u64>() < 4 {
            purged.push(store.purge(2).await.expect("the database is there"));
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(20), all).await.expect("a second goes by");
    assert!(purged.iter().all(|count| *count <= 2), "{purged:?}");
    assert_eq!(rows().await, 1);
    // Leases that ended long ago: a transactional one left nothing behind, and another one a doubt.
    execute(store, &request("left")).await;
    execute(store, &Request { guarantee: Guarantee::AtMostOnce, ..request("doubted") }).await;
    ages(23).await;
    assert_eq!((store.purge(9).await.expect("the database is there"), rows().await), (0, 3));
    ages(25).await;
    assert_eq!((store.purge(9).await.expect("the database is there"), rows().await), (1, 2));
    assert_eq!(store.doubts(9).await.expect("the database is there").len(), 1);
    assert_eq!(store.begin(&request("kept")).await.expect("the database is there"), Begun::Replay(answer("kept")));
}

/// As if all leases had ended so many hours ago.
fn aged(hours: i64, now: &str) -> sqlx::AssertSqlSafe<String> {
    let until = format!("{now} - {}", hours * 3_600_000_000);
    sqlx::AssertSqlSafe(format!("update idempotency_keys set until_us = {until} where state = 1"))
}

const ROWS: &str = "select count(*) from idempotency_keys";

#[tokio::test(flavor = "multi_thread")]
async fn sqlite_is_purged() {
    let file = File::new();
    let pool = file.pool().await;
    let store = Sqlite::new(pool.clone());
    store.migrate().await.expect("the table is made");
    let rows = async || sqlx::query_scalar(ROWS).fetch_one(&pool).await.expect("a number");
    let ages = async |hours| {
        sqlx::query(aged(hours, "unixepoch() * 1000000")).execute(&pool).await.expect("rows");
    };
    purges(&store, rows, ages).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn postgres_is_purged() {
    let server = Server::postgres().await;
    let pool = server.postgres_pool().await;
    let store = Postgres::new(pool.clone());
    store.migrate().await.expect("the table is made");
    let rows = async || sqlx::query_scalar(ROWS).fetch_one(&pool).await.expect("a number");
    let ages = async |hours| {
        sqlx::query(aged(hours, "(extract(epoch from clock_timestamp()) * 1000000)::bigint"))
            .execute(&pool)
            .await
            .expect("rows");
    };
    purges(&store, rows, ages).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn mariadb_is_purged() {
    let server = Server::mariadb().await;
    let pool = server.mariadb_pool().await;
    let store = Mysql::new(pool.clone());
    store.migrate().await.expect("the table is made");
    let rows = async || sqlx::query_scalar(ROWS).fetch_one(&pool).await.expect("a number");
    let ages = async |hours| {
        sqlx::query(aged(hours, "unix_timestamp() * 1000000")).execute(&pool).await.expect("rows");
    };
    purges(&store, rows, ages).await;
}

/// A row that cannot be is told, and never taken for one that is not there.
#[tokio::test(flavor = "multi_thread")]
async fn a_row_that_cannot_be_is_told() {
    let file = File::new();
    let pool = file.pool().await;
    let store = Sqlite::new(pool.clone());
    store.migrate().await.expect("the table is made");
    let lease = execute(&store, &request("a")).await;
    store.complete(&lease, &answer("a")).await.expect("the file is there");
    let faults = [
        "state = 9",
        "guarantee = 7",
        "fingerprint = x'00'",
        "fingerprint_version = 300",
        "headers = x'02'",
        "headers = null",
        "body = null",
        "status = 70000",
        "fence = 'none'",
    ];
    for fault in faults {
        let mut connection = pool.acquire().await.expect("the file is there").detach();
        sqlx::query("pragma ignore_check_constraints = on").execute(&mut connection).await.expect("a pragma");
        sqlx::query("create temp table good as select * from idempotency_keys")
            .execute(&mut connection)
            .await
            .expect("rows");
        let planted = sqlx::AssertSqlSafe(format!("update idempotency_keys set {fault}"));
        sqlx::query(planted).execute(&mut connection).await.expect("a fault");
        let begun = store.begin(&request("a")).await;
        assert!(matches!(begun, Err(Error::Broken(_))), "{fault}: {begun:?}");
        let put_back = "delete from idempotency_keys; insert into idempotency_keys select * from good";
        sqlx::raw_sql(put_back).execute(&mut connection).await.expect("rows");
    }
    assert_eq!(store.begin(&request("a")).await.expect("the file is there"), Begun::Replay(answer("a")));
}
