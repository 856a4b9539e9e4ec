//! Owns who a request comes from: found once for each request, by an API key, an access token or a browser's cookie.

pub(crate) mod cookie;
mod denied;
mod keys;

use std::sync::Arc;

use axum::extract::FromRequestParts;
use domain::access::{Permission, Proof, Reach, Role};
use domain::session::Authority;
use domain::text::{ActorId, CustomerId};
use domain::{PrincipalId, TenantId, Whose, tenant};
use http::header::AUTHORIZATION;
use http::request::Parts;
use http::{HeaderMap, HeaderValue};
use people::{Denied, Trust};
use store::SECRET_PREFIX;
use tokio::sync::OnceCell;

use crate::problem::Problem;
use crate::stamp;
use crate::state::Api;

pub(crate) use keys::Keys;

/// Who a request comes from.
#[derive(Clone, Debug)]
pub(crate) struct Caller {
    pub(crate) tenant: TenantId,
    pub(crate) principal: PrincipalId,
    pub(crate) role: Role,
    /// The session, where it is a person.
    pub(crate) session: Option<Arc<Authority>>,
    /// Whether a browser sent its cookie by itself, so that it may not know of the request.
    pub(crate) by_cookie: bool,
}

/// The caller of a request, found when it is first asked for.
#[derive(Clone, Default)]
pub(crate) struct Sender(Arc<OnceCell<Result<Option<Caller>, Problem>>>);

/// A caller whom the route's guard let through.
#[derive(Clone, Debug)]
pub(crate) struct Granted(pub(crate) Caller);

impl Sender {
    /// Who it was found to be by now.
    pub(crate) fn known(&self) -> Option<&Caller> {
        self.0.get()?.as_ref().ok()?.as_ref()
    }

    /// Who sent the request; `None` without a credential.
    pub(crate) async fn caller(&self, api: &Api, headers: &HeaderMap) -> Result<Option<Caller>, Problem> {
        self.0.get_or_init(|| find(api, headers, None)).await.clone()
    }
}

/// Who sent a request, asked of the database at this moment, where they may do what it asks for. Of an API key that only has
/// money come in, what was read within two seconds counts.
pub(crate) async fn anew(api: &Api, headers: &HeaderMap, permission: Permission) -> Result<Caller, Problem> {
    let caller = find(api, headers, Some(permission)).await?.ok_or_else(invalid)?;
    caller.may(permission)?;
    caller.proves(permission.proof())?;
    Ok(caller)
}

fn invalid() -> Problem {
    Problem::new("unauthorized", "the credential is not valid")
}

/// `anew` is what the database is to be asked for; what is remembered will do where it is nothing.
async fn find(api: &Api, headers: &HeaderMap, anew: Option<Permission>) -> Result<Option<Caller>, Problem> {
    let trust = |is_anew| if is_anew { Trust::Fresh } else { Trust::Remembered };
    let people = trust(anew.is_some());
    let keys = trust(anew.is_some_and(|permission| permission.proof() != Proof::AtLogIn));
    let mut lines = headers.get_all(AUTHORIZATION).iter();
    let secret = match (lines.next(), lines.next()) {
        (None, _) => return by_cookie(api, headers, people).await,
        (Some(line), None) => bearer(line),
        (Some(_), Some(_)) => None,
    };
    let secret = secret.ok_or_else(invalid)?;
    if !secret.starts_with(SECRET_PREFIX) {
        let session = api.people().identify(people::Proof::Token(secret), people).await?;
        return Ok(Some(Caller::of(session, false)));
    }
    let found = api.keys().find(secret, keys).await?.ok_or_else(invalid)?;
    is_open(found.tenant_status)?;
    Ok(Some(Caller {
        tenant: found.tenant,
        principal: found.principal,
        role: found.role,
        session: None,
        by_cookie: false,
    }))
}

async fn by_cookie(api: &Api, headers: &HeaderMap, trust: Trust) -> Result<Option<Caller>, Problem> {
    let Some(cookie) = cookie::of(headers)? else { return Ok(None) };
    let session = api.people().identify(people::Proof::Cookie(cookie), trust).await?;
    Ok(Some(Caller::of(session, true)))
}

fn is_open(status: tenant::Status) -> Result<(), Problem> {
    match status {
        tenant::Status::Active => Ok(()),
        tenant::Status::Prepared | tenant::Status::Suspended => {
            Err(Problem::new("tenant_suspended", "nobody of this tenant is let in at present"))
        }
    }
}

impl Caller {
    fn of(session: Arc<Authority>, by_cookie: bool) -> Self {
        let (tenant, principal, role) = (session.tenant, session.principal, session.role);
        Self { tenant, principal, role, session: Some(session), by_cookie }
    }

    /// Somebody who was added just now and acts for themselves.
    pub(crate) const fn themselves(tenant: TenantId, principal: PrincipalId) -> Self {
        Self { tenant, principal, role: Role::Service, session: None, by_cookie: false }
    }

    /// The same person as each of the guests that they were, the one of this session first.
    pub(crate) fn as_guests(&self) -> Vec<Self> {
        let guests = self.session.iter().flat_map(|session| &session.guests);
        let others = guests.filter(|(principal, _)| *principal != self.principal);
        others.map(|(principal, _)| Self { principal: *principal, ..self.clone() }).collect()
    }

    /// Their session; an API key has none.
    pub(crate) fn of_session(&self) -> Result<&Authority, Problem> {
        let refused = || Problem::new("forbidden", "an API key has no session; this is for people");
        self.session.as_deref().ok_or_else(refused)
    }

    /// As others name them: a person by their session, an API key by its account.
    pub(crate) async fn actor(&self, api: &Api) -> Result<ActorId, Problem> {
        match &self.session {
            Some(session) if session.principal == self.principal => {
                Ok(ActorId::from_stored(&session.person.to_string()))
            }
            // They act as the guest that they were, or have no session.
            _ => api.keys().actor(self.tenant, self.principal).await,
        }
    }

    /// Refuses who has not the permission.
    pub(crate) fn may(&self, permission: Permission) -> Result<(), Problem> {
        if self.role.may(permission) {
            return Ok(());
        }
        let (role, permission) = (self.role.name(), permission.name());
        Err(Problem::new("forbidden", format!("the role {role} does not have the permission {permission}")))
    }

    /// Refuses a person who has not proved who they are as freshly as is asked.
    pub(crate) fn proves(&self, asked: Proof) -> Result<(), Problem> {
        let Some(session) = &self.session else { return Ok(()) };
        Ok(session.proves(asked, stamp::now()).map_err(Denied::from)?)
    }

    /// Whose orders the caller may touch.
    pub(crate) fn whose(&self) -> Whose {
        match self.role.reach() {
            Reach::Tenant => Whose::Anybodys,
            Reach::Own => Whose::Only(self.customers()),
        }
    }

    /// Answers as if there was no such thing, where it is somebody else's.
    pub(crate) fn sees(&self, customer: &CustomerId, what: &str) -> Result<(), Problem> {
        if self.whose().includes(customer) {
            return Ok(());
        }
        Err(Problem::new("not_found", format!("there is no {what}")))
    }

    /// As whom the caller buys: in the name in which they act first, and then in the others that they have or had.
    pub(crate) fn customers(&self) -> Vec<CustomerId> {
        let Some(session) = &self.session else { return Vec::new() };
        let names = std::iter::once((session.principal, session.person)).chain(session.guests.iter().copied());
        let (now, others): (Vec<_>, Vec<_>) = names.partition(|(principal, _)| *principal == self.principal);
        now.into_iter().chain(others).map(|(_, id)| CustomerId::from_stored(&id.to_string())).collect()
    }
}

/// Takes the caller whom the guard let through. A route that has no guard lets nobody in.
impl FromRequestParts<Api> for Caller {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &Api) -> Result<Self, Problem> {
        parts.extensions.get::<Granted>().map(|granted| granted.0.clone()).ok_or_else(|| {
            tracing::error!(path = parts.uri.path(), "a route asks for a caller and has no guard: this is a bug");
            Problem::new("internal_error", "the server ran into a bug of its own")
        })
    }
}

fn bearer(line: &HeaderValue) -> Option<&str> {
    let (scheme, secret) = line.to_str().ok()?.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| secret.trim())
}
