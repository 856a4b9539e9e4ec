//! Owns how a coordinator fails to help. It does not know what its caller then does without.

use std::fmt;
use std::time::Duration;

use crate::redis::AddressError;

/// A coordinator that is of no help now. No text in here contains a password.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// The address cannot be right; a start should end here.
    #[error("the address of Redis is wrong: {0}")]
    Address(AddressError),
    /// It knows us not, or may not let us: no repetition helps, people do.
    #[error("{place} refuses us: {reason}")]
    Denied {
        /// Where, for people.
        place: String,
        /// What it said.
        reason: String,
    },
    /// It cannot be reached, does not answer in time, or answers nonsense. What was asked of it may have happened.
    #[error("{place} does not help: {reason}")]
    Away {
        /// Where, for people.
        place: String,
        /// What happened.
        reason: String,
    },
    /// A lock was granted so late that its lease had run out.
    #[error("the lock was granted after its lease of {lease:?} had run out")]
    Late {
        /// The lease that was asked for.
        lease: Duration,
    },
    /// What is kept in this process has reached its bound.
    #[error("{what} are at their bound of {most}")]
    Full {
        /// Of what there are too many.
        what: &'static str,
        /// The bound.
        most: usize,
    },
    /// What was to be kept or told is over its bound: a caller's mistake, and nothing happened.
    #[error("{what} is over its bound of {most} bytes")]
    TooLong {
        /// What is too long.
        what: &'static str,
        /// The bound, in bytes.
        most: usize,
    },
}

impl Error {
    /// For implementors of a coordinator of their own: [`Error::Away`] at this place.
    pub fn away(place: impl Into<String>, reason: impl fmt::Display) -> Self {
        let (place, reason) = (place.into(), format!("{reason}"));
        Self::Away { place, reason }
    }
}
