//! Owns the questions about payments: one of them, many of them, and what came before its time.

use std::collections::BTreeSet;

use domain::channel::{ChannelEvent, State};
use domain::{AttemptId, Needs, OrderNo, Payment, PaymentId, RefundId, TenantId, Timestamp};
use sea_orm::ConnectionTrait as _;
use sea_orm::sea_query::{Expr, ExprTrait as _, Order as Direction, Query};

use super::load_error;
use crate::found::{Intent, Stored as _};
use crate::load::{self, money};
use crate::rows::ChannelEventRow;
use crate::soon::soon;
use crate::{Doing as _, Error, Store};

const READING: &str = "reading payments";

impl Store {
    /// One payment, with its attempts and refunds.
    pub async fn payment(&self, tenant: TenantId, id: PaymentId) -> Result<Option<Payment>, Error> {
        let needs = Needs { payments: BTreeSet::from([(tenant, id)]), ..Needs::default() };
        Ok(self.payments_of(&needs).await?.pop())
    }

    /// The payment for an order.
    pub async fn payment_for(&self, tenant: TenantId, order_no: OrderNo) -> Result<Option<Payment>, Error> {
        let needs = Needs { payments_for: BTreeSet::from([(tenant, order_no)]), ..Needs::default() };
        Ok(self.payments_of(&needs).await?.pop())
    }

    /// The payment that has this refund.
    pub async fn payment_of_refund(&self, tenant: TenantId, id: RefundId) -> Result<Option<Payment>, Error> {
        let needs = Needs { refunds: BTreeSet::from([(tenant, id)]), ..Needs::default() };
        Ok(self.payments_of(&needs).await?.pop())
    }

    /// Many payments; those that do not exist are left out.
    pub async fn payments(&self, ids: BTreeSet<(TenantId, PaymentId)>) -> Result<Vec<Payment>, Error> {
        self.payments_of(&Needs { payments: ids, ..Needs::default() }).await
    }

    /// The payments that have these attempts and refunds; those that do not exist are left out.
    pub async fn payments_behind(
        &self,
        tenant: TenantId,
        attempts: impl IntoIterator<Item = AttemptId>,
        refunds: impl IntoIterator<Item = RefundId>,
    ) -> Result<Vec<Payment>, Error> {
        let attempts = attempts.into_iter().map(|id| (tenant, id)).collect();
        let refunds = refunds.into_iter().map(|id| (tenant, id)).collect();
        self.payments_of(&Needs { attempts, refunds, ..Needs::default() }).await
    }

    async fn payments_of(&self, needs: &Needs) -> Result<Vec<Payment>, Error> {
        let mut reading = self.database.read().await.doing(READING)?;
        money::by_id(&mut reading, needs).await.map_err(load_error)
    }

    /// What came about numbers that nobody knew, since `since`, and whose number is known by now.
    pub async fn events_to_retry(&self, since: Timestamp, limit: u64) -> Result<Vec<ChannelEvent>, Error> {
        const DOING: &str = "looking for events without a match";
        let known = |table: &'static str, id: &'static str| {
            let there = Query::select()
                .expr(Expr::value(1))
                .from(table)
                .and_where(Expr::col((table, "tenant_id")).equals(("channel_events", "tenant_id")))
                .and_where(Expr::col((table, id)).equals(("channel_events", "reference")))
                .take();
            Expr::exists(there)
        };
        let query = Query::select()
            .columns(["tenant_id", "digest"])
            .from("channel_events")
            .and_where(Expr::col("state").eq(State::Unmatched.name()))
            .and_where(Expr::col("received_at").gte(since.0))
            .and_where(known("payment_attempts", "attempt_id").or(known("refunds", "refund_id")))
            .order_by("received_at", Direction::Asc)
            .limit(limit)
            .take();
        let rows = soon(DOING, self.lister.query_all(&query)).await?;
        let mut keys = Vec::new();
        for row in &rows {
            keys.push(row.try_get_by_index::<i64>(0).doing(DOING)?.into());
            keys.push(row.try_get_by_index::<Vec<u8>>(1).doing(DOING)?[..].into());
        }
        let mut reading = self.database.read().await.doing(DOING)?;
        let find = ChannelEventRow::FIND;
        let found: Vec<ChannelEventRow> =
            load::find_in(&mut reading, find, keys.into_iter(), Intent::Read).await.map_err(load_error)?;
        Ok(found.into_iter().map(|row| row.0).collect())
    }
}
