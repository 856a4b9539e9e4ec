//! Owns who a request comes from: the bearer credential, looked up by its hash and remembered for two seconds.

use std::time::Duration;

use axum::extract::FromRequestParts;
use http::header::AUTHORIZATION;
use http::request::Parts;
use http::{HeaderMap, HeaderValue};
use moka::future::Cache;
use sha2::{Digest as _, Sha256};
use store::{Credential, Role, SECRET_PREFIX, Store};

use crate::problem::Problem;
use crate::state::Api;

/// How long a looked-up credential is remembered, so also how long a revoked key may go on.
const REMEMBERED: Duration = Duration::from_secs(2);
/// How many are remembered.
const REMEMBERED_MAX: u64 = 10_000;

/// Looks credentials up.
pub(crate) struct Credentials {
    store: Store,
    known: Cache<[u8; 32], Option<Credential>>,
}

/// Who a request comes from.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Caller(pub(crate) Credential);

impl Credentials {
    pub(crate) fn new(store: Store) -> Self {
        let known = Cache::builder().max_capacity(REMEMBERED_MAX).time_to_live(REMEMBERED).build();
        Self { store, known }
    }

    pub(crate) async fn find(&self, secret: &str) -> Result<Option<Credential>, Problem> {
        if !secret.starts_with(SECRET_PREFIX) {
            return Ok(None);
        }
        let hash: [u8; 32] = Sha256::digest(secret.as_bytes()).into();
        let store = self.store.clone();
        let secret = secret.to_owned();
        self.known.try_get_with(hash, async move { store.credential(&secret).await }).await.map_err(|error| {
            tracing::error!(%error, "a credential could not be looked up");
            Problem::new("storage_unavailable", "the credential could not be looked up")
        })
    }
}

impl Caller {
    /// Refuses those who may only look.
    pub(crate) fn may_change(&self) -> Result<(), Problem> {
        match self.0.role {
            Role::Admin | Role::Service => Ok(()),
            Role::Auditor => Err(Problem::new("forbidden", "the role auditor may look, not change")),
        }
    }
}

/// The secret of a request that has one.
pub(crate) fn secret(headers: &HeaderMap) -> Option<&str> {
    let mut lines = headers.get_all(AUTHORIZATION).iter();
    match (lines.next(), lines.next()) {
        (Some(line), None) => bearer(line),
        _ => None,
    }
}

fn bearer(line: &HeaderValue) -> Option<&str> {
    let (scheme, secret) = line.to_str().ok()?.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| secret.trim())
}

impl FromRequestParts<Api> for Caller {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, api: &Api) -> Result<Self, Problem> {
        let mut lines = parts.headers.get_all(AUTHORIZATION).iter();
        let (Some(line), None) = (lines.next(), lines.next()) else {
            return Err(Problem::new("unauthorized", "send one header Authorization: Bearer mk_…"));
        };
        let credential = match bearer(line) {
            Some(secret) => api.credential(secret).await?,
            None => None,
        };
        credential.map(Caller).ok_or_else(|| Problem::new("unauthorized", "the credential is not valid"))
    }
}
