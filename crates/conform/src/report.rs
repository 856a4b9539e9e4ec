//! Owns how the rows went: what was seen of each, and whether that is a failure.

use std::time::Duration;

/// How one row went.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// As it must.
    Passed {
        /// Which of the allowed forms was seen; empty where there is only one.
        seen: String,
    },
    /// Otherwise.
    Failed {
        /// What must be.
        expected: String,
        /// What was.
        seen: String,
    },
    /// It was not asked.
    NotApplicable {
        /// Why not.
        why: String,
    },
}

/// One row and how it went.
#[derive(Clone, Debug)]
pub struct Outcome {
    /// The row's name, as in `B-02`.
    pub id: &'static str,
    /// What is asked, in a few words.
    pub title: &'static str,
    /// How it went.
    pub verdict: Verdict,
    /// How long it took.
    pub took: Duration,
}

/// How all rows went.
#[derive(Clone, Debug)]
pub struct Report {
    /// Which service was asked.
    pub url: String,
    /// In the order they were asked.
    pub outcomes: Vec<Outcome>,
}

/// Why a row did not pass.
#[derive(Clone, Debug)]
pub(crate) enum Finding {
    /// It failed.
    Failed { expected: String, seen: String },
    /// It turned out that it cannot be asked.
    NotApplicable(String),
}

/// The form that was seen, or why the row did not pass.
pub(crate) type Judged = Result<String, Finding>;

impl Finding {
    pub(crate) fn failed(expected: impl Into<String>, seen: impl Into<String>) -> Self {
        Self::Failed { expected: expected.into(), seen: seen.into() }
    }
}

impl From<Judged> for Verdict {
    fn from(judged: Judged) -> Self {
        match judged {
            Ok(seen) => Self::Passed { seen },
            Err(Finding::Failed { expected, seen }) => Self::Failed { expected, seen },
            Err(Finding::NotApplicable(why)) => Self::NotApplicable { why },
        }
    }
}

impl Report {
    /// The rows that failed.
    pub fn failed(&self) -> impl Iterator<Item = &Outcome> {
        self.outcomes.iter().filter(|outcome| matches!(outcome.verdict, Verdict::Failed { .. }))
    }

    /// The rows that passed.
    pub fn passed(&self) -> impl Iterator<Item = &Outcome> {
        self.outcomes.iter().filter(|outcome| matches!(outcome.verdict, Verdict::Passed { .. }))
    }

    /// The rows that were not asked.
    pub fn not_applicable(&self) -> impl Iterator<Item = &Outcome> {
        self.outcomes.iter().filter(|outcome| matches!(outcome.verdict, Verdict::NotApplicable { .. }))
    }

    /// The report in the format of JUnit, which every builder of software shows.
    pub fn junit(&self) -> String {
        crate::junit::text(self)
    }
}
