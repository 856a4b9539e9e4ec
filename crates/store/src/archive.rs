//! Owns moving orders that are closed, with all that hangs on them, out of the tables of those that still change: in
//! bounded steps, while servers go on. An order is in one place or the other at every moment.

use std::collections::BTreeSet;
use std::sync::LazyLock;

use domain::order::Status;
use domain::{TenantId, Timestamp};

use crate::dialect::Batch;
use crate::found::{Intent, Tables as _};
use crate::set::{Column, Find, Rows, Value, Write};
use crate::{Doing, Error, OrderKey, Store, schema};

const DOING: &str = "archiving orders";

/// Where orders end.
const CLOSED: [Status; 2] = [Status::Completed, Status::Closed];

/// A table whose rows move.
struct Moved {
    find: Find,
    insert: Write,
    delete: Write,
    /// Where the status stands, in the table that has it.
    status: Option<usize>,
}

static MOVED: LazyLock<Vec<Moved>> = LazyLock::new(|| {
    let tables = schema::tables();
    let moved = |pair: &schema::Pair| {
        let table = tables.iter().find(|table| table.name() == pair.live)?;
        // Once a process: a statement lives as long as it does.
        let columns: &'static [Column] = table.columns().leak();
        let key: Vec<Column> = ["tenant_id", "order_no"]
            .iter()
            .filter_map(|name| columns.iter().find(|column| column.name == *name).copied())
            .collect();
        let key: &'static [Column] = key.leak();
        let status = columns.iter().position(|column| column.name == "status");
        let unique = status.and(Some("orders_tenant_id_order_no"));
        Some(Moved {
            find: Find { table: pair.live, key, unique, read: columns },
            insert: Write::insert(pair.archived, columns),
            delete: Write::delete(pair.live, key),
            status,
        })
    };
    schema::PAIRS.iter().filter_map(moved).collect()
});

impl Store {
    /// Moves orders that were closed or completed before `before` and not touched since, at most `limit` of each tenant,
    /// the oldest first; gives how many.
    pub async fn orders_archive(&self, before: Timestamp, limit: u64) -> Result<u64, Error> {
        let mut moved = 0;
        for tenant in self.tenants().await? {
            let due = self.orders_closed(tenant, before, limit).await?;
            if !due.is_empty() {
                moved += self.archive(&due, before).await?;
            }
        }
        Ok(moved)
    }

    async fn orders_closed(
        &self,
        tenant: TenantId,
        before: Timestamp,
        limit: u64,
    ) -> Result<BTreeSet<OrderKey>, Error> {
        let mut due = BTreeSet::new();
        let until = Timestamp(before.0.saturating_sub(1));
        for status in CLOSED {
            let left = limit.saturating_sub(due.len() as u64);
            due.extend(self.orders_untouched(tenant, status, until, left).await?);
        }
        Ok(due)
    }

    /// One transaction. The heads are locked first, so that nobody changes these orders; what was changed since it was
    /// looked for is closed all the same, for an order never reopens.
    async fn archive(&self, due: &BTreeSet<OrderKey>, before: Timestamp) -> Result<u64, Error> {
        let mut batch = self.changes().await.doing(DOING)?;
        let keys = |due: &BTreeSet<OrderKey>| {
            due.iter().flat_map(|(tenant, order_no)| [tenant.0.into(), order_no.to_string().into()]).collect::<Vec<_>>()
        };
        let mut moved = 0;
        for table in &*MOVED {
            let intent = if table.status.is_some() { Intent::Change } else { Intent::Read };
            let found = batch.find(&table.find, keys(due), intent).await.doing(DOING)?;
            let width = table.find.read.len();
            if let Some(at) = table.status {
                moved = (found.values.len() / width) as u64;
                let open = found.values.chunks(width).find(|row| !is_closed(&row[at]));
                if let Some(row) = open {
                    tracing::error!(order = ?row, before = before.0, "an order that was closed is open: this is a bug");
                    return Err(Error::Refused("an order that was closed is open again; nothing was moved".to_owned()));
                }
            }
            place(&mut batch, table, found.values, keys(due)).await?;
        }
        batch.commit().await.doing(DOING)?;
        Ok(moved)
    }
}

fn is_closed(status: &Value) -> bool {
    matches!(status, Value::Text(text) if CLOSED.iter().any(|closed| closed.name() == text))
}

/// Puts the rows into one table and takes them out of the other.
async fn place(batch: &mut Batch, table: &'static Moved, values: Vec<Value>, keys: Vec<Value>) -> Result<(), Error> {
    if values.is_empty() {
        return Ok(());
    }
    let rows = (values.len() / table.find.read.len()) as u64;
    let there = Rows { of: &table.insert, values };
    let here = Rows { of: &table.delete, values: keys };
    let touched = batch.write(vec![there, here]).await.doing(DOING)?;
    let gone = touched.last().copied().unwrap_or_default();
    if gone == rows {
        return Ok(());
    }
    Err(Error::Refused(format!(
        "{rows} rows of {} were copied and {gone} taken out; nothing was moved",
        table.find.table
    )))
}
