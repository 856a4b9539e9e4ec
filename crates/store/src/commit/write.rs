//! Owns running the statements of a commit and counting what each of them touched.

use engine::Fault;
use serde::Serialize;

use crate::dialect::{self, Connection};

/// One set-based statement with its rows.
pub(super) struct Statement {
    table: &'static str,
    sql: &'static str,
    parameters: String,
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
        Ok(Some(Self { table, sql, parameters, rows: rows.len() }))
    }
}

/// Runs the statements in order. Each must touch as many rows as it was given: one that touches fewer met a row
/// that another writer changed since it was loaded.
pub(super) async fn all(connection: &mut Connection, statements: &[Statement]) -> Result<(), Fault> {
    for statement in statements {
        let done = sqlx::query(statement.sql)
            .bind(&statement.parameters)
            .execute(&mut *connection)
            .await
            .map_err(|error| dialect::statement_fault(&error))?;
        if done.rows_affected() != statement.rows as u64 {
            return Err(Fault::Retry(format!(
                "{} rows of {} were to be written and {} were as they had been loaded",
                statement.rows,
                statement.table,
                done.rows_affected()
            )));
        }
    }
    Ok(())
}
