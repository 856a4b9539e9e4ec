//! Owns the engine's two calls on SQL: a transaction that loads a batch's rows, and its commit.

mod fold;

use std::collections::BTreeSet;

use domain::Needs;
use engine::{Commit, Fault, Scope, Snapshot, Storage};

pub(crate) use fold::LANES;

use crate::Store;
use crate::archive;
use crate::dialect::{Batch, Place};
use crate::hash::{Kept, Made};
use crate::load::{self, LoadError, Loaded};
use crate::set::Rows;

/// An open transaction, with the rows as they were loaded: what is written is compared with them.
#[derive(Debug)]
pub struct Transaction {
    batch: Batch,
    before: Before,
}

/// What was there before the batch.
#[derive(Debug)]
struct Before {
    state: domain::State,
    kept: Kept,
    made: Made,
}

impl Storage for Store {
    type Transaction = Transaction;

    async fn load(&self, needs: &Needs, scopes: &BTreeSet<Scope>) -> Result<(Transaction, Snapshot), Fault> {
        let mut batch = self.database.begin(Place::Here).await?;
        let mut loaded = self::loaded(&mut batch, needs, scopes).await?;
        if !loaded.away.is_empty() {
            archive::bring_back(&mut batch, &loaded.away).await?;
            loaded = self::loaded(&mut batch, needs, scopes).await?;
        }
        let Loaded { snapshot, kept, made, .. } = loaded;
        let before = Before { state: snapshot.state.clone(), kept, made };
        Ok((Transaction { batch, before }, snapshot))
    }

    async fn commit(&self, transaction: Transaction, commit: &Commit) -> Result<(), Fault> {
        let Transaction { mut batch, before } = transaction;
        if commit.records.is_empty() && commit.changes.is_empty() {
            return Ok(());
        }
        write(&mut batch, fold::fold(&before, commit)?).await?;
        batch.commit().await
    }
}

async fn loaded(batch: &mut Batch, needs: &Needs, scopes: &BTreeSet<Scope>) -> Result<Loaded, Fault> {
    load::snapshot(batch, needs, scopes).await.map_err(|error| match error {
        LoadError::Fault(fault) => fault,
        LoadError::Row(error) => Fault::Rejected(error.to_string()),
    })
}

/// Writes the rows. Fewer of them are touched where another writer changed one since it was loaded.
async fn write(batch: &mut Batch, sets: Vec<Rows>) -> Result<(), Fault> {
    let wanted: Vec<_> = sets.iter().map(|rows| (rows.of.table, rows.len() as u64)).collect();
    let touched = batch.write(sets).await?;
    match wanted.into_iter().zip(touched).find(|((_, wanted), touched)| wanted != touched) {
        None => Ok(()),
        Some(((table, wanted), touched)) => Err(Fault::Retry(format!(
            "{wanted} rows of {table} were to be written and {touched} were as they had been loaded"
        ))),
    }
}
