//! Owns the tests of how connections are opened, and of the database's address.

use super::{Store, database_file};
use crate::dialect::Pool;

async fn open() -> (tempfile::TempDir, Store) {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let store = Store::open(&folder.path().join("mideng.db")).await.expect("a new database");
    store.migrate().await.expect("an empty database takes the schema");
    (folder, store)
}

async fn number(pool: &Pool, pragma: &'static str) -> i64 {
    sqlx::query_scalar(pragma).fetch_one(pool).await.expect("a known pragma")
}

#[tokio::test]
async fn a_commit_survives_a_power_cut() {
    let (_folder, store) = open().await;
    let mode: String =
        sqlx::query_scalar("pragma journal_mode").fetch_one(&store.administrator).await.expect("a known pragma");
    assert_eq!(mode, "wal");
    assert_eq!(number(&store.administrator, "pragma synchronous").await, 2, "FULL");
    assert_eq!(number(&store.administrator, "pragma busy_timeout").await, 5_000);
    assert_eq!(number(&store.administrator, "pragma query_only").await, 0);
    assert_eq!(store.administrator.options().get_max_connections(), 1);
}

#[tokio::test]
async fn readers_cannot_write() {
    let (_folder, store) = open().await;
    assert_eq!(number(&store.lister, "pragma query_only").await, 1);
    let insert = "insert into tenants (public_id, name, created_at) values ('t', 't', 0)";
    let refused = sqlx::query(insert).execute(&store.lister).await.expect_err("a reader does not write");
    assert!(refused.to_string().contains("readonly"), "{refused}");
}

#[test]
fn addresses() {
    for (url, file) in [("sqlite:a/mideng.db", "a/mideng.db"), ("sqlite:///srv/m.db", "/srv/m.db")] {
        assert_eq!(database_file(url), Ok(file.into()));
    }
    for url in ["", "sqlite:", "sqlite://", "sqlite:a.db?mode=memory", "postgres://localhost/mideng", "a.db"] {
        assert!(database_file(url).is_err(), "{url:?}");
    }
}
