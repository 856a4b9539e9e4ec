//! Owns what each tenant's shop asks of a checkout: settings that stand in the database, so that every node has the same.

use std::convert::Infallible;

use domain::checkout::Standing;
use domain::{CheckoutPolicy, TenantId, Timestamp};

use crate::found::{Intent, Stored as _, Tables as _};
use crate::rows::{CHECKOUT_CHANGED, CHECKOUT_NEW, CheckoutRow, checkout_changed, checkout_new};
use crate::sessions::again;
use crate::set::Rows;
use crate::{Doing as _, Error, Store};

impl Store {
    /// What the tenant's shop asks.
    pub async fn policy(&self, tenant: TenantId) -> Result<CheckoutPolicy, Error> {
        Ok(self.checkout_policy(tenant).await?.policy)
    }

    /// The same with its version, and when it was last changed.
    pub async fn checkout_policy(&self, tenant: TenantId) -> Result<Standing, Error> {
        let found: Option<CheckoutRow> = self.first(CheckoutRow::FIND, vec![tenant.0.into()]).await?;
        Ok(found.map_or_else(|| Standing::unset(tenant), |row| row.0))
    }

    /// From now on the tenant's shop asks this, whatever it asked before: what an operator does beside the engine, as with
    /// the rules of sessions. Nodes follow within seconds.
    pub async fn policy_set(&self, tenant: TenantId, policy: &CheckoutPolicy, now: Timestamp) -> Result<(), Error> {
        match self.policy_change(tenant, now, |_| Ok::<_, Infallible>(*policy)).await? {
            Ok(_) => Ok(()),
            Err(never) => match never {},
        }
    }

    /// From now on the tenant's shop asks what `change` makes of what it asked: of two changes at a time, none is lost. What it
    /// refuses stays as it is.
    pub async fn policy_change<E>(
        &self,
        tenant: TenantId,
        now: Timestamp,
        change: impl Fn(CheckoutPolicy) -> Result<CheckoutPolicy, E>,
    ) -> Result<Result<CheckoutPolicy, E>, Error> {
        // Where there is no row yet, somebody else may be making it: theirs is what is changed then.
        again(|| self.policy_turn(tenant, now, &change)).await
    }

    async fn policy_turn<E>(
        &self,
        tenant: TenantId,
        now: Timestamp,
        change: impl Fn(CheckoutPolicy) -> Result<CheckoutPolicy, E>,
    ) -> Result<Result<CheckoutPolicy, E>, Error> {
        const DOING: &str = "setting a tenant's policy";
        let mut changes = self.changes().await.doing(DOING)?;
        let key = vec![tenant.0.into()];
        let found: Vec<CheckoutRow> =
            changes.find(CheckoutRow::FIND, key, Intent::Change).await.doing(DOING)?.rows()?;
        let policy = match change(found.first().map(|row| row.0.policy).unwrap_or_default()) {
            Ok(policy) => policy,
            Err(refused) => return Ok(Err(refused)),
        };
        let was = found.first().map(|row| row.0.version);
        let version = was.unwrap_or(1).saturating_add(1);
        let standing = Standing { tenant, policy, version, changed_at: Some(now) };
        let rows = if let Some(was) = was {
            let mut rows = Rows::of(&CHECKOUT_CHANGED);
            rows.add(checkout_changed(&standing, was));
            rows
        } else {
            let mut rows = Rows::of(&CHECKOUT_NEW);
            rows.add(checkout_new(&standing));
            rows
        };
        changes.write_all(vec![rows]).await.doing(DOING)?;
        changes.commit().await.doing(DOING)?;
        Ok(Ok(policy))
    }
}
