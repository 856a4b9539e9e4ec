//! Owns what one does with sessions: prove that a request belongs to one, refresh, list and end them.

use std::sync::Arc;

use domain::session::{Authority, End};
use domain::{PrincipalId, SessionId, TenantId, Timestamp};
use identity::opaque::{self, Secret, refresh};
use store::{Refreshed, SessionRecord};

use crate::held::Held;
use crate::{Denied, People, Trust};

/// How many sessions of a person a list shows.
const LISTED_MAX: u64 = 100;

/// What proves that a request belongs to a session.
#[derive(Clone, Copy)]
pub enum Proof<'a> {
    /// An access token.
    Token(&'a str),
    /// What a browser keeps: the session's name, a dot, and a secret.
    Cookie(&'a str),
}

/// Somebody who was let in.
pub struct LoggedIn {
    /// Their session.
    pub session: Authority,
    /// Good for [`crate::ACCESS_TOKEN_FOR`].
    pub access_token: String,
    /// Exchanged for the next tokens; a browser has none.
    pub refresh_token: Option<String>,
    /// What a browser keeps.
    pub cookie: Option<String>,
    /// The device's mark, for its next log-in.
    pub device_mark: Option<String>,
}

impl People {
    /// The session that a request belongs to, if it is good.
    pub async fn identify(&self, proof: Proof<'_>, trust: Trust) -> Result<Arc<Authority>, Denied> {
        let inside = &self.0;
        let now = (inside.stamp.now)();
        match proof {
            Proof::Token(token) => {
                let named = inside.tokens.read(token, now)?;
                let held = self.good(named.session, trust).await?;
                if held.authority.person != named.person {
                    return Err(Denied::Invalid);
                }
                Ok(as_known_by(&held.authority, (named.proved_s, named.two_factors)))
            }
            Proof::Cookie(cookie) => {
                let (id, secret) = cookie.split_once('.').ok_or(Denied::Invalid)?;
                let id: SessionId = id.parse().map_err(|_| Denied::Invalid)?;
                let held = if let Some(held) = inside.authorities.known(id, trust) {
                    held
                } else {
                    let of = move |people: Self| async move { people.0.authorities.of(id, trust).await };
                    self.run(of).await?.ok_or(Denied::Invalid)?
                };
                // Before anything is told of the session: who has not the secret learns nothing of it.
                let is_theirs = |hash: &[u8; 32]| opaque::same(hash, &opaque::digest(secret));
                if held.cookie_hash.as_ref().is_some_and(is_theirs) {
                    let is_good = trust == Trust::Fresh && held.authority.over(now).is_none();
                    let held = if is_good { held } else { self.good(id, trust).await? };
                    return Ok(held.authority.clone());
                }
                // It may have got another just now, on another node.
                let held = self.good(id, Trust::Fresh).await.map_err(|_| Denied::Invalid)?;
                let is_theirs = held.cookie_hash.as_ref().is_some_and(is_theirs);
                if is_theirs { Ok(held.authority.clone()) } else { Err(Denied::Invalid) }
            }
        }
    }

    /// The session anew from the database, with no more proved than its credential had proved.
    pub(crate) async fn confirm(&self, session: &Authority) -> Result<Arc<Authority>, Denied> {
        let anew = self.good(session.id, Trust::Fresh).await?.authority.clone();
        Ok(as_known_by(&anew, (session.proved_s(), session.two_factors)))
    }

    /// From memory at once, and else by a task that ends what it began.
    async fn good(&self, id: SessionId, trust: Trust) -> Result<Arc<Held>, Denied> {
        let now = (self.0.stamp.now)();
        if let Some(held) = self.0.authorities.known(id, trust).filter(|held| held.authority.over(now).is_none()) {
            return Ok(held);
        }
        self.run(move |people| async move { people.0.authorities.good(id, trust, now).await }).await
    }

    /// Moves the end of a browser's session on, where its shop's rules say so at this request.
    pub async fn renew(&self, session: &Authority, is_write: bool) -> Result<(), Denied> {
        let now = (self.0.stamp.now)();
        let rules = self.0.rules.of(session.tenant, session.kind).await?;
        let Some(until) = rules.renewed(session, now, is_write) else { return Ok(()) };
        let id = session.id;
        self.run(move |people| async move {
            people.0.store.session_renew(id, until).await?;
            people.0.authorities.renewed(id);
            Ok(())
        })
        .await
    }

    /// Exchanges a refresh token. Sent again because the reply was lost, it is answered with the same refresh token.
    pub async fn refresh(&self, token: String) -> Result<LoggedIn, Denied> {
        self.run(|people| async move { people.refreshed(&token).await }).await
    }

    async fn refreshed(&self, token: &str) -> Result<LoggedIn, Denied> {
        let inside = &self.0;
        let now = (inside.stamp.now)();
        let sent = refresh::Sent::read(token).ok_or(Denied::Invalid)?;
        let id: SessionId = sent.session.parse().map_err(|_| Denied::Invalid)?;
        let record = inside.store.session(id).await?.ok_or(Denied::Invalid)?;
        if record.cookie_hash.is_some() || !inside.tokens.is_genuine(&sent, &record) {
            return Err(Denied::Invalid);
        }
        let session = inside.authorities.good(id, Trust::Fresh, now).await?;
        let rules = inside.rules.of(session.authority.tenant, session.authority.kind).await?;
        let until = now.plus_ms(rules.idle_ms);
        match inside.store.session_refresh(id, sent.generation, until, now).await? {
            Refreshed::Generation(_) => {
                inside.authorities.renewed(id);
                self.logged_in(id, None, None, now).await
            }
            Refreshed::Reused => {
                metrics::counter!("mideng_refresh_tokens_reused_total").increment(1);
                inside.authorities.changed(id, now).await;
                Err(Denied::Over(End::Reused))
            }
            Refreshed::Unknown => Err(Denied::Invalid),
        }
    }

    /// A person's sessions, open ones first.
    pub async fn sessions(&self, tenant: TenantId, principal: PrincipalId) -> Result<Vec<SessionRecord>, Denied> {
        Ok(self.0.store.sessions_of(tenant, principal, LISTED_MAX).await?)
    }

    /// Ends a session of a person; false where they have no such that is open.
    pub async fn end(&self, whose: (TenantId, PrincipalId), id: SessionId, why: End) -> Result<bool, Denied> {
        self.run(move |people| async move {
            let (inside, now) = (&people.0, (people.0.stamp.now)());
            let found = inside.store.session(id).await?;
            if found.is_none_or(|record| (record.authority.tenant, record.authority.principal) != whose)
                || !inside.store.session_end(whose.0, id, why, now).await?
            {
                return Ok(false);
            }
            inside.authorities.changed(id, now).await;
            Ok(true)
        })
        .await
    }

    /// Ends every session of a person, this one too.
    pub async fn end_all(&self, person: (TenantId, PrincipalId), why: End) -> Result<usize, Denied> {
        self.run(move |people| async move {
            let now = (people.0.stamp.now)();
            let ended = people.0.store.sessions_end(person, None, why, now).await?;
            for id in &ended {
                people.0.authorities.changed(*id, now).await;
            }
            Ok(ended.len())
        })
        .await
    }

    /// A command changed the person: whatever is remembered of their sessions is out of date.
    pub async fn person_changed(&self, tenant: TenantId, principal: PrincipalId) {
        self.0.authorities.person_changed(tenant, principal, (self.0.stamp.now)()).await;
    }

    /// A command ended the session: every node is told at once.
    pub async fn session_changed(&self, id: SessionId) {
        self.0.authorities.changed(id, (self.0.stamp.now)()).await;
    }

    /// A command changed the tenant.
    pub async fn tenant_changed(&self, tenant: TenantId) {
        self.0.authorities.tenant_changed(tenant).await;
    }

    /// What somebody gets whose session is open.
    pub(crate) async fn logged_in(
        &self,
        id: SessionId,
        cookie: Option<Secret>,
        device_mark: Option<String>,
        now: Timestamp,
    ) -> Result<LoggedIn, Denied> {
        let inside = &self.0;
        let record = inside.store.session(id).await?.ok_or(Denied::Invalid)?;
        let generation = u32::try_from(record.refresh_generation).map_err(|_| Denied::Invalid)?;
        let by_tokens = record.cookie_hash.is_none();
        let refresh_token = inside.tokens.refresh(id, &record.refresh_nonce, generation).filter(|_| by_tokens);
        Ok(LoggedIn {
            access_token: inside.tokens.sign(&record.authority, now)?,
            refresh_token,
            cookie: cookie.map(|secret| format!("{id}.{}", secret.reveal())),
            device_mark,
            session: record.authority,
        })
    }
}

/// The session with no more proved than the credential that speaks for it.
fn as_known_by(session: &Arc<Authority>, (proved_s, two_factors): (i64, bool)) -> Arc<Authority> {
    session.as_known_by(proved_s, two_factors).map_or_else(|| session.clone(), Arc::new)
}
