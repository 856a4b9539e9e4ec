//! Owns the bounded steps that keep the database tidy: what is due, and what may be purged.

use domain::{OrderNo, TenantId, Timestamp};

use crate::rows::parse_order_no;
use crate::{Doing, Error, OrderKey, Store, dialect};

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

    /// Removes counts of conflicts the last of which was before `before`, at most `limit`; gives how many.
    pub async fn conflicts_purge(&self, before: Timestamp, limit: i64) -> Result<u64, Error> {
        self.purge(dialect::CONFLICTS_PURGE, before, limit).await
    }

    async fn due(&self, sql: &'static str, at: Timestamp, limit: i64) -> Result<Vec<OrderKey>, Error> {
        let rows: Vec<(i64, String)> = sqlx::query_as(sql)
            .bind(at.0)
            .bind(limit)
            .fetch_all(&self.lister)
            .await
            .doing("looking for orders that are due")?;
        rows.into_iter().map(|(tenant, text)| due_key(tenant, &text)).collect()
    }

    async fn purge(&self, sql: &'static str, before: Timestamp, limit: i64) -> Result<u64, Error> {
        let _turn = self.turn().await?;
        let done = sqlx::query(sql)
            .bind(before.0)
            .bind(limit)
            .execute(&self.administrator)
            .await
            .doing("purging what has expired")?;
        Ok(done.rows_affected())
    }
}

fn due_key(tenant: i64, text: &str) -> Result<(TenantId, OrderNo), Error> {
    Ok((TenantId(tenant), parse_order_no(text)?))
}
