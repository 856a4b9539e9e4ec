//! Owns what makes a password too weak to be taken. It asks for no mixture of kinds of characters: that makes passwords
//! worse (NIST SP 800-63B 5.1.1.2, ASVS 6.2.5).

use thiserror::Error;
use unicode_normalization::UnicodeNormalization as _;

use super::{Password, commonest};

/// The least characters a password may be required to have: NIST SP 800-63B 5.1.1.2, ASVS 6.2.1.
pub const CHARACTERS_MIN: usize = 8;

/// The most characters a password may have. ASVS 6.2.9 asks that 64 are allowed.
pub const CHARACTERS_MAX: usize = 128;

/// The most that [`Rules`] may require; more would drive people to sheets of paper.
const CHARACTERS_MIN_MAX: usize = 64;

/// A password may not be one of the person's words and fewer than so many characters around it.
const AROUND_A_WORD: usize = 4;

/// What a new password must be. A password that is in use already is not asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rules {
    characters_min: usize,
}

impl Default for Rules {
    fn default() -> Self {
        Self { characters_min: CHARACTERS_MIN }
    }
}

impl Rules {
    /// Requires so many characters; fewer than [`CHARACTERS_MIN`] are taken for that, and more than 64 for 64.
    pub fn with_characters_min(characters_min: usize) -> Self {
        Self { characters_min: characters_min.clamp(CHARACTERS_MIN, CHARACTERS_MIN_MAX) }
    }

    /// Whether somebody may have this password. `words` are the person's own: login, name, tenant (ASVS 6.2.11).
    pub fn check(&self, password: &Password, words: &[&str]) -> Result<(), Weak> {
        if password.characters < self.characters_min {
            return Err(Weak::TooShort { characters_min: self.characters_min });
        }
        let folded = fold(&password.text);
        if one_character(&folded) || commonest::contains(folded.trim()) {
            return Err(Weak::Common);
        }
        if words.iter().any(|word| personal(&folded, word)) { Err(Weak::Personal) } else { Ok(()) }
    }
}

/// Why a password is not taken. The text is a sentence for people.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
pub enum Weak {
    /// It has more than [`CHARACTERS_MAX`] characters.
    #[error("A password has at most {CHARACTERS_MAX} characters.")]
    TooLong,
    /// It has a character that Unicode did not know when this was built.
    #[error("The password has a character that is not known here, perhaps a very new one. Please leave it out.")]
    UnknownCharacter,
    /// It has too few characters.
    #[error("A password needs at least {characters_min} characters.")]
    TooShort {
        /// How many there must be.
        characters_min: usize,
    },
    /// It is among the commonest of all, or one character again and again.
    #[error("This is one of the passwords that are guessed first. Please choose another.")]
    Common,
    /// It is the login, the name or the tenant, with little around it.
    #[error("The password is too much like the name it belongs to. Please choose another.")]
    Personal,
}

impl Weak {
    /// A stable code for programs.
    pub const fn code(self) -> &'static str {
        match self {
            Self::TooLong => "password_too_long",
            Self::UnknownCharacter => "password_unknown_character",
            Self::TooShort { .. } => "password_too_short",
            Self::Common => "password_common",
            Self::Personal => "password_personal",
        }
    }
}

/// Case and width do not make a password better. The second NFKC is for letters whose small form is not normalised.
fn fold(text: &str) -> String {
    text.nfkc().collect::<String>().to_lowercase().nfkc().collect()
}

fn one_character(text: &str) -> bool {
    let mut characters = text.chars();
    characters.next().is_none_or(|first| characters.all(|next| next == first))
}

/// Whether a folded password is this word, or what stands before its `@`, with too little around it.
fn personal(folded: &str, word: &str) -> bool {
    let word = fold(word);
    let before = word.split_once('@').map(|(before, _)| before);
    let characters = folded.chars().count();
    let letters = letters(folded);
    [Some(word.as_str()), before].into_iter().flatten().any(|word| {
        let word = self::letters(word);
        // A word without letters leaves all of the password around it.
        let around = characters.saturating_sub(word.chars().count());
        around < AROUND_A_WORD && letters.contains(&word)
    })
}

/// `Anna Berg`, `anna.berg` and `anna-berg` are one name.
fn letters(text: &str) -> String {
    text.chars().filter(|character| character.is_alphanumeric()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const WORDS: &[&str] = &["anna.berg@example.org", "Anna Berg", "Großhandel 北京", "li"];

    fn check(typed: &str) -> Result<(), Weak> {
        Rules::default().check(&Password::read(typed)?, WORDS)
    }

    #[test]
    fn passwords() {
        let short = Err(Weak::TooShort { characters_min: 8 });
        let table = [
            ("a kettle, twice", Ok(())),
            (" b l a n k s ", Ok(())),
            ("zqxvwkjh", Ok(())),
            ("correct horse battery staple", Ok(())),
            ("锅碗瓢盆油盐酱醋", Ok(())),
            ("🐙🐚🐛🐜🐝🐞🐟🐠", Ok(())),
            ("nul\0 and \u{7f} too", Ok(())),
            ("", short),
            ("1234567", short),
            ("七个字的密码啊", short),
            // One character that stands for eighteen, and four letters with their accents apart.
            ("\u{fdfa}", short),
            ("e\u{301}a\u{301}o\u{301}u\u{301}", short),
            ("password", Err(Weak::Common)),
            ("PassWord1", Err(Weak::Common)),
            ("12345678", Err(Weak::Common)),
            ("ｐａｓｓｗｏｒｄ", Err(Weak::Common)),
            (" password ", Err(Weak::Common)),
            ("qwertyuiop", Err(Weak::Common)),
            ("          ", Err(Weak::Common)),
            ("锁锁锁锁锁锁锁锁锁", Err(Weak::Common)),
            ("annaberg", Err(Weak::Personal)),
            ("Anna.Berg!", Err(Weak::Personal)),
            ("Anna Berg 1", Err(Weak::Personal)),
            ("12ANNABERG3", Err(Weak::Personal)),
            ("anna.berg@example.org", Err(Weak::Personal)),
            ("ANNA.BERG@EXAMPLE.ORG", Err(Weak::Personal)),
            ("großhandel北京", Err(Weak::Personal)),
            // A name in a sentence is no name.
            ("annaberg bakes bread", Ok(())),
            ("lilililili", Ok(())),
        ];
        for (typed, expected) in table {
            assert_eq!(check(typed), expected, "{typed:?}");
        }
    }

    #[test]
    fn more_characters_may_be_required_but_not_fewer() {
        let password = Password::read("a kettle, twice").unwrap();
        for (wanted, required) in [(0, 8), (8, 8), (15, 15), (16, 16), (1_000, 64)] {
            let expected = if required <= 15 { Ok(()) } else { Err(Weak::TooShort { characters_min: required }) };
            assert_eq!(Rules::with_characters_min(wanted).check(&password, &[]), expected, "{wanted}");
        }
    }

    #[test]
    fn words_that_say_nothing_refuse_nothing() {
        let password = Password::read("a kettle, twice").unwrap();
        assert_eq!(Rules::default().check(&password, &["", " ", "@", "@@", "a", "...", "😀"]), Ok(()));
    }

    #[test]
    fn each_weakness_has_a_code_and_a_sentence() {
        let all =
            [Weak::TooLong, Weak::UnknownCharacter, Weak::TooShort { characters_min: 8 }, Weak::Common, Weak::Personal];
        let codes: std::collections::BTreeSet<_> = all.iter().map(|weak| weak.code()).collect();
        assert_eq!(codes.len(), all.len());
        for weak in all {
            assert!(weak.code().starts_with("password_"));
            assert!(weak.to_string().ends_with('.'), "{weak}");
        }
    }
}
