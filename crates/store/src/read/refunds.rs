//! Owns the questions about refunds that wait for a second person, and what shops ask of refunds.

use domain::payment::{RefundPolicy, RefundStatus};
use domain::text::ActorId;
use domain::{Payment, PrincipalId, RefundId, TenantId};
use sea_orm::{ConnectionTrait as _, DbErr, QueryResult};

use super::{Cursor, Page, cut, load_error};
use crate::found::{Intent, Stored as _};
use crate::load;
use crate::rows::{Approval, Column, RefundPolicyRow};
use crate::soon::soon;
use crate::{Doing as _, Error, Store};

const LISTING: &str = "listing refunds";
const READING: &str = "reading what a shop asks of refunds";

/// Which refunds a list is of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RefundList {
    /// Those that wait for a second person.
    AwaitingApproval,
    /// Those that nobody let go.
    Rejected,
}

/// A refund of a list, with its payment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListedRefund {
    /// Which.
    pub refund: RefundId,
    /// Of which payment.
    pub payment: Payment,
}

impl RefundList {
    /// The status that all of them have.
    pub const fn status(self) -> RefundStatus {
        match self {
            Self::AwaitingApproval => RefundStatus::AwaitingApproval,
            Self::Rejected => RefundStatus::Rejected,
        }
    }

    const fn approval(self) -> Approval {
        match self {
            Self::AwaitingApproval => Approval::Awaited,
            Self::Rejected => Approval::Denied,
        }
    }
}

impl Store {
    /// A page of refunds that wait, or were rejected. It walks `refunds_tenant_id_approval_created_at_refund_id`.
    pub async fn refunds(
        &self,
        tenant: TenantId,
        list: RefundList,
        after: Option<&Cursor>,
        limit: u64,
    ) -> Result<Page<ListedRefund>, Error> {
        let approval = list.approval().number();
        let behind = after.map_or(String::new(), |cursor| {
            let at = cursor.at.0;
            format!("and created_at <= {at} and (created_at < {at} or refund_id < {{}})")
        });
        let sql = format!(
            "select refund_id, created_at from refunds where tenant_id = {} and approval = {approval} {behind} \
             order by tenant_id desc, approval desc, created_at desc, refund_id desc limit {}",
            tenant.0,
            limit + 1
        );
        let values: Vec<&str> = after.iter().map(|cursor| cursor.id.as_str()).collect();
        let rows = soon(LISTING, self.lister.query_all_raw(self.bound(&sql, &values))).await?;
        let rows: Vec<(String, i64)> = rows.iter().map(place).collect::<Result<_, _>>().doing(LISTING)?;
        let (ids, next) = cut(rows, limit);
        let parse = |id: &String| Column { table: "refunds", row: id }.parse("refund_id", id);
        let ids: Vec<RefundId> = ids.iter().map(parse).collect::<Result<_, Error>>()?;
        let found = self.payments_behind(tenant, [], ids.iter().copied()).await?;
        let of = |id: RefundId| {
            // One that was decided on since it was listed has left the list.
            let is_of_it = |payment: &&Payment| payment.refund(id).is_some_and(|found| found.status == list.status());
            found.iter().find(is_of_it).map(|payment| ListedRefund { refund: id, payment: payment.clone() })
        };
        Ok(Page { rows: ids.into_iter().filter_map(of).collect(), next })
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

fn place(row: &QueryResult) -> Result<(String, i64), DbErr> {
    Ok((row.try_get_by_index(0)?, row.try_get_by_index(1)?))
}
