//! What a store says when its database is away, busy or silent: what is not known is not called a failure.

use std::time::Duration;

use idempotency::protocol::{Begun, Error, Lease, Released, Request, Store, Written};
use idempotency::store::{Mysql, Postgres, Sqlite};
use sqlx::mysql::MySqlPoolOptions;
use sqlx::postgres::PgPoolOptions;
use tokio::time::timeout;

use crate::ground::proxy::{Proxy, server_of};
use crate::ground::{File, Server, answer, execute, request};

const SOON: Duration = Duration::from_secs(10);

/// F-05: the write stood, and its reply was lost. Asking again tells.
async fn a_lost_reply(store: &dyn Store, through: &dyn Store, proxy: &Proxy, idle: impl Fn() -> usize) {
    // A connection goes back to its pool with a ping, whose reply is not the one that is meant.
    let idle = async || {
        let waited = async {
            while idle() == 0 {
                tokio::time::sleep(Duration::from_millis(1)).await;
            }
        };
        timeout(SOON, waited).await.expect("the connection goes back");
    };
    // The statement is prepared: else the reply to that is lost, and nothing was written.
    let before = execute(through, &request("before")).await;
    assert_eq!(through.complete(&before, &answer("a")).await.expect("the server is there"), Written::Done);
    let lease = execute(through, &request("a")).await;
    idle().await;
    proxy.lose(true);
    let completed = timeout(SOON, through.complete(&lease, &answer("a"))).await.expect("it has a bound");
    assert!(matches!(completed, Err(Error::Unresolved(_))), "{completed:?}");
    proxy.lose(false);
    let told = async {
        while store.begin(&request("a")).await.expect("the server is there") == Begun::Attach {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    timeout(SOON, told).await.expect("the server had it");
    assert_eq!(through.begin(&request("a")).await.expect("the server is there"), Begun::Replay(answer("a")));
    let released = through.release(&lease).await.expect("the server is there");
    assert_eq!(released, Released::Answered(answer("a")));
    // A read says that it may be asked again.
    idle().await;
    proxy.lose(true);
    let standing = timeout(SOON, through.standing(&lease.name)).await.expect("it has a bound");
    assert!(matches!(standing, Err(Error::Unavailable(_))), "{standing:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lost_reply_is_unresolved_on_postgres() {
    let server = Server::postgres().await;
    let store = Postgres::new(server.postgres_pool().await);
    store.migrate().await.expect("the table is made");
    let proxy = Proxy::open(server_of(&server.url())).await;
    let options = PgPoolOptions::new().max_connections(1).test_before_acquire(false);
    let pool = options.connect(&proxy.instead(&server.url())).await.expect("the server is there");
    let through = Postgres::new(pool.clone());
    a_lost_reply(&store, &through, &proxy, || pool.num_idle()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lost_reply_is_unresolved_on_mariadb() {
    let server = Server::mariadb().await;
    let store = Mysql::new(server.mariadb_pool().await);
    store.migrate().await.expect("the table is made");
    let proxy = Proxy::open(server_of(&server.url())).await;
    let options = MySqlPoolOptions::new().max_connections(1).test_before_acquire(false);
    let pool = options.connect(&proxy.instead(&server.url())).await.expect("the server is there");
    let through = Mysql::new(pool.clone());
    a_lost_reply(&store, &through, &proxy, || pool.num_idle()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_is_away_is_unavailable_within_the_bound() {
    let port = std::net::TcpListener::bind("127.0.0.1:0").and_then(|it| it.local_addr()).expect("a free port").port();
    let bound = Duration::from_millis(300);
    let url = format!("postgres://nobody:secret-word@127.0.0.1:{port}/none");
    let postgres = Postgres::new(PgPoolOptions::new().connect_lazy(&url).expect("a good address")).with_bound(bound);
    let url = format!("mysql://nobody:secret-word@127.0.0.1:{port}/none");
    let mysql = Mysql::new(MySqlPoolOptions::new().connect_lazy(&url).expect("a good address")).with_bound(bound);
    for store in [&postgres as &dyn Store, &mysql] {
        let begun = timeout(SOON, store.begin(&request("a"))).await.expect("it has a bound");
        assert!(matches!(&begun, Err(Error::Unavailable(text)) if !text.contains("secret-word")), "{begun:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pool_that_is_used_up_is_unavailable_within_the_bound() {
    let server = Server::postgres().await;
    let pool = PgPoolOptions::new().max_connections(1).connect(&server.url()).await.expect("the server is there");
    let store = Postgres::new(pool.clone());
    store.migrate().await.expect("the table is made");
    let held = pool.acquire().await.expect("the server is there");
    let hasty = store.clone().with_bound(Duration::from_millis(200));
    let begun = timeout(SOON, hasty.begin(&request("a"))).await.expect("it has a bound");
    assert!(matches!(begun, Err(Error::Unavailable(_))), "{begun:?}");
    drop(held);
    execute(&store, &request("a")).await;
}

/// The write waits for a lock longer than the store waits for it. Nobody else gets the connection with the answer.
#[tokio::test(flavor = "multi_thread")]
async fn a_write_that_waits_too_long_is_unresolved_and_its_connection_is_closed() {
    let server = Server::postgres().await;
    let pool = PgPoolOptions::new().max_connections(1).connect(&server.url()).await.expect("the server is there");
    let store = Postgres::new(pool.clone());
    store.migrate().await.expect("the table is made");
    let lease = execute(&store, &request("a")).await;
    let hasty = store.clone().with_bound(Duration::from_millis(500));
    let others = server.postgres_pool().await;
    let mut lock = others.begin().await.expect("the server is there");
    sqlx::query("update idempotency_keys set until_us = until_us").execute(&mut *lock).await.expect("a lock");
    let completed = timeout(SOON, hasty.complete(&lease, &answer("a"))).await.expect("it has a bound");
    assert!(matches!(completed, Err(Error::Unresolved(_))), "{completed:?}");
    // The pool has one connection, and it is a new one.
    let begun = store.begin(&request("a")).await.expect("the server is there");
    assert_eq!(begun, Begun::Attach);
    lock.rollback().await.expect("the server is there");
}

/// Callers stop waiting whenever they like; whoever asks next is answered what is true.
/// What the server still had in hand of a dropped call may come a moment later than what is asked next: then its lease,
/// which is over at once, is seen first.
async fn execute_soon(store: &dyn Store, request: &Request) -> Lease {
    for _ in 0..1_000 {
        match store.begin(request).await {
            Ok(Begun::Execute(lease)) => return lease,
            Ok(Begun::Attach) => tokio::time::sleep(Duration::from_millis(1)).await,
            other => panic!("{:?} is not executed: {other:?}", request.name),
        }
    }
    panic!("{:?} is never executed", request.name)
}

async fn dropped_calls(store: &dyn Store) {
    for at in 0..150_u64 {
        let key = format!("k{at}");
        let mut asked = request(&key);
        asked.lease = Duration::ZERO;
        // From before the first byte to behind the last one.
        let dropped = timeout(Duration::from_micros(at * 12), store.begin(&asked)).await;
        drop(dropped);
        let lease = execute_soon(store, &request(&key)).await;
        assert_eq!(store.complete(&lease, &answer(&key)).await.expect("the database is there"), Written::Done);
        assert_eq!(store.begin(&asked).await.expect("the database is there"), Begun::Replay(answer(&key)));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn calls_that_are_dropped_leave_the_pool_in_order_on_postgres() {
    let server = Server::postgres().await;
    let pool = PgPoolOptions::new().max_connections(2).connect(&server.url()).await.expect("the server is there");
    let store = Postgres::new(pool);
    store.migrate().await.expect("the table is made");
    dropped_calls(&store).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn calls_that_are_dropped_leave_the_pool_in_order_on_mariadb() {
    let server = Server::mariadb().await;
    let pool = MySqlPoolOptions::new().max_connections(2).connect(&server.url()).await.expect("the server is there");
    let store = Mysql::new(pool);
    store.migrate().await.expect("the table is made");
    dropped_calls(&store).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn calls_that_are_dropped_leave_the_pool_in_order_on_sqlite() {
    let file = File::new();
    let store = Sqlite::new(file.pool().await);
    store.migrate().await.expect("the table is made");
    dropped_calls(&store).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_table_that_is_missing_is_told() {
    let file = File::new();
    let sqlite = Sqlite::new(file.pool().await);
    let (postgres, mariadb) = (Server::postgres().await, Server::mariadb().await);
    let on_postgres = Postgres::new(postgres.postgres_pool().await);
    let on_mariadb = Mysql::new(mariadb.mariadb_pool().await);
    for store in [&sqlite as &dyn Store, &on_postgres, &on_mariadb] {
        let begun = store.begin(&request("a")).await;
        assert!(matches!(&begun, Err(Error::Broken(text)) if text.contains("idempotency_keys")), "{begun:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_another_writes_is_unavailable() {
    let file = File::new();
    let options = file.options().busy_timeout(Duration::from_millis(50));
    let pool = sqlx::SqlitePool::connect_with(options).await.expect("the file can be opened");
    let store = Sqlite::new(pool.clone());
    store.migrate().await.expect("the table is made");
    let lease = execute(&store, &request("a")).await;
    let mut writer = pool.begin_with("begin immediate").await.expect("the file is there");
    let completed = store.complete(&lease, &answer("a")).await;
    assert!(matches!(completed, Err(Error::Unavailable(_))), "{completed:?}");
    // Who only reads is not kept waiting.
    assert_eq!(store.begin(&request("a")).await.expect("the file is there"), Begun::Attach);
    sqlx::query("select 1").execute(&mut *writer).await.expect("the file is there");
    writer.rollback().await.expect("the file is there");
    assert_eq!(store.complete(&lease, &answer("a")).await.expect("the file is there"), Written::Done);
}
