//! Owns proving anew who one is, in a session that is open: for what is asked of no session that lies open somewhere.

use std::sync::Arc;

use domain::session::Authority;
use domain::{Person, SessionId, Timestamp};
use identity::opaque::{Secret, refresh};
use store::Renewed;

use crate::sessions::LoggedIn;
use crate::{Denied, Origin, People};

/// What proves who somebody is.
#[derive(Clone, Default)]
pub struct Prove {
    /// Their password; asked for where there is no second factor.
    pub password: Option<String>,
    /// A code of their second factor.
    pub code: Option<String>,
}

impl People {
    /// The session anew from the database, where its person proved who they are a moment ago: what they prove it with is
    /// changed by nobody else, also of those who buy.
    pub(crate) async fn fresh(&self, session: &Authority) -> Result<Arc<Authority>, Denied> {
        let session = self.confirm(session).await?;
        session.is_fresh((self.0.stamp.now)())?;
        Ok(session)
    }

    /// Proves anew who the session's person is. What the session is known by is another from now on: whoever saw a cookie or a
    /// refresh token before has nothing of the proof, and an access token is worth what was proved when it was signed.
    pub async fn prove(&self, session: &Authority, proof: Prove, origin: Origin) -> Result<LoggedIn, Denied> {
        let session = self.confirm(session).await?;
        self.run(|people| async move { people.proved_anew(&session, &proof, &origin).await }).await
    }

    async fn proved_anew(&self, session: &Authority, proof: &Prove, origin: &Origin) -> Result<LoggedIn, Denied> {
        let inside = &self.0;
        let now = (inside.stamp.now)();
        let person = self.themselves(session).await?;
        let two_factors = match (self.good_factor(&person).await?, &proof.code) {
            (Some(_), None) => return Err(Denied::CodeNeeded),
            (Some(factor), Some(code)) if self.take_code(&person, &factor, code).await? => true,
            (Some(_), Some(_)) => return Err(Denied::CodeWrong),
            (None, _) => {
                inside.limits.log_in(&format!("own:{}", session.person), origin.address, None).await?;
                let hash = inside.store.password(session.tenant, session.principal).await?;
                let typed = proof.password.as_deref().unwrap_or_default();
                if !self.is_password(typed, None, hash.as_ref(), now).await? {
                    return Err(Denied::Wrong);
                }
                false
            }
        };
        let record = inside.store.session(session.id).await?.ok_or(Denied::Invalid)?;
        let cookie = record.cookie_hash.is_some().then(|| Secret::random(crate::login::COOKIE));
        let renewed = match &cookie {
            Some(cookie) => Renewed::Cookie(cookie.digest()),
            None => Renewed::Nonce(refresh::new_nonce()),
        };
        if !inside.store.session_prove(session.id, (origin.at(now), two_factors), Some(renewed)).await? {
            return Err(Denied::Over(domain::session::End::Kicked));
        }
        inside.authorities.changed(session.id, now).await;
        self.logged_in(session.id, cookie, None, now).await
    }

    /// The person of a session, as they are now.
    pub(crate) async fn themselves(&self, session: &Authority) -> Result<Person, Denied> {
        self.0.store.person(session.tenant, session.person).await?.ok_or(Denied::Invalid)
    }

    /// Tells all nodes that these sessions ended, and that the one they ended from is another.
    pub(crate) async fn heard(&self, ended: &[SessionId], own: &Authority, now: Timestamp) {
        for id in ended.iter().copied().chain([own.id]) {
            self.0.authorities.changed(id, now).await;
        }
    }
}
