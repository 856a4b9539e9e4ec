//! Owns a connection to PostgreSQL on which batches are loaded and written.

use engine::Fault;
use sqlx::postgres::{PgArguments, PgRow};
use sqlx::{Arguments as _, AssertSqlSafe, PgConnection, Row as _};

use super::text;
use crate::found::Found;
use crate::set::{Column, Find, Kind, Rows, Value};

/// The rows of these keys, locked if they are to be written.
pub(super) async fn find(
    connection: &mut PgConnection,
    find: &'static Find,
    keys: Vec<Value>,
    lock: bool,
) -> Result<Found, Fault> {
    let arguments = arrays(find.key.iter(), keys).map_err(|error| Fault::Rejected(error.to_string()))?;
    let sql = AssertSqlSafe(text::find(find, lock));
    let rows = sqlx::query_with(sql, arguments).fetch_all(connection).await;
    let rows = rows.map_err(|error| statement_fault(&error))?;
    let mut values = Vec::with_capacity(rows.len() * find.read.len());
    for row in &rows {
        for (at, column) in find.read.iter().enumerate() {
            values.push(value(row, at, column.kind).map_err(|error| Fault::Rejected(error.to_string()))?);
        }
    }
    Ok(Found { of: find, values })
}

/// Changes the rows; gives how many were touched.
pub(super) async fn write(connection: &mut PgConnection, rows: Rows) -> Result<u64, Fault> {
    let of = rows.of;
    let arguments = arrays(of.columns(), rows.values).map_err(|error| Fault::Rejected(error.to_string()))?;
    let done = sqlx::query_with(AssertSqlSafe(text::write(of)), arguments).execute(connection).await;
    Ok(done.map_err(|error| statement_fault(&error))?.rows_affected())
}

fn value(row: &PgRow, at: usize, kind: Kind) -> Result<Value, sqlx::Error> {
    Ok(match kind {
        Kind::Number => row.try_get::<Option<i64>, _>(at)?.map_or(Value::Null, Value::Number),
        Kind::Text => row.try_get::<Option<String>, _>(at)?.map_or(Value::Null, Value::Text),
        Kind::Bytes => row.try_get::<Option<Vec<u8>>, _>(at)?.map_or(Value::Null, Value::Bytes),
    })
}

/// One array for each column.
fn arrays<'a>(
    columns: impl Iterator<Item = &'a Column>,
    values: Vec<Value>,
) -> Result<PgArguments, sqlx::error::BoxDynError> {
    let kinds: Vec<Kind> = columns.map(|column| column.kind).collect();
    let rows = values.len() / kinds.len();
    let mut by_column: Vec<Vec<Value>> = kinds.iter().map(|_| Vec::with_capacity(rows)).collect();
    for (at, value) in values.into_iter().enumerate() {
        by_column[at % kinds.len()].push(value);
    }
    let mut arguments = PgArguments::default();
    for (kind, values) in kinds.iter().zip(by_column) {
        match kind {
            Kind::Number => arguments.add(values.into_iter().map(number).collect::<Vec<_>>())?,
            Kind::Text => arguments.add(values.into_iter().map(text_of).collect::<Vec<_>>())?,
            Kind::Bytes => arguments.add(values.into_iter().map(bytes).collect::<Vec<_>>())?,
        }
    }
    Ok(arguments)
}

fn number(value: Value) -> Option<i64> {
    if let Value::Number(number) = value { Some(number) } else { None }
}

fn text_of(value: Value) -> Option<String> {
    if let Value::Text(text) = value { Some(text) } else { None }
}

fn bytes(value: Value) -> Option<Vec<u8>> {
    if let Value::Bytes(bytes) = value { Some(bytes) } else { None }
}

/// What an error of a statement before COMMIT means: nothing was applied. By SQLSTATE, chapter "PostgreSQL Error Codes"
/// of its manual.
pub(super) fn statement_fault(error: &sqlx::Error) -> Fault {
    let text = error.to_string();
    let code = error.as_database_error().and_then(|error| error.code().map(|code| code.into_owned()));
    match code.as_deref() {
        // unique_violation: somebody else won. Load again.
        Some("23505") => Fault::Retry(text),
        Some(code) => match code.get(..2) {
            // Connection, rollback (deadlock, serialization), resources, locks and time-outs, administration.
            Some("08" | "40" | "53" | "55" | "57" | "25") => Fault::Retry(text),
            // I/O, damage.
            Some("58" | "XX") => Fault::Retry(text),
            _ => Fault::Rejected(text),
        },
        None => match error {
            sqlx::Error::Io(_) | sqlx::Error::Tls(_) | sqlx::Error::PoolTimedOut | sqlx::Error::PoolClosed => {
                Fault::Retry(text)
            }
            sqlx::Error::Protocol(_) | sqlx::Error::WorkerCrashed => Fault::Retry(text),
            _ => Fault::Rejected(text),
        },
    }
}

/// What an error of COMMIT means: a connection that broke may have broken behind it.
pub(super) fn commit_fault(error: &sqlx::Error) -> Fault {
    match error.as_database_error() {
        // The server said no, so it was not applied: a deferred constraint, a serialization failure.
        Some(refusal) if refusal.code().is_some_and(|code| code.starts_with("23") || code.starts_with("40")) => {
            Fault::Retry(error.to_string())
        }
        _ => Fault::Unknown(error.to_string()),
    }
}
