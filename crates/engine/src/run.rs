//! Owns running a batch in memory: one command after the other, each admitted, then decided, then visible to the
//! next. Pure.

use std::collections::HashSet;

use domain::{Change, Command, Outcome, Refusal, decide, payment};
use idempotency::{Admission, Answer, Prior, Record, admit};

use crate::storage::{Scope, Snapshot};

/// What a batch makes of one command.
#[derive(Clone, Debug)]
pub enum Verdict {
    /// Decided now; to be committed.
    Decided {
        /// What is stored under the key.
        record: Record,
        /// What changes.
        changes: Vec<Change>,
        /// True if an older record under the key gives way.
        replaces: bool,
    },
    /// This arrival's own record was found: an earlier commit of it had succeeded after all.
    Executed(Answer),
    /// An earlier arrival's record was found.
    Replayed(Answer),
    /// The key belongs to another request.
    KeyReused,
    /// Refused for the moment: nothing is stored under the key.
    Unavailable,
}

/// Runs batches. There is one real implementation, [`Executor`]; the simulator plants bugs in others.
pub trait Execute: Send + Sync + 'static {
    /// Gives one verdict for each command, in order, and leaves the snapshot as it is behind the last. What was
    /// loaded under a `settled` key is an answer to these very commands: none of them is decided again.
    fn run(&self, snapshot: &mut Snapshot, batch: &[Command], settled: &HashSet<Scope>) -> Vec<Verdict>;
}

/// Makes the answer of an outcome, byte for byte as it is stored. Pure; the API has the real one.
pub trait Render: Send + Sync + 'static {
    /// The answer to `command`.
    fn render(&self, command: &Command, outcome: &Outcome) -> Answer;
}

/// Admits, decides, renders.
#[derive(Clone, Debug)]
pub struct Executor<R> {
    render: R,
}

impl<R: Render> Executor<R> {
    /// An executor that renders answers with `render`.
    pub const fn new(render: R) -> Self {
        Self { render }
    }

    fn one(&self, snapshot: &mut Snapshot, command: &Command, settled: &HashSet<Scope>) -> Verdict {
        let scope = Scope::of(command);
        let stored = snapshot.records.get(&scope);
        let prior = stored.map(|record| Prior { command: Some(record.command), fingerprint: &record.fingerprint });
        let replaces = match (admit(prior, command.id, &command.fingerprints), stored) {
            (Admission::KeyReused, _) => return Verdict::KeyReused,
            (Admission::Executed, Some(record)) => return Verdict::Executed(record.answer.clone()),
            (Admission::Replay, Some(record)) => {
                let history = snapshot.state.moved_on(command, answered_version(&record.answer));
                if !history || settled.contains(&scope) {
                    return Verdict::Replayed(record.answer.clone());
                }
                true
            }
            _ => false,
        };
        // Its order answers in place of the purged answer, and nothing but the request that placed it.
        let spent = snapshot.spent.get(&scope).map(|fingerprint| Prior { command: None, fingerprint });
        if matches!(admit(spent, command.id, &command.fingerprints), Admission::KeyReused) {
            return Verdict::KeyReused;
        }
        let outcome = decide(&snapshot.state, command);
        if matches!(outcome, Outcome::Refused(Refusal::KeyReused)) {
            return Verdict::KeyReused;
        }
        if matches!(outcome, Outcome::Refused(Refusal::Payment(payment::Refusal::Unavailable))) {
            return Verdict::Unavailable;
        }
        let answer = self.render.render(command, &outcome);
        let changes = match outcome {
            Outcome::Accepted(accepted) => accepted.changes,
            Outcome::Refused(_) => Vec::new(),
        };
        for change in &changes {
            snapshot.state.apply(change);
        }
        let record = Record { command: command.id, fingerprint: command.fingerprints.current, answer };
        snapshot.records.insert(scope, record.clone());
        Verdict::Decided { record, changes, replaces }
    }
}

impl<R: Render> Execute for Executor<R> {
    fn run(&self, snapshot: &mut Snapshot, batch: &[Command], settled: &HashSet<Scope>) -> Vec<Verdict> {
        batch.iter().map(|command| self.one(snapshot, command, settled)).collect()
    }
}

impl Scope {
    /// The scope of a command's key.
    pub fn of(command: &Command) -> Self {
        Self { tenant: command.tenant, principal: command.principal, key: command.key.clone() }
    }
}

/// The version that an answer's entity tag names.
fn answered_version(answer: &Answer) -> Option<u32> {
    answer.header("etag")?.trim_matches('"').parse().ok()
}
