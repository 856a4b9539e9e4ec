//! Owns what an error of a database means for who asked: nothing was written, or that is not known, or it is out of order.

use crate::protocol::Error;

/// Whether a lost answer leaves something open.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Attempt {
    Read,
    Write,
}

/// What an error says of the statement.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Meaning {
    /// It was undone because of others, and may be tried again at once.
    Again,
    /// It was not run, or was undone.
    NotWritten,
    /// The answer was lost.
    Lost,
    /// It cannot be run.
    Broken,
}

/// The error of a store for that of a database.
pub(super) fn told(kind: Attempt, error: &sqlx::Error, meaning: Meaning) -> Error {
    match meaning {
        Meaning::Again | Meaning::NotWritten => Error::Unavailable(error.to_string()),
        Meaning::Lost => lost(kind, error.to_string()),
        Meaning::Broken => Error::Broken(error.to_string()),
    }
}

pub(super) fn lost(kind: Attempt, text: String) -> Error {
    match kind {
        Attempt::Read => Error::Unavailable(text),
        Attempt::Write => Error::Unresolved(text),
    }
}

/// No connection could be had. What is wrong with an address or a password is not mended by time, but an operator who
/// mends it need not start the service anew.
pub(super) fn not_reached(error: &sqlx::Error) -> Error {
    Error::Unavailable(error.to_string())
}
