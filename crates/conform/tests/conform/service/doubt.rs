//! Owns the forms in which a service may say that nobody knows what became of a request.

use super::problem;
use super::records::Kept;

/// One of the forms.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Doubt {
    /// A conflict that no waiting mends, without a word that a program knows.
    Conflict,
    /// The same with the problem's type, and when to come again.
    Named,
    /// It is taken, and the header has the word.
    Accepted,
}

impl Doubt {
    pub(crate) const ALL: [Self; 3] = [Self::Conflict, Self::Named, Self::Accepted];

    /// By its name, for a service that is a process of its own.
    pub(crate) fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|doubt| format!("{doubt:?}") == name)
    }

    pub(crate) fn told(self) -> Kept {
        match self {
            Self::Conflict => problem(409, "doubtful", ""),
            Self::Named => problem(409, "outcome_unknown", "").with("retry-after", "30"),
            Self::Accepted => problem(202, "doubtful", "")
                .with("retry-after", "30")
                .with("idempotency-status", "unknown; guarantee=at-most-once"),
        }
    }
}
