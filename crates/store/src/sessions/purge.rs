//! Owns removing sessions that have been over for long.

use std::collections::BTreeSet;

use domain::Timestamp;
use sea_orm::sea_query::{Expr, ExprTrait as _, Order, Query};
use sea_orm::{ConnectionTrait as _, QueryResult};

use crate::found::Stored as _;
use crate::rows::SessionRow;
use crate::set::{Rows, Write, row};
use crate::soon::soon;
use crate::{Doing as _, Error, Store};

const DOING: &str = "looking for sessions that are over";

static FORGOTTEN: Write = Write::delete("sessions", SessionRow::FIND.key);

impl Store {
    /// Removes sessions that ended, or whose time was over, before `before`, at most `limit`; gives how many. People stay, also
    /// guests who never came back: their orders may.
    pub async fn sessions_purge(&self, before: Timestamp, limit: u64) -> Result<u64, Error> {
        // No session lives longer than its idle time, whatever its end is: one index knows of both.
        let mut over = self.sessions_before("idle_until", before, limit).await?;
        let left = limit.saturating_sub(over.len() as u64);
        if left > 0 {
            over.extend(self.sessions_before("ended_at", before, left).await?);
        }
        let mut forgotten = Rows::of(&FORGOTTEN);
        for (tenant, id) in over {
            forgotten.add(row![tenant, id]);
        }
        self.tidy(vec![forgotten]).await
    }

    async fn sessions_before(
        &self,
        column: &'static str,
        before: Timestamp,
        limit: u64,
    ) -> Result<BTreeSet<(i64, String)>, Error> {
        let mut query = Query::select();
        query.columns(["tenant_id", "id"]).from("sessions").and_where(Expr::col(column).lt(before.0));
        query.order_by(column, Order::Asc).limit(limit);
        let rows = soon(DOING, self.lister.query_all(&query)).await?;
        let key = |row: &QueryResult| Ok((row.try_get_by_index(0)?, row.try_get_by_index(1)?));
        rows.iter().map(key).collect::<Result<_, sea_orm::DbErr>>().doing(DOING)
    }
}
