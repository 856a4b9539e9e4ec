//! Owns which database a store is on: whatever differs between them is asked here, and nowhere else.

mod columns;
mod flavour;
pub(crate) mod mysql;
mod outage;
pub(crate) mod postgres;
mod remote;
pub(crate) mod sqlite;
mod transaction;
mod walk;

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use engine::Fault;
use sea_orm::sea_query::{Condition, Expr, ExprTrait as _, IntoCondition as _};
use sea_orm::{DatabaseConnection, SqlxMySqlConnector, SqlxPostgresConnector, SqlxSqliteConnector};
use sqlx::{MySqlConnection, PgConnection};

use crate::{Address, Error};

pub(crate) use flavour::Flavour;
use mysql::MySql;
pub(crate) use outage::is_outage;
use postgres::Postgres;
pub(crate) use remote::ANSWER_MAX;
pub(crate) use sqlite::Place;
pub(crate) use transaction::{Batch, Reading, Turn};
pub(crate) use walk::Walk;

/// How long tending may take: gathering statistics of a table that grew large without any is a matter of seconds.
const TEND_MAX: Duration = Duration::from_mins(1);

/// An open database. Clones share it.
#[derive(Clone, Debug)]
pub(crate) enum Database {
    Sqlite(Arc<sqlite::Database>),
    Postgres(Arc<remote::Database<Postgres>>),
    MySql(Arc<remote::Database<MySql>>),
}

/// Held while no other node may start on the database.
#[derive(Debug)]
pub struct Alone(#[expect(dead_code, reason = "held, not used")] Holder);

/// The connection that has the lock; the server takes it back when it closes.
#[derive(Debug)]
#[expect(dead_code, reason = "held, not used")]
enum Holder {
    Nobody,
    Postgres(PgConnection),
    MySql(MySqlConnection),
}

impl Database {
    /// Opens it; an embedded one is made where there is none.
    pub(crate) async fn open(address: &Address) -> Result<Self, Error> {
        match address {
            Address::Sqlite(file) => Ok(Self::Sqlite(Arc::new(sqlite::Database::open(file).await?))),
            Address::Postgres(options) => Ok(Self::Postgres(Arc::new(remote::Database::new(&Postgres::new(options))))),
            Address::MySql(options) => Ok(Self::MySql(Arc::new(remote::Database::new(&MySql::new(options))))),
        }
    }

    /// For questions through entities.
    pub(crate) fn lister(&self) -> DatabaseConnection {
        match self {
            Self::Sqlite(database) => SqlxSqliteConnector::from_sqlx_sqlite_pool(database.lister.clone()),
            Self::Postgres(database) => SqlxPostgresConnector::from_sqlx_postgres_pool(database.remote.lister()),
            Self::MySql(database) => SqlxMySqlConnector::from_sqlx_mysql_pool(database.remote.lister()),
        }
    }

    /// For leases. A file has one connection that writes.
    pub(crate) fn lockers(&self) -> DatabaseConnection {
        match self {
            Self::Sqlite(database) => SqlxSqliteConnector::from_sqlx_sqlite_pool(database.administrator.clone()),
            Self::Postgres(database) => SqlxPostgresConnector::from_sqlx_postgres_pool(database.remote.lockers()),
            Self::MySql(database) => SqlxMySqlConnector::from_sqlx_mysql_pool(database.remote.lockers()),
        }
    }

    /// For administration. Who writes through it takes the turn first.
    pub(crate) fn administrator(&self) -> DatabaseConnection {
        match self {
            Self::Sqlite(database) => SqlxSqliteConnector::from_sqlx_sqlite_pool(database.administrator.clone()),
            Self::Postgres(database) => SqlxPostgresConnector::from_sqlx_postgres_pool(database.remote.administrator()),
            Self::MySql(database) => SqlxMySqlConnector::from_sqlx_mysql_pool(database.remote.administrator()),
        }
    }

    /// For looking at the whole, which takes its time: a connection of its own, that writes nothing.
    pub(crate) fn inspector(&self) -> DatabaseConnection {
        match self {
            Self::Sqlite(database) => SqlxSqliteConnector::from_sqlx_sqlite_pool(database.inspector()),
            Self::Postgres(database) => SqlxPostgresConnector::from_sqlx_postgres_pool(database.remote.administrator()),
            Self::MySql(database) => SqlxMySqlConnector::from_sqlx_mysql_pool(database.remote.administrator()),
        }
    }

    /// See [`crate::Store::alone`]. An embedded database is locked by who opens its folder.
    pub(crate) async fn alone(&self) -> Result<Alone, Error> {
        Ok(Alone(match self {
            Self::Sqlite(_) => Holder::Nobody,
            Self::Postgres(database) => Holder::Postgres(database.remote.alone().await?),
            Self::MySql(database) => Holder::MySql(database.remote.alone().await?),
        }))
    }

    /// See [`crate::Store::warnings`].
    pub(crate) async fn warnings(&self) -> Result<Vec<String>, Error> {
        match self {
            Self::Sqlite(_) => Ok(Vec::new()),
            Self::Postgres(database) => database.remote.warnings().await,
            Self::MySql(database) => database.remote.warnings().await,
        }
    }

    /// Waits until nobody else of this process writes, where only one may.
    pub(crate) async fn turn(&self) -> Result<Turn, Fault> {
        match self {
            Self::Sqlite(database) => database.turn().await.map(Turn::Sqlite),
            Self::Postgres(_) | Self::MySql(_) => Ok(Turn::Anybody),
        }
    }

    /// Opens a transaction that writes. An embedded database works here, on the thread that asks, or aside.
    pub(crate) async fn begin(&self, place: Place) -> Result<Batch, Fault> {
        match self {
            Self::Sqlite(database) => database.begin(place).await.map(Batch::Sqlite),
            Self::Postgres(database) => database.batch(place).await.map(Batch::Postgres),
            Self::MySql(database) => database.batch(place).await.map(Batch::MySql),
        }
    }

    /// Begins a read as of one moment.
    pub(crate) async fn read(&self) -> Result<Reading, Fault> {
        match self {
            Self::Sqlite(database) => database.read().await.map(Reading::Sqlite),
            Self::Postgres(database) => database.read().await.map(Reading::Postgres),
            Self::MySql(database) => database.read().await.map(Reading::MySql),
        }
    }

    /// See [`crate::Store::is_trusted`].
    pub(crate) fn is_trusted(&self) -> bool {
        match self {
            Self::Sqlite(database) => database.is_trusted(),
            Self::Postgres(_) | Self::MySql(_) => true,
        }
    }

    /// See [`crate::Store::tend`].
    pub(crate) async fn tend(&self, administrator: &DatabaseConnection) -> Result<(), Fault> {
        match self {
            Self::Sqlite(database) => database.checkpoint().await,
            Self::Postgres(database) => {
                let analyzed = tokio::time::timeout(TEND_MAX, database.remote.analyze_new(administrator)).await;
                let late = |_| Fault::Unreachable("statistics took too long, or nobody answers".to_owned());
                analyzed.map_err(late)?.map_err(|error| Fault::Unreachable(error.to_string()))
            }
            Self::MySql(_) => Ok(()),
        }
    }

    /// See [`crate::Store::backup`].
    pub(crate) async fn backup(&self, to: &Path) -> Result<(), Error> {
        match self {
            Self::Sqlite(database) => database.backup(to).await,
            Self::Postgres(_) => Err(own_tools("pg_dump")),
            Self::MySql(_) => Err(own_tools("mariadb-dump or mysqldump")),
        }
    }

    /// See [`crate::Store::damage`].
    pub(crate) async fn damage(&self) -> Result<Vec<String>, Error> {
        match self {
            Self::Sqlite(database) => database.damage().await,
            Self::Postgres(_) => Err(own_tools("pg_amcheck")),
            Self::MySql(_) => Err(own_tools("mariadb-check or mysqlcheck")),
        }
    }

    /// See [`crate::Store::restore`].
    pub(crate) async fn restore(&self, source: &Path) -> Result<u64, Error> {
        match self {
            Self::Sqlite(database) => database.restore(source).await,
            Self::Postgres(_) => Err(own_tools("pg_restore")),
            Self::MySql(_) => Err(own_tools("mariadb or mysql")),
        }
    }

    /// The rows behind this one, in the order of a key, as an index has them.
    pub(crate) fn behind(&self, key: &[(&'static str, sea_orm::Value)]) -> Condition {
        match self {
            // Compared as one: that is how they walk an index.
            Self::Sqlite(_) | Self::Postgres(_) => {
                let columns = key.iter().map(|(column, _)| Expr::col(*column)).collect::<Vec<_>>();
                let values = key.iter().map(|(_, value)| Expr::value(value.clone())).collect::<Vec<_>>();
                Expr::tuple(columns).gt(Expr::tuple(values)).into_condition()
            }
            Self::MySql(_) => mysql::behind(key),
        }
    }

    /// Lets a counter go on behind the highest number that was put in by hand, where the database does not by itself.
    pub(crate) fn counter_raise(&self, table: &str) -> Option<String> {
        match self {
            Self::Sqlite(_) | Self::MySql(_) => None,
            Self::Postgres(_) => Some(postgres::counter_raise(table)),
        }
    }

    /// The database's own clock in milliseconds since 1970, as a term: nodes need not agree on the time.
    pub(crate) const fn clock(&self) -> &'static str {
        match self {
            Self::Sqlite(_) => "cast(unixepoch('subsec') * 1000 as integer)",
            Self::Postgres(_) => "cast(extract(epoch from clock_timestamp()) * 1000 as bigint)",
            Self::MySql(_) => "cast(unix_timestamp(now(3)) * 1000 as signed)",
        }
    }

    /// What must be run before a check of the whole database, and a query of [`Self::with_json`], on its connection.
    pub(crate) const fn check_prepare(&self) -> &'static [&'static str] {
        match self {
            Self::Sqlite(_) => &[],
            Self::Postgres(_) => postgres::CHECK_PREPARE,
            Self::MySql(_) => mysql::CHECK_PREPARE,
        }
    }

    /// Lets the database count anew what its plans rest on, behind many rows that came at once.
    pub(crate) fn analyze(&self, tables: &[&str]) -> Option<String> {
        match self {
            // Its plans rest on the schema alone.
            Self::Sqlite(_) => None,
            Self::Postgres(_) => Some(format!("analyze {}", tables.join(", "))),
            Self::MySql(_) => Some(format!("analyze table {}", tables.join(", "))),
        }
    }

    /// Puts the JSON that stands as bytes in a column into a query: `{name}` is all of it, `{name.member}` a member as
    /// text, and both are null where it is no JSON.
    pub(crate) fn with_json(&self, sql: &str, name: &str, column: &str) -> String {
        let (json, member): (_, fn(&str, &str) -> String) = match self {
            Self::Sqlite(_) => (sqlite::json(column), sqlite::json_member),
            Self::Postgres(_) => (postgres::json(column), postgres::json_member),
            Self::MySql(_) => (mysql::json(column), mysql::json_member),
        };
        let mut out = sql.replace(&format!("{{{name}}}"), &json);
        while let Some((before, rest)) = out.split_once(&format!("{{{name}.")) {
            let (asked, behind) = rest.split_once('}').unwrap_or((rest, ""));
            out = format!("{before}{}{behind}", member(&json, asked));
        }
        out
    }

    /// Closes every connection.
    pub(crate) async fn close(&self) {
        match self {
            Self::Sqlite(database) => database.close().await,
            Self::Postgres(database) => database.close().await,
            Self::MySql(database) => database.close().await,
        }
    }
}

fn own_tools(tool: &str) -> Error {
    Error::Refused(format!("a database server has tools of its own for this: use {tool}, see docs/OPERATIONS.md"))
}
