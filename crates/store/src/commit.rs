//! Owns the engine's two calls on SQL: a transaction that loads a batch's rows, and its commit.

mod fold;
mod write;

use std::collections::BTreeSet;

use domain::Needs;
use engine::{Commit, Fault, Scope, Snapshot, Storage};

use crate::hash::Kept;
use crate::load::{self, LoadError};
use crate::{Store, dialect};

/// An open transaction, with the rows as they were loaded: what is written is compared with them.
pub struct Transaction {
    sql: sqlx::Transaction<'static, dialect::Db>,
    before: Before,
}

/// What was there before the batch.
struct Before {
    state: domain::State,
    kept: Kept,
}

impl Storage for Store {
    type Transaction = Transaction;

    async fn load(&self, needs: &Needs, scopes: &BTreeSet<Scope>) -> Result<(Transaction, Snapshot), Fault> {
        self.log.trusted()?;
        let mut sql = self.writer.begin_with(dialect::BEGIN).await.map_err(|error| dialect::statement_fault(&error))?;
        let (snapshot, kept) = load::snapshot(&mut sql, needs, scopes).await.map_err(load_fault)?;
        let before = Before { state: snapshot.state.clone(), kept };
        Ok((Transaction { sql, before }, snapshot))
    }

    async fn commit(&self, transaction: Transaction, commit: &Commit) -> Result<(), Fault> {
        let Transaction { mut sql, before } = transaction;
        if commit.records.is_empty() && commit.changes.is_empty() {
            return sql.rollback().await.map_err(|error| dialect::statement_fault(&error));
        }
        let rows = fold::fold(&before, commit)?;
        write::all(&mut sql, rows).await?;
        sql.commit().await.map_err(|error| dialect::commit_fault(&error))?;
        self.committed().await;
        Ok(())
    }
}

fn load_fault(error: LoadError) -> Fault {
    match error {
        LoadError::Sql(error) => dialect::statement_fault(&error),
        LoadError::Row(error) => Fault::Rejected(error.to_string()),
    }
}
