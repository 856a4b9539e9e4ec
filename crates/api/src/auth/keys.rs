//! Owns looking API keys up by their hash, and remembering them for two seconds; and how the accounts are called that have
//! them.

use std::time::Duration;

use domain::text::ActorId;
use domain::{PrincipalId, TenantId};
use moka::future::Cache;
use people::Trust;
use sha2::{Digest as _, Sha256};
use store::{Credential, Store};

use crate::problem::Problem;

/// How long a looked-up key is remembered, so also how long a revoked one, or one of a suspended tenant, may go on with what
/// asks for no proof.
const REMEMBERED: Duration = Duration::from_secs(2);
/// How many are remembered.
const REMEMBERED_MAX: u64 = 10_000;

/// See the module.
pub(crate) struct Keys {
    store: Store,
    known: Cache<[u8; 32], Option<Credential>>,
    /// An account is called the same for ever.
    actors: Cache<PrincipalId, ActorId>,
}

impl Keys {
    pub(crate) fn new(store: Store) -> Self {
        let known = Cache::builder().max_capacity(REMEMBERED_MAX).time_to_live(REMEMBERED).build();
        let actors = Cache::builder().max_capacity(REMEMBERED_MAX).build();
        Self { store, known, actors }
    }

    pub(crate) async fn find(&self, secret: &str, trust: Trust) -> Result<Option<Credential>, Problem> {
        let hash: [u8; 32] = Sha256::digest(secret.as_bytes()).into();
        if trust == Trust::Fresh {
            self.known.invalidate(&hash).await;
        }
        let store = self.store.clone();
        let secret = secret.to_owned();
        self.known.try_get_with(hash, async move { store.credential(&secret).await }).await.map_err(|error| {
            tracing::error!(%error, "a credential could not be looked up");
            Problem::new("storage_unavailable", "the credential could not be looked up")
        })
    }

    /// Nothing that is remembered counts any more: a key was revoked.
    pub(crate) fn forget(&self) {
        self.known.invalidate_all();
    }

    /// As others name the account of this number.
    pub(crate) async fn actor(&self, tenant: TenantId, principal: PrincipalId) -> Result<ActorId, Problem> {
        if let Some(known) = self.actors.get(&principal).await {
            return Ok(known);
        }
        let found = self.store.actor_id(tenant, principal).await.map_err(|error| {
            tracing::error!(%error, "an account could not be looked up");
            Problem::new("storage_unavailable", "the account could not be looked up")
        })?;
        let found = found.ok_or_else(|| {
            tracing::error!(?principal, "who acts has no account");
            Problem::new("internal_error", "the account is not there")
        })?;
        self.actors.insert(principal, found.clone()).await;
        Ok(found)
    }
}
