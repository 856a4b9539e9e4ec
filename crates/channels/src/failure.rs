//! Owns the ways in which a call may fail, by what is known then: of what was done, and of whether the provider is there. It
//! does not know what is made of them.

use std::time::Duration;

use domain::channel::RawAnswer;
use thiserror::Error;

/// Why a call gave no answer.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum Failure {
    /// Nothing was sent: no connection, no name, no TLS. The channel does not know of it; try again later.
    #[error("the channel cannot be reached, nothing was sent: {0}")]
    NotSent(String),
    /// It was sent, or may have been, and no answer can be believed. Only asking tells.
    #[error("it is not known what the channel did: {0}")]
    Unknown(String),
    /// Neither is it known here, and the channel did not fall silent: it answered, and not to this, or nobody asked it. Only
    /// asking tells.
    #[error("it is not known what the channel did, although it is there: {0}")]
    Unclear(String),
    /// The channel takes no more requests now. This one comes again under the same number, which is safe whatever was done;
    /// others may be taken meanwhile.
    #[error("the channel was asked too often: {said}")]
    TooOften {
        /// The channel's words.
        said: String,
        /// How long it wants to be left alone, where it said so.
        pause: Option<Duration>,
    },
    /// The channel said no, and that it did nothing.
    #[error("the channel refused with {code}: {message}")]
    Refused {
        /// The channel's code.
        code: String,
        /// The channel's words.
        message: String,
        /// All of its answer, masked.
        raw: RawAnswer,
    },
    /// It was refused here, and nobody was asked: the channel has no such thing.
    #[error("refused with {code}, without asking the channel: {message}")]
    Unfit {
        /// Our code.
        code: String,
        /// Our words.
        message: String,
    },
    /// The channel said that the account may not ask this, or not so: it did nothing, and will not until somebody looks at
    /// how the account is set up.
    #[error("the channel does not let the account ask, with {code}: {message}")]
    Denied {
        /// The channel's code.
        code: String,
        /// The channel's words.
        message: String,
        /// All of its answer, masked.
        raw: RawAnswer,
    },
    /// The account cannot be used as it is set up here: a key that is missing or unreadable, a request that cannot be put
    /// together. Nobody was asked.
    #[error("the account is not set up: {0}")]
    Misconfigured(String),
}

impl Failure {
    /// The channel's own words, masked, where it answered with them.
    pub const fn raw(&self) -> Option<&RawAnswer> {
        match self {
            Self::Refused { raw, .. } | Self::Denied { raw, .. } => Some(raw),
            _ => None,
        }
    }
}
