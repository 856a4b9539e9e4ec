//! Owns what tests see and do of the other connections to a database on a server.

use std::time::Duration;

use super::{Ground, Kind};

/// Longer than anything waits that waits at all: every limit of a server is shorter.
const LONG: Duration = Duration::from_secs(20);

impl Ground {
    /// Waits until somebody waits for a row that another connection has. MariaDB tells it of all its databases together.
    pub async fn somebody_waits(&self) {
        let waiting = match self.kind {
            Kind::Sqlite => panic!("nobody waits for a row of SQLite, only for their turn"),
            Kind::Postgres => {
                "select count(*) from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'"
            }
            Kind::MariaDb => {
                "select cast(variable_value as signed) from information_schema.global_status
                 where variable_name = 'innodb_row_lock_current_waits'"
            }
        };
        let mut connection = self.connect().await;
        let seen = async { while connection.number(waiting).await == 0 {} };
        tokio::time::timeout(LONG, seen).await.expect("somebody waits");
    }

    /// Waits until a server has no other connection to the database.
    pub async fn nobody_is_connected(&self) {
        let others = match self.kind {
            Kind::Sqlite => return,
            Kind::Postgres => {
                "select count(*) from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()"
            }
            Kind::MariaDb => {
                "select count(*) from information_schema.processlist where db = database() and id <> connection_id()"
            }
        };
        let mut connection = self.connect().await;
        let gone = async { while connection.number(others).await > 0 {} };
        tokio::time::timeout(LONG, gone).await.expect("the connections end");
    }

    /// Ends every other connection, as an administrator does, or a proxy.
    pub async fn end_all(&self) {
        let mut connection = self.connect().await;
        if self.kind == Kind::Postgres {
            let end = "select pg_terminate_backend(pid) from pg_stat_activity
                where datname = current_database() and pid <> pg_backend_pid()";
            connection.lines(end).await;
            return;
        }
        let others = "select cast(id as signed) from information_schema.processlist
            where db = database() and id <> connection_id()";
        for id in connection.lines(others).await {
            connection.run(&format!("kill {id}")).await.expect("the connection is there");
        }
    }
}
