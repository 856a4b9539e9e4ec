//! Owns the executor that is watched, and has a bug where one is planted in it.

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use domain::outbox::{Message, Task};
use domain::payment::RefundStatus;
use domain::{Action, Change, Command, decide};
use idempotency::CommandId;

use super::super::render::Plain;
use super::super::trace::Goal;
use super::super::world::World;
use super::Planted;
use crate::{Execute, Executor, Render as _, Scope, Snapshot, Verdict};

/// The real executor, watched, with a bug where one is planted.
pub(in crate::simulator) struct RiggedExecute {
    world: Arc<World>,
    real: Executor<Plain>,
    /// The commands of the run before, to see a split.
    last: Mutex<Vec<CommandId>>,
    run: Mutex<BTreeSet<CommandId>>,
    fresh: AtomicU64,
}

impl RiggedExecute {
    pub(in crate::simulator) fn new(world: &Arc<World>) -> Self {
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
            Some(Planted::TokenTakenForFree) => batch.iter().flat_map(|it| unnamed(&self.real, snapshot, it)).collect(),
            Some(Planted::TokenUnchecked) => {
                let unchecked = |it: &Command| Command { token: domain::Token::None, ..it.clone() };
                batch.iter().flat_map(|it| one(&self.real, snapshot, &unchecked(it))).collect()
            }
            Some(Planted::NextPieceForgotten) => {
                let of_its_piece = |it: &Command| {
                    let more = usize::from(it.aliases.iter().any(|alias| alias.since.is_some()));
                    Command { aliases: it.aliases[..it.aliases.len() - more].to_vec(), ..it.clone() }
                };
                batch.iter().flat_map(|it| one(&self.real, snapshot, &of_its_piece(it))).collect()
            }
            Some(Planted::TurnTrusted) => {
                let trusted = self.world.book().first_of_turn.clone();
                batch.iter().flat_map(|it| trusting(&self.real, snapshot, (it, trusted.contains(&it.id)))).collect()
            }
            Some(Planted::RefundSentUnapproved) => batch.iter().flat_map(|it| sent(&self.real, snapshot, it)).collect(),
            Some(Planted::SlotNotFreed) => batch.iter().flat_map(|it| unfreed(&self.real, snapshot, it)).collect(),
            _ => self.real.run(snapshot, batch, settled),
        }
        .into_iter()
        .inspect(|verdict| match verdict {
            Verdict::Decided { replaces: true, .. } => self.world.met(Goal::Replaced),
            Verdict::Adopted(_) => self.world.met(Goal::Adopted),
            Verdict::Decided { claims, .. } if claims.iter().any(|claim| claim.replaces) => {
                self.world.met(Goal::SameAnew);
            }
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

/// Without the names that were taken by other requests.
fn unnamed(real: &Executor<Plain>, snapshot: &mut Snapshot, command: &Command) -> Vec<Verdict> {
    let mut command = command.clone();
    let scope = Scope::of(&command);
    command.aliases.retain(|alias| {
        let taken = snapshot.records.get(&Scope { key: alias.key.clone(), ..scope.clone() });
        taken.is_none_or(|record| record.fingerprint == command.fingerprints.current)
    });
    one(real, snapshot, &command)
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

fn sent(real: &Executor<Plain>, snapshot: &mut Snapshot, command: &Command) -> Vec<Verdict> {
    let mut verdicts = one(real, snapshot, command);
    for verdict in &mut verdicts {
        let Verdict::Decided { changes, .. } = verdict else { continue };
        let payment = changes.iter().find_map(|change| match change {
            Change::PaymentSet(payment) => Some(payment.clone()),
            _ => None,
        });
        let Some((payment, Action::RefundPayment(wanted))) = payment.zip(Some(&command.action)) else { continue };
        let refund = payment.refund(wanted.refund);
        let account = refund.and_then(|refund| payment.attempt(refund.attempt)).map(|attempt| attempt.account);
        let waits = refund.is_some_and(|refund| refund.status == RefundStatus::AwaitingApproval);
        changes.extend(account.filter(|_| waits).map(|account| {
            Change::MessageQueued(Message {
                tenant: command.tenant,
                payment: payment.id,
                account,
                task: Task::Refund(wanted.refund),
                due_at: command.at,
                created_at: command.at,
            })
        }));
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
