//! Owns recovery codes, which stand in for an app that is lost: how they are made, written, read and recognised. It does
//! not know which of them were used: the caller hands in those that were not.

use zeroize::Zeroizing;

use crate::password::{Busy, Hash, Hasher, Password, new_salt};
use crate::randomness;

/// How many codes a person has at once.
pub const CODES: usize = 10;

/// Characters of a code, without the hyphen: 50 bits.
const CHARACTERS: usize = 10;

/// Crockford's base 32: no letter that looks like a digit, and no U.
const ALPHABET: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";

/// A typed code is not longer than this.
const TYPED_BYTES_MAX: usize = 64;

/// A set of new codes.
pub struct Codes {
    /// What is shown to the person, once: `7K3Q9-0ZT4M`.
    pub shown: Vec<Zeroizing<String>>,
    /// What is stored, in the same order. A code has less than 112 bits, so it is hashed as a password is (ASVS 6.5.2).
    /// All have one salt, so that a typed code is looked for among them with the work of one.
    pub hashes: Vec<Hash>,
}

/// Makes a set of codes; it takes the work of as many passwords, one after the other.
pub async fn make(hasher: &Hasher) -> Result<Codes, Busy> {
    let salt = new_salt();
    let mut codes = Codes { shown: Vec::with_capacity(CODES), hashes: Vec::with_capacity(CODES) };
    for _ in 0..CODES {
        let code = random();
        let (first, second) = code.split_at(CHARACTERS / 2);
        codes.shown.push(Zeroizing::new(format!("{first}-{second}")));
        codes.hashes.push(hasher.hash_with(&password(&code), salt).await?);
    }
    Ok(codes)
}

/// Which of these hashes, all of one set, is the typed code's: its place among them. The caller makes sure that the code
/// is used once: it removes that hash under the condition that it is still there.
pub async fn find(hasher: &Hasher, typed: &str, unused: &[Hash]) -> Result<Option<usize>, Busy> {
    match read(typed) {
        Some(code) => hasher.find(&password(&code), unused).await,
        // Who types what cannot be a code learns that it cannot, and nothing about anybody.
        None => Ok(None),
    }
}

/// Ten characters of the alphabet. Case, blanks and hyphens do not matter; O is 0, I and L are 1.
fn read(typed: &str) -> Option<Zeroizing<String>> {
    if typed.len() > TYPED_BYTES_MAX {
        return None;
    }
    let mut code = Zeroizing::new(String::with_capacity(TYPED_BYTES_MAX));
    for character in typed.chars().filter(|character| !matches!(character, ' ' | '-')) {
        let character = match character.to_ascii_uppercase() {
            'O' => '0',
            'I' | 'L' => '1',
            other => other,
        };
        if !character.is_ascii() || !ALPHABET.contains(&u8::try_from(character).ok()?) {
            return None;
        }
        code.push(character);
    }
    (code.len() == CHARACTERS).then_some(code)
}

fn random() -> Zeroizing<String> {
    let bytes = randomness::bytes::<CHARACTERS>();
    // 256 is a multiple of 32: each character is as likely as any other.
    Zeroizing::new(bytes.iter().map(|byte| char::from(ALPHABET[usize::from(byte % 32)])).collect())
}

fn password(code: &str) -> Password {
    Password::read(code).expect("ten characters of ASCII are within the bounds of a password")
}

#[cfg(test)]
mod tests {
    use std::num::NonZeroUsize;

    use proptest::prelude::*;

    use super::*;
    use crate::password::{Cost, Settings};

    fn hasher(memory_kib: u32) -> Hasher {
        let cost = Cost::new(memory_kib, 1).unwrap();
        Hasher::open(Settings { threads: NonZeroUsize::MIN, cost, ..Settings::default() }).unwrap()
    }

    #[tokio::test]
    async fn each_code_is_found_as_people_type_it() {
        let hasher = hasher(64);
        let codes = make(&hasher).await.unwrap();
        assert_eq!((codes.shown.len(), codes.hashes.len()), (CODES, CODES));
        let stored: Vec<_> = codes.hashes.iter().map(|hash| Hash::parse(hash.as_str()).unwrap()).collect();
        for (at, code) in codes.shown.iter().enumerate() {
            let typed = [code.to_string(), code.to_lowercase(), code.replace('-', ""), code.replace('-', " - ")];
            for typed in typed {
                assert_eq!(find(&hasher, &typed, &stored).await.unwrap(), Some(at), "{typed}");
            }
        }
        for wrong in ["00000-00000", "", "-", "7K3Q9"] {
            assert_eq!(find(&hasher, wrong, &stored).await.unwrap(), None, "{wrong:?}");
        }
    }

    #[tokio::test]
    async fn a_used_code_is_not_found_again() {
        let hasher = hasher(64);
        let mut codes = make(&hasher).await.unwrap();
        codes.hashes.remove(3);
        assert_eq!(find(&hasher, &codes.shown[3], &codes.hashes).await.unwrap(), None);
        assert_eq!(find(&hasher, &codes.shown[4], &codes.hashes).await.unwrap(), Some(3));
        assert_eq!(find(&hasher, &codes.shown[4], &[]).await.unwrap(), None);
    }

    /// Codes last for years; what a hash costs may change meanwhile.
    #[tokio::test]
    async fn codes_are_found_under_another_cost() {
        let codes = make(&hasher(64)).await.unwrap();
        assert_eq!(find(&hasher(128), &codes.shown[9], &codes.hashes).await.unwrap(), Some(9));
    }

    #[tokio::test]
    async fn codes_differ() {
        let codes = make(&hasher(8)).await.unwrap();
        let all: std::collections::BTreeSet<_> = codes.shown.iter().map(|code| code.as_str()).collect();
        assert_eq!(all.len(), CODES);
        for code in all {
            assert_eq!((code.len(), code.find('-')), (11, Some(5)), "{code}");
        }
    }

    #[test]
    fn what_cannot_be_a_code() {
        assert_eq!(*read("oOiIlL-0011").unwrap(), "0011110011");
        for typed in ["7K3Q9-0ZT4", "7K3Q9-0ZT4MM", "7K3Q9-0ZT4U", "7K3Q9_0ZT4M", "７K3Q9-0ZT4M", "7K3Q9\n0ZT4M"] {
            assert!(read(typed).is_none(), "{typed:?}");
        }
        assert!(read(&format!("7K3Q90ZT4M{}", "-".repeat(1 << 20))).is_none());
    }

    proptest! {
        #[test]
        fn any_text_is_read_or_refused(typed in any::<String>()) {
            if let Some(code) = read(&typed) {
                prop_assert_eq!(read(&code), Some(code));
            }
        }
    }
}
