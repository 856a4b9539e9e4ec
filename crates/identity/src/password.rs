//! Owns passwords: what may be one, how one is hashed, and who does that work. It does not know whose a password is.
//!
//! ```
//! use identity::password::{Hasher, Password, Rules, Settings};
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let hasher = Hasher::open(Settings::default())?;
//! let password = Password::read("a kettle, twice")?;
//! Rules::default().check(&password, &["anna@example.org", "Anna Berg", "Example"])?;
//! let hash = hasher.hash(&password).await?;
//!
//! assert!(hasher.verify(&password, Some(&hash)).await?.right);
//! // Nobody has this name: the same work, and wrong.
//! assert!(!hasher.verify(&password, None).await?.right);
//! # Ok(())
//! # }
//! ```

mod commonest;
mod hash;
mod hasher;
mod pool;
mod rules;

use std::fmt;

use unicode_normalization::UnicodeNormalization as _;
use unicode_normalization::char::is_public_assigned;
use zeroize::Zeroizing;

pub use hash::{Cost, Hash, NotAHash};
pub(crate) use hasher::new_salt;
pub use hasher::{Busy, Hasher, Settings, Verdict};
pub use rules::{CHARACTERS_MAX, CHARACTERS_MIN, Rules, Weak};

/// A password as somebody typed it, whole: nothing is cut off, no case is changed, blanks count (ASVS 6.2.8).
///
/// It is held in Unicode's form NFKC, so that it is the same from every keyboard: an `é` may come as one character or as
/// two, and what is typed in a Chinese input method may come in full width. NIST SP 800-63B (5.1.1.2) asks for this, "for
/// stabilized strings": characters that this version of Unicode does not know are refused, because a later one may
/// normalise them in another way, and the password would be another.
///
/// Its memory is overwritten when it is dropped.
#[derive(Clone)]
pub struct Password {
    text: Zeroizing<String>,
    characters: usize,
}

impl Password {
    /// Takes what was typed, if it is at most [`CHARACTERS_MAX`] characters that Unicode knows.
    pub fn read(typed: &str) -> Result<Self, Weak> {
        // A character has at most four bytes: what is longer need not be counted.
        if typed.len() > CHARACTERS_MAX * 4 || typed.chars().count() > CHARACTERS_MAX {
            return Err(Weak::TooLong);
        }
        if !typed.chars().all(is_public_assigned) {
            return Err(Weak::UnknownCharacter);
        }
        // One character becomes at most eighteen; with room for all of them no copy is left behind by growing.
        let mut text = Zeroizing::new(String::with_capacity(typed.len() * 18));
        text.extend(typed.nfkc());
        // One typed character that stands for eighteen is not eighteen, nor is a letter with its accent two.
        let characters = typed.chars().count().min(text.chars().count());
        Ok(Self { text, characters })
    }

    fn as_bytes(&self) -> &[u8] {
        self.text.as_bytes()
    }
}

impl fmt::Debug for Password {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Password")
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_same_from_every_keyboard() {
        for (one, other) in
            [("caf\u{e9} au lait", "cafe\u{301} au lait"), ("ｐａｓｓ１２３４", "pass1234"), ("Ａ　Ｂ", "A B")]
        {
            assert_eq!(Password::read(one).unwrap().as_bytes(), Password::read(other).unwrap().as_bytes(), "{one}");
        }
        for (one, other) in [("case counts", "Case counts"), (" blanks count", "blanks count"), ("a b", "a  b")] {
            assert_ne!(Password::read(one).unwrap().as_bytes(), Password::read(other).unwrap().as_bytes(), "{one}");
        }
    }

    #[test]
    fn nothing_is_cut_off_and_everything_has_an_end() {
        let longest = "密".repeat(CHARACTERS_MAX);
        assert_eq!(Password::read(&longest).unwrap().as_bytes().len(), 3 * CHARACTERS_MAX);
        for long in [format!("{longest}x"), "x".repeat(CHARACTERS_MAX + 1), "x".repeat(1 << 20)] {
            assert_eq!(Password::read(&long).unwrap_err(), Weak::TooLong);
        }
        for unknown in ["\u{378}", "\u{e000}", "\u{ffff}"] {
            assert_eq!(Password::read(&unknown.repeat(9)).unwrap_err(), Weak::UnknownCharacter, "{unknown:?}");
        }
    }

    #[test]
    fn it_is_not_shown() {
        assert_eq!(format!("{:?}", Some(Password::read("hidden here").unwrap())), "Some(Password)");
    }

    proptest! {
        #[test]
        fn any_text_is_read_or_refused(typed in any::<String>()) {
            if let Ok(password) = Password::read(&typed) {
                prop_assert!(password.characters <= typed.chars().count());
                let again = Password::read(&password.text);
                prop_assert!(again.is_err() || again.unwrap().as_bytes() == password.as_bytes());
            }
        }
    }
}
