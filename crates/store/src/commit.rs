//! Owns the engine's two calls on SQL: a transaction that loads a batch's rows, and its commit.

mod fold;

use std::collections::BTreeSet;

use domain::Needs;
use engine::{Commit, Fault, Scope, Snapshot, Storage};

use crate::Store;
use crate::dialect::Session;
use crate::hash::Kept;
use crate::load::{self, LoadError};
use crate::sessions::Turn;
use crate::set::Rows;

/// An open transaction, with the rows as they were loaded: what is written is compared with them.
#[derive(Debug)]
pub struct Transaction {
    turn: Turn,
    before: Before,
}

/// What was there before the batch.
#[derive(Debug)]
struct Before {
    state: domain::State,
    kept: Kept,
}

impl Storage for Store {
    type Transaction = Transaction;

    async fn load(&self, needs: &Needs, scopes: &BTreeSet<Scope>) -> Result<(Transaction, Snapshot), Fault> {
        self.log.trusted()?;
        let mut turn = self.writer.begin().await?;
        let loaded = load::snapshot(turn.session()?, needs, scopes).await;
        let (snapshot, kept) = loaded.map_err(|error| match error {
            LoadError::Fault(fault) => fault,
            LoadError::Row(error) => Fault::Rejected(error.to_string()),
        })?;
        let before = Before { state: snapshot.state.clone(), kept };
        Ok((Transaction { turn, before }, snapshot))
    }

    async fn commit(&self, transaction: Transaction, commit: &Commit) -> Result<(), Fault> {
        let Transaction { mut turn, before } = transaction;
        if commit.records.is_empty() && commit.changes.is_empty() {
            return Ok(());
        }
        let session = turn.session()?;
        for rows in fold::fold(&before, commit)? {
            write(session, rows)?;
        }
        session.commit()?;
        self.log.committed(session);
        Ok(())
    }
}

/// Writes some rows. Fewer than that are touched where another writer changed one since it was loaded.
fn write(session: &mut Session, rows: Rows) -> Result<(), Fault> {
    let (table, wanted) = (rows.of.table, rows.len() as u64);
    let touched = session.write(rows)?;
    if touched == wanted {
        return Ok(());
    }
    let text = format!("{wanted} rows of {table} were to be written and {touched} were as they had been loaded");
    Err(Fault::Retry(text))
}
