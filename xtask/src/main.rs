//! The developer's commands: test, tidy, services, simulate, chaos, openapi, bench. `cargo xtask` runs them.

mod bench;
mod chaos;
mod clock;
mod described;
mod openapi;
mod running;
mod services;
mod shell;
mod simulate;
mod test;
mod tidy;
mod witnesses;

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Result, bail};
use clap::{Parser, Subcommand};

/// The developer's commands
#[derive(Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask")]
struct Cli {
    #[command(subcommand)]
    task: Task,
}

#[derive(Subcommand)]
enum Task {
    /// Everything that must pass before a change is shared; what CI runs
    Test(test::Args),
    /// The house rules alone
    Tidy,
    /// The engine under seeded faults, every invariant audited
    Simulate(simulate::Args),
    /// The database servers that tests need, and the witnesses
    Services(services::Args),
    /// The servers and their database under real faults, every promise audited
    Chaos(chaos::Args),
    /// Every route, asked with requests made from its own description, by every role
    Described(described::Args),
    /// Write openapi.json anew
    Openapi(openapi::Args),
    /// Measure, and write docs/BENCHMARKS.md
    Bench(bench::Args),
}

fn main() -> ExitCode {
    match run(Cli::parse().task) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("xtask: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(task: Task) -> Result<()> {
    match task {
        Task::Test(args) => test::run(&args),
        Task::Tidy => tidy(),
        Task::Simulate(args) => simulate::run(&args),
        Task::Services(args) => services::run(&args),
        Task::Chaos(args) => chaos::run(&args),
        Task::Described(args) => described::run(&args),
        Task::Openapi(args) => openapi::run(&args),
        Task::Bench(args) => bench::run(&args),
    }
}

fn tidy() -> Result<()> {
    let report = tidy::run(&root())?;
    println!("{report}");
    if report.errors() > 0 {
        bail!("the repository is not tidy");
    }
    Ok(())
}

/// The folder of the workspace that this was built from.
fn root() -> PathBuf {
    let here = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
    here.parent().map_or_else(|| here.clone(), PathBuf::from)
}
