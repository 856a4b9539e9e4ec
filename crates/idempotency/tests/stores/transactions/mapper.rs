//! The same through SeaORM.

use std::time::Duration;

use idempotency::protocol::{Begun, Error, Store, Written};
use sea_orm::{ConnectionTrait as _, DatabaseConnection, TransactionTrait as _};

use super::{COUNT, ORDER, on_every_database};
use crate::ground::{answer, execute, request};

async fn orders(database: &DatabaseConnection) -> i64 {
    let count = sea_orm::Statement::from_string(database.get_database_backend(), COUNT);
    let row = database.query_one_raw(count).await.expect("the database is there").expect("a row");
    row.try_get_by_index(0).expect("a number")
}

async fn stand_or_fall(store: &dyn Store, database: &DatabaseConnection) {
    let ledger = store.ledger().expect("a store in SQL has a ledger");
    let mut short = request("a");
    short.lease = Duration::ZERO;
    let old = execute(store, &short).await;
    let new = execute(store, &request("a")).await;

    let transaction = database.begin().await.expect("the database is there");
    transaction.execute_unprepared(ORDER).await.expect("an order");
    let written = ledger.complete(&transaction, &old, &answer("old")).await;
    assert_eq!(written.expect("the record is there"), Written::Lost);
    transaction.rollback().await.expect("the database is there");
    assert_eq!(orders(database).await, 0);

    let transaction = database.begin().await.expect("the database is there");
    transaction.execute_unprepared(ORDER).await.expect("an order");
    let written = ledger.complete(&transaction, &new, &answer("gone")).await;
    assert_eq!(written.expect("the record is there"), Written::Done);
    transaction.rollback().await.expect("the database is there");
    assert_eq!(orders(database).await, 0);
    assert_eq!(store.begin(&request("a")).await.expect("the database is there"), Begun::Attach);

    // As a closure that commits by itself.
    let answer = answer("kept");
    let done = database.transaction_async(async |transaction| {
        transaction.execute_unprepared(ORDER).await.map_err(|error| Error::Broken(error.to_string()))?;
        ledger.complete(transaction, &new, &answer).await
    });
    assert_eq!(done.await.expect("it commits"), Written::Done);
    assert_eq!(orders(database).await, 1);
    assert_eq!(store.begin(&request("a")).await.expect("the database is there"), Begun::Replay(answer));
}

macro_rules! a_mapper_s_transaction_stands_or_falls {
    ($store:ident, $pool:ident) => {
        super::stand_or_fall(&$store, &sea_orm::DatabaseConnection::from($pool)).await;
    };
}

use a_mapper_s_transaction_stands_or_falls;

on_every_database!(a_mapper_s_transaction_stands_or_falls);
