//! Owns the questions about payments: one of them, many of them, or a page of them.

use std::collections::{BTreeSet, HashMap};

use domain::payment::Status;
use domain::{AttemptId, ChannelAccountId, Needs, OrderNo, Payment, PaymentId, RefundId, TenantId, Timestamp};
use sea_orm::sea_query::{Expr, Order as Direction, Query, SelectStatement};
use sea_orm::{ConnectionTrait as _, DbErr, QueryResult};

use super::{Cursor, Page, behind, load_error};
use crate::dialect::Walk;
use crate::load::money;
use crate::rows::Column;
use crate::soon::soon;
use crate::{Doing as _, Error, Store};

const READING: &str = "reading payments";
const LISTING: &str = "listing payments";
/// How many attempts through an account are looked at in one go at least, and how often for one page: what fits is found
/// soon, or the page is shorter and the next one goes on.
const PIECE_MIN: u64 = 200;
const PIECES_MAX: usize = 5;

/// Which payments.
#[derive(Clone, Copy, Debug, Default)]
pub struct PaymentFilter {
    /// Only of this status; those of which something was given back are paid.
    pub status: Option<Status>,
    /// Only those that were tried through this account. Their time in the list is then that of their first attempt there.
    pub account: Option<ChannelAccountId>,
    /// Only the one for this order.
    pub order_no: Option<OrderNo>,
    /// Only begun at this time or later.
    pub created_from: Option<Timestamp>,
    /// Only begun before this time.
    pub created_to: Option<Timestamp>,
}

impl PaymentFilter {
    /// Its time in the list, where it was tried as is asked for.
    fn time(&self, payment: &Payment) -> Option<Timestamp> {
        let first = |account| payment.attempts.iter().find(|attempt| attempt.account == account);
        self.account.map_or(Some(payment.created_at), |account| Some(first(account)?.created_at))
    }

    fn takes(&self, payment: &Payment) -> bool {
        self.status.is_none_or(|status| status == payment.status)
            && self.time(payment).is_some_and(|at| {
                self.created_from.is_none_or(|from| from <= at) && self.created_to.is_none_or(|to| at < to)
            })
    }
}

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

    /// A page of payments, the newest first.
    pub async fn payments_page(
        &self,
        tenant: TenantId,
        filter: &PaymentFilter,
        after: Option<&Cursor>,
        limit: u64,
    ) -> Result<Page<Payment>, Error> {
        if let Some(order_no) = filter.order_no {
            let payment = self.payment_for(tenant, order_no).await?.filter(|payment| filter.takes(payment));
            return Ok(Page { rows: payment.into_iter().filter(|_| after.is_none()).collect(), next: None });
        }
        let most = usize::try_from(limit).unwrap_or(usize::MAX);
        let (mut kept, mut next) = (Vec::new(), after.cloned());
        for _ in 0..PIECES_MAX {
            let (rows, further) = self.piece(tenant, filter, next.as_ref(), limit).await?;
            kept.extend(rows);
            next = further;
            if kept.len() >= most || next.is_none() {
                break;
            }
        }
        if kept.len() > most {
            kept.truncate(most);
            next = kept.last().map(|(cursor, _)| cursor.clone());
        }
        Ok(Page { rows: kept.into_iter().map(|(_, payment)| payment).collect(), next })
    }

    /// Some payments of the list, each with its place in it, and where the next of them begin. Through an account there are
    /// later attempts between the first ones, and payments of another status: those are left out.
    async fn piece(
        &self,
        tenant: TenantId,
        filter: &PaymentFilter,
        after: Option<&Cursor>,
        limit: u64,
    ) -> Result<(Vec<(Cursor, Payment)>, Option<Cursor>), Error> {
        let limit = if filter.account.is_some() { limit.max(PIECE_MIN) } else { limit };
        let query = self.payments_walk(tenant, filter, after).limit(limit + 1).take();
        let rows = soon(LISTING, self.lister.query_all(&query)).await?;
        let mut rows: Vec<_> = rows.iter().map(place).collect::<Result<_, _>>().doing(LISTING)?;
        let more = rows.len() as u64 > limit;
        rows.truncate(usize::try_from(limit).unwrap_or(usize::MAX));
        let next = rows.last().filter(|_| more).cloned();
        let parse = |Cursor { id, .. }: &Cursor| Column { table: "payments", row: id }.parse("payment_id", id);
        let ids: Vec<PaymentId> = rows.iter().map(parse).collect::<Result<_, Error>>()?;
        let found = self.payments(ids.iter().map(|id| (tenant, *id)).collect()).await?;
        let mut found: HashMap<PaymentId, Payment> = found.into_iter().map(|payment| (payment.id, payment)).collect();
        found.retain(|_, payment| filter.takes(payment));
        let is_first =
            |(at, id): &(Cursor, PaymentId)| found.get(id).is_some_and(|payment| filter.time(payment) == Some(at.at));
        let first: Vec<_> = rows.into_iter().zip(ids).filter(is_first).collect();
        Ok((first.into_iter().filter_map(|(at, id)| Some((at, found.remove(&id)?))).collect(), next))
    }

    /// Ids and times, the newest first: of payments, or of their first attempts through an account.
    fn payments_walk(&self, tenant: TenantId, filter: &PaymentFilter, after: Option<&Cursor>) -> SelectStatement {
        let before = filter.created_to.map(|to| to.0.saturating_sub(1));
        let (status, account) = (filter.status.map(Status::name), filter.account.map(|account| account.to_string()));
        let walk = Walk {
            table: if account.is_some() { "payment_attempts" } else { "payments" },
            tenant,
            equal: match (&account, status) {
                (Some(account), _) => vec![("account_id", account.as_str().into())],
                (None, Some(status)) => vec![("status", status.into())],
                (None, None) => Vec::new(),
            },
            from: filter.created_from.map(|from| from.0),
            to: before.into_iter().chain(after.map(|cursor| cursor.at.0)).min(),
            direction: Direction::Desc,
            order: ["created_at", "payment_id"],
            index_ends_with: "created_at_payment_id",
        };
        let mut query = Query::select();
        query.columns(["payment_id", "created_at"]).from(walk.table);
        self.database.walk(&mut query, &walk);
        if let Some(cursor) = after {
            let last = Expr::value(cursor.id.as_str());
            query.cond_where(behind(Expr::col("created_at"), Expr::col("payment_id"), cursor, last));
        }
        query
    }

    async fn payments_of(&self, needs: &Needs) -> Result<Vec<Payment>, Error> {
        let mut reading = self.database.read().await.doing(READING)?;
        money::by_id(&mut reading, needs).await.map_err(load_error)
    }
}

fn place(row: &QueryResult) -> Result<Cursor, DbErr> {
    Ok(Cursor { id: row.try_get_by_index(0)?, at: Timestamp(row.try_get_by_index(1)?) })
}
