//! Owns the name of one hold: random, so that nobody takes another's hold for its own.

use std::fmt;
use std::fmt::Write as _;

use crate::Error;

/// 128 random bits as 32 hexadecimal digits, new for each attempt. Who knows them can give the lock back, so they are not
/// printed.
#[derive(Clone, PartialEq, Eq)]
pub struct Holder(String);

impl Holder {
    pub(super) fn new() -> Result<Self, Error> {
        let mut bits = [0; 16];
        getrandom::fill(&mut bits).map_err(|error| Error::away("the system's randomness", error))?;
        let mut text = String::with_capacity(32);
        for byte in bits {
            write!(text, "{byte:02x}").expect("a string takes all");
        }
        Ok(Self(text))
    }

    /// The digits.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Holder {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("Holder")
    }
}
