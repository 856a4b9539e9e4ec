//! Owns the invariants as questions to the database: each names the rows that break it, and there should be none.

mod invariants;

use domain::Timestamp;
use domain::order::{Event, Status};
use sqlx::AssertSqlSafe;

use crate::{Doing, Error, Store, dialect};

/// How many examples of a violation are given.
const EXAMPLES: usize = 5;
/// How long behind its deadline an order may still be pending: the sweeper needs a moment.
const GRACE_MS: i64 = 60_000;

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
        let at: Option<i64> =
            sqlx::query_scalar(invariants::LAST_WRITTEN_AT).fetch_one(&self.lister).await.doing("looking at times")?;
        Ok(at.map(Timestamp))
    }

    /// Asks every invariant, all as of one moment. `now` is when a server was last there to close what expired.
    pub async fn check(&self, now: Timestamp) -> Result<Vec<Finding>, Error> {
        let mut connection = self.lister.begin().await.doing("opening a connection for the check")?;
        let (transitions, before) = (transitions(), (now.0 - GRACE_MS).to_string());
        let mut findings = Vec::with_capacity(invariants::ALL.len());
        for invariant in invariants::ALL {
            // What is put in are names of ours and a number.
            let sql = dialect::with_json(invariant.broken_by, "answer", "body");
            let sql = sql.replace("{transitions}", &transitions).replace("{before}", &before);
            let rows: Vec<(String,)> =
                sqlx::query_as(AssertSqlSafe(sql)).fetch_all(&mut *connection).await.doing("checking an invariant")?;
            findings.push(Finding {
                id: invariant.id,
                title: invariant.title,
                violations: rows.len() as u64,
                examples: rows.into_iter().take(EXAMPLES).map(|(text,)| text).collect(),
            });
        }
        Ok(findings)
    }
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
