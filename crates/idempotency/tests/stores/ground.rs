//! Owns the databases that the tests stand on: each test has one of its own, and it is gone behind it.

pub mod proxy;
pub mod redis;

use std::collections::hash_map::RandomState;
use std::hash::BuildHasher as _;
use std::path::PathBuf;
use std::time::Duration;

use idempotency::protocol::{Begun, Guarantee, Lease, Name, Request, Store};
use idempotency::{Answer, Fingerprint, Fingerprints, Key};
use sqlx::Connection as _;
use sqlx::mysql::{MySqlConnection, MySqlPool, MySqlPoolOptions};
use sqlx::postgres::{PgConnection, PgPool, PgPoolOptions};
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePool, SqlitePoolOptions, SqliteSynchronous};
use tempfile::TempDir;

/// A file of SQLite's.
pub struct File {
    folder: TempDir,
}

/// A database on a server that the environment names.
pub struct Server {
    kind: Kind,
    base: String,
    name: String,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Postgres,
    MariaDb,
}

impl File {
    pub fn new() -> Self {
        Self { folder: tempfile::tempdir().expect("a temporary folder") }
    }

    pub fn path(&self) -> PathBuf {
        self.folder.path().join("keys.db")
    }

    /// Connections as a service has them that loses nothing.
    pub fn options(&self) -> SqliteConnectOptions {
        SqliteConnectOptions::new()
            .filename(self.path())
            .create_if_missing(true)
            .journal_mode(SqliteJournalMode::Wal)
            .synchronous(SqliteSynchronous::Full)
            .busy_timeout(Duration::from_secs(10))
    }

    pub async fn pool(&self) -> SqlitePool {
        let options = SqlitePoolOptions::new().max_connections(4);
        options.connect_with(self.options()).await.expect("the file can be opened")
    }
}

impl Server {
    pub async fn postgres() -> Self {
        Self::database(Kind::Postgres).await
    }

    pub async fn mariadb() -> Self {
        Self::database(Kind::MariaDb).await
    }

    pub async fn postgres_pool(&self) -> PgPool {
        PgPoolOptions::new().max_connections(8).connect(&self.url()).await.expect("the server is there")
    }

    pub async fn mariadb_pool(&self) -> MySqlPool {
        MySqlPoolOptions::new().max_connections(8).connect(&self.url()).await.expect("the server is there")
    }

    pub fn url(&self) -> String {
        format!("{}/{}", self.base, self.name)
    }

    async fn database(kind: Kind) -> Self {
        let variable = if kind == Kind::Postgres { "TEST_POSTGRES_URL" } else { "TEST_MARIADB_URL" };
        let Ok(base) = std::env::var(variable) else {
            panic!(
                "{variable} is missing: run `cargo xtask test`, or `eval \"$(cargo xtask services env)\"` behind \
                 `cargo xtask services up`"
            );
        };
        // Tests run beside each other in several processes: what is picked is random, as a table of hashes begins.
        let name = format!("mideng_test_{:016x}", RandomState::new().hash_one(std::process::id()));
        let server = Self { kind, base: base.trim_end_matches('/').to_owned(), name };
        server.run(&[format!("create database {}", server.name)]).await;
        server
    }

    /// Runs statements on a connection to no test's database.
    pub async fn run(&self, statements: &[String]) {
        match self.kind {
            Kind::Postgres => {
                let url = format!("{}/postgres", self.base);
                let mut nobody = PgConnection::connect(&url).await.expect("the server is there");
                for sql in statements {
                    let done = sqlx::raw_sql(sqlx::AssertSqlSafe(sql.as_str())).execute(&mut nobody).await;
                    done.unwrap_or_else(|error| panic!("{sql}: {error}"));
                }
            }
            Kind::MariaDb => {
                let mut nobody = MySqlConnection::connect(&self.base).await.expect("the server is there");
                for sql in statements {
                    let done = sqlx::raw_sql(sqlx::AssertSqlSafe(sql.as_str())).execute(&mut nobody).await;
                    done.unwrap_or_else(|error| panic!("{sql}: {error}"));
                }
            }
        }
    }

    async fn remove(&self) {
        let name = &self.name;
        if self.kind == Kind::Postgres {
            self.run(&[format!("drop database {name} with (force)")]).await;
            return;
        }
        // An open transaction would keep its tables.
        let mut nobody = MySqlConnection::connect(&self.base).await.expect("the server is there");
        let connected = "select cast(id as signed) from information_schema.processlist where db = ?";
        let ids: Vec<i64> = sqlx::query_scalar(connected)
            .bind(name)
            .fetch_all(&mut nobody)
            .await
            .expect("the account sees its own connections");
        for id in ids {
            let kill = sqlx::AssertSqlSafe(format!("kill {id}"));
            let _gone_by_itself = sqlx::raw_sql(kill).execute(&mut nobody).await;
        }
        self.run(&[format!("drop database {name}")]).await;
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // A runtime is not entered twice, so this is done on a thread that has one of its own.
        std::thread::scope(|scope| {
            let removed = scope.spawn(|| {
                let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
                runtime.block_on(self.remove());
            });
            let removed = removed.join();
            assert!(removed.is_ok() || std::thread::panicking(), "the database {} is left behind", self.name);
        });
    }
}

/// A request of a transactional route, with times that do not end.
pub fn request(key: &str) -> Request {
    Request {
        name: Name::new("shop", Key::new(key).expect("a good key")).expect("a short scope"),
        fingerprints: Fingerprints { current: Fingerprint { version: 1, digest: [1; 32] }, earlier: None },
        guarantee: Guarantee::Transactional,
        lease: Duration::from_mins(10),
        retention: Duration::from_mins(10),
    }
}

/// Begins what must be executed.
pub async fn execute(store: &dyn Store, request: &Request) -> Lease {
    match store.begin(request).await {
        Ok(Begun::Execute(lease)) => lease,
        other => panic!("{:?} is not executed: {other:?}", request.name),
    }
}

pub fn answer(text: &str) -> Answer {
    let headers = vec![("content-type".to_owned(), "text/plain".to_owned())];
    Answer { status: 201, headers, body: bytes::Bytes::copy_from_slice(text.as_bytes()) }
}
