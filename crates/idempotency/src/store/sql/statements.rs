//! Owns the text of every statement. A record's state, guarantee and times are numbers as in [`super::super::stored`].

use std::sync::Arc;

use super::dialect::Backend;
use crate::store::limits::ABANDONED_AFTER;

/// What is left of a record that was freed stays so long. Behind that, the clock alone makes the next fence greater; it
/// need only have gone on by one step of the coarsest, a millisecond.
const FREED_FOR_US: u32 = 1_000_000;

/// The statements for one table.
#[derive(Debug)]
pub(super) struct Statements {
    pub(super) table: String,
    pub(super) read: Arc<str>,
    pub(super) insert: Arc<str>,
    pub(super) take_over: Arc<str>,
    pub(super) renew: Arc<str>,
    pub(super) complete: Arc<str>,
    pub(super) release: Arc<str>,
    pub(super) doubt: Arc<str>,
    pub(super) settle_executed: Arc<str>,
    pub(super) settle_not_executed: Arc<str>,
    pub(super) doubts: Arc<str>,
    pub(super) purge: Arc<str>,
}

/// Which record, under which lease.
const FENCED: &str = "scope = ? AND key_text = ? AND fence = ?";
const ANSWER: &str = "state = 2, status = ?, headers = ?, body = ?";

impl Statements {
    pub(super) fn new(backend: Backend, table: &str) -> Self {
        let now = backend.now();
        let text = |sql: String| Arc::from(backend.marked(&sql));
        let update =
            |set: String, condition: String| text(format!("UPDATE {table} SET {set} WHERE {FENCED} AND {condition}"));
        // A lease that ended at most once needs nobody to say so.
        let unknown = format!("(state = 3 OR (state = 1 AND guarantee = 1 AND until_us <= {now}))");
        let answered = format!("{ANSWER}, until_us = {now} + ?");
        let freed = format!("state = 0, until_us = {now} + {FREED_FOR_US}");
        Self {
            table: table.to_owned(),
            read: text(format!(
                "SELECT state, fence, guarantee, fingerprint_version, fingerprint, until_us - {now}, status, headers, body \
                 FROM {table} WHERE scope = ? AND key_text = ?"
            )),
            insert: text(insert(backend, table)),
            take_over: text(take_over(backend, table)),
            renew: update(
                format!("until_us = {now} + ?"),
                format!("state = 1 AND (guarantee = 0 OR until_us > {now})"),
            ),
            complete: update(answered.clone(), "state IN (1, 3)".to_owned()),
            release: update(freed.clone(), "state = 1".to_owned()),
            // MySQL sets from left to right: the time looks at the state of before.
            doubt: update(
                format!("until_us = CASE state WHEN 3 THEN until_us ELSE {now} END, state = 3"),
                "state IN (1, 3)".to_owned(),
            ),
            settle_executed: update(answered, unknown.clone()),
            settle_not_executed: update(freed, unknown.clone()),
            doubts: text(format!(
                "SELECT scope, key_text, fence FROM {table} WHERE {unknown} ORDER BY until_us, fence LIMIT ?"
            )),
            purge: text(purge(backend, table)),
        }
    }
}

/// How the fence comes back with the record that is given away.
fn fence(backend: Backend, value: &str) -> (String, &'static str) {
    match backend {
        Backend::Mysql => (format!("LAST_INSERT_ID({value})"), ""),
        Backend::Sqlite | Backend::Postgres => (value.to_owned(), " RETURNING fence"),
    }
}

/// Never `INSERT IGNORE`, which cuts off what is too long, and makes two keys one.
fn insert(backend: Backend, table: &str) -> String {
    let now = backend.now();
    let (fence, returning) = fence(backend, now);
    let unless_there = match backend {
        Backend::Mysql => "",
        Backend::Sqlite | Backend::Postgres => " ON CONFLICT (scope, key_text) DO NOTHING",
    };
    format!(
        "INSERT INTO {table} (scope, key_text, state, fence, guarantee, fingerprint_version, fingerprint, until_us) \
         VALUES (?, ?, 1, {fence}, ?, ?, ?, {now} + ?){unless_there}{returning}"
    )
}

/// What was read is taken while it still stands: a lease that was renewed in between is not.
fn take_over(backend: Backend, table: &str) -> String {
    let (now, greatest) = (backend.now(), backend.greatest());
    let (fence, returning) = fence(backend, &format!("{greatest}(fence + 1, {now})"));
    format!(
        "UPDATE {table} SET fence = {fence}, state = 1, guarantee = ?, fingerprint_version = ?, fingerprint = ?, \
         until_us = {now} + ?, status = NULL, headers = NULL, body = NULL \
         WHERE {FENCED} AND state = ? AND (state = 0 OR until_us <= {now}){returning}"
    )
}

/// Answers whose retention has ended, what is left of records that were freed, and leases that were abandoned. In no order: who sorted a million of
/// them to remove a thousand would do so a thousand times.
fn purge(backend: Backend, table: &str) -> String {
    let (now, abandoned) = (backend.now(), ABANDONED_AFTER.as_micros());
    let ended = format!(
        "((state IN (0, 2) AND until_us <= {now}) OR (state = 1 AND guarantee = 0 AND until_us <= {now} - {abandoned}))"
    );
    match backend {
        Backend::Mysql => format!("DELETE FROM {table} WHERE {ended} LIMIT ?"),
        Backend::Sqlite => {
            format!("DELETE FROM {table} WHERE rowid IN (SELECT rowid FROM {table} WHERE {ended} LIMIT ?)")
        }
        // Rows that others hold are left for the next time. A subquery with a lock and a limit may be run once for each
        // row, and the limit is none then; what is materialized is run once.
        Backend::Postgres => format!(
            "WITH gone AS MATERIALIZED (SELECT scope, key_text FROM {table} WHERE {ended} LIMIT ? \
             FOR UPDATE SKIP LOCKED) \
             DELETE FROM {table} AS kept USING gone WHERE kept.scope = gone.scope AND kept.key_text = gone.key_text"
        ),
    }
}
