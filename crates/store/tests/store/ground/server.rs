//! Owns a database on a server that the environment names: made for one test, and gone behind it.

use std::collections::hash_map::RandomState;
use std::hash::BuildHasher as _;

use super::{Beside, Kind};

/// A database on a server.
pub(super) struct Server {
    kind: Kind,
    /// Where the server is, without a database.
    base: String,
    /// The database.
    pub(super) name: String,
}

impl Server {
    /// Makes a database.
    pub(super) async fn database(kind: Kind) -> Self {
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
        let mut nobody = server.nobody().await;
        nobody.run(&format!("create database {}", server.name)).await.expect("the account may make databases");
        nobody.close().await;
        server
    }

    pub(super) fn url(&self) -> String {
        format!("{}/{}", self.base, self.name)
    }

    /// A connection to no test's database.
    async fn nobody(&self) -> Beside {
        let database = if self.kind == Kind::Postgres { "/postgres" } else { "" };
        Beside::server(self.kind, &format!("{}{database}", self.base)).await
    }

    /// Ends who is still connected, and takes the database away.
    async fn remove(&self) {
        let mut nobody = self.nobody().await;
        let name = &self.name;
        if self.kind == Kind::Postgres {
            nobody.run(&format!("drop database {name} with (force)")).await.expect("it is ours");
            return;
        }
        // An open transaction would keep its tables.
        let connected = format!("select cast(id as signed) from information_schema.processlist where db = '{name}'");
        for id in nobody.lines(&connected).await {
            let _gone_by_itself = nobody.run(&format!("kill {id}")).await;
        }
        nobody.run(&format!("drop database {name}")).await.expect("it is ours");
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
