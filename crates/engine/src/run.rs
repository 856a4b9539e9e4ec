//! Owns running a batch in memory: one command after the other, each admitted, then decided, then visible to the
//! next. Pure.

use std::collections::HashSet;

use domain::audit::Head;
use domain::{Change, Command, Outcome, Refusal, decide, payment};
use idempotency::{Admission, Answer, Prior, Record, admit};

use crate::answer::{Answered, Failure};
use crate::storage::{Commit, NewRecord, RecordKind, Scope, Snapshot};

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
        /// The other names that it claims.
        claims: Vec<Claim>,
    },
    /// Another name of the request was claimed before, under another key: that outcome is this key's from now on, for as
    /// long as if it had been made now.
    Adopted(Record),
    /// This arrival's own record was found: an earlier commit of it had succeeded after all.
    Executed(Answer),
    /// An earlier arrival's record was found.
    Replayed(Answer),
    /// The key belongs to another request.
    KeyReused,
    /// Refused for the moment: nothing is stored under the key.
    Unavailable,
}

/// A name that a command claims beside its key.
#[derive(Clone, Debug)]
pub struct Claim {
    /// The name.
    pub scope: Scope,
    /// True if an older claim gives way.
    pub replaces: bool,
    /// True if it counts for some time only.
    pub is_passing: bool,
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
        // What its own key made comes before what its other names stand for.
        let is_spent = snapshot.spent.contains_key(&scope);
        let claimed = if is_spent { Claimed::Free } else { claimed(snapshot, command) };
        let outcome = match claimed {
            Claimed::Free => decide(&snapshot.state, command),
            Claimed::BySameRequest(record) if command.key.is_derived() => return Verdict::Replayed(record.answer),
            Claimed::BySameRequest(record) => {
                let record = Record { completed_at_ms: command.at.0, ..record };
                snapshot.records.insert(scope, record.clone());
                return Verdict::Adopted(record);
            }
            Claimed::ByAnother => Refusal::TokenUsed.into(),
        };
        if matches!(outcome, Outcome::Refused(Refusal::KeyReused)) {
            return Verdict::KeyReused;
        }
        if matches!(outcome, Outcome::Refused(Refusal::Payment(payment::Refusal::Unavailable))) {
            return Verdict::Unavailable;
        }
        let answer = self.render.render(command, &outcome);
        let record = record(command, answer);
        let audited = audited(snapshot, command, &outcome);
        let (mut changes, claims) = match outcome {
            Outcome::Accepted(accepted) if is_spent => (accepted.changes, Vec::new()),
            Outcome::Accepted(accepted) => (accepted.changes, claim(snapshot, command, &record)),
            Outcome::Refused(_) => (Vec::new(), Vec::new()),
        };
        changes.extend(audited);
        for change in &changes {
            snapshot.state.apply(change);
        }
        snapshot.records.insert(scope, record.clone());
        Verdict::Decided { record, changes, replaces, claims }
    }
}

/// The line of the audit log, in the same commit as what it tells of. What is refused is told, too.
fn audited(snapshot: &Snapshot, command: &Command, outcome: &Outcome) -> Option<Change> {
    let note = command.note.as_ref()?;
    let head = snapshot.state.audit(command.tenant).copied().unwrap_or(Head::first(command.tenant));
    Some(Change::Audited(head.next(command, note, outcome)))
}

/// What the other names of a request say of it.
enum Claimed {
    /// None of them is taken.
    Free,
    /// One was claimed by the same request, of which this is kept: as that arrival's, so that a rerun behind a lost
    /// reply says that it was replayed.
    BySameRequest(Record),
    /// One was claimed by another request.
    ByAnother,
}

fn claimed(snapshot: &Snapshot, command: &Command) -> Claimed {
    for alias in &command.aliases {
        let Some(found) = snapshot.records.get(&Scope { key: alias.key.clone(), ..Scope::of(command) }) else {
            continue;
        };
        if alias.since.is_some_and(|since| found.completed_at_ms < since.0) {
            continue;
        }
        let prior = Prior { command: None, fingerprint: &found.fingerprint };
        return match admit(Some(prior), command.id, &command.fingerprints) {
            Admission::Replay => Claimed::BySameRequest(found.clone()),
            _ => Claimed::ByAnother,
        };
    }
    Claimed::Free
}

/// Writes the record under every other name, too. What stands there by now is history.
fn claim(snapshot: &mut Snapshot, command: &Command, record: &Record) -> Vec<Claim> {
    let mut claims = Vec::with_capacity(command.aliases.len());
    for alias in &command.aliases {
        let scope = Scope { key: alias.key.clone(), ..Scope::of(command) };
        let before = snapshot.records.insert(scope.clone(), record.clone());
        claims.push(Claim { scope, replaces: before.is_some(), is_passing: alias.since.is_some() });
    }
    claims
}

fn record(command: &Command, answer: Answer) -> Record {
    Record { command: command.id, fingerprint: command.fingerprints.current, answer, completed_at_ms: command.at.0 }
}

impl<R: Render> Execute for Executor<R> {
    fn run(&self, snapshot: &mut Snapshot, batch: &[Command], settled: &HashSet<Scope>) -> Vec<Verdict> {
        batch.iter().map(|command| self.one(snapshot, command, settled)).collect()
    }
}

impl Commit {
    /// Takes in what is to be written for a command, and gives what is to be said once it is.
    pub fn take(&mut self, command: &Command, verdict: Verdict) -> Answered {
        match verdict {
            Verdict::Decided { record, changes, replaces, claims } => {
                let answer = record.answer.clone();
                for Claim { scope, replaces, is_passing } in claims {
                    let kind = if is_passing { RecordKind::PassingName } else { RecordKind::Name };
                    let (record, origin) = (record.clone(), command.origin.clone());
                    self.records.push(NewRecord { scope, record, replaces, kind, origin });
                }
                let (scope, kind, origin) = (Scope::of(command), RecordKind::Own, command.origin.clone());
                self.records.push(NewRecord { scope, record, replaces, kind, origin });
                self.changes.extend(changes);
                Answered::Executed(answer)
            }
            Verdict::Adopted(record) => {
                let answer = record.answer.clone();
                // It tells when the request came that was executed; from where that was, this one does not know.
                let (scope, kind, origin) = (Scope::of(command), RecordKind::Name, domain::Origin::default());
                self.records.push(NewRecord { scope, record, replaces: false, kind, origin });
                Answered::Replayed(answer)
            }
            Verdict::Executed(answer) => Answered::Executed(answer),
            Verdict::Replayed(answer) => Answered::Replayed(answer),
            Verdict::KeyReused => Answered::KeyReused,
            Verdict::Unavailable => Answered::Failed(Failure::Unavailable),
        }
    }
}

impl Scope {
    /// The scope of a command's key.
    pub fn of(command: &Command) -> Self {
        Self { tenant: command.tenant, principal: command.principal, key: command.key.clone() }
    }

    /// The scopes of a command's key and of its other names.
    pub fn all_of(command: &Command) -> impl Iterator<Item = Self> + '_ {
        let others = command.aliases.iter().map(|alias| Self { key: alias.key.clone(), ..Self::of(command) });
        std::iter::once(Self::of(command)).chain(others)
    }
}

/// The version that an answer's entity tag names.
fn answered_version(answer: &Answer) -> Option<u32> {
    answer.header("etag")?.trim_matches('"').parse().ok()
}
