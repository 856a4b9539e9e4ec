//! Owns what a run reports: a summary of what was seen, or a failure that says how to see it again.

use std::collections::{BTreeSet, VecDeque};
use std::fmt;

use super::trace::Goal;
use super::world::World;
use super::{CrashPoint, Options};

/// What one run did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Report {
    /// Which run.
    pub seed: u64,
    /// Over every line of the trace: equal for equal runs.
    pub trace_hash: u64,
    /// How many requests arrived, repeats counted.
    pub arrivals: usize,
    /// How often the storage was called.
    pub storage_calls: usize,
    /// How much virtual time passed.
    pub virtual_ms: u128,
    /// What happened in it.
    pub goals: BTreeSet<Goal>,
}

/// What many runs did together.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Summary {
    /// How many runs.
    pub runs: usize,
    /// How many requests arrived.
    pub arrivals: usize,
    /// How often the storage was called.
    pub storage_calls: usize,
    /// How much virtual time passed.
    pub virtual_ms: u128,
    /// What happened in some of them.
    pub goals: BTreeSet<Goal>,
}

/// A run that broke the promise.
#[derive(Debug, thiserror::Error)]
pub struct Failure {
    /// Which run.
    pub seed: u64,
    /// What it was to do.
    pub options: Options,
    /// What was violated.
    pub violated: String,
    /// The last lines of the trace.
    pub tail: VecDeque<String>,
}

impl Report {
    pub(super) fn of(world: &World) -> Self {
        let book = world.book();
        Self {
            seed: world.seed,
            trace_hash: book.trace.hash,
            arrivals: book.log.len(),
            storage_calls: world.storage_calls(),
            virtual_ms: world.elapsed().as_millis(),
            goals: book.goals.clone(),
        }
    }
}

impl Summary {
    /// Adds a run.
    pub fn add(&mut self, report: &Report) {
        self.runs += 1;
        self.arrivals += report.arrivals;
        self.storage_calls += report.storage_calls;
        self.virtual_ms += report.virtual_ms;
        self.goals.extend(&report.goals);
    }
}

impl Failure {
    pub(super) const fn new(seed: u64, options: Options, violated: String) -> Self {
        Self { seed, options, violated, tail: VecDeque::new() }
    }

    pub(super) fn with_trace_of(mut self, world: &World) -> Self {
        self.tail.clone_from(&world.book().trace.tail);
        self
    }
}

impl fmt::Display for Summary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { runs, arrivals, storage_calls, virtual_ms, goals } = self;
        writeln!(
            f,
            "{runs} runs, {arrivals} requests, {storage_calls} storage calls, {} s virtual",
            virtual_ms / 1_000
        )?;
        writeln!(f, "seen: {}", list(goals.iter()))?;
        write!(f, "not seen: {}", list(Goal::missing(goals).iter()))
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "seed {} violates: {}", self.seed, self.violated)?;
        if let Some(CrashPoint { call, behind }) = self.options.crash_point {
            writeln!(f, "the process died {} storage call {call}", if behind { "behind" } else { "before" })?;
        }
        writeln!(f, "the end of the trace:")?;
        for line in &self.tail {
            writeln!(f, "  {line}")?;
        }
        let crash_points = if self.options.crash_point.is_some() { " --crash-points" } else { "" };
        write!(f, "to repeat it: cargo xtask simulate --seed {}{crash_points}", self.seed)
    }
}

fn list<'a>(goals: impl Iterator<Item = &'a Goal>) -> String {
    let names: Vec<String> = goals.map(Goal::to_string).collect();
    if names.is_empty() { "nothing".to_owned() } else { names.join(", ") }
}
