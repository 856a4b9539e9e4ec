//! Owns the one spelling of a JSON text: members sorted, blanks dropped, numbers as exact decimals, strings
//! with the fewest escapes. Two bodies mean the same request if and only if their canonical texts are equal.
//!
//! Typed requests are read from the canonical text too, so what was fingerprinted and what is executed can
//! never be two readings of one body.

mod number;
mod pointer;
mod reader;

use thiserror::Error;

pub use pointer::{BadPointer, Pointer};

/// How deep arrays and objects may be nested.
pub const DEPTH_MAX: usize = 64;

/// Why a body is not taken. Positions are bytes from the start of the body.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum Malformed {
    /// Not JSON as RFC 8259 has it.
    #[error("the body is not valid JSON: {expected} expected at byte {at}")]
    Syntax {
        /// Where reading stopped.
        at: usize,
        /// What would have been right there.
        expected: &'static str,
    },
    /// A member name stands twice in one object. RFC 8259 leaves its meaning open, so it is refused.
    #[error("the member {name:?} stands twice in one object, the second time before byte {at}")]
    DuplicateMember {
        /// Behind the second one.
        at: usize,
        /// The member's name.
        name: String,
    },
    /// Nested deeper than [`DEPTH_MAX`].
    #[error("the body is nested deeper than 64 levels at byte {at}")]
    TooDeep {
        /// The bracket that is too much.
        at: usize,
    },
    /// An exponent that no computer keeps.
    #[error("the number at byte {at} has an exponent that is out of range")]
    NumberRange {
        /// Where the number begins.
        at: usize,
    },
}

/// Gives the canonical text of a JSON body.
///
/// ```
/// let text = idempotency::canonical::text(br#" { "b": 1.0, "a": "\u0041" } "#)?;
/// assert_eq!(text, r#"{"a":"A","b":1}"#);
/// # Ok::<(), idempotency::canonical::Malformed>(())
/// ```
pub fn text(body: &[u8]) -> Result<String, Malformed> {
    let body =
        std::str::from_utf8(body).map_err(|error| Malformed::Syntax { at: error.valid_up_to(), expected: "UTF-8" })?;
    reader::Reader::new(body).document()
}

#[cfg(test)]
mod tests;
