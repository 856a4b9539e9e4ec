//! Owns the bounded steps that keep the database tidy: what is due, what may be purged, what is counted aside.

use domain::{OrderNo, PrincipalId, TenantId, Timestamp};
use idempotency::Key;

use crate::rows::parse_order_no;
use crate::{Doing, Error, OrderKey, Store, dialect};

/// Refusals of one kind under one key, counted.
#[derive(Clone, Debug)]
pub struct Conflict {
    /// Whose.
    pub tenant: TenantId,
    /// Who sent them.
    pub principal: PrincipalId,
    /// Under which key.
    pub key: Key,
    /// The refusal's code.
    pub kind: &'static str,
    /// How many.
    pub times: u64,
    /// The first of them.
    pub first_at: Timestamp,
    /// The last of them.
    pub last_at: Timestamp,
}

impl Store {
    /// Unpaid orders whose time is up, the oldest deadline first.
    pub async fn orders_due_to_expire(&self, now: Timestamp, limit: i64) -> Result<Vec<OrderKey>, Error> {
        self.due(dialect::ORDERS_DUE_TO_EXPIRE, now, limit).await
    }

    /// Shipped orders that nobody touched since `before`.
    pub async fn orders_due_to_complete(&self, before: Timestamp, limit: i64) -> Result<Vec<OrderKey>, Error> {
        self.due(dialect::ORDERS_DUE_TO_COMPLETE, before, limit).await
    }

    /// Removes the answers completed before `before`, the oldest first, at most `limit` with their keys and as many
    /// of keys that placed an order: those keys stay, for ever. Gives how many.
    pub async fn records_purge(&self, before: Timestamp, limit: i64) -> Result<u64, Error> {
        let removed = self.purge(dialect::RECORDS_PURGE, before, limit).await?;
        Ok(removed + self.purge(dialect::ANSWERS_PURGE, before, limit).await?)
    }

    /// Removes issued numbers that expired before `before`, at most `limit`; gives how many.
    pub async fn numbers_purge(&self, before: Timestamp, limit: i64) -> Result<u64, Error> {
        self.purge(dialect::NUMBERS_PURGE, before, limit).await
    }

    /// Adds counts of refused reuses and other conflicts.
    pub async fn conflicts_add(&self, conflicts: &[Conflict]) -> Result<(), Error> {
        let rows: Vec<_> = conflicts
            .iter()
            .map(|conflict| {
                (
                    conflict.tenant.0,
                    conflict.principal.0,
                    conflict.key.as_str(),
                    conflict.kind,
                    conflict.times,
                    conflict.first_at.0,
                    conflict.last_at.0,
                )
            })
            .collect();
        let rows = serde_json::to_string(&rows).doing("writing conflicts")?;
        sqlx::query(dialect::CONFLICTS_UPSERT).bind(rows).execute(&self.writer).await.doing("writing conflicts")?;
        Ok(())
    }

    async fn due(&self, sql: &'static str, at: Timestamp, limit: i64) -> Result<Vec<OrderKey>, Error> {
        let rows: Vec<(i64, String)> = sqlx::query_as(sql)
            .bind(at.0)
            .bind(limit)
            .fetch_all(&self.reader)
            .await
            .doing("looking for orders that are due")?;
        rows.into_iter().map(|(tenant, text)| due_key(tenant, &text)).collect()
    }

    async fn purge(&self, sql: &'static str, before: Timestamp, limit: i64) -> Result<u64, Error> {
        let done = sqlx::query(sql)
            .bind(before.0)
            .bind(limit)
            .execute(&self.writer)
            .await
            .doing("purging what has expired")?;
        Ok(done.rows_affected())
    }
}

fn due_key(tenant: i64, text: &str) -> Result<(TenantId, OrderNo), Error> {
    Ok((TenantId(tenant), parse_order_no(text)?))
}
