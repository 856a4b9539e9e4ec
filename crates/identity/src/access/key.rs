//! Owns one key that signs tokens: how it is made, named and restored, and from when to when it is used. It does not know
//! where it is stored.

use std::fmt;

use jsonwebtoken::{DecodingKey, EncodingKey};
use ring::rand::SystemRandom;
use ring::signature::{Ed25519KeyPair, KeyPair as _};
use sha2::{Digest as _, Sha256};
use thiserror::Error;

use crate::opaque;

/// When a key is used, in unix milliseconds. To rotate: make a key that signs from a moment when every node has it, and
/// when it signs, let the others verify until the last token of theirs is over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Times {
    /// When it was made.
    pub made_at_ms: i64,
    /// From when on it signs; of several, the newest does.
    pub signs_from_ms: i64,
    /// Until when what it signed is believed; without end if it is not retired.
    pub verifies_until_ms: Option<i64>,
}

/// A private Ed25519 key. Its memory is overwritten when it is dropped.
#[derive(Clone)]
pub struct SigningKey {
    kid: String,
    times: Times,
    public: [u8; 32],
    pub(super) encoding: EncodingKey,
    pub(super) decoding: DecodingKey,
}

/// Bytes are not an Ed25519 key in PKCS#8, version 2, or not the one of that name.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
#[error("not an Ed25519 key in PKCS#8, or not the key of this name")]
pub struct NotAKey;

impl SigningKey {
    /// A new key, of the system's randomness.
    pub fn generate(times: Times) -> Self {
        generated(times)
    }

    /// A key that was stored. The name is checked, because a key under another name would sign what nobody believes.
    pub fn restore(kid: &str, pkcs8: &[u8], times: Times) -> Result<Self, NotAKey> {
        let key = Self::of(pkcs8, times)?;
        if key.kid == kid { Ok(key) } else { Err(NotAKey) }
    }

    pub(super) fn of(pkcs8: &[u8], times: Times) -> Result<Self, NotAKey> {
        let pair = Ed25519KeyPair::from_pkcs8(pkcs8).map_err(|_| NotAKey)?;
        let public: [u8; 32] = pair.public_key().as_ref().try_into().map_err(|_| NotAKey)?;
        Ok(Self {
            kid: thumbprint(&public),
            times,
            public,
            encoding: EncodingKey::from_ed_der(pkcs8),
            decoding: DecodingKey::from_ed_der(&public),
        })
    }

    /// The key's name, which stands in tokens: its thumbprint (RFC 7638, RFC 8037 2), 43 characters.
    pub fn kid(&self) -> &str {
        &self.kid
    }

    /// From when to when it is used.
    pub fn times(&self) -> Times {
        self.times
    }

    /// The same key with other times.
    #[must_use]
    pub fn at(self, times: Times) -> Self {
        Self { times, ..self }
    }

    /// The private key, to be stored and not shown.
    pub fn pkcs8(&self) -> &[u8] {
        self.encoding.as_bytes()
    }

    /// The public key as a JWK (RFC 8037, 2).
    pub fn jwk(&self) -> serde_json::Value {
        serde_json::json!({
            "kty": "OKP",
            "crv": "Ed25519",
            "x": opaque::encoded(&self.public),
            "use": "sig",
            "alg": "EdDSA",
            "kid": self.kid,
        })
    }

    pub(super) fn retired(&self, now_ms: i64) -> bool {
        self.times.verifies_until_ms.is_some_and(|until_ms| now_ms >= until_ms)
    }
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SigningKey").field("kid", &self.kid).field("times", &self.times).finish_non_exhaustive()
    }
}

fn generated(times: Times) -> SigningKey {
    let pkcs8 = Ed25519KeyPair::generate_pkcs8(&SystemRandom::new()).expect("the system has randomness");
    SigningKey::of(pkcs8.as_ref(), times).expect("what was just made is a key")
}

/// The members that RFC 7638 wants, in its order and without blanks.
fn thumbprint(public: &[u8; 32]) -> String {
    let text = format!(r#"{{"crv":"Ed25519","kty":"OKP","x":"{}"}}"#, opaque::encoded(public));
    opaque::encoded(&Sha256::digest(text))
}

#[cfg(test)]
mod tests {
    use super::super::tests::{TIMES, rfc_8037};
    use super::*;

    /// RFC 8037, appendix A.2 and A.3.
    #[test]
    fn a_key_is_named_by_its_thumbprint() {
        let (pkcs8, _) = rfc_8037();
        let key = SigningKey::restore("kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k", &pkcs8, TIMES).unwrap();
        assert_eq!(key.jwk()["x"], "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo");
    }

    #[test]
    fn what_is_stored_is_restored() {
        let key = SigningKey::generate(TIMES);
        let again = SigningKey::restore(key.kid(), key.pkcs8(), TIMES).unwrap();
        assert_eq!((again.jwk(), again.times()), (key.jwk(), TIMES));
        assert_ne!(SigningKey::generate(TIMES).kid(), key.kid());
    }

    #[test]
    fn what_is_no_key_is_refused() {
        let key = SigningKey::generate(TIMES);
        let mut changed = key.pkcs8().to_vec();
        // Within the private part, so that the public one does not belong to it.
        changed[20] ^= 1;
        for bytes in [&b""[..], b"no key", &key.pkcs8()[1..], &changed] {
            assert_eq!(SigningKey::restore(key.kid(), bytes, TIMES).unwrap_err(), NotAKey);
        }
        let other = SigningKey::generate(TIMES);
        assert_eq!(SigningKey::restore(other.kid(), key.pkcs8(), TIMES).unwrap_err(), NotAKey);
    }

    #[test]
    fn the_private_key_is_not_shown() {
        let key = SigningKey::generate(TIMES);
        let shown = format!("{key:?} {}", key.jwk());
        assert!(shown.contains(key.kid()), "{shown}");
        let private = &key.pkcs8()[16..48];
        for secret in [opaque::encoded(private), format!("{private:?}")] {
            assert!(!shown.contains(secret.trim_matches(['[', ']'])), "{shown}");
        }
    }
}
