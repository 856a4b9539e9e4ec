//! Owns running the engine's simulator over many seeds, on all cores.

use std::num::NonZero;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;

use anyhow::{Context, Result, anyhow, bail};
use engine::simulator::{self, Failure, Summary};

use crate::clock::{self, Stopwatch, Took};

#[derive(clap::Args)]
pub(crate) struct Args {
    /// How many seeds [default: 1 with --seed, else 500]
    #[arg(long, value_name = "N")]
    seeds: Option<u64>,
    /// The first seed [default: one that no run before had]
    #[arg(long, value_name = "S")]
    seed: Option<u64>,
    /// Also die before and behind every call to the storage, one life for each
    #[arg(long)]
    crash_points: bool,
}

pub(crate) fn run(args: &Args) -> Result<()> {
    let count = args.seeds.unwrap_or(if args.seed.is_some() { 1 } else { 500 });
    run_seeds(args.seed.unwrap_or_else(clock::seed), count, args.crash_points)
}

/// Runs so many seeds from `first` on; the first failure seen ends it.
pub(crate) fn run_seeds(first: u64, count: u64, crash_points: bool) -> Result<()> {
    let after = first.checked_add(count).context("the last seed is over the largest number")?;
    println!("{count} seeds from {first} on{}", if crash_points { ", with every crash point" } else { "" });
    let stopwatch = Stopwatch::start();
    let next = AtomicU64::new(first);
    let failed = Mutex::new(None::<Failure>);
    let work = || {
        let mut summary = Summary::default();
        loop {
            let seed = next.fetch_add(1, Ordering::Relaxed);
            if seed >= after {
                return summary;
            }
            match simulator::main_loop(seed, 1, crash_points) {
                Ok(one) => merge(&mut summary, one),
                Err(failure) => {
                    // The others stop at their next seed.
                    next.store(after, Ordering::Relaxed);
                    failed.lock().unwrap_or_else(std::sync::PoisonError::into_inner).get_or_insert(failure);
                }
            }
        }
    };
    let summary = thread::scope(|scope| {
        let threads: Vec<_> = (0..cores()).map(|_| scope.spawn(work)).collect();
        threads.into_iter().try_fold(Summary::default(), |mut summary, thread| {
            merge(&mut summary, thread.join().map_err(|_| anyhow!("the simulator itself panicked; see above"))?);
            anyhow::Ok(summary)
        })
    })?;
    if let Some(failure) = failed.into_inner().unwrap_or_else(std::sync::PoisonError::into_inner) {
        bail!("{failure}");
    }
    println!("{summary}\nnothing violated, in {}", Took(stopwatch.elapsed()));
    Ok(())
}

fn merge(into: &mut Summary, one: Summary) {
    into.runs += one.runs;
    into.arrivals += one.arrivals;
    into.storage_calls += one.storage_calls;
    into.virtual_ms += one.virtual_ms;
    into.goals.extend(one.goals);
}

fn cores() -> usize {
    thread::available_parallelism().map_or(1, NonZero::get)
}
