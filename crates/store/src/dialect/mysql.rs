//! Owns MySQL and MariaDB: how a connection is set up, their own SQL, and what their errors mean.

mod server;
mod session;
mod text;

use std::sync::atomic::{AtomicI64, Ordering};

use engine::Fault;
use sea_orm::sea_query::{Condition, Expr, ExprTrait as _};
use sqlx::mysql::{MySqlConnectOptions, MySqlPoolOptions};
use sqlx::{AssertSqlSafe, ConnectOptions as _, MySqlConnection, MySqlPool, Row as _};

use super::remote::{ACQUIRED_WITHIN, ANSWER_MAX, LISTERS, LOCKERS, Mode, Remote, SOUND_WITHIN, TURN_WAIT, no_turn};
use crate::found::{Found, Intent};
use crate::set::{Find, Rows, Value};
use crate::soon::{soon, within};
use crate::{Doing, Error};

/// How many statements a connection keeps prepared; a server keeps some 16,000 for all connections together.
const STATEMENTS: usize = 256;

/// What every connection is told, beside what sqlx tells it: a value that does not fit is an error and never cut.
const STRICT: &str = "set session sql_mode = concat(@@sql_mode, ',STRICT_ALL_TABLES')";
/// Behind a lock that it waited for, a batch is to see what was committed meanwhile. No rule rests on more than that.
const ISOLATION: [(Mode, &str); 2] = [
    (Mode::Write, "set session transaction isolation level read committed"),
    (Mode::Read, "set session transaction isolation level repeatable read"),
];
/// For nodes that stop in mid-transaction, and for servers that hang. MySQL knows no limit for a transaction that
/// idles, so there it is one for the connection.
/// And a long list of keys is to stay a list, which an index answers in its order, and not become a table that is joined.
const LIMITS_OF_MARIADB: &str = "set session innodb_lock_wait_timeout = 3, max_statement_time = 5, \
    idle_transaction_timeout = 3, in_predicate_conversion_threshold = 0";
const LIMITS_OF_MYSQL: &str = "set session innodb_lock_wait_timeout = 3, max_execution_time = 5000, wait_timeout = 10";

/// A server with its database.
#[derive(Clone, Debug)]
pub(crate) struct MySql {
    options: MySqlConnectOptions,
}

/// A connection that no other node has at the same time.
const ALONE: &str = "select get_lock(concat('mideng.', database()), ?)";

impl MySql {
    pub(crate) fn new(options: &MySqlConnectOptions) -> Self {
        Self { options: options.clone().statement_cache_capacity(STATEMENTS) }
    }

    /// For lists.
    pub(crate) fn lister(&self) -> MySqlPool {
        let limited = pool(LISTERS).acquire_timeout(ACQUIRED_WITHIN).after_connect(|connection, _| {
            Box::pin(async move {
                sqlx::raw_sql(STRICT).execute(&mut *connection).await?;
                let limits = limits(connection).await?;
                sqlx::raw_sql(limits).execute(connection).await.map(|_| ())
            })
        });
        limited.connect_lazy_with(self.options.clone())
    }

    /// For administration, which may take its time.
    pub(crate) fn administrator(&self) -> MySqlPool {
        pool(1).connect_lazy_with(self.quiet())
    }

    /// For leases.
    pub(crate) fn lockers(&self) -> MySqlPool {
        pool(LOCKERS).acquire_timeout(ACQUIRED_WITHIN).connect_lazy_with(self.quiet())
    }

    /// Where sqlx tells nobody of the statements: batches do so themselves, and some may take long.
    fn quiet(&self) -> MySqlConnectOptions {
        self.options.clone().disable_statement_logging()
    }

    /// See [`ALONE`].
    pub(crate) async fn alone(&self) -> Result<MySqlConnection, Error> {
        const DOING: &str = "waiting for other nodes that start";
        let mut connection = soon("connecting to the database", self.quiet().connect()).await?;
        let asked = sqlx::query(ALONE).bind(TURN_WAIT.as_secs()).fetch_one(&mut connection);
        let row = within(TURN_WAIT + ANSWER_MAX, DOING, asked).await?;
        match row.try_get::<Option<i64>, _>(0).doing(DOING)? {
            Some(1) => Ok(connection),
            _ => Err(no_turn()),
        }
    }
}

/// The limits as this server spells them.
async fn limits(connection: &mut MySqlConnection) -> Result<&'static str, sqlx::Error> {
    let version: String = sqlx::query_scalar("select version()").fetch_one(connection).await?;
    Ok(if version.contains("MariaDB") { LIMITS_OF_MARIADB } else { LIMITS_OF_MYSQL })
}

/// A pool whose connections never come back inside a transaction; see `remote`.
fn pool(most: u32) -> MySqlPoolOptions {
    MySqlPoolOptions::new()
        .max_connections(most)
        .after_connect(|connection, _| {
            Box::pin(async move { sqlx::raw_sql(STRICT).execute(connection).await.map(|_| ()) })
        })
        .after_release(|connection, _| {
            Box::pin(async move {
                let unanswered =
                    |_| sqlx::Error::Protocol("a connection that was given back does not answer".to_owned());
                tokio::time::timeout(SOUND_WITHIN, is_sound(connection)).await.map_err(unanswered)?
            })
        })
}

/// Ends what was begun, and asks something that nobody asked before. Where somebody went away in the middle of a
/// statement, sqlx may take what was left of its answer for that of the next one, or wait for what never comes; such a
/// connection is closed.
async fn is_sound(connection: &mut MySqlConnection) -> Result<bool, sqlx::Error> {
    static ASKED: AtomicI64 = AtomicI64::new(1 << 40);
    let asked = ASKED.fetch_add(1, Ordering::Relaxed);
    let sql = AssertSqlSafe(format!("rollback; select {asked}"));
    let rows = sqlx::raw_sql(sql).fetch_all(connection).await?;
    rows.last().map_or(Ok(false), |row| Ok(row.try_get::<i64, _>(0)? == asked))
}

impl Remote for MySql {
    type Connection = MySqlConnection;

    /// Each run of a statement is planned.
    const REPLAN: Option<&'static str> = None;

    async fn connect(&self, mode: Mode) -> Result<MySqlConnection, sqlx::Error> {
        let mut connection = self.quiet().connect().await?;
        let limits = limits(&mut connection).await?;
        let isolation = ISOLATION.iter().filter(|(of, _)| *of == mode).map(|(_, sql)| *sql);
        for sql in [STRICT, limits].into_iter().chain(isolation) {
            sqlx::raw_sql(sql).execute(&mut connection).await?;
        }
        Ok(connection)
    }

    async fn run(connection: &mut MySqlConnection, sql: &'static str) -> Result<(), sqlx::Error> {
        sqlx::raw_sql(sql).execute(connection).await.map(|_| ())
    }

    async fn find(
        connection: &mut MySqlConnection,
        find: &'static Find,
        keys: Vec<Value>,
        intent: Intent,
    ) -> Result<Found, sqlx::Error> {
        session::find(connection, find, keys, intent).await
    }

    /// A statement changes one table.
    fn together(sets: Vec<Rows>) -> Vec<Vec<Rows>> {
        sets.into_iter().map(|rows| vec![rows]).collect()
    }

    async fn write(connection: &mut MySqlConnection, group: Vec<Rows>) -> Result<Vec<u64>, sqlx::Error> {
        let mut touched = Vec::with_capacity(group.len());
        for rows in group {
            touched.push(session::write(connection, rows).await?);
        }
        Ok(touched)
    }

    fn begin(mode: Mode) -> &'static str {
        match mode {
            Mode::Write => "start transaction",
            Mode::Read => "start transaction with consistent snapshot, read only",
        }
    }

    fn fault(error: &sqlx::Error) -> Fault {
        session::fault(error)
    }

    fn is_refusal(error: &sqlx::Error) -> bool {
        session::is_refusal(error)
    }
}

/// Whole tables are joined: by hashes, which MariaDB must be told to, in a comment that MySQL skips.
pub(crate) const CHECK_PREPARE: &[&str] = &[
    "set session join_buffer_size = 33554432 /*M! , session join_cache_level = 8, session join_buffer_space_limit = 134217728 */",
];

/// The JSON in a column of bytes, or null.
pub(crate) fn json(column: &str) -> String {
    let text = format!("convert({column} using utf8mb4)");
    format!("(case when json_valid({text}) then {text} end)")
}

/// A member of it as text.
pub(crate) fn json_member(json: &str, member: &str) -> String {
    format!("nullif(json_unquote(json_extract({json}, '$.{member}')), 'null')")
}

/// The rows behind this one, in the order of a key: `a > 1 or (a = 1 and b > 2)`, of which the server makes ranges of an
/// index. It does not of a comparison of rows.
pub(crate) fn behind(key: &[(&'static str, sea_orm::Value)]) -> Condition {
    (0..key.len()).fold(Condition::any(), |any, last| {
        let equal = key[..last].iter().map(|(column, value)| Expr::col(*column).eq(value.clone()));
        let (column, value) = &key[last];
        any.add(equal.fold(Condition::all(), Condition::add).add(Expr::col(*column).gt(value.clone())))
    })
}
