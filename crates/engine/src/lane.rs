//! Owns the life of a batch: load, run, commit, answer; run again, split, or resolve where the storage asks for it.

use std::collections::{HashMap, HashSet};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::Duration;

use domain::{Command, Needs};
use idempotency::CommandId;
use tokio::time::Instant;
use tracing::{error, warn};

use crate::Options;
use crate::answer::{Answered, Failure};
use crate::intake::{Entry, Intake};
use crate::run::{Execute, Verdict};
use crate::storage::{Commit, Fault, Scope, Snapshot, Storage};

/// The longest pause before a batch is run again.
const PAUSE_MAX: Duration = Duration::from_secs(1);

pub(crate) struct Lane<S, X> {
    number: usize,
    intake: Arc<Intake>,
    storage: Arc<S>,
    execute: Arc<X>,
    options: Options,
}

/// A batch, or what is left of one that was split.
struct Part {
    batch: Vec<Entry>,
    past: Past,
}

/// What the tries of a batch so far have come to; its halves keep it.
#[derive(Clone, Default)]
struct Past {
    /// True once a commit with these commands was unknown: no later try may say that nothing was applied.
    unresolved: bool,
    /// Which arrivals' records the first try found under derived keys, the only ones whose records give way.
    records: Option<HashMap<Scope, CommandId>>,
}

/// How running a batch came out, when it did not succeed.
enum Setback {
    /// Nothing was applied, and it was tried often enough.
    GiveUp,
    /// One of its commands breaks it, or it is too large to get through: try its halves.
    Split,
    /// The storage is broken.
    Stop,
}

impl<S, X> Drop for Lane<S, X> {
    fn drop(&mut self) {
        self.intake.abandon();
    }
}

impl<S: Storage, X: Execute> Lane<S, X> {
    pub(crate) fn new(number: usize, intake: Arc<Intake>, work: (Arc<S>, Arc<X>), options: Options) -> Self {
        let (storage, execute) = work;
        Self { number, intake, storage, execute, options }
    }

    pub(crate) async fn run(self) {
        while let Some(batch) = self.intake.take(self.number).await {
            metrics::histogram!("mideng_batch_commands")
                .record(f64::from(u32::try_from(batch.len()).unwrap_or(u32::MAX)));
            self.settle(batch).await;
        }
    }

    /// Sees every command of a batch to its answer.
    async fn settle(&self, batch: Vec<Entry>) {
        let mut work = vec![Part { batch, past: Past::default() }];
        while let Some(Part { mut batch, mut past }) = work.pop() {
            let (commands, replies): (Vec<_>, Vec<_>) =
                batch.drain(..).map(|entry| (entry.command, entry.reply)).unzip();
            let result = self.attempt(&commands, &mut past).await;
            batch.extend(commands.into_iter().zip(replies).map(|(command, reply)| Entry { command, reply }));
            match result {
                Ok(answers) => self.intake.answer(batch.into_iter().zip(answers).collect()),
                Err(Setback::Split) if batch.len() > 1 => {
                    let second = batch.split_off(batch.len() / 2);
                    work.push(Part { batch: second, past: past.clone() });
                    work.push(Part { batch, past });
                }
                Err(Setback::Split) if past.unresolved => self.fail(batch, Failure::Pending),
                Err(Setback::Split) => self.fail(batch, Failure::Broken),
                Err(Setback::GiveUp) => self.fail(batch, Failure::Busy),
                Err(Setback::Stop) => {
                    self.intake.stop();
                    // Whether this batch's last write reached the disk is for the keys to tell, after a restart.
                    self.fail(batch, Failure::Pending);
                    for rest in work.drain(..) {
                        self.fail(rest.batch, if rest.past.unresolved { Failure::Pending } else { Failure::Stopped });
                    }
                }
            }
        }
    }

    fn fail(&self, batch: Vec<Entry>, failure: Failure) {
        metrics::counter!("mideng_commands_failed_total").increment(batch.len() as u64);
        self.intake.answer(batch.into_iter().map(|entry| (entry, Answered::Failed(failure))).collect());
    }

    /// Runs a batch until it is committed or there is a setback that running it again will not cure.
    async fn attempt(&self, batch: &[Command], past: &mut Past) -> Result<Vec<Answered>, Setback> {
        let mut pause = self.options.retry_pause;
        let mut retries = 0;
        loop {
            let fault = match self.once(batch, past).await {
                Ok(answers) => {
                    // Also where this batch went well at once: the one before may have been given up.
                    self.intake.set_struggling(false);
                    return Ok(answers);
                }
                Err(fault) => fault,
            };
            match &fault {
                Fault::Retry(_) | Fault::TooMuch(_) | Fault::Unreachable(_) => retries += 1,
                Fault::Unknown(_) => past.unresolved = true,
                Fault::Rejected(_) | Fault::Fatal(_) => {}
            }
            warn!(commands = batch.len(), retries, unresolved = past.unresolved, %fault, "a batch did not commit");
            match fault {
                Fault::Fatal(_) => return Err(Setback::Stop),
                Fault::Rejected(_) => return Err(Setback::Split),
                Fault::TooMuch(_) if batch.len() > 1 => return Err(Setback::Split),
                Fault::Retry(_) | Fault::TooMuch(_) if !past.unresolved && retries > self.options.retries_max => {
                    return Err(if batch.len() > 1 { Setback::Split } else { Setback::GiveUp });
                }
                Fault::Unreachable(_) if !past.unresolved && retries > self.options.retries_max => {
                    return Err(Setback::GiveUp);
                }
                Fault::Retry(_) | Fault::TooMuch(_) | Fault::Unreachable(_) | Fault::Unknown(_) => {}
            }
            self.intake.set_struggling(past.unresolved || retries > 2);
            tokio::time::sleep(pause).await;
            pause = (pause * 2).min(PAUSE_MAX);
        }
    }

    async fn once(&self, batch: &[Command], past: &mut Past) -> Result<Vec<Answered>, Fault> {
        let needs = Needs::of(batch);
        let scopes = batch.iter().flat_map(Scope::all_of).collect();
        let begun = Instant::now();
        let (transaction, mut snapshot) = self.storage.load(&needs, &scopes).await?;
        metrics::histogram!("mideng_batch_load_seconds").record(begun.elapsed());
        let settled = past.settled(batch, &snapshot);
        let verdicts = catch_unwind(AssertUnwindSafe(|| self.execute.run(&mut snapshot, batch, &settled)))
            .map_err(|panic| Fault::Rejected(panic_text(&*panic)))?;
        let (commit, answers) = gather(batch, verdicts);
        let begun = Instant::now();
        self.storage.commit(transaction, &commit).await?;
        metrics::histogram!("mideng_batch_commit_seconds").record(begun.elapsed());
        Ok(answers)
    }
}

impl Past {
    /// The derived keys whose records are others than at the first try: meanwhile the same request was executed,
    /// perhaps by an unknown commit of this batch, so that deciding it again could apply one arrival twice.
    fn settled(&mut self, batch: &[Command], snapshot: &Snapshot) -> HashSet<Scope> {
        let derived = batch.iter().filter(|command| command.key.is_derived()).map(Scope::of);
        let found = derived.filter_map(|scope| {
            let command = snapshot.records.get(&scope)?.command;
            Some((scope, command))
        });
        if let Some(first) = &self.records {
            return found
                .filter(|(scope, command)| first.get(scope) != Some(command))
                .map(|(scope, _)| scope)
                .collect();
        }
        self.records = Some(found.collect());
        HashSet::new()
    }
}

fn gather(batch: &[Command], verdicts: Vec<Verdict>) -> (Commit, Vec<Answered>) {
    let mut commit = Commit::default();
    let answers = batch.iter().zip(verdicts).map(|(command, verdict)| commit.take(command, verdict)).collect();
    (commit, answers)
}

fn panic_text(panic: &(dyn std::any::Any + Send)) -> String {
    let text = panic
        .downcast_ref::<String>()
        .cloned()
        .or_else(|| panic.downcast_ref::<&str>().map(|&text| text.to_owned()))
        .unwrap_or_else(|| "no text".to_owned());
    error!(panic = %text, "running a batch panicked: this is a bug");
    format!("panic: {text}")
}

#[cfg(test)]
mod tests;
