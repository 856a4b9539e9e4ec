//! Owns the keys of an installation: which one signs, which ones verify, and what must be true of a token that is believed.

use jsonwebtoken::{Algorithm, Validation, decode, encode};
use thiserror::Error;

use super::key::SigningKey;
use super::wire::{self, Wire};
use super::{Claims, LEEWAY_S_MAX, Refused, TOKEN_BYTES_MAX, crypto};

/// The keys of an issuer, and for whom it signs. It does not change: when a key is added or retired, another is made.
#[derive(Clone, Debug)]
pub struct Ring {
    issuer: String,
    audience: String,
    keys: Vec<SigningKey>,
    validation: Validation,
}

/// Why nothing was signed.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
pub enum NotSigned {
    /// No key signs yet, or none verifies for as long as the token would be believed.
    #[error("there is no key to sign an access token with")]
    NoKey,
    /// The token would be longer than [`TOKEN_BYTES_MAX`].
    #[error("the access token would be too long")]
    TooLong,
}

impl Ring {
    /// The keys of `issuer`, whose tokens are for `audience`. Tokens are of both, and only of both.
    pub fn new(issuer: &str, audience: &str, keys: Vec<SigningKey>) -> Self {
        crypto::install();
        let mut validation = Validation::new(Algorithm::EdDSA);
        validation.set_issuer(&[issuer]);
        validation.set_audience(&[audience]);
        validation.set_required_spec_claims(&["exp", "nbf", "iss", "aud", "sub"]);
        // The library would ask its own clock; see `timely`.
        validation.validate_exp = false;
        validation.validate_nbf = false;
        Self { issuer: issuer.to_owned(), audience: audience.to_owned(), keys, validation }
    }

    /// Signs with the newest key that signs at `claims.issued_at_s`, and that verifies for as long as the token lasts.
    pub fn sign(&self, claims: &Claims) -> Result<String, NotSigned> {
        let (issued_at_ms, expires_at_ms) = (milliseconds(claims.issued_at_s), milliseconds(claims.expires_at_s));
        let signs = |key: &&SigningKey| {
            let times = key.times();
            times.signs_from_ms <= issued_at_ms && times.verifies_until_ms.is_none_or(|until| until >= expires_at_ms)
        };
        // Every node chooses the same of two that begin at once.
        let newest = self.keys.iter().filter(signs).max_by_key(|key| (key.times().signs_from_ms, key.kid()));
        let key = newest.ok_or(NotSigned::NoKey)?;
        let wire = Wire::new(&self.issuer, &self.audience, claims);
        let token = encode(&wire::header(key.kid()), &wire, &key.encoding).map_err(|_| NotSigned::NoKey)?;
        if token.len() > TOKEN_BYTES_MAX { Err(NotSigned::TooLong) } else { Ok(token) }
    }

    /// What a token says, if it is believed at `now_ms`, in unix milliseconds. Clocks may be `leeway_s` apart; more than
    /// [`LEEWAY_S_MAX`] is taken for that. A token that is over is [`Refused::Expired`] only if all else about it is right.
    pub fn read(&self, token: &str, now_ms: i64, leeway_s: i64) -> Result<Claims, Refused> {
        if token.len() > TOKEN_BYTES_MAX {
            return Err(Refused::Invalid);
        }
        let kid = wire::kid(token).ok_or(Refused::Invalid)?;
        // A name looks up our own list, and is nothing else: no path, no query (RFC 8725, 3.10).
        let key = self.keys.iter().find(|key| key.kid() == kid && !key.retired(now_ms)).ok_or(Refused::Invalid)?;
        let read = decode::<Wire>(token, &key.decoding, &self.validation).map_err(|_| Refused::Invalid)?;
        let claims = read.claims.claims();
        timely(&claims, now_ms.div_euclid(1000), leeway_s.clamp(0, LEEWAY_S_MAX))?;
        Ok(claims)
    }

    /// The public keys that are not retired at `now_ms`, as a JWK set (RFC 7517, 5), also those that do not sign yet, so
    /// that whoever keeps them has them in time.
    pub fn jwks(&self, now_ms: i64) -> String {
        let keys: Vec<_> = self.keys.iter().filter(|key| !key.retired(now_ms)).map(SigningKey::jwk).collect();
        serde_json::json!({ "keys": keys }).to_string()
    }
}

/// RFC 7519, 4.1.4 and 4.1.5: before `exp`, and not before `nbf`. A token of the future is not one of ours.
fn timely(claims: &Claims, now_s: i64, leeway_s: i64) -> Result<(), Refused> {
    let latest_s = now_s.saturating_add(leeway_s);
    if claims.not_before_s > latest_s || claims.issued_at_s > latest_s {
        return Err(Refused::Invalid);
    }
    if now_s >= claims.expires_at_s.saturating_add(leeway_s) { Err(Refused::Expired) } else { Ok(()) }
}

fn milliseconds(seconds: i64) -> i64 {
    seconds.saturating_mul(1000)
}
