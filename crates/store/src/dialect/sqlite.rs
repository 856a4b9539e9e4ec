//! Owns SQLite: its pragmas, its set-based SQL over one JSON text per statement, and its error codes.
//!
//! Each statement takes its rows as one JSON array (?1), so that the number of statements, and their text, does not
//! depend on the number of commands in a batch. Hashes and bodies, which JSON would have to escape, stand one behind
//! the other in a second parameter (?2). `cross join` makes SQLite walk the array and look up the table, never the
//! other way round.

use std::path::Path;
use std::time::Duration;

use engine::Fault;
use sqlx::Sqlite;
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqliteSynchronous};

/// The database that sqlx talks to.
pub(crate) type Db = Sqlite;
/// One connection to it.
pub(crate) type Connection = sqlx::SqliteConnection;
/// Some connections to it.
pub(crate) type Pool = sqlx::SqlitePool;

/// SQLite compares text byte by byte already.
pub(crate) const BINARY_COLLATION: Option<&str> = None;
/// Rows stand in the order of the primary key; no second tree, no row number.
pub(crate) const CLUSTERED_TABLE: Option<&str> = Some("WITHOUT ROWID");
/// The sweeper's index, with only the orders that can expire, and the purge's, with only the answers that are there.
pub(crate) const PARTIAL_INDEXES: &[&str] = &[
    "create index orders_pending_expires_at on orders (expires_at) where status = 'pending_payment'",
    "create index key_records_completed_at on key_records (completed_at) where completed_at is not null",
];

/// Takes the write lock at once. A deferred transaction that read first would get `SQLITE_BUSY_SNAPSHOT` beside
/// another writer, which no busy timeout cures.
pub(crate) const BEGIN: &str = "begin immediate";

/// How a connection that writes is opened. FULL: in WAL, NORMAL loses acknowledged commits in a power cut.
pub(crate) fn writer_options(file: &Path) -> SqliteConnectOptions {
    SqliteConnectOptions::new()
        .filename(file)
        .create_if_missing(true)
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(SqliteSynchronous::Full)
        .busy_timeout(Duration::from_secs(5))
        .foreign_keys(false)
        .pragma("cache_size", "-16384")
        .pragma("temp_store", "memory")
        // A net: `checkpoint` comes first, and is not there in the commands that only administer.
        .pragma("wal_autocheckpoint", "32768")
        .pragma("journal_size_limit", "67108864")
        .statement_cache_capacity(128)
}

/// How a connection that only reads is opened.
pub(crate) fn reader_options(file: &Path) -> SqliteConnectOptions {
    writer_options(file).create_if_missing(false).pragma("query_only", "on").pragma("cache_size", "-2048")
}

pub(crate) const RECORDS_LOAD: &str = "\
    select k.tenant_id, k.principal_id, k.idempotency_key, k.command_id, k.fingerprint_version, k.fingerprint, \
        k.order_no, k.status, k.headers, k.body \
    from jsonb_each(?1) j cross join key_records k \
    where k.tenant_id = j.value and k.key_hash = substr(?2, j.key * 16 + 1, 16)";

/// All in one row: each row that crosses from SQLite's thread to ours costs as much as looking one up.
pub(crate) const PRODUCTS_LOAD: &str = "\
    select json_group_array(json_array(p.tenant_id, p.sku, p.name, p.price_minor, p.currency, p.version, \
        p.created_at, p.updated_at, s.on_hand, s.reserved)) \
    from jsonb_each(?1) j cross join products p cross join stock_items s \
    where p.tenant_id = j.value->>0 and p.sku = j.value->>1 and s.tenant_id = p.tenant_id and s.sku = p.sku";

pub(crate) const STOCK_LOAD: &str = "\
    select s.tenant_id, s.sku, s.on_hand, s.reserved \
    from jsonb_each(?1) j cross join stock_items s \
    where s.tenant_id = j.value->>0 and s.sku = j.value->>1";

pub(crate) const ORDERS_LOAD: &str = "\
    select o.tenant_id, o.order_no, o.principal_id, o.idempotency_key, o.fingerprint_version, o.fingerprint, \
        o.status, o.close_reason, o.version, o.customer_id, o.total_minor, o.currency, o.captured_minor, o.note, \
        o.created_at, o.updated_at, o.expires_at \
    from jsonb_each(?1) j cross join orders o \
    where o.tenant_id = j.value->>0 and o.order_no = j.value->>1";

pub(crate) const LINES_LOAD: &str = "\
    select l.tenant_id, l.order_no, l.line, l.sku, l.name, l.quantity, l.unit_price_minor, l.total_minor, l.shipped \
    from jsonb_each(?1) j cross join order_lines l \
    where l.tenant_id = j.value->>0 and l.order_no = j.value->>1 order by l.tenant_id, l.order_no, l.line";

pub(crate) const RESERVATIONS_LOAD: &str = "\
    select r.tenant_id, r.order_no, r.sku, r.quantity, r.holding \
    from jsonb_each(?1) j cross join stock_reservations r \
    where r.tenant_id = j.value->>0 and r.order_no = j.value->>1 order by r.tenant_id, r.order_no, r.sku";

pub(crate) const SHIPMENTS_LOAD: &str = "\
    select s.tenant_id, s.order_no, s.number, s.shipment_id, s.carrier, s.tracking_no, s.shipped_at, s.updated_at \
    from jsonb_each(?1) j cross join shipments s \
    where s.tenant_id = j.value->>0 and s.order_no = j.value->>1 order by s.tenant_id, s.order_no, s.number";

pub(crate) const SHIPMENT_LINES_LOAD: &str = "\
    select l.tenant_id, l.order_no, l.number, l.line, l.quantity \
    from jsonb_each(?1) j cross join shipment_lines l \
    where l.tenant_id = j.value->>0 and l.order_no = j.value->>1 \
    order by l.tenant_id, l.order_no, l.number, l.line";

pub(crate) const NUMBERS_LOAD: &str = "\
    select n.tenant_id, n.order_no, n.principal_id, n.expires_at \
    from jsonb_each(?1) j cross join order_numbers n \
    where n.tenant_id = j.value->>0 and n.order_no = j.value->>1";

pub(crate) const RECORDS_DELETE: &str = "\
    delete from key_records where (tenant_id, key_hash) in \
        (select value, substr(?2, key * 16 + 1, 16) from jsonb_each(?1))";

/// ?2 holds each row's hash, command, fingerprint, headers and body; the row says where they begin, and how long the
/// last two are.
pub(crate) const RECORDS_INSERT: &str = "\
    insert into key_records (tenant_id, key_hash, principal_id, idempotency_key, command_id, fingerprint_version, \
        fingerprint, order_no, status, headers, body, completed_at) \
    select value->>0, substr(?2, value->>7, 16), value->>1, value->>2, substr(?2, value->>7 + 16, 16), value->>3, \
        substr(?2, value->>7 + 32, 32), value->>4, value->>5, cast(substr(?2, value->>7 + 64, value->>8) as text), \
        substr(?2, value->>7 + 64 + value->>8, value->>9), value->>6 \
    from jsonb_each(?1)";

pub(crate) const PRODUCTS_UPSERT: &str = "\
    insert into products (tenant_id, sku, name, price_minor, currency, version, created_at, updated_at) \
    select value->>0, value->>1, value->>2, value->>3, value->>4, value->>5, value->>6, value->>7 \
    from jsonb_each(?1) where true \
    on conflict (tenant_id, sku) do update set name = excluded.name, price_minor = excluded.price_minor, \
        currency = excluded.currency, version = excluded.version, updated_at = excluded.updated_at \
    where products.version < excluded.version";

pub(crate) const STOCK_INSERT: &str = "\
    insert into stock_items (tenant_id, sku, on_hand, reserved) \
    select value->>0, value->>1, value->>2, value->>3 from jsonb_each(?1)";

pub(crate) const STOCK_UPDATE: &str = "\
    update stock_items set on_hand = j.value->>2, reserved = j.value->>3 \
    from jsonb_each(?1) j \
    where stock_items.tenant_id = j.value->>0 and stock_items.sku = j.value->>1 \
        and stock_items.on_hand = j.value->>4 and stock_items.reserved = j.value->>5";

pub(crate) const MOVEMENTS_INSERT: &str = "\
    insert into stock_movements (tenant_id, sku, source_kind, source_id, quantity, reason, moved_at) \
    select value->>0, value->>1, value->>2, value->>3, value->>4, value->>5, value->>6 from jsonb_each(?1)";

pub(crate) const NUMBERS_INSERT: &str = "\
    insert into order_numbers (tenant_id, order_no, principal_id, expires_at) \
    select value->>0, value->>1, value->>2, value->>3 from jsonb_each(?1)";

pub(crate) const NUMBERS_DELETE: &str = "\
    delete from order_numbers where (tenant_id, order_no) in (select value->>0, value->>1 from jsonb_each(?1))";

pub(crate) const ORDERS_INSERT: &str = "\
    insert into orders (tenant_id, order_no, principal_id, idempotency_key, fingerprint_version, fingerprint, status, \
        close_reason, version, customer_id, total_minor, currency, captured_minor, note, created_at, updated_at, \
        expires_at) \
    select value->>0, value->>1, value->>2, value->>3, value->>4, substr(?2, key * 32 + 1, 32), value->>5, value->>6, \
        value->>7, value->>8, value->>9, value->>10, value->>11, value->>12, value->>13, value->>14, value->>15 \
    from jsonb_each(?1)";

pub(crate) const LINES_INSERT: &str = "\
    insert into order_lines (tenant_id, order_no, line, sku, name, quantity, unit_price_minor, total_minor, shipped) \
    select value->>0, value->>1, value->>2, value->>3, value->>4, value->>5, value->>6, value->>7, value->>8 \
    from jsonb_each(?1)";

pub(crate) const RESERVATIONS_INSERT: &str = "\
    insert into stock_reservations (tenant_id, order_no, sku, quantity, holding) \
    select value->>0, value->>1, value->>2, value->>3, value->>4 from jsonb_each(?1)";

pub(crate) const ORDERS_UPDATE: &str = "\
    update orders set status = j.value->>2, close_reason = j.value->>3, version = j.value->>4, \
        captured_minor = j.value->>5, updated_at = j.value->>6 \
    from jsonb_each(?1) j \
    where orders.tenant_id = j.value->>0 and orders.order_no = j.value->>1 and orders.version = j.value->>7";

pub(crate) const LINES_UPDATE: &str = "\
    update order_lines set shipped = j.value->>3 \
    from jsonb_each(?1) j \
    where order_lines.tenant_id = j.value->>0 and order_lines.order_no = j.value->>1 \
        and order_lines.line = j.value->>2 and order_lines.shipped = j.value->>4";

pub(crate) const RESERVATIONS_UPDATE: &str = "\
    update stock_reservations set holding = j.value->>3 \
    from jsonb_each(?1) j \
    where stock_reservations.tenant_id = j.value->>0 and stock_reservations.order_no = j.value->>1 \
        and stock_reservations.sku = j.value->>2 and stock_reservations.holding = 'held'";

pub(crate) const SHIPMENTS_UPSERT: &str = "\
    insert into shipments (tenant_id, order_no, number, shipment_id, carrier, tracking_no, shipped_at, updated_at) \
    select value->>0, value->>1, value->>2, value->>3, value->>4, value->>5, value->>6, value->>7 \
    from jsonb_each(?1) where true \
    on conflict (tenant_id, order_no, number) do update set carrier = excluded.carrier, \
        tracking_no = excluded.tracking_no, updated_at = excluded.updated_at";

pub(crate) const SHIPMENT_LINES_INSERT: &str = "\
    insert into shipment_lines (tenant_id, order_no, number, line, quantity) \
    select value->>0, value->>1, value->>2, value->>3, value->>4 from jsonb_each(?1)";

pub(crate) const EVENTS_INSERT: &str = "\
    insert into order_events (tenant_id, order_no, version, event, from_status, to_status, happened_at, principal_id, \
        idempotency_key) \
    select value->>0, value->>1, value->>2, value->>3, value->>4, value->>5, value->>6, value->>7, value->>8 \
    from jsonb_each(?1)";

pub(crate) const CONFLICTS_UPSERT: &str = "\
    insert into key_conflicts (tenant_id, principal_id, idempotency_key, kind, times, first_at, last_at) \
    select value->>0, value->>1, value->>2, value->>3, value->>4, value->>5, value->>6 from jsonb_each(?1) where true \
    on conflict (tenant_id, principal_id, idempotency_key, kind) do update set times = times + excluded.times, \
        first_at = min(first_at, excluded.first_at), last_at = max(last_at, excluded.last_at)";

pub(crate) const CONFLICTS_LATEST: &str = "\
    select p.kind || ':' || p.name as account, c.idempotency_key as key, c.kind, c.times, c.first_at, c.last_at \
    from key_conflicts c cross join principals p \
    where c.tenant_id = ?1 and p.id = c.principal_id order by c.last_at desc limit ?2";

pub(crate) const CONFLICTS_OF_KEY: &str = "\
    select p.kind || ':' || p.name as account, c.idempotency_key as key, c.kind, c.times, c.first_at, c.last_at \
    from principals p cross join key_conflicts c \
    where p.tenant_id = ?1 and c.tenant_id = ?1 and c.principal_id = p.id and c.idempotency_key in (?3, ' ' || ?3) \
    order by c.last_at desc limit ?2";

pub(crate) const CONFLICTS_PURGE: &str = "\
    delete from key_conflicts where (tenant_id, principal_id, idempotency_key, kind) in \
        (select tenant_id, principal_id, idempotency_key, kind from key_conflicts \
         where last_at < ?1 order by last_at limit ?2)";

/// Takes the oldest records away, except those of keys that placed an order …
pub(crate) const RECORDS_PURGE: &str = "\
    delete from key_records where order_no is null and id in \
        (select id from key_records where completed_at < ?1 order by completed_at limit ?2)";

/// … which lose only their answers.
pub(crate) const ANSWERS_PURGE: &str = "\
    update key_records set status = null, headers = null, body = null, completed_at = null \
    where order_no is not null and id in \
        (select id from key_records where completed_at < ?1 order by completed_at limit ?2)";

pub(crate) const NUMBERS_PURGE: &str = "\
    delete from order_numbers where (tenant_id, order_no) in \
        (select tenant_id, order_no from order_numbers where expires_at < ?1 order by expires_at limit ?2)";

pub(crate) const ORDERS_DUE_TO_EXPIRE: &str = "\
    select tenant_id, order_no from orders \
    where status = 'pending_payment' and expires_at <= ?1 order by expires_at limit ?2";

pub(crate) const ORDERS_DUE_TO_COMPLETE: &str = "\
    select o.tenant_id, o.order_no from tenants t cross join orders o \
    where o.tenant_id = t.id and o.status = 'shipped' and o.created_at <= ?1 and o.updated_at <= ?1 \
    order by t.id, o.created_at, o.id limit ?2";

/// Carries over what can be without waiting for anybody; gives whether it was kept from it, how long the log is, and
/// how much of it is carried over.
pub(crate) const CHECKPOINT: &str = "pragma wal_checkpoint(passive)";

/// A whole copy of the database as of one moment, made while others write.
pub(crate) const BACKUP: &str = "vacuum into ?1";
/// Opens another file beside the database, as `source`.
pub(crate) const ATTACH: &str = "attach database ?1 as source";
/// Closes it.
pub(crate) const DETACH: &str = "detach database source";
/// The migrations that the database has, and those that the file beside it has.
pub(crate) const MIGRATIONS_OURS: &str = "select version from main.seaql_migrations order by version";
pub(crate) const MIGRATIONS_OF_SOURCE: &str = "select version from source.seaql_migrations order by version";
/// Our tables, each with its columns.
pub(crate) const TABLES: &str = "\
    select t.name, group_concat('\"' || c.name || '\"') from sqlite_schema t, pragma_table_info(t.name) c \
    where t.type = 'table' and t.name not like 'sqlite%' and t.name <> 'seaql_migrations' group by t.name";
/// A number that either file has given away is not given away again.
pub(crate) const COUNTERS_RAISE: &[&str] = &[
    "update main.sqlite_sequence set seq = max(seq, coalesce(\
        (select s.seq from source.sqlite_sequence s where s.name = sqlite_sequence.name), 0))",
    "insert into main.sqlite_sequence (name, seq) select s.name, s.seq from source.sqlite_sequence s \
        where not exists (select 1 from main.sqlite_sequence m where m.name = s.name)",
];
/// Says `ok`, or what is damaged.
pub(crate) const INTEGRITY: &str = "pragma quick_check";

/// What an error of a statement before COMMIT means: nothing was applied.
pub(crate) fn statement_fault(error: &sqlx::Error) -> Fault {
    let text = error.to_string();
    match code(error) {
        // A unique key: somebody else won. Load again.
        Some(1_555 | 2_067) => Fault::Retry(text),
        Some(code) => match code & 0xff {
            5 | 6 => Fault::Retry(text),
            8 | 10 | 11 | 13 | 14 | 26 => Fault::Fatal(text),
            _ => Fault::Rejected(text),
        },
        None => match error {
            sqlx::Error::PoolTimedOut | sqlx::Error::Io(_) => Fault::Retry(text),
            sqlx::Error::WorkerCrashed | sqlx::Error::PoolClosed => Fault::Fatal(text),
            _ => Fault::Rejected(text),
        },
    }
}

/// What an error of COMMIT means. After a failed fsync nobody may go on as if the data were down.
pub(crate) fn commit_fault(error: &sqlx::Error) -> Fault {
    match statement_fault(error) {
        Fault::Rejected(text) => Fault::Unknown(text),
        fault => fault,
    }
}

/// SQLite's extended result code.
fn code(error: &sqlx::Error) -> Option<u32> {
    error.as_database_error()?.code()?.parse().ok()
}
