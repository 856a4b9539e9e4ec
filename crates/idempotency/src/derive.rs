//! Owns numbers that are derived from a key: what is asked of others because of a request is asked under the same number
//! whenever the request is run, also on a database that was put back from a backup.

use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;

use crate::Key;

/// Keeps these numbers apart from whatever else is hashed. No secret: the numbers need not be hard to guess.
const RECIPE: &[u8] = b"mideng derived number 1";

/// 128 bits for one purpose of a request to an installation, which is 0 where it asked under numbers before it had a name;
/// the request is named by the scope and the text of its key: an HMAC-SHA256, cut to half.
///
/// # Panics
/// Never: an HMAC takes a key of any length.
pub fn derive(installation: u128, purpose: &str, scope: (i64, i64), key: &Key) -> u128 {
    let mut mac = Hmac::<Sha256>::new_from_slice(RECIPE).expect("an HMAC takes a key of any length");
    if installation != 0 {
        mac.update(&installation.to_be_bytes());
    }
    mac.update(&(purpose.len() as u64).to_be_bytes());
    mac.update(purpose.as_bytes());
    mac.update(&scope.0.to_be_bytes());
    mac.update(&scope.1.to_be_bytes());
    mac.update(key.as_str().as_bytes());
    let digest = mac.finalize().into_bytes();
    digest[..16].iter().fold(0, |bits, &byte| bits << 8 | u128::from(byte))
}

/// As [`derive`], for services that name their callers, and themselves, by texts.
const RECIPE_NAMED: &[u8] = b"idempotency derived number 2";

/// 128 bits for one purpose of a request to an installation, whose name or secret keys the HMAC-SHA256. The request is
/// named by its scope and its key, never by the row of a database that may be put back.
///
/// # Panics
/// Never: an HMAC takes a key of any length.
pub fn derive_named(installation: &[u8], purpose: &str, scope: &str, key: &Key) -> u128 {
    let mut mac = Hmac::<Sha256>::new_from_slice(installation).expect("an HMAC takes a key of any length");
    for field in [RECIPE_NAMED, purpose.as_bytes(), scope.as_bytes(), key.as_str().as_bytes()] {
        mac.update(&(field.len() as u64).to_be_bytes());
        mac.update(field);
    }
    let digest = mac.finalize().into_bytes();
    digest[..16].iter().fold(0, |bits, &byte| bits << 8 | u128::from(byte))
}

#[cfg(test)]
mod tests {
    use super::{derive, derive_named};
    use crate::Key;

    #[test]
    fn a_number_is_of_its_purpose_scope_and_key() {
        let key = |text: &str| Key::new(text).expect("a good key");
        let number = derive(7, "charge", (1, 2), &key("k"));
        assert_eq!(number, derive(7, "charge", (1, 2), &key("k")));
        // Pinned: another recipe would charge again under keys that were used before an upgrade.
        assert_eq!(format!("{number:032x}"), "a11fdd9349d57bb1504092224707d31e");
        let before = derive(0, "charge", (1, 2), &key("k"));
        assert_eq!(format!("{before:032x}"), "a4caeaf63fe4583ee178abb0c51cb5df", "of what has no name");
        for other in [
            derive(7, "refund", (1, 2), &key("k")),
            derive(7, "charge", (2, 2), &key("k")),
            derive(7, "charge", (1, 1), &key("k")),
            derive(7, "charge", (1, 2), &key("K")),
            derive(8, "charge", (1, 2), &key("k")),
            derive(7, "chargek", (1, 2), &key("k")),
        ] {
            assert_ne!(number, other);
        }
    }

    #[test]
    fn a_named_number_is_of_its_installation_purpose_scope_and_key() {
        let key = |text: &str| Key::new(text).expect("a good key");
        let number = derive_named(b"shop", "charge", "alice", &key("k"));
        // Pinned: another recipe would charge again under keys that were used before an upgrade.
        assert_eq!(format!("{number:032x}"), "413ca90f9f3e2fa81223607ed0229cdf");
        for other in [
            derive_named(b"shop2", "charge", "alice", &key("k")),
            derive_named(b"shop", "refund", "alice", &key("k")),
            derive_named(b"shop", "charge", "bob", &key("k")),
            derive_named(b"shop", "charge", "alice", &key("K")),
            derive_named(b"shop", "chargea", "lice", &key("k")),
            derive_named(b"shop", "charge", "alicek", &key("k")),
        ] {
            assert_ne!(number, other);
        }
    }
}
