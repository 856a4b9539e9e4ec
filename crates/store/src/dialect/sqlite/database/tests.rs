//! Owns the tests of how sqlx's connections are opened; a session has its own.

use sqlx::SqlitePool;

use super::Database;

async fn open() -> (tempfile::TempDir, Database) {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let database = Database::open(&folder.path().join("mideng.db")).await.expect("a new database");
    (folder, database)
}

async fn number(pool: &SqlitePool, pragma: &'static str) -> i64 {
    sqlx::query_scalar(pragma).fetch_one(pool).await.expect("a known pragma")
}

#[tokio::test]
async fn a_commit_survives_a_power_cut() {
    let (_folder, Database { administrator, .. }) = open().await;
    let mode: String = sqlx::query_scalar("pragma journal_mode").fetch_one(&administrator).await.expect("known");
    assert_eq!(mode, "wal");
    assert_eq!(number(&administrator, "pragma synchronous").await, 2, "FULL");
    assert_eq!(number(&administrator, "pragma busy_timeout").await, 5_000);
    assert_eq!(number(&administrator, "pragma query_only").await, 0);
    assert_eq!(administrator.options().get_max_connections(), 1);
}

#[tokio::test]
async fn listers_cannot_write() {
    let (_folder, Database { lister, .. }) = open().await;
    assert_eq!(number(&lister, "pragma query_only").await, 1);
    let refused = sqlx::query("create table t (a)").execute(&lister).await.expect_err("a lister does not write");
    assert!(refused.to_string().contains("readonly"), "{refused}");
}
