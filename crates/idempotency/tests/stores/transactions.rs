//! A record that is completed in the transaction of the effect: both stand, or neither.

mod mapper;
mod races;

use std::time::Duration;

use idempotency::protocol::{Begun, Error, Released, Standing, Store, Written};
use idempotency::store::{Mysql, Postgres, Sqlite};

use crate::ground::{File, Server, answer, execute, request};

/// The effect.
pub const ORDERS: &str = "create table orders (id bigint primary key)";
pub const ORDER: &str = "insert into orders (id) values (1)";
const COUNT: &str = "select count(*) from orders";

/// Makes each test for every database: a store, and the pool under it.
macro_rules! on_every_database {
    ($($test:ident),+ $(,)?) => {
        mod sqlite {
            $(#[tokio::test(flavor = "multi_thread")] async fn $test() {
                let file = $crate::ground::File::new();
                let pool = file.pool().await;
                let store = idempotency::store::Sqlite::new(pool.clone());
                store.migrate().await.expect("the table is made");
                sqlx::query($crate::transactions::ORDERS).execute(&pool).await.expect("the table is made");
                super::$test!(store, pool);
            })+
        }
        mod postgres {
            $(#[tokio::test(flavor = "multi_thread")] async fn $test() {
                let server = $crate::ground::Server::postgres().await;
                let pool = server.postgres_pool().await;
                let store = idempotency::store::Postgres::new(pool.clone());
                store.migrate().await.expect("the table is made");
                sqlx::query($crate::transactions::ORDERS).execute(&pool).await.expect("the table is made");
                super::$test!(store, pool);
            })+
        }
        mod mariadb {
            $(#[tokio::test(flavor = "multi_thread")] async fn $test() {
                let server = $crate::ground::Server::mariadb().await;
                let pool = server.mariadb_pool().await;
                let store = idempotency::store::Mysql::new(pool.clone());
                store.migrate().await.expect("the table is made");
                sqlx::query($crate::transactions::ORDERS).execute(&pool).await.expect("the table is made");
                super::$test!(store, pool);
            })+
        }
    };
}

pub(crate) use on_every_database;

/// The drivers have no trait in common that a test could be written over, so a test is a text for all three.
macro_rules! stand_or_fall_together {
    ($store:ident, $pool:ident) => {
        use super::*;
        let ledger = $store.ledger().expect("a store in SQL has a ledger");
        let lease = execute(&$store, &request("a")).await;
        let mut transaction = $pool.begin().await.expect("the database is there");
        sqlx::query(ORDER).execute(&mut *transaction).await.expect("an order");
        let written = ledger.complete(&mut *transaction, &lease, &answer("first")).await;
        assert_eq!(written.expect("the record is there"), Written::Done);
        transaction.rollback().await.expect("the database is there");
        let count: i64 = sqlx::query_scalar(COUNT).fetch_one(&$pool).await.expect("a number");
        let standing = $store.standing(&lease.name).await.expect("the database is there");
        assert_eq!((count, standing), (0, Some(Standing::Running { fence: lease.fence, overdue: false })));
        assert_eq!($store.release(&lease).await.expect("the database is there"), Released::Free);

        let lease = execute(&$store, &request("a")).await;
        let mut transaction = $pool.begin().await.expect("the database is there");
        sqlx::query(ORDER).execute(&mut *transaction).await.expect("an order");
        let written = ledger.complete(&mut transaction, &lease, &answer("second")).await;
        assert_eq!(written.expect("the record is there"), Written::Done);
        let again = ledger.complete(&mut transaction, &lease, &answer("third")).await;
        assert_eq!(again.expect("the record is there"), Written::Lost);
        transaction.commit().await.expect("the database is there");
        let count: i64 = sqlx::query_scalar(COUNT).fetch_one(&$pool).await.expect("a number");
        let begun = $store.begin(&request("a")).await.expect("the database is there");
        assert_eq!((count, begun), (1, Begun::Replay(answer("second"))));
        // Who lost the reply to that commit is told that it stands.
        let released = $store.release(&lease).await.expect("the database is there");
        assert_eq!(released, Released::Answered(answer("second")));
    };
}

/// F-09: the old owner slept, and its transaction begins when its record is another's.
macro_rules! an_old_owner_is_refused {
    ($store:ident, $pool:ident) => {
        use super::*;
        let ledger = $store.ledger().expect("a store in SQL has a ledger");
        let mut short = request("a");
        short.lease = Duration::ZERO;
        let old = execute(&$store, &short).await;
        let new = execute(&$store, &request("a")).await;
        assert!(new.fence > old.fence);
        let mut transaction = $pool.begin().await.expect("the database is there");
        sqlx::query(ORDER).execute(&mut *transaction).await.expect("an order");
        let written = ledger.complete(&mut *transaction, &old, &answer("old")).await;
        assert_eq!(written.expect("the record is there"), Written::Lost);
        transaction.rollback().await.expect("the database is there");
        let count: i64 = sqlx::query_scalar(COUNT).fetch_one(&$pool).await.expect("a number");
        assert_eq!(count, 0, "what the old owner did is gone");
        let mut transaction = $pool.begin().await.expect("the database is there");
        sqlx::query(ORDER).execute(&mut *transaction).await.expect("an order");
        let written = ledger.complete(&mut *transaction, &new, &answer("new")).await;
        assert_eq!(written.expect("the record is there"), Written::Done);
        transaction.commit().await.expect("the database is there");
        let begun = $store.begin(&request("a")).await.expect("the database is there");
        assert_eq!(begun, Begun::Replay(answer("new")));
    };
}

macro_rules! what_would_not_stand_together_is_refused {
    ($store:ident, $pool:ident) => {
        use super::*;
        let ledger = $store.ledger().expect("a store in SQL has a ledger");
        let lease = execute(&$store, &request("a")).await;
        let mut connection = $pool.acquire().await.expect("the database is there");
        let alone = ledger.complete(&mut *connection, &lease, &answer("a")).await;
        assert!(matches!(&alone, Err(Error::Broken(text)) if text.contains("no transaction")), "{alone:?}");
        drop(connection);
        let mut transaction = $pool.begin().await.expect("the database is there");
        let mut long = answer("");
        long.body = vec![0; $store.answer_bytes_max() + 1].into();
        let written = ledger.complete(&mut *transaction, &lease, &long).await;
        assert!(matches!(&written, Err(Error::Broken(text)) if text.contains("longer")), "{written:?}");
        transaction.rollback().await.expect("the database is there");
        assert_eq!($store.begin(&request("a")).await.expect("the database is there"), Begun::Attach);
    };
}

use {an_old_owner_is_refused, stand_or_fall_together, what_would_not_stand_together_is_refused};

on_every_database!(stand_or_fall_together, an_old_owner_is_refused, what_would_not_stand_together_is_refused);

#[tokio::test(flavor = "multi_thread")]
async fn a_transaction_of_another_kind_of_database_is_refused() {
    let file = File::new();
    let store = Sqlite::new(file.pool().await);
    store.migrate().await.expect("the table is made");
    let lease = execute(&store, &request("a")).await;
    let (postgres, mariadb) = (Server::postgres().await, Server::mariadb().await);
    let ledger = store.ledger().expect("a store in SQL has a ledger");
    let pool = postgres.postgres_pool().await;
    let mut transaction = pool.begin().await.expect("the server is there");
    let written = ledger.complete(&mut *transaction, &lease, &answer("a")).await;
    assert!(matches!(&written, Err(Error::Broken(text)) if text.contains("Postgres")), "{written:?}");
    transaction.rollback().await.expect("the server is there");
    let pool = mariadb.mariadb_pool().await;
    let mut transaction = pool.begin().await.expect("the server is there");
    let written = ledger.complete(&mut *transaction, &lease, &answer("a")).await;
    assert!(matches!(&written, Err(Error::Broken(text)) if text.contains("Mysql")), "{written:?}");
    transaction.rollback().await.expect("the server is there");
}

/// A heartbeat between the snapshot and the completion: read committed is what the documentation asks for.
#[tokio::test(flavor = "multi_thread")]
async fn a_snapshot_that_is_older_than_a_renewal_is_rolled_back() {
    let server = Server::postgres().await;
    let pool = server.postgres_pool().await;
    let store = Postgres::new(pool.clone());
    store.migrate().await.expect("the table is made");
    let lease = execute(&store, &request("a")).await;
    let begin = "begin isolation level repeatable read";
    let mut transaction = pool.begin_with(begin).await.expect("the server is there");
    sqlx::query("select 1 from idempotency_keys").fetch_all(&mut *transaction).await.expect("a snapshot");
    assert_eq!(store.renew(&lease).await.expect("the server is there"), Written::Done);
    let ledger = store.ledger().expect("a store in SQL has a ledger");
    let written = ledger.complete(&mut *transaction, &lease, &answer("a")).await;
    assert!(matches!(written, Err(Error::Unavailable(_))), "{written:?}");
    transaction.rollback().await.expect("the server is there");
    assert_eq!(store.begin(&request("a")).await.expect("the server is there"), Begun::Attach);
}

/// The type of a store is named once, where it is made.
#[tokio::test(flavor = "multi_thread")]
async fn a_store_behind_the_trait_has_its_ledger() {
    let server = Server::mariadb().await;
    let store: Box<dyn Store> = Box::new(Mysql::new(server.mariadb_pool().await));
    assert!(store.ledger().is_some());
    assert!(idempotency::store::Memory::new().ledger().is_none());
}
