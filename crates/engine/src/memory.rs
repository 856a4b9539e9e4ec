//! Owns a storage in memory: serialisable, with the uniqueness that SQL has, and with faults on demand.

mod audit;
mod faults;
mod money;
mod people;
mod tables;

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use domain::Needs;

pub use faults::{Call, Fate, Faults, Faulty, Landing};
pub use money::Money;
pub use people::People;
pub use tables::Tables;

use crate::{Commit, Fault, Scope, Snapshot, Storage};

/// The surviving truth. Clones share it, as nodes share a database.
#[derive(Clone, Default)]
pub struct Memory {
    shared: Arc<Mutex<Shared>>,
}

#[derive(Default)]
struct Shared {
    tables: Arc<Tables>,
    commits: u64,
}

/// An open transaction: it may commit if nothing else did since it was opened.
#[derive(Clone, Copy, Debug)]
pub struct Transaction {
    opened_at: u64,
}

impl Memory {
    /// All tables as they are now.
    pub fn tables(&self) -> Arc<Tables> {
        self.lock().tables.clone()
    }

    /// Puts accounts with providers in, as an operator does.
    pub fn put_accounts(&self, accounts: impl IntoIterator<Item = domain::channel::Account>) {
        let mut shared = self.lock();
        let mut tables = Tables::clone(&shared.tables);
        for account in accounts {
            tables.money.accounts.insert((account.tenant, account.id), account);
        }
        shared.tables = Arc::new(tables);
    }

    /// Puts tenants in, as who prepares one does.
    pub fn put_tenants(&self, tenants: impl IntoIterator<Item = domain::Tenant>) {
        let mut shared = self.lock();
        let mut tables = Tables::clone(&shared.tables);
        tables.people.tenants.extend(tenants.into_iter().map(|tenant| (tenant.id, tenant)));
        shared.tables = Arc::new(tables);
    }

    /// Puts sessions in, as those who log in do.
    pub fn put_sessions(&self, sessions: impl IntoIterator<Item = domain::session::Session>) {
        let mut shared = self.lock();
        let mut tables = Tables::clone(&shared.tables);
        tables.people.sessions.extend(sessions.into_iter().map(|session| ((session.tenant, session.id), session)));
        shared.tables = Arc::new(tables);
    }

    /// Opens a transaction and loads.
    pub fn open(&self, needs: &Needs, scopes: &BTreeSet<Scope>) -> (Transaction, Snapshot) {
        let shared = self.lock();
        (Transaction { opened_at: shared.commits }, shared.tables.load(needs, scopes))
    }

    /// Commits all of it or nothing. Optimistic: a transaction that another one overtook is not applied.
    pub fn apply(&self, transaction: Transaction, commit: &Commit) -> Result<(), Fault> {
        if commit.records.is_empty() && commit.changes.is_empty() {
            return Ok(());
        }
        let mut shared = self.lock();
        if shared.commits != transaction.opened_at {
            return Err(Fault::Retry("another transaction was faster".to_owned()));
        }
        // Written aside, so that a row that is refused leaves nothing of its transaction.
        let mut tables = Tables::clone(&shared.tables);
        tables.write(commit).map_err(Fault::Rejected)?;
        shared.tables = Arc::new(tables);
        shared.commits += 1;
        Ok(())
    }

    fn lock(&self) -> MutexGuard<'_, Shared> {
        self.shared.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Storage for Memory {
    type Transaction = Transaction;

    async fn load(&self, needs: &Needs, scopes: &BTreeSet<Scope>) -> Result<(Transaction, Snapshot), Fault> {
        Ok(self.open(needs, scopes))
    }

    async fn commit(&self, transaction: Transaction, commit: &Commit) -> Result<(), Fault> {
        self.apply(transaction, commit)
    }
}
