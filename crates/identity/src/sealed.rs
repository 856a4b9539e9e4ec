//! Owns what must be legible to the platform and to nobody who only has its database: sealed under a key that is derived from
//! the installation's secret, for one purpose and one owner. It does not know what it seals.

use ring::aead::{Aad, CHACHA20_POLY1305, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use ring::hkdf::{HKDF_SHA256, KeyType, Salt};
use zeroize::Zeroizing;

use crate::randomness;

/// A key for one purpose. ChaCha20-Poly1305 (RFC 8439) with random nonces of 96 bits: good for the few millions that one key
/// ever seals.
pub struct Key(LessSafeKey);

/// The length that the library asks for.
struct Length;

impl KeyType for Length {
    fn len(&self) -> usize {
        CHACHA20_POLY1305.key_len()
    }
}

impl Key {
    /// The key for a purpose, the same on every node (HKDF, RFC 5869).
    #[expect(clippy::missing_panics_doc, reason = "the lengths are constants that fit")]
    pub fn derive(secret: &[u8; 32], purpose: &str) -> Self {
        let derived = Salt::new(HKDF_SHA256, b"mideng sealed").extract(secret);
        let mut bytes = Zeroizing::new([0; 32]);
        derived
            .expand(&[purpose.as_bytes()], Length)
            .and_then(|key| key.fill(&mut *bytes))
            .expect("32 bytes are within what HKDF gives");
        let key = UnboundKey::new(&CHACHA20_POLY1305, &*bytes).expect("a key of this cipher has 32 bytes");
        Self(LessSafeKey::new(key))
    }

    /// Seals it for an owner: 28 bytes longer.
    #[expect(clippy::missing_panics_doc, reason = "nothing that is sealed is near the cipher's limit of gigabytes")]
    pub fn seal(&self, owner: &str, plain: &[u8]) -> Vec<u8> {
        let nonce = randomness::bytes::<NONCE_LEN>();
        let mut sealed = plain.to_vec();
        self.0
            .seal_in_place_append_tag(Nonce::assume_unique_for_key(*nonce), Aad::from(owner), &mut sealed)
            .expect("what is sealed here is far shorter than the cipher's limit");
        [&nonce[..], &sealed].concat()
    }

    /// What was sealed for this owner; `None` where it was changed, is another's, or was sealed under another secret.
    pub fn open(&self, owner: &str, sealed: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
        let (nonce, sealed) = sealed.split_at_checked(NONCE_LEN)?;
        let mut bytes = Zeroizing::new(sealed.to_vec());
        let nonce = Nonce::try_assume_unique_for_key(nonce).ok()?;
        let length = self.0.open_in_place(nonce, Aad::from(owner), &mut bytes).ok()?.len();
        bytes.truncate(length);
        Some(bytes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_sealed_is_opened_by_its_key_for_its_owner() {
        let key = Key::derive(&[7; 32], "second factors");
        for plain in [&b""[..], b"a", &[0; 1000]] {
            let sealed = key.seal("1 2", plain);
            assert_eq!(sealed.len(), plain.len() + 28);
            assert_eq!(key.open("1 2", &sealed).as_deref().map(Vec::as_slice), Some(plain));
            assert_ne!(key.seal("1 2", plain), sealed, "another nonce each time");
            for other in [Key::derive(&[8; 32], "second factors"), Key::derive(&[7; 32], "logins")] {
                assert_eq!(other.open("1 2", &sealed), None);
            }
            assert_eq!(key.open("1 3", &sealed), None, "of another owner");
            for at in 0..sealed.len() {
                let mut changed = sealed.clone();
                changed[at] ^= 1;
                assert_eq!(key.open("1 2", &changed), None, "byte {at}");
            }
            for length in [0, 11, 12, 27, sealed.len() - 1] {
                assert_eq!(key.open("1 2", &sealed[..length]), None, "{length} bytes");
            }
        }
    }
}
