//! Owns the bounded steps that keep the database tidy: what is due, and what may be purged.

use std::cmp::max;
use std::collections::HashMap;

use domain::order::Status;
use domain::payment::Attempt;
use domain::{TenantId, Timestamp};
use sea_orm::sea_query::{Expr, ExprTrait as _, Order as Direction, Query};
use sea_orm::{
    ColumnTrait, ConnectionTrait as _, EntityTrait, QueryFilter, QueryOrder, QueryResult, QuerySelect, Select,
};

use crate::dialect::Walk;
use crate::found::{Intent, Stored as _};
use crate::load;
use crate::read::load_error;
use crate::rows::{AttemptRow, parse_order_no};
use crate::set::{Rows, Value, Write, bytes, number, row, text};
use crate::soon::soon;
use crate::{Doing, Error, OrderKey, Store, entity};

const DOING: &str = "purging what has expired";

static FORGOTTEN: Write = Write::delete("key_records", &[number("id")]);

static ANSWER_FORGOTTEN: Write = Write::update(
    "key_records",
    &[number("id")],
    &[number("status"), text("headers"), bytes("body"), number("completed_at"), text("came_from")],
    &[],
);

static NUMBERS_EXPIRED: Write = Write::delete("order_numbers", &[number("tenant_id"), text("order_no")]);

static CONFLICTS_FORGOTTEN: Write = Write::delete(
    "key_conflicts",
    &[number("tenant_id"), number("principal_id"), text("idempotency_key"), text("kind")],
);

impl Store {
    /// Unpaid orders whose time is up, the oldest deadline first. Of those of which an attempt can still be paid, the channel
    /// is asked first; only those whose time was up, and whose channels were all asked, at `long_ago` are closed all the same.
    pub async fn orders_due(&self, now: Timestamp, long_ago: Timestamp, limit: u64) -> Result<OrdersDue, Error> {
        const DOING: &str = "looking for orders that are due";
        let mut all = OrdersDue::default();
        for page in 0..PAGES {
            let due = due(now, limit).offset(page * limit).into_tuple().all(&self.lister);
            let due: Vec<(i64, String, i64)> = soon(DOING, due).await?;
            let found = due.len() as u64;
            let keys = due.iter().flat_map(|(tenant, order_no, _)| [(*tenant).into(), order_no.as_str().into()]);
            let mut reading = self.database.read().await.doing(DOING)?;
            let attempts = load::find_in::<AttemptRow>(&mut reading, AttemptRow::FIND, keys, Intent::Read).await;
            drop(reading);
            let mut live: HashMap<(i64, String), Live> = HashMap::new();
            for row in attempts.map_err(load_error)?.into_iter().filter(|row| row.attempt.status.is_live()) {
                live.entry((row.tenant_id, row.order_no)).or_default().add(&row.attempt);
            }
            for (tenant, order_no, expires_at) in due {
                let key = (TenantId(tenant), parse_order_no(&order_no)?);
                match live.get(&(tenant, order_no)) {
                    Some(Live { unasked: Some(number), .. }) => all.to_close.push((key, *number)),
                    Some(Live { asked_at, .. }) if max(expires_at, *asked_at) > long_ago.0 => {}
                    _ => all.to_expire.push(key),
                }
            }
            // A whole page may wait for its channels.
            if found < limit || !(all.to_close.is_empty() && all.to_expire.is_empty()) {
                break;
            }
        }
        Ok(all)
    }

    /// Shipped orders that nobody touched since `before`.
    pub async fn orders_due_to_complete(&self, before: Timestamp, limit: u64) -> Result<Vec<OrderKey>, Error> {
        let mut due = Vec::new();
        for tenant in self.tenants().await? {
            let left = limit.saturating_sub(due.len() as u64);
            if left == 0 {
                break;
            }
            due.extend(self.orders_untouched(tenant, Status::Shipped, before, left).await?);
        }
        Ok(due)
    }

    /// Orders of a status that were placed and last changed at `before` or earlier, the oldest first.
    pub(crate) async fn orders_untouched(
        &self,
        tenant: TenantId,
        status: Status,
        before: Timestamp,
        limit: u64,
    ) -> Result<Vec<OrderKey>, Error> {
        const DOING: &str = "looking for orders that nobody touched";
        let equal = vec![("status", status.name().into())];
        let walk = Walk {
            table: "orders",
            tenant,
            equal,
            from: None,
            to: Some(before.0),
            direction: Direction::Asc,
            order: ["created_at", "id"],
            index_ends_with: "created_at",
        };
        let mut query = Query::select();
        query.column("order_no").from(walk.table).and_where(Expr::col("updated_at").lte(before.0)).limit(limit);
        self.database.walk(&mut query, &walk);
        let rows = soon(DOING, self.lister.query_all(&query)).await?;
        let number = |row: QueryResult| parse_order_no(&row.try_get_by_index::<String>(0).doing(DOING)?);
        rows.into_iter().map(|row| Ok((tenant, number(row)?))).collect()
    }

    /// Every tenant.
    pub(crate) async fn tenants(&self) -> Result<Vec<TenantId>, Error> {
        let all = entity::tenant::Entity::find()
            .select_only()
            .column(entity::tenant::Column::Id)
            .order_by_asc(entity::tenant::Column::Id)
            .into_tuple();
        let ids: Vec<i64> = soon("listing tenants", all.all(&self.lister)).await?;
        Ok(ids.into_iter().map(TenantId).collect())
    }

    /// Removes the answers completed before `before`, the oldest first, at most `limit`, with their keys; the keys of
    /// orders stay, for ever. Gives how many.
    pub async fn records_purge(&self, before: Timestamp, limit: u64) -> Result<u64, Error> {
        use entity::key_record::{Column, Entity};
        let old =
            Entity::find().filter(Column::CompletedAt.lt(before.0)).order_by_asc(Column::CompletedAt).limit(limit);
        let old = soon(DOING, old.all(&self.lister)).await?;
        let (mut records, mut answers) = (Rows::of(&FORGOTTEN), Rows::of(&ANSWER_FORGOTTEN));
        for record in old {
            match record.order_no {
                None => records.add(row![record.id]),
                // From where it came is gone with its answer: who that was, nobody has to know for ever.
                Some(_) => {
                    answers.add(row![record.id, Value::Null, Value::Null, Value::Null, Value::Null, Value::Null]);
                }
            }
        }
        self.tidy(vec![records, answers]).await
    }

    /// Removes issued numbers that expired before `before`, at most `limit`; gives how many.
    pub async fn numbers_purge(&self, before: Timestamp, limit: u64) -> Result<u64, Error> {
        use entity::order_number::{Column, Entity};
        let old = Entity::find().filter(Column::ExpiresAt.lt(before.0)).order_by_asc(Column::ExpiresAt).limit(limit);
        let old = soon(DOING, old.all(&self.lister)).await?;
        let mut numbers = Rows::of(&NUMBERS_EXPIRED);
        for number in old {
            numbers.add(row![number.tenant_id, number.order_no]);
        }
        self.tidy(vec![numbers]).await
    }

    /// Removes counts of conflicts the last of which was before `before`, at most `limit`; gives how many.
    pub async fn sightings_purge(&self, before: Timestamp, limit: u64) -> Result<u64, Error> {
        use entity::key_conflict::{Column, Entity};
        let old = Entity::find().filter(Column::LastAt.lt(before.0)).order_by_asc(Column::LastAt).limit(limit);
        let old = soon(DOING, old.all(&self.lister)).await?;
        let mut conflicts = Rows::of(&CONFLICTS_FORGOTTEN);
        for conflict in old {
            let key = conflict.idempotency_key;
            conflicts.add(row![conflict.tenant_id, conflict.principal_id, key, conflict.kind]);
        }
        self.tidy(vec![conflicts]).await
    }

    /// One short transaction. A row that is gone meanwhile is no harm.
    pub(crate) async fn tidy(&self, rows: Vec<Rows>) -> Result<u64, Error> {
        if rows.iter().all(|rows| rows.len() == 0) {
            return Ok(0);
        }
        let mut changes = self.changes().await.doing(DOING)?;
        let touched = changes.write_all(rows).await.doing(DOING)?;
        changes.commit().await.doing(DOING)?;
        Ok(touched)
    }
}

/// How many pages of orders that wait for their channels are passed over.
const PAGES: u64 = 20;

/// Orders whose time to pay is up.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct OrdersDue {
    /// Those that are closed now.
    pub to_expire: Vec<OrderKey>,
    /// Those whose channels are to be asked to close an attempt, with the number of the latest that was not asked for: one
    /// that began at the deadline may come behind the first asking.
    pub to_close: Vec<(OrderKey, u32)>,
}

/// Attempts of an order that can still be paid.
#[derive(Default)]
struct Live {
    /// The number of the latest whose channel was not asked to close it.
    unasked: Option<u32>,
    /// When the last was asked.
    asked_at: i64,
}

impl Live {
    fn add(&mut self, attempt: &Attempt) {
        match attempt.close_asked_at {
            None => self.unasked = max(self.unasked, Some(attempt.number)),
            Some(at) => self.asked_at = max(self.asked_at, at.0),
        }
    }
}

fn due(now: Timestamp, limit: u64) -> Select<entity::order::Entity> {
    use entity::order::{Column, Entity};
    Entity::find()
        .select_only()
        .columns([Column::TenantId, Column::OrderNo, Column::ExpiresAt])
        // As a literal: a partial index is not used for a parameter.
        .filter(Expr::cust("status = 'pending_payment'"))
        .filter(Column::ExpiresAt.lte(now.0))
        .order_by_asc(Column::ExpiresAt)
        .limit(limit)
}
