//! Owns the invariant of audit logs, computed entry by entry: a chain of hashes is beyond SQL.

use std::collections::BTreeMap;

use domain::TenantId;
use domain::audit::{Entry, Head};
use sea_orm::sea_query::{Order, Query, SelectStatement};
use sea_orm::{ConnectionTrait as _, DatabaseTransaction, DbErr, QueryResult, Value};

use super::{EXAMPLES, Finding};
use crate::audit::{ENTRY, entry, hash, name};
use crate::dialect::Database;
use crate::{Doing as _, Error};

const DOING: &str = "checking the audit log";
/// How many rows are read at once.
const STEP: u64 = 500;

const HEAD: [&str; 3] = ["tenant_id", "length", "hash"];

/// Looks through every log, and at the end that is kept of each.
pub(super) async fn look(database: &Database, moment: &DatabaseTransaction) -> Result<Finding, Error> {
    let mut logs = Logs::default();
    let mut last = None;
    loop {
        let rows = moment.query_all(&entries(database, last)).await.doing(DOING)?;
        let mut entries: Vec<Entry> = rows.iter().map(entry).collect::<Result<_, _>>().doing(DOING)?;
        name(moment, &mut entries).await.doing(DOING)?;
        for entry in &entries {
            last = Some((entry.tenant.0, entry.place));
            logs.add(entry);
        }
        if (rows.len() as u64) < STEP {
            break;
        }
    }
    let mut last = None;
    loop {
        let rows = moment.query_all(&heads(database, last)).await.doing(DOING)?;
        for row in &rows {
            let head = head(row).doing(DOING)?;
            last = Some(head.tenant.0);
            logs.end(head);
        }
        if (rows.len() as u64) < STEP {
            break;
        }
    }
    Ok(logs.finding())
}

/// What was seen of the logs.
#[derive(Default)]
struct Logs {
    /// Behind the last entry that was seen.
    head: Option<Head>,
    /// Where each log ends whose kept end was not seen.
    ends: BTreeMap<i64, Head>,
    violations: u64,
    examples: Vec<String>,
}

impl Logs {
    /// The next entry, by tenant and place.
    fn add(&mut self, entry: &Entry) {
        let (tenant, place) = (entry.tenant.0, entry.place);
        let before = self.head.filter(|head| head.tenant == entry.tenant).unwrap_or(Head::first(entry.tenant));
        if !entry.follows(&before) {
            let why = if place != before.length + 1 {
                format!("the one before it is number {}", before.length)
            } else if entry.before != before.hash {
                "it does not follow on the one before".to_owned()
            } else {
                "it is not as it was written".to_owned()
            };
            self.note(format!("entry {place} of tenant {tenant}: {why}"));
        }
        // As it stands, so that one change is one violation.
        self.head = Some(entry.head());
        self.ends.insert(tenant, entry.head());
    }

    /// The end of a log as it is kept.
    fn end(&mut self, head: Head) {
        let there = self.ends.remove(&head.tenant.0).unwrap_or(Head::first(head.tenant));
        if there != head {
            let (tenant, said, length) = (head.tenant.0, head.length, there.length);
            let what = if said == length { "another than there is".to_owned() } else { format!("{length} are there") };
            self.note(format!("the end of tenant {tenant} is entry {said}: {what}"));
        }
    }

    fn note(&mut self, what: String) {
        self.violations += 1;
        if self.examples.len() < EXAMPLES {
            self.examples.push(what);
        }
    }

    fn finding(mut self) -> Finding {
        for tenant in std::mem::take(&mut self.ends).into_keys() {
            self.note(format!("the log of tenant {tenant} has no end"));
        }
        Finding {
            id: "S-6",
            title: "every audit log is whole: each entry is as it was written, follows on the one before, and the last is its end",
            violations: self.violations,
            examples: self.examples,
        }
    }
}

fn entries(database: &Database, last: Option<(i64, i64)>) -> SelectStatement {
    let mut query = Query::select().columns(ENTRY).from("audit_entries").limit(STEP).take();
    query.order_by("tenant_id", Order::Asc).order_by("place", Order::Asc);
    if let Some((tenant, place)) = last {
        query.cond_where(database.behind(&[("tenant_id", tenant.into()), ("place", place.into())]));
    }
    query
}

fn heads(database: &Database, last: Option<i64>) -> SelectStatement {
    let mut query = Query::select().columns(HEAD).from("audit_heads").limit(STEP).take();
    query.order_by("tenant_id", Order::Asc);
    if let Some(tenant) = last {
        query.cond_where(database.behind(&[("tenant_id", Value::from(tenant))]));
    }
    query
}

fn head(row: &QueryResult) -> Result<Head, DbErr> {
    Ok(Head { tenant: TenantId(row.try_get_by_index(0)?), length: row.try_get_by_index(1)?, hash: hash(row, 2)? })
}
