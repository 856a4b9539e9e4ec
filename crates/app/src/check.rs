//! Owns `mideng check`: every invariant with its light, for people or for programs.

use std::process::ExitCode;

use anyhow::Context as _;
use clap::Args as ClapArgs;
use serde::Serialize;
use store::{Address, Finding, Light, Store};

use crate::server::folder;
use crate::settings::Database;
use crate::terminal;

/// Check every invariant of a database. Exit code 0 only if none is broken.
#[derive(ClapArgs)]
pub(crate) struct Args {
    #[command(flatten)]
    database: Database,
    /// Print one JSON object.
    #[arg(long)]
    json: bool,
}

#[derive(Serialize)]
struct Report<'a> {
    clean: bool,
    invariants: Vec<Invariant<'a>>,
}

#[derive(Serialize)]
struct Invariant<'a> {
    id: &'a str,
    title: &'a str,
    violations: u64,
    examples: &'a [String],
}

/// `mideng check`.
pub(crate) async fn run(args: Args) -> anyhow::Result<ExitCode> {
    let findings = run_all(&args.database.address()?).await?;
    let clean = findings.iter().all(|finding| finding.light() == Light::Green);
    if args.json {
        println!("{}", json(&findings, clean)?);
    } else {
        print(&findings);
    }
    Ok(if clean { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Every invariant of the database at this address.
pub(crate) async fn run_all(address: &Address) -> anyhow::Result<Vec<Finding>> {
    ask(address, address.file().is_some_and(folder::Lock::is_held)).await
}

/// The same where nobody serves the database.
pub(crate) async fn run_at_rest(address: &Address) -> anyhow::Result<Vec<Finding>> {
    ask(address, false).await
}

async fn ask(address: &Address, served: bool) -> anyhow::Result<Vec<Finding>> {
    let store = Store::open_existing(address).await?;
    let now = match store.last_written_at().await? {
        // Nobody closes orders while no server runs: what expired since it stopped is no fault of the database.
        Some(written) if !served => written.min(api::now()),
        _ => api::now(),
    };
    let findings = store.check(now).await?;
    store.close().await;
    Ok(findings)
}

fn json(findings: &[Finding], clean: bool) -> anyhow::Result<String> {
    let invariants = findings
        .iter()
        .map(|finding| Invariant {
            id: finding.id,
            title: finding.title,
            violations: finding.violations,
            examples: &finding.examples,
        })
        .collect();
    serde_json::to_string(&Report { clean, invariants }).context("writing the report")
}

fn print(findings: &[Finding]) {
    for finding in findings {
        println!("{} {:<6} {}", terminal::light(finding.violations == 0), finding.id, finding.title);
        if finding.violations > 0 {
            println!("         {} violations, for example:", finding.violations);
            finding.examples.iter().for_each(|example| println!("           {example}"));
        }
    }
}
