//! Owns what short texts are stamped with: HMAC-SHA256, SHA-1 sums of files, random tokens, and their hexadecimal form.
//! It does not know what is stamped.

use std::fmt;
use std::fmt::Write as _;

use ring::digest::{SHA1_FOR_LEGACY_USE_ONLY, digest};
use ring::hmac::{HMAC_SHA256, Key, sign, verify};
use ring::rand::{SecureRandom as _, SystemRandom};

use crate::secret::Secret;

/// A key that both sides know.
pub(crate) struct MacKey(Key);

impl MacKey {
    /// The bytes of the secret's text.
    pub(crate) fn new(secret: &Secret) -> Self {
        Self(Key::new(HMAC_SHA256, secret.reveal().as_bytes()))
    }

    /// HMAC-SHA256 of a text, in lower-case hexadecimal.
    pub(crate) fn stamp(&self, text: &[u8]) -> String {
        hex(sign(&self.0, text).as_ref())
    }

    /// Whether a stamp is this key's over this text; compared in constant time.
    pub(crate) fn holds(&self, text: &[u8], stamp: &str) -> bool {
        unhex(stamp).is_some_and(|stamp| verify(&self.0, text, &stamp).is_ok())
    }
}

impl fmt::Debug for MacKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("MacKey")
    }
}

/// Lower-case hexadecimal.
fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

/// SHA-1 of a file, in lower-case hexadecimal. A sum beside a statement, no signature.
pub(crate) fn sha1_hex(bytes: &[u8]) -> String {
    hex(digest(&SHA1_FOR_LEGACY_USE_ONLY, bytes).as_ref())
}

/// 32 hexadecimal characters that nobody can guess.
pub(crate) fn token() -> String {
    let mut bytes = [0; 16];
    SystemRandom::new().fill(&mut bytes).expect("the system has randomness");
    hex(&bytes)
}

/// Lower-case hexadecimal of 32 bytes; the other case would be a second form of one signature.
fn unhex(text: &str) -> Option<[u8; 32]> {
    let mut bytes = [0; 32];
    let digit = |byte: u8| match byte {
        b'0'..=b'9' => Some(byte - b'0'),
        b'a'..=b'f' => Some(byte - b'a' + 10),
        _ => None,
    };
    if text.len() != 64 {
        return None;
    }
    for (byte, pair) in bytes.iter_mut().zip(text.as_bytes().chunks(2)) {
        *byte = digit(pair[0])? << 4 | digit(pair[1])?;
    }
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stamps() {
        // RFC 4231, test case 2.
        let key = MacKey::new(&Secret::new("Jefe"));
        let stamp = "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843";
        assert_eq!(key.stamp(b"what do ya want for nothing?"), stamp);
        assert!(key.holds(b"what do ya want for nothing?", stamp));
        for bad in ["", "5b", &stamp.to_uppercase(), &stamp.replace('5', "6"), &"g".repeat(64), &format!("{stamp}00")] {
            assert!(!key.holds(b"what do ya want for nothing?", bad), "{bad}");
        }
        assert!(!key.holds(b"what do ya want for nothing", stamp));
    }

    #[test]
    fn sums_and_tokens() {
        assert_eq!(sha1_hex(b"abc"), "a9993e364706816aba3e25717850c26c9cd0d89d");
        assert_eq!(token().len(), 32);
        assert_ne!(token(), token());
    }
}
