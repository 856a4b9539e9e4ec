//! The contract, on every store there is. Two nodes are two pools, as two processes have them.

use std::sync::Arc;

use idempotency::contract::{Nodes, check};
use idempotency::store::{Memory, Mysql, Postgres, Redis, Sqlite};
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};

use crate::ground;

async fn passes(nodes: Nodes) {
    let failures = check(&nodes).await;
    assert!(failures.is_empty(), "{failures:#?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn memory() {
    passes(Nodes::one(Arc::new(Memory::new()))).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn sqlite() {
    let file = ground::File::new();
    let here = Sqlite::new(file.pool().await);
    here.migrate().await.expect("the table is made");
    let there = Sqlite::new(file.pool().await);
    there.migrate().await.expect("the table is there");
    passes(Nodes::two(Arc::new(here), Arc::new(there))).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn postgres() {
    let server = ground::Server::postgres().await;
    let here = Postgres::new(server.postgres_pool().await);
    here.migrate().await.expect("the table is made");
    let there = Postgres::new(server.postgres_pool().await);
    there.migrate().await.expect("the table is there");
    passes(Nodes::two(Arc::new(here), Arc::new(there))).await;
}

/// Where each statement may be undone because of another, and is tried again.
#[tokio::test(flavor = "multi_thread")]
async fn postgres_serializable() {
    let server = ground::Server::postgres().await;
    let serializable = [("default_transaction_isolation", "serializable")];
    let options: PgConnectOptions = server.url().parse().expect("a good address");
    let pool = PgPoolOptions::new().max_connections(8).connect_with(options.options(serializable)).await;
    let store = Postgres::new(pool.expect("the server is there"));
    store.migrate().await.expect("the table is made");
    passes(Nodes::one(Arc::new(store))).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn mariadb() {
    let server = ground::Server::mariadb().await;
    let here = Mysql::new(server.mariadb_pool().await);
    here.migrate().await.expect("the table is made");
    let there = Mysql::new(server.mariadb_pool().await);
    there.migrate().await.expect("the table is there");
    passes(Nodes::two(Arc::new(here), Arc::new(there))).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn redis() {
    let server = ground::redis::Server::open().await;
    let here = server.store().await;
    let there: Redis<_> = server.store().await;
    passes(Nodes::two(Arc::new(here), Arc::new(there))).await;
}

/// Each script keeps to one place of a cluster.
#[tokio::test(flavor = "multi_thread")]
async fn redis_cluster() {
    let server = ground::redis::Server::cluster().await;
    let client = redis::cluster::ClusterClient::builder(vec![server.url.clone()]);
    let client = client.response_timeout(ground::redis::PATIENCE).build().expect("a good address");
    let connection = client.get_async_connection().await.expect("the cluster is there");
    let store = Redis::new(connection).with_prefix(&server.prefix).expect("a good prefix");
    passes(Nodes::one(Arc::new(store))).await;
}
