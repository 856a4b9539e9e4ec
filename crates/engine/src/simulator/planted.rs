//! Owns the planted bugs. Each is a mistake that somebody makes one day; the simulator must find every one of them.
//! The product has no hooks for them: they wrap its executor, or its storage.

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use domain::{Action, Change, Command, Needs, decide};
use idempotency::CommandId;

use super::render::Plain;
use super::trace::Goal;
use super::world::World;
use crate::{Commit, Execute, Executor, Fault, Render as _, Scope, Snapshot, Storage, Verdict};

/// A mistake.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Planted {
    /// The changes are committed without the key's record.
    RecordDropped,
    /// The change is made before the key is looked at.
    AppliedBeforeAdmitted,
    /// A lost reply is taken for a refusal.
    UnknownTakenForFailed,
    /// Cancelling gives the stock back twice.
    StockReleasedTwice,
    /// A rerun stamps new ids on its commands.
    IdsMadeInRetryLoop,
    /// A key is not compared with the request.
    FingerprintSkipped,
    /// A retry is told another answer than the first: made anew, not stored.
    AnswerMadeAnew,
    /// A transaction that was overtaken writes all the same.
    ConflictIgnored,
    /// A one-time token is looked at, and not used up.
    TokenNotClaimed,
    /// The end of an order's waiting does not free its member's place.
    SlotNotFreed,
    /// Who has a member's turn, and found no record in it, does not look at the key any more.
    TurnTrusted,
}

impl Planted {
    /// Every planted bug.
    pub const ALL: [Self; 11] = [
        Self::RecordDropped,
        Self::AppliedBeforeAdmitted,
        Self::UnknownTakenForFailed,
        Self::StockReleasedTwice,
        Self::IdsMadeInRetryLoop,
        Self::FingerprintSkipped,
        Self::AnswerMadeAnew,
        Self::ConflictIgnored,
        Self::TokenNotClaimed,
        Self::SlotNotFreed,
        Self::TurnTrusted,
    ];
}

impl fmt::Display for Planted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self, f)
    }
}

/// The real executor, watched, with a bug where one is planted.
pub(super) struct RiggedExecute {
    world: Arc<World>,
    real: Executor<Plain>,
    /// The commands of the run before, to see a split.
    last: Mutex<Vec<CommandId>>,
    run: Mutex<BTreeSet<CommandId>>,
    fresh: AtomicU64,
}

impl RiggedExecute {
    pub(super) fn new(world: &Arc<World>) -> Self {
        Self {
            world: world.clone(),
            real: Executor::new(Plain),
            last: Mutex::default(),
            run: Mutex::default(),
            fresh: AtomicU64::new(1 << 40),
        }
    }

    fn watch(&self, batch: &[Command]) {
        let ids: Vec<CommandId> = batch.iter().map(|command| command.id).collect();
        if ids.len() > 1 {
            self.world.met(Goal::Batch);
        }
        let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        if ids.len() < last.len() && last.starts_with(&ids) {
            self.world.met(Goal::Split);
        }
        *last = ids;
    }

    /// The batch, but with new ids on what was run before.
    fn restamped(&self, batch: &[Command]) -> Vec<Command> {
        let mut run = self.run.lock().unwrap_or_else(PoisonError::into_inner);
        batch
            .iter()
            .cloned()
            .map(|command| {
                if run.insert(command.id) {
                    return command;
                }
                Command { id: CommandId(self.fresh.fetch_add(1, Ordering::Relaxed).into()), ..command }
            })
            .collect()
    }
}

impl Execute for RiggedExecute {
    fn run(&self, snapshot: &mut Snapshot, batch: &[Command], settled: &HashSet<Scope>) -> Vec<Verdict> {
        self.watch(batch);
        match self.world.options.planted {
            Some(Planted::AppliedBeforeAdmitted) => {
                batch.iter().flat_map(|command| applied_first(&self.real, snapshot, command)).collect()
            }
            Some(Planted::IdsMadeInRetryLoop) => self.real.run(snapshot, &self.restamped(batch), settled),
            Some(Planted::StockReleasedTwice) => {
                batch.iter().flat_map(|command| released_twice(&self.real, snapshot, command)).collect()
            }
            Some(Planted::FingerprintSkipped) => {
                batch.iter().flat_map(|command| unchecked(&self.real, snapshot, command)).collect()
            }
            Some(Planted::AnswerMadeAnew) => {
                batch.iter().flat_map(|command| made_anew(&self.real, snapshot, command)).collect()
            }
            Some(Planted::TokenNotClaimed) => batch.iter().flat_map(|it| unclaimed(&self.real, snapshot, it)).collect(),
            Some(Planted::TurnTrusted) => {
                let trusted = self.world.book().first_of_turn.clone();
                batch.iter().flat_map(|it| trusting(&self.real, snapshot, (it, trusted.contains(&it.id)))).collect()
            }
            Some(Planted::SlotNotFreed) => batch.iter().flat_map(|it| unfreed(&self.real, snapshot, it)).collect(),
            _ => self.real.run(snapshot, batch, settled),
        }
        .into_iter()
        .inspect(|verdict| match verdict {
            Verdict::Decided { replaces: true, .. } => self.world.met(Goal::Replaced),
            Verdict::Adopted(_) => self.world.met(Goal::Adopted),
            _ => {}
        })
        .collect()
    }
}

fn one(real: &Executor<Plain>, snapshot: &mut Snapshot, command: &Command) -> Vec<Verdict> {
    real.run(snapshot, std::slice::from_ref(command), &HashSet::new())
}

fn applied_first(real: &Executor<Plain>, snapshot: &mut Snapshot, command: &Command) -> Vec<Verdict> {
    let Some(record) = snapshot.records.get(&Scope::of(command)).cloned() else {
        return one(real, snapshot, command);
    };
    let domain::Outcome::Accepted(accepted) = decide(&snapshot.state, command) else {
        return one(real, snapshot, command);
    };
    for change in &accepted.changes {
        snapshot.state.apply(change);
    }
    vec![Verdict::Decided { record, changes: accepted.changes, replaces: true, claims: Vec::new() }]
}

fn released_twice(real: &Executor<Plain>, snapshot: &mut Snapshot, command: &Command) -> Vec<Verdict> {
    let mut before: BTreeMap<_, _> = BTreeMap::new();
    if let Action::CancelOrder { order_no, .. } | Action::ExpireOrder { order_no } = command.action
        && let Some(order) = snapshot.state.order(command.tenant, order_no)
    {
        before = order.reservations.iter().map(|row| (row.sku.clone(), row.quantity)).collect();
    }
    let mut verdicts = one(real, snapshot, command);
    for verdict in &mut verdicts {
        let Verdict::Decided { changes, .. } = verdict else { continue };
        for change in changes {
            let Change::StockSet(item) = change else { continue };
            item.reserved -= before.get(&item.sku).copied().unwrap_or(0).min(item.reserved);
            snapshot.state.put_stock(item.clone());
        }
    }
    verdicts
}

fn unchecked(real: &Executor<Plain>, snapshot: &mut Snapshot, command: &Command) -> Vec<Verdict> {
    match snapshot.records.get(&Scope::of(command)) {
        Some(record) => vec![Verdict::Replayed(record.answer.clone())],
        None => one(real, snapshot, command),
    }
}

fn unclaimed(real: &Executor<Plain>, snapshot: &mut Snapshot, command: &Command) -> Vec<Verdict> {
    let mut verdicts = one(real, snapshot, command);
    for verdict in &mut verdicts {
        let Verdict::Decided { claims, .. } = verdict else { continue };
        for claim in claims.drain(..) {
            snapshot.records.remove(&claim.scope);
        }
    }
    verdicts
}

/// A rerun finds its own record all the same: only another arrival's is overlooked.
fn trusting(real: &Executor<Plain>, snapshot: &mut Snapshot, (command, trusted): (&Command, bool)) -> Vec<Verdict> {
    match snapshot.records.get(&Scope::of(command)) {
        Some(record) if trusted && record.command != command.id => applied_first(real, snapshot, command),
        _ => one(real, snapshot, command),
    }
}

fn unfreed(real: &Executor<Plain>, snapshot: &mut Snapshot, command: &Command) -> Vec<Verdict> {
    let mut verdicts = one(real, snapshot, command);
    for verdict in &mut verdicts {
        let Verdict::Decided { changes, .. } = verdict else { continue };
        changes.retain(|change| !matches!(change, Change::SlotFreed(_)));
    }
    verdicts
}

fn made_anew(real: &Executor<Plain>, snapshot: &mut Snapshot, command: &Command) -> Vec<Verdict> {
    let mut verdicts = one(real, snapshot, command);
    for verdict in &mut verdicts {
        if let Verdict::Replayed(answer) = verdict {
            *answer = Plain.render(command, &decide(&snapshot.state, command));
        }
    }
    verdicts
}

/// A storage, with a bug where one is planted.
pub(super) struct RiggedStorage<S> {
    real: S,
    planted: Option<Planted>,
}

impl<S> RiggedStorage<S> {
    pub(super) const fn new(real: S, planted: Option<Planted>) -> Self {
        Self { real, planted }
    }
}

impl<S: Storage> Storage for RiggedStorage<S> {
    type Transaction = S::Transaction;

    async fn load(&self, needs: &Needs, scopes: &BTreeSet<Scope>) -> Result<(S::Transaction, Snapshot), Fault> {
        self.real.load(needs, scopes).await
    }

    async fn commit(&self, transaction: S::Transaction, commit: &Commit) -> Result<(), Fault> {
        match self.planted {
            Some(Planted::RecordDropped) => {
                let commit = Commit { records: Vec::new(), changes: commit.changes.clone() };
                self.real.commit(transaction, &commit).await
            }
            Some(Planted::UnknownTakenForFailed) => match self.real.commit(transaction, commit).await {
                Err(Fault::Unknown(why)) => Err(Fault::Rejected(why)),
                ended => ended,
            },
            Some(Planted::ConflictIgnored) => {
                drop(transaction);
                let (transaction, _) = self.real.load(&Needs::default(), &BTreeSet::new()).await?;
                self.real.commit(transaction, commit).await
            }
            _ => self.real.commit(transaction, commit).await,
        }
    }
}
