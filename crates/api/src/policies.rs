//! Owns what each tenant's shop asks of a checkout and of refunds, as it was read a moment ago.

use std::time::Duration;

use domain::payment::RefundLimits;
use domain::{CheckoutPolicy, TenantId};
use moka::future::Cache;
use store::Store;

use crate::problem::Problem;

/// How long a policy is remembered, so also how long a node may go on with the one before.
const REMEMBERED: Duration = Duration::from_secs(2);
const REMEMBERED_MAX: u64 = 10_000;

pub(crate) struct Policies {
    store: Store,
    known: Cache<TenantId, CheckoutPolicy>,
    refunds: Cache<TenantId, RefundLimits>,
}

impl Policies {
    pub(crate) fn new(store: Store) -> Self {
        let known = Cache::builder().max_capacity(REMEMBERED_MAX).time_to_live(REMEMBERED).build();
        let refunds = Cache::builder().max_capacity(REMEMBERED_MAX).time_to_live(REMEMBERED).build();
        Self { store, known, refunds }
    }

    pub(crate) async fn of(&self, tenant: TenantId) -> Result<CheckoutPolicy, Problem> {
        let store = self.store.clone();
        self.known.try_get_with(tenant, async move { store.policy(tenant).await }).await.map_err(|error| {
            tracing::error!(%error, "a tenant's policy could not be read");
            Problem::new("storage_unavailable", "what the shop asks of a checkout could not be read")
        })
    }

    /// It has changed: the next order reads it anew.
    pub(crate) async fn forget(&self, tenant: TenantId) {
        self.known.invalidate(&tenant).await;
    }

    /// How much one may give back alone.
    pub(crate) async fn refund_limits(&self, tenant: TenantId) -> Result<RefundLimits, Problem> {
        let store = self.store.clone();
        let limits = async move { store.refund_policy(tenant).await.map(|policy| policy.limits) };
        self.refunds.try_get_with(tenant, limits).await.map_err(|error| {
            tracing::error!(%error, "a tenant's limits of refunds could not be read");
            Problem::new("storage_unavailable", "what the shop asks of refunds could not be read")
        })
    }

    /// They have changed: the next one reads them anew.
    pub(crate) async fn forget_refund_limits(&self, tenant: TenantId) {
        self.refunds.invalidate(&tenant).await;
    }
}
