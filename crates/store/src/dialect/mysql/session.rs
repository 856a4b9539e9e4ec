//! Owns a connection to MySQL or MariaDB on which batches are loaded and written.

use engine::Fault;
use sqlx::mysql::{MySqlArguments, MySqlDatabaseError, MySqlRow};
use sqlx::{Arguments as _, AssertSqlSafe, MySqlConnection, Row as _};

use super::text;
use crate::found::{Found, Intent};
use crate::set::{Column, Find, Kind, Rows, Value, Verb};

/// The rows of these keys, locked if they are to be changed.
pub(super) async fn find(
    connection: &mut MySqlConnection,
    find: &'static Find,
    keys: Vec<Value>,
    intent: Intent,
) -> Result<Found, sqlx::Error> {
    let width = find.key.len();
    let (mut given, mut values) = (keys.as_slice(), Vec::new());
    while !given.is_empty() {
        let room = text::room(given.len() / width, width, None);
        let now;
        (now, given) = given.split_at(given.len().min(room * width));
        // What is missing is the last key again: it is found once all the same.
        let last = now.chunks(width).next_back().unwrap_or_default();
        let missing = std::iter::repeat_n(last, room - now.len() / width).flatten();
        let arguments = arguments(find.key.iter(), now.iter().chain(missing)).map_err(sqlx::Error::Encode)?;
        let sql = text::find(find, room, intent);
        tracing::trace!(target: "store::statement", sql);
        for row in sqlx::query_with(AssertSqlSafe(sql), arguments).fetch_all(&mut *connection).await? {
            for (at, column) in find.read.iter().enumerate() {
                values.push(value(&row, at, column.kind)?);
            }
        }
    }
    Ok(Found { of: find, values })
}

/// Changes the rows; gives how many were touched, or would have been had they not been so already.
pub(super) async fn write(connection: &mut MySqlConnection, rows: Rows) -> Result<u64, sqlx::Error> {
    let Rows { of, values } = rows;
    let width = of.width();
    let (mut given, mut touched) = (values.as_slice(), 0);
    while !given.is_empty() {
        let room = text::room(given.len() / width, width, Some(of.verb));
        let now;
        (now, given) = given.split_at(given.len().min(room * width));
        let missing = room - now.len() / width;
        let nothing = vec![Value::Null; width];
        let fill = match of.verb {
            Verb::Delete => now.chunks(width).next_back().unwrap_or_default(),
            Verb::Insert | Verb::Update => &nothing,
        };
        let fill = std::iter::repeat_n(fill, missing).flatten();
        let arguments = arguments(of.columns(), now.iter().chain(fill)).map_err(sqlx::Error::Encode)?;
        let sql = text::write(of, room);
        tracing::trace!(target: "store::statement", sql);
        touched += sqlx::query_with(AssertSqlSafe(sql), arguments).execute(&mut *connection).await?.rows_affected();
    }
    Ok(touched)
}

fn value(row: &MySqlRow, at: usize, kind: Kind) -> Result<Value, sqlx::Error> {
    Ok(match kind {
        Kind::Number => row.try_get::<Option<i64>, _>(at)?.map_or(Value::Null, Value::Number),
        Kind::Text => row.try_get::<Option<String>, _>(at)?.map_or(Value::Null, Value::Text),
        Kind::Bytes => row.try_get::<Option<Vec<u8>>, _>(at)?.map_or(Value::Null, Value::Bytes),
    })
}

/// Row behind row. What is null is a null of the column's kind.
fn arguments<'a>(
    columns: impl Iterator<Item = &'static Column>,
    values: impl Iterator<Item = &'a Value>,
) -> Result<MySqlArguments, sqlx::error::BoxDynError> {
    let kinds: Vec<Kind> = columns.map(|column| column.kind).collect();
    let mut arguments = MySqlArguments::default();
    for (value, kind) in values.zip(kinds.iter().cycle()) {
        match (value, kind) {
            (Value::Number(number), _) => arguments.add(number)?,
            (Value::Text(text), _) => arguments.add(text.as_str())?,
            (Value::Bytes(bytes), _) => arguments.add(bytes.as_slice())?,
            (Value::Null, Kind::Number) => arguments.add(None::<i64>)?,
            (Value::Null, Kind::Text) => arguments.add(None::<&str>)?,
            (Value::Null, Kind::Bytes) => arguments.add(None::<&[u8]>)?,
        }
    }
    Ok(arguments)
}

/// What a server's error before COMMIT means: nothing was applied. By the numbers in MySQL's "Server Error Message
/// Reference" and MariaDB's "Error Codes".
pub(super) fn fault(error: &sqlx::Error) -> Fault {
    let text = error.to_string();
    match number(error) {
        // Another connection won: a duplicate key, a wait for a lock that was too long, a deadlock, a row that changed
        // since the snapshot. Somebody ended the statement, or it is to be prepared anew, or too many are prepared. The
        // disk is full or fails.
        Some(1062 | 1586 | 1205 | 1213 | 1020 | 1317 | 1461 | 1615 | 3 | 1021 | 1026 | 1030 | 1114) => {
            Fault::Retry(text)
        }
        // It took longer than it may, or is larger than the server takes at once.
        Some(1153 | 1969 | 3024) => Fault::TooMuch(text),
        // Too many connections, of all or of this account; the server goes down, takes no writes, or is no member of its
        // cluster; the connection was ended.
        Some(1040 | 1053 | 1129 | 1203 | 1226 | 1290 | 1836 | 1047 | 1152 | 1154..=1161 | 1184 | 1927 | 4031) => {
            Fault::Unreachable(text)
        }
        _ => Fault::Rejected(text),
    }
}

/// Whether this, as the answer to COMMIT, says that nothing was applied: a cluster that found a conflict.
pub(super) fn is_refusal(error: &sqlx::Error) -> bool {
    number(error) == Some(1213)
}

fn number(error: &sqlx::Error) -> Option<u16> {
    Some(error.as_database_error()?.try_downcast_ref::<MySqlDatabaseError>()?.number())
}
