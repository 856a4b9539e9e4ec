//! Many commands, few transactions: takes what is waiting, loads, runs in memory, commits once, answers. It knows
//! channels and time, and neither SQL nor HTTP.

mod answer;
mod intake;
mod lane;
#[cfg(any(test, feature = "simulator"))]
pub mod memory;
mod priority;
mod run;
#[cfg(test)]
mod sample;
#[cfg(any(test, feature = "simulator"))]
pub mod simulator;
mod storage;

use std::sync::Arc;
use std::time::Duration;

use domain::Command;
use tokio::sync::oneshot;
use tokio::task::{JoinHandle, JoinSet};

pub use answer::{Answered, Failure, Ticket, Waiting};
pub use intake::{Refused, Standing};
pub use run::{Claim, Execute, Executor, Render, Verdict};
pub use storage::{Commit, Fault, NewRecord, RecordKind, Scope, Snapshot, Storage};

/// The bounds of an engine.
#[derive(Clone, Copy, Debug)]
pub struct Options {
    /// How many batches are worked on at once, each in a transaction of its own.
    pub lanes: usize,
    /// How many commands one tenant may have waiting while it is alone; tenants that wait together share it.
    pub queue_commands_max: usize,
    /// The most commands in one transaction.
    pub batch_commands_max: usize,
    /// The most rows, by the estimate of [`domain::Action::rows`]; a single command may pass it.
    pub batch_rows_max: usize,
    /// The most bytes, by the estimate of [`domain::Action::bytes`]; a single command may pass it.
    pub batch_bytes_max: usize,
    /// Whether a thread of the lanes' own asks the system to run before others: it mostly waits, as for a database behind
    /// a network, and an embedded one would hold up readers.
    pub runs_first: bool,
    /// How often a batch that was not applied is run again before its commands are answered as failed.
    pub retries_max: u32,
    /// The first pause before running again; it doubles up to a second.
    pub retry_pause: Duration,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            lanes: 1,
            runs_first: false,
            queue_commands_max: 8_192,
            batch_commands_max: 512,
            batch_rows_max: 16_384,
            batch_bytes_max: 8 << 20,
            retries_max: 8,
            retry_pause: Duration::from_millis(1),
        }
    }
}

/// A running engine. Clones share it; its work goes on in its own task, whoever stops waiting.
#[derive(Clone)]
pub struct Engine {
    intake: Arc<intake::Intake>,
}

impl Engine {
    /// Starts an engine over a storage that never holds up its thread. The task ends once the engine was closed and
    /// everything taken in is answered; aborted, it takes its lanes with it.
    pub fn start<S: Storage, X: Execute>(storage: S, execute: X, options: Options) -> (Self, JoinHandle<()>) {
        let intake = Arc::new(intake::Intake::new(options));
        let task = tokio::spawn(run_all(lanes(&intake, storage, execute, options)));
        (Self { intake }, task)
    }

    /// The same on a thread of its own. An embedded database works, and waits for the disk, on the thread that asks it;
    /// among the tasks that serve requests it would hold those up, and stand in line behind them. The answers of a
    /// database behind a network would stand in that line too, once for each statement of a batch; so the thread may
    /// also run before others. The receiver gets word once it ended.
    pub fn start_thread<S: Storage, X: Execute>(
        storage: S,
        execute: X,
        options: Options,
    ) -> std::io::Result<(Self, oneshot::Receiver<()>)> {
        let intake = Arc::new(intake::Intake::new(options));
        let lanes = lanes(&intake, storage, execute, options);
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let (ended, when_ended) = oneshot::channel();
        std::thread::Builder::new().name("mideng-lanes".to_owned()).spawn(move || {
            // Dropped at the end, and also where a lane panics.
            let _ended = ended;
            if options.runs_first {
                priority::run_first();
            }
            runtime.block_on(run_all(lanes));
        })?;
        Ok((Self { intake }, when_ended))
    }

    /// Takes a command in, or refuses at once where too many wait.
    pub fn submit(&self, command: Command) -> Result<Ticket, Refused> {
        self.intake.submit(command)
    }

    /// Takes no more commands; what was taken in is still done.
    pub fn close(&self) {
        self.intake.close(Refused::Closed);
    }

    /// Writes nothing any more: somebody else saw that the storage cannot be trusted. As behind a fault of its own.
    pub fn stop(&self) {
        self.intake.stop();
    }

    /// How the engine stands, for the readiness probe.
    pub fn standing(&self) -> Standing {
        self.intake.standing()
    }

    /// True if an arrival under this key, or under this name beside its key, is taken in and not answered.
    pub fn is_in_flight(&self, scope: &Scope) -> bool {
        self.intake.is_in_flight(scope)
    }

    /// How many commands wait.
    pub fn waiting(&self) -> usize {
        self.intake.waiting()
    }

    /// How many commands the latest batch of each lane had; 0 before its first.
    pub fn latest_batches(&self) -> Vec<usize> {
        self.intake.latest_batches()
    }
}

fn lanes<S: Storage, X: Execute>(
    intake: &Arc<intake::Intake>,
    storage: S,
    execute: X,
    options: Options,
) -> Vec<lane::Lane<S, X>> {
    let (storage, execute) = (Arc::new(storage), Arc::new(execute));
    let lane = |number| lane::Lane::new(number, intake.clone(), (storage.clone(), execute.clone()), options);
    (0..options.lanes.max(1)).map(lane).collect()
}

/// Runs lanes until each has ended. One that panics has failed what waits; the others end by themselves.
async fn run_all<S: Storage, X: Execute>(lanes: Vec<lane::Lane<S, X>>) {
    let mut running: JoinSet<()> = lanes.into_iter().map(lane::Lane::run).collect();
    while running.join_next().await.is_some() {}
}
