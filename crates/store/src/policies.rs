//! Owns what each tenant's shop asks of a checkout: settings that stand in the database, so that every node has the same.

use domain::order::PendingLimit;
use domain::{TenantId, Timestamp};
use sea_orm::ActiveValue::Set;
use sea_orm::EntityTrait as _;
use sea_orm::sea_query::OnConflict;

use crate::rows::{limit_from_number, limit_number};
use crate::soon::soon;
use crate::{Error, Store, entity};

/// What a shop asks of a checkout. All of it is off until somebody switches it on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Policy {
    /// An order is taken only with a one-time token.
    pub checkout_token: bool,
    /// For how many milliseconds at most one order request keeps others of the same member out, which are answered
    /// "too frequent"; 0 where they are not.
    pub order_lock_ms: i64,
    /// Which of a member's orders may wait for payment at the same time.
    pub pending_limit: PendingLimit,
    /// Within how many milliseconds two order requests without a key that ask for the same are one; 0 where a key is
    /// required.
    pub same_within_ms: i64,
    /// How many units of one product one order takes; 0 where it takes any number.
    pub order_units_max: i64,
    /// Whoever comes may buy without a name.
    pub guests: bool,
    /// Whoever comes may become a member by themselves.
    pub registration: bool,
}

impl Store {
    /// What the tenant's shop asks.
    pub async fn policy(&self, tenant: TenantId) -> Result<Policy, Error> {
        let found = entity::tenant_policy::Entity::find_by_id(tenant.0);
        let Some(row) = soon("reading a tenant's policy", found.one(&self.lister)).await? else {
            return Ok(Policy::default());
        };
        let pending_limit = limit_from_number(row.pending_limit).ok_or_else(|| Error::Unreadable {
            table: "tenant_policies",
            row: tenant.0.to_string(),
            column: "pending_limit",
            value: row.pending_limit.to_string(),
        })?;
        Ok(Policy {
            checkout_token: row.checkout_token == 1,
            order_lock_ms: row.order_lock_ms,
            pending_limit,
            same_within_ms: row.same_within_ms,
            order_units_max: row.order_units_max,
            guests: row.guests == 1,
            registration: row.registration == 1,
        })
    }

    /// From now on the tenant's shop asks this. Nodes follow within seconds.
    pub async fn policy_set(&self, tenant: TenantId, policy: &Policy, now: Timestamp) -> Result<(), Error> {
        use entity::tenant_policy::{ActiveModel, Column, Entity};
        let row = ActiveModel {
            tenant_id: Set(tenant.0),
            checkout_token: Set(policy.checkout_token.into()),
            order_lock_ms: Set(policy.order_lock_ms),
            pending_limit: Set(limit_number(policy.pending_limit)),
            same_within_ms: Set(policy.same_within_ms),
            changed_at: Set(now.0),
            order_units_max: Set(policy.order_units_max),
            guests: Set(policy.guests.into()),
            registration: Set(policy.registration.into()),
        };
        let columns = [
            Column::CheckoutToken,
            Column::OrderLockMs,
            Column::PendingLimit,
            Column::SameWithinMs,
            Column::ChangedAt,
            Column::OrderUnitsMax,
            Column::Guests,
            Column::Registration,
        ];
        let change =
            Entity::insert(row).on_conflict(OnConflict::column(Column::TenantId).update_columns(columns).to_owned());
        let _turn = self.turn().await?;
        soon("setting a tenant's policy", change.exec_without_returning(&self.administrator)).await.map(|_| ())
    }
}
