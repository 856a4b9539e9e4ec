//! Owns the hash of a password: its text, its costs, and what it takes to compute one. It does not know which thread does
//! that, nor where a hash is stored.

use std::fmt;

use argon2::{Algorithm, Argon2, Block, Params, PasswordHash, Version};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use subtle::ConstantTimeEq as _;
use thiserror::Error;
use zeroize::Zeroizing;

use super::Password;

/// Bytes of a new hash.
const OUTPUT_BYTES: usize = 32;

/// Bytes of a new salt: RFC 9106, 3.1.
const SALT_BYTES: usize = 16;

/// A hash's text is not longer than this.
const TEXT_BYTES_MAX: usize = 256;

/// Random bytes that make two hashes of one password differ.
pub(crate) type Salt = [u8; SALT_BYTES];

/// What one hash costs. The default is OWASP's first choice with little memory (Password Storage Cheat Sheet; ASVS 11.4.2):
/// Argon2id, 19 MiB, two passes, one lane.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cost {
    memory_kib: u32,
    passes: u32,
    lanes: u32,
}

impl Default for Cost {
    fn default() -> Self {
        Self { memory_kib: 19 * 1024, passes: 2, lanes: 1 }
    }
}

impl Cost {
    /// So many KiB of memory and so many passes over it, on one lane. `None` outside of what [`Hash::parse`] takes: 8 KiB
    /// to 64 MiB, one to ten passes.
    pub fn new(memory_kib: u32, passes: u32) -> Option<Self> {
        let cost = Self { memory_kib, passes, lanes: 1 };
        cost.bounded().then_some(cost)
    }

    /// Whether a hash of this cost should be replaced by one of `today`'s: it took less memory, or less work. One that
    /// costs more stays: a log-in must not weaken what protects a password.
    pub(super) fn weaker_than(self, today: Self) -> bool {
        let work = |cost: Self| u64::from(cost.memory_kib) * u64::from(cost.passes);
        self.memory_kib < today.memory_kib || work(self) < work(today)
    }

    /// What a thread is ready to spend, also when the table of hashes says otherwise.
    fn bounded(self) -> bool {
        (8 * self.lanes..=64 * 1024).contains(&self.memory_kib)
            && (1..=10).contains(&self.passes)
            && (1..=4).contains(&self.lanes)
    }

    fn params(self, output_bytes: usize) -> Params {
        Params::new(self.memory_kib, self.passes, self.lanes, Some(output_bytes))
            .expect("what is bounded here is within the algorithm's own bounds")
    }
}

/// What there is to compute.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Recipe {
    cost: Cost,
    salt: Vec<u8>,
    output_bytes: usize,
}

impl Recipe {
    pub(super) fn new(cost: Cost, salt: Salt) -> Self {
        Self { cost, salt: salt.to_vec(), output_bytes: OUTPUT_BYTES }
    }

    /// Computes it in `blocks`, which grow to what is needed. What they held before makes no difference.
    pub(super) fn compute(&self, password: &Password, blocks: &mut Vec<Block>) -> Zeroizing<Vec<u8>> {
        let params = self.cost.params(self.output_bytes);
        if blocks.len() < params.block_count() {
            blocks.resize(params.block_count(), Block::new());
        }
        let mut output = Zeroizing::new(vec![0; self.output_bytes]);
        Argon2::new(Algorithm::Argon2id, Version::V0x13, params)
            .hash_password_into_with_memory(password.as_bytes(), &self.salt, &mut output, blocks)
            .expect("lengths were checked when the recipe was made");
        output
    }

    /// Blocks of memory, of 1 KiB each, that it takes.
    pub(super) fn blocks(&self) -> usize {
        self.cost.params(self.output_bytes).block_count()
    }
}

/// What is stored of a password: a PHC string, `$argon2id$v=19$m=19456,t=2,p=1$salt$hash`.
#[derive(Clone, PartialEq, Eq)]
pub struct Hash {
    text: String,
    recipe: Recipe,
    output: Vec<u8>,
}

/// A text is not a hash that is verified here. What it is stays unsaid, for it may be a password in the wrong place.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
#[error("not an argon2id hash in PHC form, of version 19 and within bounds")]
pub struct NotAHash;

impl Hash {
    /// Reads a stored hash. It must be Argon2id, version 19, at most 64 MiB, ten passes and four lanes, with 8 to 48 bytes
    /// of salt and 16 to 64 of hash, and written as it is written here: what is within bounds cannot be made to cost more.
    pub fn parse(text: &str) -> Result<Self, NotAHash> {
        if text.len() > TEXT_BYTES_MAX {
            return Err(NotAHash);
        }
        let phc = PasswordHash::new(text).map_err(|_| NotAHash)?;
        let params = Params::try_from(&phc).map_err(|_| NotAHash)?;
        let (salt, output) = phc.salt.zip(phc.hash).ok_or(NotAHash)?;
        let cost = Cost { memory_kib: params.m_cost(), passes: params.t_cost(), lanes: params.p_cost() };
        if !cost.bounded() || salt.len() < argon2::MIN_SALT_LEN || !(16..=64).contains(&output.len()) {
            return Err(NotAHash);
        }
        let recipe = Recipe { cost, salt: salt.to_vec(), output_bytes: output.len() };
        let hash = Self::new(recipe, output.as_bytes());
        // Another algorithm, version, order or parameter is another text.
        if hash.text == text { Ok(hash) } else { Err(NotAHash) }
    }

    pub(super) fn new(recipe: Recipe, output: &[u8]) -> Self {
        let Cost { memory_kib, passes, lanes } = recipe.cost;
        let salt = STANDARD_NO_PAD.encode(&recipe.salt);
        let encoded = STANDARD_NO_PAD.encode(output);
        let text = format!("$argon2id$v=19$m={memory_kib},t={passes},p={lanes}${salt}${encoded}");
        Self { text, recipe, output: output.to_vec() }
    }

    /// The text to store.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    pub(super) fn recipe(&self) -> &Recipe {
        &self.recipe
    }

    /// Whether what was computed from the [`recipe`](Self::recipe) is this hash; the time tells nothing (ASVS 11.2.4).
    pub(super) fn is(&self, computed: &[u8]) -> bool {
        self.output.ct_eq(computed).into()
    }

    pub(super) fn weaker_than(&self, today: Cost) -> bool {
        self.recipe.cost.weaker_than(today)
            || self.recipe.salt.len() < SALT_BYTES
            || self.recipe.output_bytes < OUTPUT_BYTES
    }
}

impl fmt::Debug for Hash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Hash")
    }
}

#[cfg(test)]
mod tests {
    use argon2::PasswordVerifier as _;
    use proptest::prelude::*;

    use super::*;

    const GOOD: &str = "$argon2id$v=19$m=64,t=2,p=1$c2FsdHNhbHRzYWx0c2FsdA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";

    /// The library's own verifier reads what we write, and memory that was used before makes no difference.
    #[test]
    fn the_hash_is_that_of_the_library() {
        let mut blocks = Vec::new();
        let small = Recipe::new(Cost::new(64, 1).unwrap(), [7; 16]);
        let large = Recipe::new(Cost::new(256, 2).unwrap(), [8; 16]);
        for (recipe, typed) in [(&small, "one"), (&large, "two"), (&small, "three"), (&large, "two")] {
            let password = Password::read(typed).unwrap();
            let hash = Hash::new(recipe.clone(), &recipe.compute(&password, &mut blocks));
            let phc = PasswordHash::new(hash.as_str()).unwrap();
            assert!(Argon2::default().verify_password(typed.as_bytes(), &phc).is_ok(), "{typed}");
            assert!(Argon2::default().verify_password(b"else", &phc).is_err(), "{typed}");
        }
    }

    /// RFC 9106 has no vector without a key; this one is of the reference implementation's `test.c`, Argon2id, version 19,
    /// 2^16 KiB, two passes, "password", "somesalt".
    #[test]
    fn the_reference_implementation_agrees() {
        let text = "$argon2id$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc";
        let hash = Hash::parse(text).unwrap();
        let computed = hash.recipe().compute(&Password::read("password").unwrap(), &mut Vec::new());
        assert!(hash.is(&computed));
        assert!(!hash.is(&computed[..31]) && !hash.is(&[]));
    }

    #[test]
    fn what_is_stored_is_read_again() {
        let hash = Hash::parse(GOOD).unwrap();
        assert_eq!(hash.as_str(), GOOD);
        assert_eq!(format!("{:?}", Some(&hash)), "Some(Hash)");
    }

    #[test]
    fn what_is_no_hash_of_ours_is_refused() {
        let with = |from: &str, to: &str| {
            assert!(GOOD.contains(from), "{from}");
            GOOD.replacen(from, to, 1)
        };
        let table = [
            String::new(),
            "$".repeat(9),
            "hunter2".to_owned(),
            with("argon2id", "argon2i"),
            with("argon2id", "argon2d"),
            with("argon2id", "scrypt"),
            with("v=19", "v=16"),
            with("v=19$", ""),
            with("m=64", "m=7"),
            with("m=64", "m=65537"),
            with("m=64", "m=4294967295"),
            with("m=64", "m=99999999999"),
            with("m=64", "m=064"),
            with("t=2", "t=0"),
            with("t=2", "t=11"),
            with("p=1", "p=0"),
            with("p=1", "p=5"),
            with("p=1", "p=16777215"),
            with("m=64,t=2,p=1", "t=2,m=64,p=1"),
            with("m=64,", ""),
            with("p=1", "p=1,data=AAAA"),
            with("p=1", "p=1,keyid=AAAA"),
            with("p=1", "p=1,p=1"),
            with("c2FsdHNhbHRzYWx0c2FsdA", "c2FsdA"),
            with("c2FsdHNhbHRzYWx0c2FsdA", ""),
            with("c2FsdHNhbHRzYWx0c2FsdA", "c2FsdHNhbHRzYWx0c2FsdA=="),
            with("$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA", ""),
            with("AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA", "AAAAAAAAAAAAAAAA"),
            format!("{GOOD}$"),
            format!("{GOOD}\n"),
            format!(" {GOOD}"),
            format!("{GOOD}{}", "A".repeat(200)),
        ];
        for text in table {
            assert_eq!(Hash::parse(&text), Err(NotAHash), "{text:?}");
        }
    }

    #[test]
    fn what_costs_less_is_weaker() {
        let today = Cost::default();
        let table = [
            (19 * 1024, 2, false),
            (19 * 1024, 1, true),
            (12 * 1024, 3, true),
            (19 * 1024 - 1, 10, true),
            // OWASP calls it as good: more memory, one pass.
            (46 * 1024, 1, false),
            (64 * 1024, 3, false),
        ];
        for (memory_kib, passes, weaker) in table {
            assert_eq!(Cost::new(memory_kib, passes).unwrap().weaker_than(today), weaker, "{memory_kib} {passes}");
        }
        let short = GOOD.replace("$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA", "$AAAAAAAAAAAAAAAAAAAAAA");
        let cost = Cost::new(64, 2).unwrap();
        assert!(Hash::parse(&short).unwrap().weaker_than(cost), "sixteen bytes of hash");
        assert!(!Hash::parse(GOOD).unwrap().weaker_than(cost));
    }

    #[test]
    fn a_cost_has_bounds() {
        for (memory_kib, passes) in [(0, 2), (7, 2), (64 * 1024 + 1, 2), (u32::MAX, 2), (64, 0), (64, 11)] {
            assert_eq!(Cost::new(memory_kib, passes), None, "{memory_kib} {passes}");
        }
    }

    proptest! {
        #[test]
        fn any_text_is_read_or_refused(text in any::<String>()) {
            prop_assert_eq!(Hash::parse(&text), Err(NotAHash));
        }

        #[test]
        fn any_text_of_that_form_is_read_or_refused(
            text in r"\$argon2(id|i|d)\$v=(16|19)\$m=[0-9]{1,10},t=[0-9]{1,3},p=[0-9]{1,9}\$[A-Za-z0-9+/]{0,70}\$[A-Za-z0-9+/=]{0,100}",
        ) {
            if let Ok(hash) = Hash::parse(&text) {
                prop_assert!(hash.recipe().blocks() <= 64 * 1024);
                prop_assert_eq!(hash.as_str(), text);
            }
        }
    }
}
