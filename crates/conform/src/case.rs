//! Owns the rows as one table, and how one of them is judged.

use futures_util::future::BoxFuture;
use tokio::time::Instant;

use crate::need::Need;
use crate::report::{Judged, Outcome, Verdict};
use crate::subject::Subject;
use crate::{basics, concurrency, failure, fingerprint, header, secrecy};

/// One row.
pub(crate) struct Case {
    pub(crate) id: &'static str,
    pub(crate) title: &'static str,
    /// Without these it is not asked.
    pub(crate) needs: &'static [Need],
    pub(crate) run: for<'a> fn(&'a Subject) -> BoxFuture<'a, Judged>,
}

/// Every row, in order.
pub(crate) fn all() -> impl Iterator<Item = &'static Case> {
    [header::CASES, basics::CASES, fingerprint::CASES, concurrency::CASES, failure::CASES, secrecy::CASES]
        .into_iter()
        .flatten()
}

impl Case {
    /// A row of the table that only the service itself can ask.
    pub(crate) const fn inside(id: &'static str, title: &'static str, needs: &'static [Need]) -> Self {
        Self { id, title, needs, run: |_| Box::pin(async { Ok(String::new()) }) }
    }

    /// Whether this is its name, or the letter of its group.
    pub(crate) fn is_named(&self, name: &str) -> bool {
        let letter = self.id.split('-').next();
        self.id.eq_ignore_ascii_case(name) || letter.is_some_and(|letter| letter.eq_ignore_ascii_case(name))
    }

    pub(crate) async fn judge(&self, subject: &Subject) -> Outcome {
        let start = Instant::now();
        let verdict = match self.needs.iter().find_map(|need| need.missing(subject.profile())) {
            Some(why) => Verdict::NotApplicable { why },
            None => (self.run)(subject).await.into(),
        };
        Outcome { id: self.id, title: self.title, verdict, took: start.elapsed() }
    }
}
