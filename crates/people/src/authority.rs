//! Owns the answer whether a session is good: from this process's memory, from what nodes share, or from the database, which
//! alone decides. How long an answer may be old is bounded by two times, and told early by the other nodes.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use coord::bus::Bus;
use coord::cache::{Cache, Entry};
use domain::session::End;
use domain::{PrincipalId, SessionId, TenantId, Timestamp};
use moka::sync::Cache as Memory;
use store::Store;

use crate::Denied;
use crate::held::{Held, Seal};
use crate::news::News;

/// How long this process remembers a session: with no word from other nodes, a session that was ended there is refused here
/// after this.
pub const KNOWN_FOR: Duration = Duration::from_millis(500);
/// How long what nodes share stands: where a fail-over has brought back what was overwritten, it goes on for this.
pub const SHARED_FOR: Duration = Duration::from_secs(2);
/// For how long the end of a session stands in front of late readers.
const END_STANDS_FOR: Duration = Duration::from_secs(30);
/// How many sessions are remembered.
const KNOWN_MAX: u64 = 100_000;
/// How many sessions of a person are told anew when something about the person changed.
const TOLD_MAX: u64 = 2 * domain::session::OPEN_MAX as u64;

/// How old an answer may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Trust {
    /// As old as [`KNOWN_FOR`] and [`SHARED_FOR`] allow.
    Remembered,
    /// Of now, from the database: where money moves.
    Fresh,
}

pub(crate) struct Authorities {
    store: Store,
    memory: Memory<SessionId, Arc<Held>>,
    /// How often something was forgotten: what was asked for before may be old.
    forgets: AtomicU64,
    cache: Option<Arc<dyn Cache>>,
    seal: Seal,
    bus: Option<Arc<dyn Bus>>,
}

impl Authorities {
    /// `secret` is the installation's.
    pub(crate) fn new(
        store: Store,
        (cache, secret): (Option<Arc<dyn Cache>>, &[u8; 32]),
        bus: Option<Arc<dyn Bus>>,
    ) -> Self {
        let memory = Memory::builder().max_capacity(KNOWN_MAX).time_to_live(KNOWN_FOR).build();
        Self { store, memory, forgets: AtomicU64::new(0), cache, seal: Seal::new(secret), bus }
    }

    /// The session of this name, if there is one.
    pub(crate) async fn of(&self, id: SessionId, trust: Trust) -> Result<Option<Arc<Held>>, Denied> {
        if let Some(held) = self.known(id, trust) {
            return Ok(Some(held));
        }
        let forgets = self.forgets();
        if trust == Trust::Remembered
            && let Some(held) = self.shared(id).await
        {
            return Ok(Some(self.remember(held, forgets)));
        }
        let Some(record) = self.store.session(id).await? else { return Ok(None) };
        let held = Held::of(record);
        if let Some(cache) = self.cache.clone() {
            // Nobody waits for it: whoever asks before it is there asks the database, too.
            let (name, entry) = (name(id), held.entry(&self.seal));
            tokio::spawn(async move { put(&*cache, &name, entry, SHARED_FOR).await });
        }
        Ok(Some(self.remember(held, forgets)))
    }

    /// As [`Self::of`], where the session is good now.
    pub(crate) async fn good(&self, id: SessionId, trust: Trust, now: Timestamp) -> Result<Arc<Held>, Denied> {
        let held = self.of(id, trust).await?.ok_or(Denied::Invalid)?;
        if let Some(end) = held.authority.over(now) {
            // What is remembered of its time may be from before it was renewed elsewhere.
            if end == End::Expired && trust == Trust::Remembered {
                return Box::pin(self.good(id, Trust::Fresh, now)).await;
            }
            return Err(if held.authority.tenant_status == domain::tenant::Status::Active {
                Denied::Over(end)
            } else {
                Denied::Suspended
            });
        }
        Ok(held)
    }

    async fn shared(&self, id: SessionId) -> Option<Held> {
        match self.cache.as_ref()?.get(&name(id)).await {
            Ok(entry) => entry.and_then(|entry| Held::read(&entry, &self.seal)).filter(|held| held.authority.id == id),
            Err(error) => {
                tracing::debug!(%error, "the shared cache of sessions is away");
                metrics::counter!("mideng_session_cache_away_total").increment(1);
                None
            }
        }
    }

    async fn share(&self, held: &Held, ttl: Duration) {
        if let Some(cache) = &self.cache {
            put(&**cache, &name(held.authority.id), held.entry(&self.seal), ttl).await;
        }
    }

    /// Asked for before a session is.
    fn forgets(&self) -> u64 {
        self.forgets.load(Ordering::SeqCst)
    }

    /// A reader that is late does not put what it read over something newer, nor in place of what was forgotten since it
    /// asked: its answer was on its way when the news came.
    fn remember(&self, held: Held, forgets: u64) -> Arc<Held> {
        let (id, held) = (held.authority.id, Arc::new(held));
        let entry = self.memory.entry(id).and_upsert_with(|there| match there {
            Some(there) if there.value().authority.version > held.authority.version => there.into_value(),
            _ => held.clone(),
        });
        // Whoever forgets counts first and forgets then: of the two, the later one takes it out.
        if self.forgets() != forgets {
            self.memory.invalidate(&id);
        }
        entry.into_value()
    }

    /// What this process remembers of a session, where that is enough.
    pub(crate) fn known(&self, id: SessionId, trust: Trust) -> Option<Arc<Held>> {
        (trust == Trust::Remembered).then(|| self.memory.get(&id)).flatten()
    }

    /// Something about a session was written: whoever is asked from now on knows.
    pub(crate) async fn changed(&self, id: SessionId, now: Timestamp) {
        self.forget(&News::Session(id));
        let forgets = self.forgets();
        match self.store.session(id).await {
            Ok(Some(record)) => {
                let held = Held::of(record);
                self.share(&held, stands_for(&held, now)).await;
                self.remember(held, forgets);
            }
            Ok(None) => {}
            Err(error) => tracing::warn!(%error, "a session that changed could not be read again"),
        }
        self.tell(&News::Session(id)).await;
    }

    /// A session's time was moved on: no one has to hear of that at once, but this process.
    pub(crate) fn renewed(&self, id: SessionId) {
        self.forget(&News::Session(id));
    }

    /// Something about a person was written, which all of their sessions depend on.
    pub(crate) async fn person_changed(&self, tenant: TenantId, principal: PrincipalId, now: Timestamp) {
        self.forget(&News::Person(tenant, principal));
        match self.store.sessions_of(tenant, principal, TOLD_MAX).await {
            Ok(records) => {
                for record in records {
                    let held = Held::of(record);
                    self.share(&held, stands_for(&held, now)).await;
                }
            }
            Err(error) => tracing::warn!(%error, "the sessions of a person who changed could not be read"),
        }
        self.tell(&News::Person(tenant, principal)).await;
    }

    /// A tenant was suspended or resumed. What nodes share of its sessions goes on for [`SHARED_FOR`] at most.
    pub(crate) async fn tenant_changed(&self, tenant: TenantId) {
        self.forget(&News::Tenant(tenant));
        self.tell(&News::Tenant(tenant)).await;
    }

    async fn tell(&self, news: &News) {
        let Some(bus) = &self.bus else { return };
        if let Err(error) = bus.publish(&news.message()).await {
            tracing::warn!(%error, "the other nodes could not be told that a session changed; they see it by themselves");
            metrics::counter!("mideng_session_news_lost_total").increment(1);
        }
    }

    /// Drops what this process remembers of what the news are about.
    pub(crate) fn forget(&self, news: &News) {
        self.forgets.fetch_add(1, Ordering::SeqCst);
        match news {
            News::Session(id) => self.memory.invalidate(id),
            News::Person(tenant, principal) => self.forget_person(*tenant, *principal),
            News::Tenant(_) | News::Unknown => self.memory.invalidate_all(),
        }
    }

    fn forget_person(&self, tenant: TenantId, principal: PrincipalId) {
        let theirs = |held: &Held| held.authority.tenant == tenant && held.authority.principal == principal;
        let ids = self.memory.iter().filter(|(_, held)| theirs(held)).map(|(id, _)| *id);
        for id in ids.collect::<Vec<_>>() {
            self.memory.invalidate(&id);
        }
    }
}

async fn put(cache: &dyn Cache, name: &str, entry: Entry, ttl: Duration) {
    if let Err(error) = cache.put(name, entry, ttl).await {
        tracing::debug!(%error, "a session could not be shared");
        metrics::counter!("mideng_session_cache_away_total").increment(1);
    }
}

/// An end stands long enough to be in front of late readers; what is good, no longer than what anybody reads.
fn stands_for(held: &Held, now: Timestamp) -> Duration {
    if held.authority.over(now).is_some() { END_STANDS_FOR } else { SHARED_FOR }
}

fn name(id: SessionId) -> String {
    format!("mideng:session:{id}")
}

#[cfg(test)]
mod tests;
