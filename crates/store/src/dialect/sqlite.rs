//! Owns SQLite: its pragmas, its own SQL, and what its errors mean.
//!
//! Batches go through `session`, sets of rows at a time; lists and administration through sqlx.

mod backup;
mod database;
mod log;
mod session;
mod text;
mod turns;

use std::path::Path;
use std::time::Duration;

use sqlx::sqlite::SqliteConnectOptions;

use session::Mode;

pub(crate) use database::Database;
pub(crate) use turns::{Batch, Place, Reading, Turn};

/// Rows stand in the order of the primary key; no second tree, no row number.
pub(crate) const CLUSTERED_TABLE: &str = "WITHOUT ROWID";
/// Takes the write lock at once. A deferred transaction that read first would get `SQLITE_BUSY_SNAPSHOT` beside
/// another writer, which no busy timeout cures.
const BEGIN: &str = "begin immediate";

/// How long a connection waits for another that writes: a command beside a running server.
const BUSY_TIMEOUT: Duration = Duration::from_secs(5);

/// How each connection is set up.
fn pragmas(mode: Mode) -> impl Iterator<Item = (&'static str, &'static str)> {
    let own = match mode {
        Mode::Write => [("query_only", "off"), ("cache_size", "-16384")],
        Mode::Read => [("query_only", "on"), ("cache_size", "-2048")],
    };
    let shared = [
        ("journal_mode", "wal"),
        // FULL: in WAL, NORMAL loses acknowledged commits in a power cut.
        ("synchronous", "full"),
        ("foreign_keys", "off"),
        ("temp_store", "memory"),
        // A net: `checkpoint` comes first, and is not there in the commands that only administer.
        ("wal_autocheckpoint", "65536"),
        ("journal_size_limit", "134217728"),
    ];
    shared.into_iter().chain(own)
}

/// How sqlx opens a connection.
fn options(file: &Path, mode: Mode) -> SqliteConnectOptions {
    let options =
        SqliteConnectOptions::new().filename(file).create_if_missing(mode == Mode::Write).busy_timeout(BUSY_TIMEOUT);
    pragmas(mode).fold(options, |options, (pragma, value)| options.pragma(pragma, value))
}

/// The JSON in a column of bytes, or null.
pub(crate) fn json(column: &str) -> String {
    format!("(case when json_valid(cast({column} as text)) then cast({column} as text) end)")
}

/// A member of it as text.
pub(crate) fn json_member(json: &str, member: &str) -> String {
    format!("({json} ->> '$.{member}')")
}

/// Carries over what can be without waiting for anybody; gives whether it was kept from it, how long the log is, and
/// how much of it is carried over.
const CHECKPOINT: &str = "pragma wal_checkpoint(passive)";

/// A whole copy of the database as of one moment, made while others write.
const BACKUP: &str = "vacuum into ?1";
/// Opens another file beside the database, as `source`.
const ATTACH: &str = "attach database ?1 as source";
/// Closes it.
const DETACH: &str = "detach database source";
/// The migrations that the database has, and those that the file beside it has.
const MIGRATIONS_OURS: &str = "select version from main.seaql_migrations order by version";
const MIGRATIONS_OF_SOURCE: &str = "select version from source.seaql_migrations order by version";
/// Our tables, each with its columns.
const TABLES: &str = "\
    select t.name, group_concat('\"' || c.name || '\"') from sqlite_schema t, pragma_table_info(t.name) c \
    where t.type = 'table' and t.name not like 'sqlite%' and t.name <> 'seaql_migrations' group by t.name";
/// A number that either file has given away is not given away again.
const COUNTERS_RAISE: &[&str] = &[
    "update main.sqlite_sequence set seq = max(seq, coalesce(\
        (select s.seq from source.sqlite_sequence s where s.name = sqlite_sequence.name), 0))",
    "insert into main.sqlite_sequence (name, seq) select s.name, s.seq from source.sqlite_sequence s \
        where not exists (select 1 from main.sqlite_sequence m where m.name = s.name)",
];
/// Says `ok`, or what is damaged.
const INTEGRITY: &str = "pragma quick_check";
