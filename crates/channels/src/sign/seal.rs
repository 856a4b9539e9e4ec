//! Owns AES-256-GCM, with which WeChat Pay seals what a callback says. It does not know what is inside.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ring::aead::{AES_256_GCM, Aad, LessSafeKey, Nonce, UnboundKey};

use crate::secret::Secret;

/// A key of 32 bytes that opens.
pub(crate) struct SealKey(LessSafeKey);

impl SealKey {
    /// The 32 characters that the provider's console takes.
    pub(crate) fn read(secret: &Secret) -> Result<Self, String> {
        let key = UnboundKey::new(&AES_256_GCM, secret.reveal().as_bytes());
        key.map(|key| Self(LessSafeKey::new(key))).map_err(|_| "it is not 32 bytes long".to_owned())
    }

    /// What was sealed with this key, this nonce and beside this text; none where one of them, or a byte, differs.
    pub(crate) fn open(&self, nonce: &str, beside: &str, sealed: &str) -> Option<Vec<u8>> {
        let mut bytes = STANDARD.decode(sealed).ok()?;
        let nonce = Nonce::try_assume_unique_for_key(nonce.as_bytes()).ok()?;
        let length = self.0.open_in_place(nonce, Aad::from(beside.as_bytes()), &mut bytes).ok()?.len();
        bytes.truncate(length);
        Some(bytes)
    }

    /// Seals, as the provider does.
    #[cfg(test)]
    pub(crate) fn seal(&self, nonce: &str, beside: &str, text: &[u8]) -> String {
        let mut bytes = text.to_vec();
        let nonce = Nonce::try_assume_unique_for_key(nonce.as_bytes()).unwrap();
        self.0.seal_in_place_append_tag(nonce, Aad::from(beside.as_bytes()), &mut bytes).unwrap();
        STANDARD.encode(bytes)
    }
}

impl fmt::Debug for SealKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SealKey")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_ways_and_no_byte_changed() {
        let key = |text| SealKey::read(&Secret::new(text));
        let ours = key("0123456789abcdef0123456789abcdef").unwrap();
        let sealed = ours.seal("abcdefghijkl", "transaction", b"{}");
        assert_eq!(ours.open("abcdefghijkl", "transaction", &sealed).unwrap(), b"{}");
        let changed = sealed.replace(&sealed[..1], if sealed.starts_with('A') { "B" } else { "A" });
        for (nonce, beside, sealed) in [
            ("abcdefghijkm", "transaction", &sealed[..]),
            ("abc", "transaction", &sealed),
            ("abcdefghijkl", "refund", &sealed),
            ("abcdefghijkl", "transaction", &changed),
            ("abcdefghijkl", "transaction", "AAAA"),
            ("abcdefghijkl", "transaction", "?"),
        ] {
            assert!(ours.open(nonce, beside, sealed).is_none());
        }
        assert!(
            key("0123456789abcdef0123456789abcdeF").unwrap().open("abcdefghijkl", "transaction", &sealed).is_none()
        );
        assert!(key("short").is_err());
    }
}
