//! Owns the tokens of a session: access tokens, which are signed, last minutes and are looked into once; and refresh tokens,
//! which are derived.

use std::time::Duration;

use domain::session::Authority;
use domain::{SessionId, Timestamp};
use identity::access::{Claims, Refused, new_token_id};
use identity::opaque::{self, refresh};
use moka::sync::Cache;
use store::SessionRecord;

use crate::Denied;
use crate::keys::Keys;

/// How long an access token lasts. The session behind it may be over long before.
pub const ACCESS_TOKEN_FOR: Duration = Duration::from_mins(5);
/// How far the clocks of nodes may be apart.
const LEEWAY_S: i64 = 5;
/// What was proved by, as RFC 8176 calls it.
const PASSWORD: &str = "pwd";
const CODE: &str = "otp";
/// How many tokens are known to be genuine, so that not every request pays for a signature.
const GENUINE_MAX: u64 = 100_000;

pub(crate) struct Tokens {
    keys: Keys,
    refresh_key: refresh::Key,
    genuine: Cache<[u8; 32], Named>,
}

/// What a genuine token names.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Named {
    pub(crate) session: SessionId,
    pub(crate) person: domain::PersonId,
    /// When its person had proved who they are, in seconds since 1970, and whether with two factors.
    pub(crate) proved_s: i64,
    pub(crate) two_factors: bool,
    expires_at_s: i64,
    /// Of the keys with which it was looked at.
    generation: u64,
}

impl Tokens {
    pub(crate) fn new(keys: Keys, secret: &[u8; 32]) -> Self {
        let refresh_key = refresh::Key::derive(secret).expect("the installation's secret is long enough");
        let genuine = Cache::builder().max_capacity(GENUINE_MAX).time_to_live(ACCESS_TOKEN_FOR).build();
        Self { keys, refresh_key, genuine }
    }

    pub(crate) fn keys(&self) -> &Keys {
        &self.keys
    }

    pub(crate) fn jwks(&self, now: Timestamp) -> String {
        self.keys.ring().jwks(now.0)
    }

    /// An access token of a session.
    pub(crate) fn sign(&self, session: &Authority, now: Timestamp) -> Result<String, Denied> {
        let (now_s, proved_s) = (now.0.div_euclid(1_000), session.proved_s());
        let claims = Claims {
            subject: session.person.to_string(),
            tenant: session.tenant.0.to_string(),
            session: session.id.to_string(),
            token_id: new_token_id(),
            issued_at_s: now_s,
            not_before_s: now_s,
            expires_at_s: now_s.saturating_add(ACCESS_TOKEN_FOR.as_secs().cast_signed()),
            authenticated_at_s: proved_s,
            amr: if session.two_factors {
                vec![PASSWORD.to_owned(), CODE.to_owned()]
            } else {
                vec![PASSWORD.to_owned()]
            },
        };
        self.keys.ring().sign(&claims).map_err(|error| {
            tracing::error!(%error, "an access token could not be signed");
            Denied::Broken(error.to_string())
        })
    }

    /// The session and the person that an access token names, and what they had proved when it was signed.
    pub(crate) fn read(&self, token: &str, now: Timestamp) -> Result<Named, Denied> {
        let digest = opaque::digest(token);
        let known = self.keys.known();
        if let Some(named) = self.genuine.get(&digest).filter(|named| named.generation == known.generation) {
            let over = now.0.div_euclid(1_000) >= named.expires_at_s.saturating_add(LEEWAY_S);
            return if over { Err(Denied::TokenExpired) } else { Ok(named) };
        }
        let claims = known.ring.read(token, now.0, LEEWAY_S).map_err(|refused| match refused {
            Refused::Expired => Denied::TokenExpired,
            Refused::Invalid => Denied::Invalid,
        })?;
        let session = claims.session.parse().map_err(|_| Denied::Invalid)?;
        let person = claims.subject.parse().map_err(|_| Denied::Invalid)?;
        let named = Named {
            session,
            person,
            proved_s: claims.authenticated_at_s,
            two_factors: claims.amr.iter().any(|method| method == CODE),
            expires_at_s: claims.expires_at_s,
            generation: known.generation,
        };
        self.genuine.insert(digest, named);
        Ok(named)
    }

    /// The refresh token of a session's generation, always the same.
    pub(crate) fn refresh(&self, session: SessionId, nonce: &[u8], generation: u32) -> Option<String> {
        let nonce = nonce.try_into().ok()?;
        refresh::issue(&self.refresh_key, &session.to_string(), nonce, generation).map(|token| token.to_string())
    }

    /// Whether a refresh token is one of this session's.
    pub(crate) fn is_genuine(&self, sent: &refresh::Sent<'_>, record: &SessionRecord) -> bool {
        let nonce = record.refresh_nonce.as_slice().try_into();
        nonce.is_ok_and(|nonce| sent.is_genuine(&self.refresh_key, nonce))
    }
}
