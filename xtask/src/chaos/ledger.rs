//! Owns what a client remembers of each key: what it sent, every final answer, and how often there was none.

use std::collections::BTreeMap;

use super::client::{Answer, Outcome};
use super::wish::Wish;

/// All that happened under one key.
#[derive(Clone, Debug)]
pub(super) struct Entry {
    pub(super) wish: Wish,
    pub(super) tries: u32,
    /// Final answers that differ; more than one breaks the promise.
    pub(super) answers: Vec<Answer>,
    /// How many of them said that the request was executed just now.
    pub(super) executed: u32,
    /// Tries that ended in 5xx or in nothing, and so left the client in the dark.
    pub(super) dark: u32,
}

/// How often tries ended how.
pub(super) type Classes = BTreeMap<String, u64>;

impl Entry {
    pub(super) const fn new(wish: Wish) -> Self {
        Self { wish, tries: 0, answers: Vec::new(), executed: 0, dark: 0 }
    }

    /// Adds one try; whether it ended in a final answer.
    pub(super) fn note(&mut self, outcome: &Outcome) -> bool {
        self.tries += 1;
        let Outcome::Answered { answer, idempotency, .. } = outcome else {
            self.dark += 1;
            return false;
        };
        if !answer.is_final() {
            self.dark += u32::from(answer.status >= 500);
            return false;
        }
        self.executed += u32::from(idempotency.as_deref() == Some("executed"));
        if !self.answers.contains(answer) {
            self.answers.push(answer.clone());
        }
        true
    }

    /// The answer that the key has.
    pub(super) fn answer(&self) -> Option<&Answer> {
        self.answers.first()
    }
}
