//! Owns the measurements: which are made, in which order, and what is kept of them.

mod floor;
mod growth;
mod items;
mod load;
mod million;
mod pairs;
mod payments;
mod plain;
mod report;
mod server;
mod servers;
mod sessions;
mod slowest;
mod surroundings;
mod toolkit;

use std::fs;
use std::path::PathBuf;

use anyhow::{Context, Result, bail, ensure};

use crate::shell;
use items::{ITEMS, Item};
use report::Measured;

#[derive(clap::Args)]
pub(crate) struct Args {
    /// Only this one; may be given several times [default: all]
    #[arg(long, value_name = "NAME")]
    only: Vec<String>,
    /// How often each pair is measured, one side behind the other
    #[arg(long, value_name = "N", default_value_t = 3, value_parser = clap::value_parser!(u32).range(1..=100))]
    rounds: u32,
    /// Seconds of load for each side of each round
    #[arg(long, value_name = "S", default_value_t = 10, value_parser = clap::value_parser!(u32).range(1..=600))]
    seconds: u32,
}

/// What every measurement needs to know.
pub(crate) struct Bench {
    root: PathBuf,
    /// Where databases are made, and where servers run.
    folder: PathBuf,
    binary: PathBuf,
    rounds: u32,
    seconds: u32,
}

pub(crate) fn run(args: &Args) -> Result<()> {
    let items = chosen(&args.only)?;
    let root = crate::root();
    surroundings::warn_if_busy();
    let binary = if items.iter().any(|item| item.needs_server()) { shell::dist_binary(&root)? } else { PathBuf::new() };
    let folder = root.join("target/bench");
    fs::create_dir_all(&folder).with_context(|| format!("making {}", folder.display()))?;
    let bench = Bench { root, folder, binary, rounds: args.rounds, seconds: args.seconds };
    let surroundings = surroundings::look(&bench)?;
    println!("{surroundings}");
    let mut missed = Vec::new();
    for item in items {
        println!("\n=== {}: {}", item.name, item.question);
        item.measure(&bench, &mut |measured| {
            println!("{measured}");
            if !measured.holds {
                missed.push(measured.name.clone());
            }
            report::keep(&bench.root, Measured { surroundings: surroundings.clone(), ..measured })
        })?;
    }
    ensure!(missed.is_empty(), "not within its bound: {}", missed.join(", "));
    Ok(())
}

fn chosen(only: &[String]) -> Result<Vec<&'static Item>> {
    if let Some(unknown) = only.iter().find(|name| ITEMS.iter().all(|item| item.name != **name)) {
        let names: Vec<_> = ITEMS.iter().map(|item| item.name).collect();
        bail!("there is no measurement `{unknown}`; there are: {}", names.join(", "));
    }
    Ok(ITEMS.iter().filter(|item| only.is_empty() || only.iter().any(|name| name == item.name)).collect())
}
