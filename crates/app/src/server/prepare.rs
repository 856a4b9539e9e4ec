//! Owns bringing a database up to date before a server runs on it, and waiting for one that is not there yet.

use std::time::Duration;

use anyhow::bail;
use domain::access::Role;
use store::{Account, NewApiKey, Store};
use tokio::time::Instant;

use crate::secret;
use crate::settings::Settings;

/// Between two tries.
const PAUSE: Duration = Duration::from_millis(500);

/// Brings the database up to date; gives the administrator's key if this made it. Servers and their database are often
/// started together, and a way to it may break at any moment: for as long as the settings say, it is tried again.
pub(super) async fn ready(store: &Store, settings: &Settings) -> anyhow::Result<Option<String>> {
    let (begun, made) = (Instant::now(), secret::api_key()?);
    let mut told = false;
    loop {
        let error = match once(store, settings, &made).await {
            Err(error) if begun.elapsed() < settings.database_wait.0 && is_outage(&error) => error,
            other => return other,
        };
        if !told {
            let seconds = settings.database_wait.0.as_secs();
            tracing::warn!(error = format!("{error:#}"), "the database does not answer; it is tried for {seconds} s");
            told = true;
        }
        tokio::time::sleep(PAUSE).await;
    }
}

fn is_outage(error: &anyhow::Error) -> bool {
    error.downcast_ref::<store::Error>().is_some_and(store::Error::is_outage)
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
    let key = NewApiKey { secret: given.unwrap_or(made), role: Role::Admin };
    store.api_key_create(tenant, admin, &key, now).await?;
    Ok(given.is_none().then(|| made.to_owned()))
}
