//! Owns the chaos command: faults for real, under load, and an audit of every promise behind them.

mod audit;
mod client;
mod database;
mod disk;
mod fleet;
mod inquiry;
mod ledger;
mod load;
mod log;
mod meter;
mod money;
mod plan;
mod provider;
mod proxy;
mod report;
mod run;
mod scene;
mod wish;

use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Result, bail};

use crate::{clock, shell};
use database::Database;
use report::Report;
use run::Run;

/// Two minutes of load in all.
const SHORT: [(Database, Duration); 3] = [
    (Database::Sqlite, Duration::from_secs(30)),
    (Database::Pg, Duration::from_secs(45)),
    (Database::Maria, Duration::from_secs(45)),
];
const VIOLATIONS_SHOWN: usize = 20;

#[derive(clap::Args)]
pub(crate) struct Args {
    /// Which database [default: each of them]
    #[arg(long)]
    database: Option<Database>,
    /// How long each is under load
    #[arg(long, value_name = "M", default_value_t = 3.0)]
    minutes: f64,
    /// All databases, for two minutes together
    #[arg(long, conflicts_with_all = ["database", "minutes", "seed", "record"])]
    short: bool,
    /// The plan's seed [default: one that no run before had]
    #[arg(long, value_name = "N")]
    seed: Option<u64>,
    /// A server's binary [default: the release build]
    #[arg(long, value_name = "FILE")]
    binary: Option<PathBuf>,
    /// Write what was seen into docs/RELIABILITY.md
    #[arg(long)]
    record: bool,
}

/// `cargo xtask chaos`.
pub(crate) fn run(args: &Args) -> Result<()> {
    let root = crate::root();
    let binary = match &args.binary {
        Some(binary) => std::path::absolute(binary)?,
        None => shell::release_binary(&root)?,
    };
    if args.short {
        return short(&root, &binary);
    }
    let whole = Duration::try_from_secs_f64(args.minutes * 60.0)?;
    let seed = args.seed.unwrap_or_else(clock::seed);
    for database in args.database.map_or_else(|| Database::ALL.to_vec(), |one| vec![one]) {
        let report = one(&root, &Run { binary: &binary, database, whole, seed })?;
        if args.record {
            report.record(&root)?;
        }
    }
    Ok(())
}

/// Each database for a short time, with a seed that no run before had: two minutes of load in all.
pub(crate) fn short(root: &Path, binary: &Path) -> Result<()> {
    for (database, whole) in SHORT {
        one(root, &Run { binary, database, whole, seed: clock::seed() })?;
    }
    Ok(())
}

/// One run, which fails if it broke a promise.
fn one(root: &Path, run: &Run<'_>) -> Result<Report> {
    let folder = root.join(format!("target/chaos/{}-{}", run.database.name(), run.seed));
    let report = run.run(&folder)?;
    println!("{report}");
    report.violations.iter().take(VIOLATIONS_SHOWN).for_each(|violation| println!("  {violation}"));
    if !report.violations.is_empty() {
        bail!(
            "{} promises were broken on {} with seed {}; everything that happened is in {}",
            report.violations.len(),
            run.database,
            run.seed,
            folder.display()
        );
    }
    Ok(report)
}
