//! Owns a connection to PostgreSQL on which batches are loaded and written.

use engine::Fault;
use sqlx::postgres::{PgArguments, PgRow};
use sqlx::{Arguments as _, AssertSqlSafe, PgConnection, Row as _};

use super::text;
use crate::found::{Found, Intent};
use crate::set::{Column, Find, Kind, Rows, Value};

/// The rows of these keys, locked if they are to be written.
pub(super) async fn find(
    connection: &mut PgConnection,
    find: &'static Find,
    keys: Vec<Value>,
    intent: Intent,
) -> Result<Found, sqlx::Error> {
    let arguments = arrays(find.key.iter(), keys).map_err(sqlx::Error::Encode)?;
    let sql = text::find(find, intent);
    tracing::trace!(target: "store::statement", sql);
    let rows = sqlx::query_with(AssertSqlSafe(sql), arguments).fetch_all(connection).await?;
    let mut values = Vec::with_capacity(rows.len() * find.read.len());
    for row in &rows {
        for (at, column) in find.read.iter().enumerate() {
            values.push(value(row, at, column.kind)?);
        }
    }
    Ok(Found { of: find, values })
}

/// Changes the rows; gives how many were touched.
pub(super) async fn write(connection: &mut PgConnection, rows: Rows) -> Result<u64, sqlx::Error> {
    let of = rows.of;
    let arguments = arrays(of.columns(), rows.values).map_err(sqlx::Error::Encode)?;
    let sql = text::write(of);
    tracing::trace!(target: "store::statement", sql);
    let done = sqlx::query_with(AssertSqlSafe(sql), arguments).execute(connection).await?;
    Ok(done.rows_affected())
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
            Kind::Number => arguments.add(values.iter().map(number).collect::<Vec<_>>())?,
            Kind::Text => arguments.add(values.into_iter().map(text_of).collect::<Vec<_>>())?,
            Kind::Bytes => arguments.add(values.into_iter().map(bytes).collect::<Vec<_>>())?,
        }
    }
    Ok(arguments)
}

fn number(value: &Value) -> Option<i64> {
    if let Value::Number(number) = value { Some(*number) } else { None }
}

fn text_of(value: Value) -> Option<String> {
    if let Value::Text(text) = value { Some(text) } else { None }
}

fn bytes(value: Value) -> Option<Vec<u8>> {
    if let Value::Bytes(bytes) = value { Some(bytes) } else { None }
}

/// What a server's error before COMMIT means: nothing was applied. By the classes of SQLSTATE, appendix "PostgreSQL
/// Error Codes" of its manual.
pub(super) fn fault(error: &sqlx::Error) -> Fault {
    let text = error.to_string();
    let code = code(error).unwrap_or_default();
    match (code.as_str(), code.get(..2).unwrap_or_default()) {
        // unique_violation: somebody else won. Load again.
        ("23505", _) => Fault::Retry(text),
        // The server goes down or comes up, or takes nobody in, or has become the copy of another.
        ("57P01" | "57P02" | "57P03" | "57P05" | "25P03" | "25006", _) | (_, "08" | "53") => Fault::Unreachable(text),
        // Deadlock and serialization; locks; time-outs; a session that was ended for idling; the disk.
        (_, "40" | "55" | "57" | "25" | "58" | "XX") => Fault::Retry(text),
        _ => Fault::Rejected(text),
    }
}

/// Whether this, as the answer to COMMIT, says that nothing was applied: a constraint, or a serialization failure. Other
/// errors may come behind the record of the commit, as when a wait for a standby is broken off.
pub(super) fn is_refusal(error: &sqlx::Error) -> bool {
    code(error).is_some_and(|code| code.starts_with("23") || code.starts_with("40"))
}

fn code(error: &sqlx::Error) -> Option<String> {
    error.as_database_error()?.code().map(std::borrow::Cow::into_owned)
}
