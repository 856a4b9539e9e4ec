//! Owns `mideng demo`: a shop on a fresh database, a storm of shoppers who click twice, lose answers and come back,
//! who pay through a provider no better than they are, and the proof that nothing was sold or paid twice. It keeps serving afterwards, to be tried by hand.

mod cashier;
mod catalogue;
mod folder;
mod ledger;
mod payer;
mod people;
mod shopper;
mod storm;
mod summary;
mod tour;

use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;

use anyhow::{Context as _, bail};
use serde_json::json;

use self::cashier::Takings;
use self::ledger::Ledger;
use self::storm::Storm;
use crate::check;
use crate::client::{Caller, Policy, Target};
use crate::embedded::{self, Embedded};
use crate::provider::Provider;
use crate::terminal;

/// See it work: a shop, a storm of duplicated and abandoned orders and payments, and the proof afterwards
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Where the shop listens
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:8080")]
    listen: SocketAddr,
    /// The folder of its data, emptied at each start
    #[arg(long, value_name = "FOLDER", default_value = "./mideng-data/demo")]
    data: PathBuf,
    /// How many shoppers come; a third of them want the one product of which there are 100
    #[arg(long, value_name = "N", default_value_t = 5_000, value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    shoppers: u32,
    /// End after the summary, with exit code 1 if any promise was broken
    #[arg(long)]
    once: bool,
}

/// What the storm, the server and the checks say.
struct Proof {
    storm: Storm,
    ledger: Ledger,
    takings: Takings,
    findings: Vec<store::Finding>,
}

/// Runs the command.
pub async fn run(args: Args) -> anyhow::Result<ExitCode> {
    folder::fresh(&args.data, args.listen)?;
    let options = embedded::Options {
        folder: args.data.clone(),
        listen: args.listen,
        api_key: None,
        demo: people::told(args.listen),
    };
    let server = embedded::start(options).await.context("the demo's server does not start")?;
    let target = Arc::new(Target::new(&server.url, Some(&server.api_key))?);
    let provider = match Provider::start(args.data.join("psp-sim"), &server.database).await {
        Ok(provider) => provider,
        Err(error) => {
            server.stop().await;
            return Err(error);
        }
    };
    println!("{} {}", terminal::heading("Mideng demo"), terminal::dim(&format!("a shop on {}", server.url)));
    let proof = tokio::select! {
        proof = prove(&args, (&server, &provider), &target) => proof?,
        _ = tokio::signal::ctrl_c() => {
            server.stop().await;
            provider.stop().await;
            bail!("interrupted");
        }
    };
    summary::print(&proof);
    if args.once {
        server.stop().await;
        provider.stop().await;
        return Ok(if proof.is_clean() { ExitCode::SUCCESS } else { ExitCode::FAILURE });
    }
    provider.desk.set_mischief(&json!([])).await?;
    provider.desk.wait_for_payers().await?;
    let orders = tour::Orders { clicked: proof.storm.an_order(), unpaid: proof.takings.unpaid.as_deref() };
    tour::print(&server, &provider.url, &orders);
    server.wait().await?;
    provider.stop().await;
    Ok(ExitCode::SUCCESS)
}

async fn prove(args: &Args, (server, provider): (&Embedded, &Provider), target: &Arc<Target>) -> anyhow::Result<Proof> {
    catalogue::put(target).await?;
    if args.listen.ip().is_loopback() {
        people::put(target, &server.database).await?;
    }
    let storm = storm::run(target, args.shoppers).await?;
    let progress = terminal::spinner("counting orders".to_owned());
    let mut caller = Caller::new(target.clone(), Policy::default());
    let ledger = Ledger::read(&mut caller, &storm).await?;
    progress.finish_and_clear();
    let takings = cashier::run(target, &storm, provider).await?;
    let progress = terminal::spinner("checking invariants".to_owned());
    let findings = check::run_all(&server.database).await?;
    progress.finish_and_clear();
    Ok(Proof { storm, ledger, takings, findings })
}

impl Proof {
    fn is_clean(&self) -> bool {
        self.storm.different == 0
            && self.ledger.is_clean()
            && self.takings.is_clean()
            && self.findings.iter().all(|finding| finding.violations == 0)
    }
}
