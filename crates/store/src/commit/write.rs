//! Owns running the statements of a commit and counting what each of them touched.

use engine::Fault;
use serde::Serialize;

use crate::dialect::{self, Connection};

/// One set-based statement with its rows.
pub(super) struct Statement {
    table: &'static str,
    sql: &'static str,
    parameters: String,
    /// What the rows refer to and JSON cannot carry, where the statement has a second parameter.
    bytes: Option<Vec<u8>>,
    rows: usize,
}

impl Statement {
    /// The statement that writes these rows; none for no rows.
    pub(super) fn over<R: Serialize>(
        table: &'static str,
        sql: &'static str,
        rows: &[R],
    ) -> Result<Option<Self>, Fault> {
        if rows.is_empty() {
            return Ok(None);
        }
        let parameters =
            serde_json::to_string(rows).map_err(|error| Fault::Rejected(format!("rows of {table}: {error}")))?;
        Ok(Some(Self { table, sql, parameters, bytes: None, rows: rows.len() }))
    }

    /// The same, over rows and the bytes that they refer to.
    pub(super) fn over_bytes<R: Serialize>(
        table: &'static str,
        sql: &'static str,
        rows: &[R],
        bytes: Vec<u8>,
    ) -> Result<Option<Self>, Fault> {
        let statement = Self::over(table, sql, rows)?;
        Ok(statement.map(|statement| Self { bytes: Some(bytes), ..statement }))
    }
}

/// Runs the statements in order. Each must touch as many rows as it was given: one that touches fewer met a row
/// that another writer changed since it was loaded.
pub(super) async fn all(connection: &mut Connection, statements: Vec<Statement>) -> Result<(), Fault> {
    for Statement { table, sql, parameters, bytes, rows } in statements {
        let mut query = sqlx::query(sql).bind(parameters);
        if let Some(bytes) = bytes {
            query = query.bind(bytes);
        }
        let done = query.execute(&mut *connection).await.map_err(|error| dialect::statement_fault(&error))?;
        if done.rows_affected() != rows as u64 {
            return Err(Fault::Retry(format!(
                "{rows} rows of {table} were to be written and {} were as they had been loaded",
                done.rows_affected()
            )));
        }
    }
    Ok(())
}
