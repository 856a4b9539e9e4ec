//! Owns the invariants as questions to the database: each names the rows that break it, and there should be none. Where a
//! question is beyond SQL, it reads the rows in steps.

mod audit;
mod invariants;
mod money;
mod people;

use domain::Timestamp;
use domain::order::{Event, Status};
use sea_orm::{ConnectionTrait, DatabaseConnection, DatabaseTransaction, Statement, TransactionTrait};

use crate::{Doing, Error, Store};

const DOING: &str = "checking an invariant";
/// How many examples of a violation are given.
const EXAMPLES: usize = 5;
/// How long behind its deadline an order may still be pending: the sweeper needs a moment.
const GRACE_MS: i64 = 60_000;

/// And how long where its attempts are closed at their channels first.
const CLOSING_MS: i64 = 60_000;

/// One invariant and what was found.
#[derive(Clone, Debug)]
pub struct Finding {
    /// Its number in the domain's rules.
    pub id: &'static str,
    /// What it says.
    pub title: &'static str,
    /// How many rows break it.
    pub violations: u64,
    /// Some of them.
    pub examples: Vec<String>,
}

/// Whether an invariant holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Light {
    /// It does.
    Green,
    /// It does not.
    Red,
}

impl Finding {
    /// Green where nothing breaks it.
    pub const fn light(&self) -> Light {
        if self.violations == 0 { Light::Green } else { Light::Red }
    }
}

impl Store {
    /// When the database was last written to by a command: a sign that a server ran. None in a new database.
    pub async fn last_written_at(&self) -> Result<Option<Timestamp>, Error> {
        const DOING: &str = "looking at times";
        // It looks at every order: nobody is to wait for that.
        let inspector = self.inspector();
        let question = Statement::from_string(inspector.connection.get_database_backend(), invariants::LAST_WRITTEN_AT);
        let row = inspector.connection.query_one_raw(question).await.doing(DOING)?;
        inspector.close().await;
        let at = row.map(|row| row.try_get_by_index::<Option<i64>>(0)).transpose().doing(DOING)?;
        Ok(at.flatten().map(Timestamp))
    }

    /// Asks every invariant, all as of one moment. `now` is when a server was last there to close what expired.
    pub async fn check(&self, now: Timestamp) -> Result<Vec<Finding>, Error> {
        let inspector = self.inspector();
        let moment = inspector.moment().await?;
        let mut findings = Vec::new();
        for which in 0..inspector.count() {
            findings.push(inspector.ask(&moment, which, now).await?);
        }
        drop(moment);
        inspector.close().await;
        Ok(findings)
    }

    /// Somebody who looks at the whole, on a connection of their own: nobody waits for it.
    pub fn inspector(&self) -> Inspector<'_> {
        Inspector { store: self, connection: self.database.inspector() }
    }
}

/// See [`Store::inspector`].
pub struct Inspector<'a> {
    store: &'a Store,
    connection: DatabaseConnection,
}

impl Inspector<'_> {
    /// How many invariants there are.
    pub fn count(&self) -> usize {
        in_sql().count() + 1
    }

    /// Asks one of them, by its place, as of a moment of its own: an embedded database folds its log between two.
    pub async fn look(&self, which: usize, now: Timestamp) -> Result<Finding, Error> {
        let moment = self.moment().await?;
        self.ask(&moment, which, now).await
    }

    /// Closes the connection.
    pub async fn close(self) {
        let _closed = self.connection.close().await;
    }

    async fn moment(&self) -> Result<DatabaseTransaction, Error> {
        let moment = self.connection.begin().await.doing(DOING)?;
        for prepare in self.store.database.check_prepare() {
            moment.execute_unprepared(prepare).await.doing(DOING)?;
        }
        Ok(moment)
    }

    async fn ask(&self, moment: &DatabaseTransaction, which: usize, now: Timestamp) -> Result<Finding, Error> {
        let database = &self.store.database;
        let Some(invariant) = in_sql().nth(which) else { return audit::look(database, moment).await };
        let (before, long_before) = ((now.0 - GRACE_MS).to_string(), (now.0 - GRACE_MS - CLOSING_MS).to_string());
        // What is put in are names of ours and a number.
        let sql = database.with_json(invariant.broken_by, "answer", "body");
        let sql = sql.replace("{transitions}", &transitions()).replace("{before}", &before);
        let sql = sql.replace("{payment_transitions}", &payment_transitions()).replace("{long_before}", &long_before);
        let question = Statement::from_string(moment.get_database_backend(), sql);
        let rows = moment.query_all_raw(question).await.doing(DOING)?;
        let rows = rows.iter().map(|row| row.try_get_by_index::<String>(0)).collect::<Result<Vec<_>, _>>();
        let rows = rows.doing(DOING)?;
        Ok(Finding {
            id: invariant.id,
            title: invariant.title,
            violations: rows.len() as u64,
            examples: rows.into_iter().take(EXAMPLES).collect(),
        })
    }
}

/// Those that SQL can ask; the audit log's own comes behind them.
fn in_sql() -> impl Iterator<Item = &'static invariants::Invariant> {
    money::ALL.iter().chain(invariants::ALL).chain(people::ALL)
}

/// The transition table as rows of SQL: from (empty for a new order), event, to.
fn transitions() -> String {
    let mut cells = vec![("", Event::Place.name(), Status::PendingPayment.name())];
    for from in Status::ALL {
        for event in Event::ALL {
            cells.extend(from.on(event).map(|to| (from.name(), event.name(), to.name())));
        }
    }
    cells.iter().map(|(from, event, to)| format!("('{from}', '{event}', '{to}')")).collect::<Vec<_>>().join(", ")
}

/// The tables of payments, attempts and refunds as rows of SQL: of what, from (empty for a new one), event, to.
fn payment_transitions() -> String {
    let cells = domain::payment::transitions();
    let cells = cells.iter().map(|(of, from, event, to)| format!("('{of}', '{from}', '{event}', '{to}')"));
    cells.collect::<Vec<_>>().join(", ")
}
