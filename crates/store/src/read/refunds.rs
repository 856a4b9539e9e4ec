//! Owns the questions about refunds: a page of them, and what shops ask of them.

use domain::payment::{RefundPolicy, RefundStatus};
use domain::text::ActorId;
use domain::{Payment, PrincipalId, RefundId, TenantId, Timestamp};
use sea_orm::sea_query::{Expr, Order as Direction, Query, SelectStatement, Value};
use sea_orm::{ConnectionTrait as _, DbErr, QueryResult};

use super::{Cursor, Page, behind, load_error};
use crate::dialect::Walk;
use crate::found::{Intent, Stored as _};
use crate::load;
use crate::rows::{Approval, Column, RefundPolicyRow, stored_status};
use crate::soon::soon;
use crate::{Doing as _, Error, Store};

const LISTING: &str = "listing refunds";
const READING: &str = "reading what a shop asks of refunds";
/// How many refunds are looked at in one go at least where two statuses share a word, and how often for one page: what has the
/// other one is passed over, or the page is shorter and the next one goes on.
const PIECE_MIN: u64 = 200;
const PIECES_MAX: usize = 5;

/// A refund of a list, with its payment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListedRefund {
    /// Which.
    pub refund: RefundId,
    /// Of which payment.
    pub payment: Payment,
}

impl Store {
    /// A page of refunds, of all or of one status, the newest first.
    pub async fn refunds(
        &self,
        tenant: TenantId,
        status: Option<RefundStatus>,
        after: Option<&Cursor>,
        limit: u64,
    ) -> Result<Page<ListedRefund>, Error> {
        let (ids, next) = self.refund_places(tenant, status, after, limit).await?;
        let found = self.payments_behind(tenant, [], ids.iter().copied()).await?;
        let of = |id: RefundId| {
            // One whose status changed since it was listed has left the list of that.
            let is_of_it = |payment: &&Payment| {
                payment.refund(id).is_some_and(|found| status.is_none_or(|status| status == found.status))
            };
            found.iter().find(is_of_it).map(|payment| ListedRefund { refund: id, payment: payment.clone() })
        };
        Ok(Page { rows: ids.into_iter().filter_map(of).collect(), next })
    }

    /// Which refunds stand on a page, and where the next one begins.
    async fn refund_places(
        &self,
        tenant: TenantId,
        status: Option<RefundStatus>,
        after: Option<&Cursor>,
        limit: u64,
    ) -> Result<(Vec<RefundId>, Option<Cursor>), Error> {
        let most = usize::try_from(limit).unwrap_or(usize::MAX);
        let piece = if status.is_some_and(shares_its_word) { limit.max(PIECE_MIN) } else { limit };
        let (mut kept, mut next) = (Vec::new(), after.cloned());
        for _ in 0..PIECES_MAX {
            let query = self.refunds_walk(tenant, status, next.as_ref()).limit(piece + 1).take();
            let rows = soon(LISTING, self.lister.query_all(&query)).await?;
            let mut rows: Vec<_> = rows.iter().map(place).collect::<Result<_, _>>().doing(LISTING)?;
            let more = rows.len() as u64 > piece;
            rows.truncate(usize::try_from(piece).unwrap_or(usize::MAX));
            next = rows.last().filter(|_| more).map(|(cursor, _)| cursor.clone());
            let is_of_it = |approval| status.is_none_or(|status| is_of(approval, status));
            kept.extend(rows.into_iter().filter(|(_, approval)| is_of_it(*approval)).map(|(cursor, _)| cursor));
            if kept.len() >= most || next.is_none() {
                break;
            }
        }
        if kept.len() > most {
            kept.truncate(most);
            next = kept.last().cloned();
        }
        let parse = |Cursor { id, .. }: &Cursor| Column { table: "refunds", row: id }.parse("refund_id", id);
        Ok((kept.iter().map(parse).collect::<Result<_, Error>>()?, next))
    }

    /// Ids, times and the column beside the status, the newest first.
    fn refunds_walk(&self, tenant: TenantId, status: Option<RefundStatus>, after: Option<&Cursor>) -> SelectStatement {
        let walk = Walk {
            table: "refunds",
            tenant,
            equal: status.map(common).into_iter().collect(),
            from: None,
            to: after.map(|cursor| cursor.at.0),
            direction: Direction::Desc,
            order: ["created_at", "refund_id"],
            index_ends_with: "created_at_refund_id",
        };
        let mut query = Query::select();
        query.columns(["refund_id", "created_at", "approval"]).from(walk.table);
        self.database.walk(&mut query, &walk);
        if let Some(cursor) = after {
            let last = Expr::value(cursor.id.as_str());
            query.cond_where(behind(Expr::col("created_at"), Expr::col("refund_id"), cursor, last));
        }
        query
    }

    /// What a tenant's shop asks of refunds.
    pub async fn refund_policy(&self, tenant: TenantId) -> Result<RefundPolicy, Error> {
        let mut reading = self.database.read().await.doing(READING)?;
        let keys = std::iter::once(tenant.0.into());
        let found: Vec<RefundPolicyRow> =
            load::find_in(&mut reading, RefundPolicyRow::FIND, keys, Intent::Read).await.map_err(load_error)?;
        Ok(found.into_iter().next().map_or_else(|| RefundPolicy::unset(tenant), |row| row.0))
    }

    /// How others name whoever acts in this name.
    pub async fn actor_id(&self, tenant: TenantId, principal: PrincipalId) -> Result<Option<ActorId>, Error> {
        const DOING: &str = "reading an account's id";
        let sql = format!("select public_id from principals where id = {} and tenant_id = {}", principal.0, tenant.0);
        let row = soon(DOING, self.lister.query_one_raw(self.bound(&sql, &[]))).await?;
        let id = row.map(|row| row.try_get_by_index::<String>(0)).transpose().doing(DOING)?;
        Ok(id.as_deref().map(ActorId::from_stored))
    }
}

/// The column that all refunds of a status have in common, and what stands in it.
fn common(status: RefundStatus) -> (&'static str, Value) {
    match status {
        RefundStatus::AwaitingApproval => ("approval", Approval::Awaited.number().into()),
        RefundStatus::Rejected => ("approval", Approval::Denied.number().into()),
        other => ("status", other.name().into()),
    }
}

/// Whether refunds of another status have the same word in the column of the status.
fn shares_its_word(status: RefundStatus) -> bool {
    matches!(status, RefundStatus::Created | RefundStatus::Failed)
}

/// Whether a row of a status's walk is of it: the column beside the status has a say in that. What cannot be read is kept: whoever
/// reads the refund says so.
fn is_of(approval: i64, status: RefundStatus) -> bool {
    Approval::from_number(approval).is_none_or(|approval| approval.status(stored_status(status)) == status)
}

fn place(row: &QueryResult) -> Result<(Cursor, i64), DbErr> {
    let cursor = Cursor { id: row.try_get_by_index(0)?, at: Timestamp(row.try_get_by_index(1)?) };
    Ok((cursor, row.try_get_by_index(2)?))
}
