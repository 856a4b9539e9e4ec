//! Owns what shops ask of sessions, remembered for two seconds.

use std::time::Duration;

use domain::TenantId;
use domain::person::Kind;
use domain::session::Rules;
use moka::future::Cache;
use store::Store;

use crate::{Denied, People};

/// How long rules are remembered, so also how long a change of them may take to be heard everywhere.
const REMEMBERED: Duration = Duration::from_secs(2);
const REMEMBERED_MAX: u64 = 10_000;

pub(crate) struct RulesOf {
    store: Store,
    known: Cache<(TenantId, Kind), Rules>,
}

impl RulesOf {
    pub(crate) fn new(store: Store) -> Self {
        let known = Cache::builder().max_capacity(REMEMBERED_MAX).time_to_live(REMEMBERED).build();
        Self { store, known }
    }

    pub(crate) async fn of(&self, tenant: TenantId, kind: Kind) -> Result<Rules, Denied> {
        let store = self.store.clone();
        let read = async move { store.session_rules(tenant, kind).await };
        self.known.try_get_with((tenant, kind), read).await.map_err(|error| Denied::Away(error.to_string()))
    }

    async fn forget(&self, tenant: TenantId, kind: Kind) {
        self.known.invalidate(&(tenant, kind)).await;
    }
}

impl People {
    /// A command changed the rules of sessions: this process reads them again at once, the others when they have been
    /// remembered for two seconds.
    pub async fn rules_changed(&self, tenant: TenantId, kind: Kind) {
        self.0.rules.forget(tenant, kind).await;
    }
}
