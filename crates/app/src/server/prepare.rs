//! Owns bringing a database up to date before a server runs on it.

use anyhow::bail;
use domain::ApiKeyId;
use domain::access::Role;
use store::{Account, NewApiKey, Store};

use super::wait::Wait;
use crate::secret;
use crate::settings::Settings;

/// Brings the database up to date; gives the administrator's key if this made it.
pub(super) async fn ready(store: &Store, settings: &Settings, wait: &Wait) -> anyhow::Result<Option<String>> {
    let made = secret::api_key()?;
    wait.out(async || once(store, settings, &made).await).await
}

/// One node at a time.
async fn once(store: &Store, settings: &Settings, made: &str) -> anyhow::Result<Option<String>> {
    let _alone = store.alone().await?;
    for warning in store.warnings().await? {
        tracing::warn!("{warning}");
    }
    if store.is_half_copied().await? {
        bail!("a copy into it was broken off; run the same `mideng copy` again, and it goes on where it stopped");
    }
    store.migrate().await?;
    bootstrap(store, settings.bootstrap_api_key.as_deref(), made).await
}

/// On a new database: the tenant `default` and an administrator's key, which is given back if it was made here. A
/// start that was killed half way is finished: a tenant without a key is one that nobody could get into.
async fn bootstrap(store: &Store, given: Option<&str>, made: &str) -> anyhow::Result<Option<String>> {
    let now = api::now();
    let tenant = match store.tenant("default").await? {
        Some(tenant) => tenant,
        None if store.is_empty().await? => store.tenant_create("default", &secret::public_id("ten_"), now).await?,
        None => return Ok(None),
    };
    if !store.api_keys(tenant).await?.is_empty() {
        // An earlier try of this start may have made it without hearing so.
        return Ok(store.credential(made).await?.map(|_| made.to_owned()));
    }
    super::actors(store).of(tenant).await?;
    let public_id = secret::public_id("acc_");
    let admin = Account { tenant, kind: "service", name: "admin", public_id: &public_id };
    let admin = store.account(&admin, now).await?;
    let key = NewApiKey { id: Some(ApiKeyId::new(api::id())), secret: given.unwrap_or(made), role: Role::Admin };
    store.api_key_create(tenant, admin, &key, now).await?;
    Ok(given.is_none().then(|| made.to_owned()))
}
