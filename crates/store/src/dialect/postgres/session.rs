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
    let mut arguments = PgArguments::default();
    add_arrays(&mut arguments, find.key.iter(), keys).map_err(sqlx::Error::Encode)?;
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

/// Sets that change different tables go in one statement: each statement is a way to the server and back, and wakes a
/// process at both ends. Its parts see nothing of each other, so a table that comes a second time begins the next one.
pub(super) fn together(sets: Vec<Rows>) -> Vec<Vec<Rows>> {
    let mut groups: Vec<Vec<Rows>> = Vec::new();
    for rows in sets {
        match groups.last_mut() {
            Some(group) if group.iter().all(|other| other.of.table != rows.of.table) => group.push(rows),
            _ => groups.push(vec![rows]),
        }
    }
    groups
}

/// Changes the rows; gives how many of each set were touched.
pub(super) async fn write(connection: &mut PgConnection, group: Vec<Rows>) -> Result<Vec<u64>, sqlx::Error> {
    let writes: Vec<_> = group.iter().map(|rows| rows.of).collect();
    let mut arguments = PgArguments::default();
    for rows in group {
        add_arrays(&mut arguments, rows.of.columns(), rows.values).map_err(sqlx::Error::Encode)?;
    }
    let sql = text::write(&writes);
    tracing::trace!(target: "store::statement", sql);
    let row = sqlx::query_with(AssertSqlSafe(sql), arguments).fetch_one(connection).await?;
    (0..writes.len()).map(|at| Ok(row.try_get::<i64, _>(at)?.unsigned_abs())).collect()
}

fn value(row: &PgRow, at: usize, kind: Kind) -> Result<Value, sqlx::Error> {
    Ok(match kind {
        Kind::Number => row.try_get::<Option<i64>, _>(at)?.map_or(Value::Null, Value::Number),
        Kind::Text => row.try_get::<Option<String>, _>(at)?.map_or(Value::Null, Value::Text),
        Kind::Bytes => row.try_get::<Option<Vec<u8>>, _>(at)?.map_or(Value::Null, Value::Bytes),
    })
}

/// One array for each column.
fn add_arrays<'a>(
    arguments: &mut PgArguments,
    columns: impl Iterator<Item = &'a Column>,
    values: Vec<Value>,
) -> Result<(), sqlx::error::BoxDynError> {
    let kinds: Vec<Kind> = columns.map(|column| column.kind).collect();
    let rows = values.len() / kinds.len();
    let mut by_column: Vec<Vec<Value>> = kinds.iter().map(|_| Vec::with_capacity(rows)).collect();
    for (at, value) in values.into_iter().enumerate() {
        by_column[at % kinds.len()].push(value);
    }
    for (kind, values) in kinds.iter().zip(by_column) {
        match kind {
            Kind::Number => arguments.add(values.iter().map(number).collect::<Vec<_>>())?,
            Kind::Text => arguments.add(values.into_iter().map(text_of).collect::<Vec<_>>())?,
            Kind::Bytes => arguments.add(values.into_iter().map(bytes).collect::<Vec<_>>())?,
        }
    }
    Ok(())
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
        // A statement took longer than it may, or has more parameters or bytes than the server takes.
        ("57014", _) | (_, "54") => Fault::TooMuch(text),
        // The server goes down or comes up, or takes nobody in, or has become the copy of another.
        ("57P01" | "57P02" | "57P03" | "57P05" | "25P03" | "25006", _) | (_, "08" | "53") => Fault::Unreachable(text),
        // Deadlock and serialization; locks; time-outs; a session that was ended for idling; the disk.
        (_, "40" | "55" | "57" | "25" | "58" | "XX") => Fault::Retry(text),
        _ => Fault::Rejected(text),
    }
}

/// Whether this, as the answer to COMMIT, says that nothing was applied: a constraint, or a serialization failure. Other
/// errors may come behind the record of the commit, as when a wait for a standby is broken off; 40003 says itself that it
/// is not known.
pub(super) fn is_refusal(error: &sqlx::Error) -> bool {
    code(error).is_some_and(|code| code.starts_with("23") || (code.starts_with("40") && code != "40003"))
}

/// Whether somebody else had a lock for longer than this connection waits.
pub(super) fn is_late(error: &sqlx::Error) -> bool {
    code(error).as_deref() == Some("55P03")
}

fn code(error: &sqlx::Error) -> Option<String> {
    error.as_database_error()?.code().map(std::borrow::Cow::into_owned)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::set::Verb::{Delete, Insert, Update};
    use crate::set::{Write, number};

    static A: Write = Write::insert("a", &[number("id")]);
    static A_GONE: Write = Write::delete("a", &[number("id")]);
    static B: Write = Write::update("b", &[number("id")], &[number("version")], &[number("version")]);

    #[test]
    fn a_table_that_comes_again_begins_a_statement() {
        let sets = vec![Rows::of(&A_GONE), Rows::of(&A), Rows::of(&B), Rows::of(&A_GONE)];
        let groups: Vec<Vec<_>> = together(sets)
            .iter()
            .map(|group| group.iter().map(|rows| (rows.of.verb, rows.of.table)).collect())
            .collect();
        assert_eq!(groups, [vec![(Delete, "a")], vec![(Insert, "a"), (Update, "b")], vec![(Delete, "a")]]);
    }

    #[test]
    fn the_arrays_of_a_statement_are_counted_through() {
        let sql = text::write(&[&A, &B]);
        assert_eq!(
            sql,
            "with w0 as (insert into a (id) select id from unnest($1::bigint[]) j (id) returning 1), \
             w1 as (update b t set version = j.version from unnest($2::bigint[], $3::bigint[], $4::bigint[]) \
             j (id, version, was_version) where t.id = j.id and t.version = j.was_version returning 1) \
             select (select count(*) from w0), (select count(*) from w1)"
        );
    }
}
