//! Owns PostgreSQL: how a connection is set up, its own SQL, and what its errors mean.

mod session;
mod text;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use engine::Fault;
use sea_orm::{ConnectionTrait as _, DatabaseConnection, DbBackend, DbErr, Statement};
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use sqlx::{ConnectOptions as _, Connection as _, PgConnection, PgPool, Row as _};

use super::remote::{ACQUIRED_WITHIN, ANSWER_MAX, LISTERS, LOCKERS, Mode, Remote, SOUND_WITHIN, TURN_WAIT, no_turn};
use crate::found::{Found, Intent};
use crate::set::{Find, Rows, Value};
use crate::soon::{soon, within};
use crate::{Doing, Error};

/// Text is compared byte by byte, whatever the database's language is.
pub(crate) const BINARY_COLLATION: &str = "collate \"C\"";
/// The oldest version that is tried.
const VERSION_LEAST: i32 = 150_000;

/// The tables with several indexes that begin with the tenant, as long as they have no statistics; and whether they have
/// enough rows for it to matter.
const UNANALYZED: &str = "\
    select relname::text, n_live_tup > 100 from pg_stat_user_tables where schemaname = current_schema() \
        and relname in ('orders', 'products', 'shipments') and coalesce(last_analyze, last_autoanalyze) is null \
        and not (relname = 'shipments' and n_live_tup = 0)";

/// What nodes that start wait for: any number that nobody else takes.
const ALONE: &str = "select pg_advisory_lock(7450617270)";

/// How connections for batches and objects are set up. A batch knows which rows it wants, by their keys, so that an
/// index is always the way; statistics that are old may say otherwise, in the minute in which a table grows from
/// nothing. The limits are for nodes that stop in mid-transaction and for servers that hang.
const SETTINGS: &[(&str, &str)] = &[
    ("jit", "off"),
    ("enable_seqscan", "off"),
    ("enable_bitmapscan", "off"),
    ("enable_hashjoin", "off"),
    ("enable_mergejoin", "off"),
    ("plan_cache_mode", "force_generic_plan"),
    ("statement_timeout", "5s"),
    ("lock_timeout", "3s"),
    ("idle_in_transaction_session_timeout", "3s"),
];
/// How the others are.
const SETTINGS_OF_LISTS: &[(&str, &str)] = &[
    ("jit", "off"),
    ("statement_timeout", "5s"),
    ("lock_timeout", "3s"),
    ("idle_in_transaction_session_timeout", "60s"),
];

/// A server with its database.
#[derive(Clone, Debug)]
pub(crate) struct Postgres {
    options: PgConnectOptions,
    /// True once every table that plans hang on has statistics.
    is_analyzed: Arc<AtomicBool>,
}

impl Postgres {
    pub(crate) fn new(options: &PgConnectOptions) -> Self {
        let options = options.clone().application_name("mideng").disable_statement_logging();
        Self { options, is_analyzed: Arc::default() }
    }

    /// Gathers statistics of tables that have rows and none. The server does so by itself, but only each minute; until
    /// then it takes any index that begins with the tenant for as good as the right one, and reads every order of a shop
    /// that opened a moment ago.
    pub(crate) async fn analyze_new(&self, administrator: &DatabaseConnection) -> Result<(), DbErr> {
        if self.is_analyzed.load(Ordering::Relaxed) {
            return Ok(());
        }
        let rows = administrator.query_all_raw(Statement::from_string(DbBackend::Postgres, UNANALYZED)).await?;
        for row in &rows {
            let (table, is_filled): (String, bool) = (row.try_get_by_index(0)?, row.try_get_by_index(1)?);
            if is_filled {
                administrator.execute_unprepared(&format!("analyze {table}")).await?;
            }
        }
        self.is_analyzed.store(rows.is_empty(), Ordering::Relaxed);
        Ok(())
    }

    /// For lists.
    pub(crate) fn lister(&self) -> PgPool {
        let options = self.options.clone().options(SETTINGS_OF_LISTS.iter().copied());
        pool(LISTERS).acquire_timeout(ACQUIRED_WITHIN).connect_lazy_with(options)
    }

    /// For administration, which may take its time.
    pub(crate) fn administrator(&self) -> PgPool {
        pool(1).connect_lazy_with(self.options.clone())
    }

    /// For leases.
    pub(crate) fn lockers(&self) -> PgPool {
        pool(LOCKERS).acquire_timeout(ACQUIRED_WITHIN).connect_lazy_with(self.options.clone())
    }

    /// A connection that no other node has at the same time.
    pub(crate) async fn alone(&self) -> Result<PgConnection, Error> {
        const DOING: &str = "waiting for other nodes that start";
        let limited = self.options.clone().options([("lock_timeout", TURN_WAIT.as_millis().to_string())]);
        let mut connection = soon("connecting to the database", limited.connect()).await?;
        let asked = async {
            match sqlx::query(ALONE).execute(&mut connection).await {
                Err(error) if session::is_late(&error) => Ok(false),
                other => other.map(|_| true),
            }
        };
        if within(TURN_WAIT + ANSWER_MAX, DOING, asked).await? { Ok(connection) } else { Err(no_turn()) }
    }

    /// What of the server's settings puts acknowledged writes in danger. Refused where Mideng cannot work at all.
    pub(crate) async fn warnings(&self) -> Result<Vec<String>, Error> {
        const DOING: &str = "looking at the server's settings";
        let mut connection = self.options.connect().await.doing("connecting to the database")?;
        let version: i32 = setting(&mut connection, "server_version_num").await.doing(DOING)?.parse().unwrap_or(0);
        if version < VERSION_LEAST {
            return Err(Error::Refused(format!(
                "the server is PostgreSQL {}; Mideng needs {} or newer",
                version / 10_000,
                VERSION_LEAST / 10_000
            )));
        }
        let encoding = setting(&mut connection, "server_encoding").await.doing(DOING)?;
        if encoding != "UTF8" {
            return Err(Error::Refused(format!(
                "the database's encoding is {encoding}; make one with `create database … encoding 'UTF8'`"
            )));
        }
        let mut warnings = Vec::new();
        for (name, danger) in [
            ("fsync", "a crash of the machine loses or damages acknowledged orders"),
            ("full_page_writes", "a crash of the machine can leave half-written pages"),
            ("synchronous_commit", "a crash loses acknowledged orders; Mideng turns it on for its own commits"),
        ] {
            if setting(&mut connection, name).await.doing(DOING)? == "off" {
                warnings.push(format!("the server's {name} is off: {danger}"));
            }
        }
        let _closed = connection.close().await;
        Ok(warnings)
    }
}

async fn setting(connection: &mut PgConnection, name: &str) -> Result<String, sqlx::Error> {
    let row = sqlx::query("select current_setting($1)").bind(name).fetch_one(connection).await?;
    row.try_get(0)
}

/// A pool whose connections never come back inside a transaction; see `remote`.
fn pool(most: u32) -> PgPoolOptions {
    PgPoolOptions::new().max_connections(most).after_release(|connection, _| {
        Box::pin(async move {
            // Fails in a transaction of somebody who went away, and such a connection is closed; so is one that does not
            // answer.
            let sound = sqlx::raw_sql("do $$ begin rollback; end $$").execute(connection);
            let unanswered = |_| sqlx::Error::Protocol("a connection that was given back does not answer".to_owned());
            tokio::time::timeout(SOUND_WITHIN, sound).await.map_err(unanswered)??;
            Ok(true)
        })
    })
}

impl Remote for Postgres {
    type Connection = PgConnection;

    /// A plan that was made while a table was empty takes one index for as good as another, and is kept until the
    /// database gathers statistics, which may be a minute and thousands of orders later.
    const REPLAN: Option<&'static str> = Some("discard plans");

    async fn connect(&self, mode: Mode) -> Result<PgConnection, sqlx::Error> {
        let mut connection = self.options.clone().options(SETTINGS.iter().copied()).connect().await?;
        if mode == Mode::Write {
            // Stronger settings stay as they are.
            let stronger = "select set_config('synchronous_commit', 'on', false) \
                where current_setting('synchronous_commit') = 'off'";
            sqlx::raw_sql(stronger).execute(&mut connection).await?;
        }
        Ok(connection)
    }

    async fn run(connection: &mut PgConnection, sql: &'static str) -> Result<(), sqlx::Error> {
        sqlx::raw_sql(sql).execute(connection).await.map(|_| ())
    }

    async fn find(
        connection: &mut PgConnection,
        find: &'static Find,
        keys: Vec<Value>,
        intent: Intent,
    ) -> Result<Found, sqlx::Error> {
        session::find(connection, find, keys, intent).await
    }

    fn together(sets: Vec<Rows>) -> Vec<Vec<Rows>> {
        session::together(sets)
    }

    async fn write(connection: &mut PgConnection, group: Vec<Rows>) -> Result<Vec<u64>, sqlx::Error> {
        session::write(connection, group).await
    }

    /// READ COMMITTED: behind a lock that it waited for, a batch is to see what was committed meanwhile. No rule rests
    /// on more than that.
    fn begin(mode: Mode) -> &'static str {
        match mode {
            Mode::Write => "begin isolation level read committed read write",
            Mode::Read => "begin isolation level repeatable read read only",
        }
    }

    fn fault(error: &sqlx::Error) -> Fault {
        session::fault(error)
    }

    fn is_refusal(error: &sqlx::Error) -> bool {
        session::is_refusal(error)
    }
}

/// Lets `with_json` read what may be no JSON: a function of this session's own, since before version 16 nothing asks
/// whether a text is JSON without failing where it is not; immutable, or no index would be used for what comes out of
/// it. And whole tables are joined: room for their hashes.
pub(crate) const CHECK_PREPARE: &[&str] = &[
    // All is looked at as of one moment: beside it, a server goes on writing.
    "set transaction isolation level repeatable read",
    "create or replace function pg_temp.mideng_json(body bytea) returns jsonb immutable language plpgsql as $$ \
        begin return convert_from(body, 'UTF8')::jsonb; exception when others then return null; end $$",
    "set local work_mem = '64MB'",
];

/// The JSON in a column of bytes, or null.
pub(crate) fn json(column: &str) -> String {
    format!("pg_temp.mideng_json({column})")
}

/// A member of it as text.
pub(crate) fn json_member(json: &str, member: &str) -> String {
    format!("({json} ->> '{member}')")
}

/// Lets a table's counter go on behind its highest number.
pub(crate) fn counter_raise(table: &str) -> String {
    format!("select setval(pg_get_serial_sequence('{table}', 'id'), max(id)) from {table} having max(id) is not null")
}
