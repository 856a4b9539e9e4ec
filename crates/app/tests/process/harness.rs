//! Owns what the tests stand on: a server as a process, its folder, and clients that may be cut off at any time.

mod browser;
mod client;
mod codes;
mod database;
mod organisation;
mod process;
mod provider;
mod proxy;
mod redis;
mod till;

use std::time::Duration;

pub(crate) use browser::Browser;
pub(crate) use client::{Answer, Shopper};
pub(crate) use codes::shown;
pub(crate) use database::{Database, Kind, authority, stranger, variable};
pub(crate) use organisation::{Organisation, account_password, password, plain_host};
pub(crate) use process::{Ended, Folder, Server, ended};
pub(crate) use provider::{Provider, rule};
pub(crate) use proxy::Proxy;
pub(crate) use redis::{PASSWORD, Redis, Way};
pub(crate) use till::Till;

/// How long a test waits for what must come, before it fails.
pub(crate) const PATIENCE: Duration = Duration::from_secs(30);

/// Each of these on every database server; each is given which.
macro_rules! on_every_server {
    ($($name:ident),+ $(,)?) => {
        mod postgres { $($crate::harness::on_every_server!(@one $name Postgres);)+ }
        mod mariadb { $($crate::harness::on_every_server!(@one $name MariaDb);)+ }
    };
    (@one $name:ident $kind:ident) => {
        #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
        async fn $name() {
            super::$name(crate::harness::Kind::$kind).await;
        }
    };
}

/// Each of these on every database; each is given one of its own.
macro_rules! on_every_database {
    ($($name:ident),+ $(,)?) => {
        mod sqlite { $($crate::harness::on_every_database!(@one $name Sqlite);)+ }
        mod postgres { $($crate::harness::on_every_database!(@one $name Postgres);)+ }
        mod mariadb { $($crate::harness::on_every_database!(@one $name MariaDb);)+ }
    };
    (@one $name:ident $kind:ident) => {
        #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
        async fn $name() {
            super::$name($crate::harness::Database::new($crate::harness::Kind::$kind)).await;
        }
    };
}

pub(crate) use {on_every_database, on_every_server};

/// Asks again and again until the answer is yes.
pub(crate) async fn until<F: Future<Output = bool>>(what: &str, mut question: impl FnMut() -> F) {
    let asked = async {
        while !question().await {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    assert!(tokio::time::timeout(PATIENCE, asked).await.is_ok(), "waited for this in vain: {what}");
}
