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

#[cfg(test)]
mod tests {
    use super::derive;
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
}
