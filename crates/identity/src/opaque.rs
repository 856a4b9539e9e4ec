//! Owns secrets that are handed out, and kept only as a digest or not at all. It does not know what they open.

pub mod refresh;

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest as _, Sha256};
use subtle::ConstantTimeEq as _;
use zeroize::Zeroizing;

use crate::randomness;

/// A new secret: a prefix that tells people and scanners what it is, and 256 random bits in base64url. It is shown once.
/// Its memory is overwritten when it is dropped.
pub struct Secret(Zeroizing<String>);

impl Secret {
    /// A new one, of the system's randomness: `prefix` and 43 characters.
    pub fn random(prefix: &str) -> Self {
        let random = Zeroizing::new(encoded(&*randomness::bytes::<32>()));
        Self(Zeroizing::new([prefix, &random].concat()))
    }

    /// The text, to be shown once and not kept.
    pub fn reveal(&self) -> &str {
        &self.0
    }

    /// What is kept of it.
    pub fn digest(&self) -> [u8; 32] {
        digest(&self.0)
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret")
    }
}

/// What is kept of a secret, and what it is found by: SHA-256. A password needs a slow hash with a salt, because it can be
/// guessed; 256 random bits cannot, however fast one guesses, and no two people have the same (ASVS 6.5.2 draws the line at
/// 112 bits).
pub fn digest(text: &str) -> [u8; 32] {
    Sha256::digest(text).into()
}

/// Whether two digests are the same; the time tells nothing (ASVS 11.2.4).
pub fn same(one: &[u8; 32], other: &[u8; 32]) -> bool {
    one.ct_eq(other).into()
}

/// Base64url without padding (RFC 4648, 5), as all tokens here are written.
pub(crate) fn encoded(bytes: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

/// The bytes of a text that [`encoded`] wrote; there is one text for each.
pub(crate) fn decoded(text: &str) -> Option<Vec<u8>> {
    URL_SAFE_NO_PAD.decode(text).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_differ_and_are_not_shown() {
        let secret = Secret::random("mk_");
        assert_eq!((secret.reveal().len(), &secret.reveal()[..3]), (46, "mk_"));
        assert!(secret.reveal()[3..].bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte)));
        assert_ne!(Secret::random("mk_").reveal(), secret.reveal());
        assert_eq!(format!("{:?}", Some(&secret)), "Some(Secret)");
        assert!(same(&secret.digest(), &digest(secret.reveal())));
        assert!(!same(&secret.digest(), &digest(&secret.reveal()[1..])));
    }

    /// FIPS 180-4, "abc".
    #[test]
    fn a_digest_is_sha_256() {
        let digest = digest("abc");
        assert_eq!(&digest[..4], [0xba, 0x78, 0x16, 0xbf]);
        assert_eq!(encoded(&digest), "ungWv48Bz-pBQUDeXa4iI7ADYaOWF3qctBD_YfIAFa0");
    }
}
