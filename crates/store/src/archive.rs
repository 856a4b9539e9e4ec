//! Owns moving orders that are closed, with all that hangs on them, out of the tables of those that still change: in
//! bounded steps, while servers go on; and back, should money still move for one. An order is in one place or the other
//! at every moment.

use std::collections::BTreeSet;
use std::sync::LazyLock;

use domain::order::Status;
use domain::{TenantId, Timestamp};
use engine::Fault;

use crate::dialect::Batch;
use crate::found::{Intent, Tables as _};
use crate::set::{Column, Find, Rows, Value, Write};
use crate::{Doing, Error, OrderKey, Store, schema};

const DOING: &str = "archiving orders";

/// Where orders end.
const CLOSED: [Status; 2] = [Status::Completed, Status::Closed];

/// A table whose rows move.
struct Moved {
    /// Out of the way.
    out: Way,
    /// And back, where money moves that nobody expected any more.
    back: Way,
    /// Where the status stands, in the table that has it.
    status: Option<usize>,
}

/// Out of one table and into another of the same columns.
struct Way {
    find: Find,
    insert: Write,
    delete: Write,
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
        let way = |from, to, unique| Way {
            find: Find { table: from, key, unique: status.and(Some(unique)), read: columns },
            insert: Write::insert(to, columns),
            delete: Write::delete(from, key),
        };
        Some(Moved {
            out: way(pair.live, pair.archived, "orders_tenant_id_order_no"),
            back: way(pair.archived, pair.live, "archived_orders_tenant_id_order_no"),
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
        let mut moved = 0;
        for table in &*MOVED {
            let intent = if table.status.is_some() { Intent::Change } else { Intent::Read };
            let found = batch.find(&table.out.find, keys(due), intent).await.doing(DOING)?;
            let width = table.out.find.read.len();
            if let Some(at) = table.status {
                moved = (found.values.len() / width) as u64;
                let open = found.values.chunks(width).find(|row| !is_closed(&row[at]));
                if let Some(row) = open {
                    tracing::error!(order = ?row, before = before.0, "an order that was closed is open: this is a bug");
                    return Err(Error::Refused("an order that was closed is open again; nothing was moved".to_owned()));
                }
            }
            place(&mut batch, &table.out, found.values, keys(due)).await.doing(DOING)?;
        }
        batch.commit().await.doing(DOING)?;
        Ok(moved)
    }
}

fn is_closed(status: &Value) -> bool {
    matches!(status, Value::Text(text) if CLOSED.iter().any(|closed| closed.name() == text))
}

/// Brings orders back among those that may change: money moved for them. In the batch that changes them.
pub(crate) async fn bring_back(batch: &mut Batch, orders: &BTreeSet<OrderKey>) -> Result<(), Fault> {
    for table in &*MOVED {
        // Who brings the same ones back waits, and finds none.
        let intent = if table.status.is_some() { Intent::Change } else { Intent::Read };
        let found = batch.find(&table.back.find, keys(orders), intent).await?;
        place(batch, &table.back, found.values, keys(orders)).await?;
    }
    Ok(())
}

fn keys(orders: &BTreeSet<OrderKey>) -> Vec<Value> {
    orders.iter().flat_map(|(tenant, order_no)| [tenant.0.into(), order_no.to_string().into()]).collect()
}

/// Puts the rows into one table and takes them out of the other.
async fn place(batch: &mut Batch, way: &'static Way, values: Vec<Value>, keys: Vec<Value>) -> Result<(), Fault> {
    if values.is_empty() {
        return Ok(());
    }
    let rows = (values.len() / way.find.read.len()) as u64;
    let there = Rows { of: &way.insert, values };
    let here = Rows { of: &way.delete, values: keys };
    let touched = batch.write(vec![there, here]).await?;
    let gone = touched.last().copied().unwrap_or_default();
    if gone == rows {
        return Ok(());
    }
    Err(Fault::Retry(format!("{rows} rows of {} were copied and {gone} taken out; nothing was moved", way.find.table)))
}
