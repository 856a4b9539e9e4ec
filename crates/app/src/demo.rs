//! Owns `mideng demo`: a shop on a fresh database, a storm of shoppers who click twice, lose answers and come back,
//! who pay through a provider no better than they are, and the proof that nothing was sold or paid twice. It keeps serving
//! afterwards, to be tried by hand: a shop with months behind it, where something happens all the time.

mod basket;
mod cashier;
mod catalogue;
mod folder;
mod hands;
mod history;
mod ledger;
mod opening;
mod parcel;
mod payer;
mod people;
mod shelves;
mod shopper;
mod storm;
mod summary;
mod tour;
mod trickle;

use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;

use anyhow::{Context as _, anyhow, bail};
use store::Address;

use self::cashier::Takings;
use self::hands::Hands;
use self::history::{Customers, History};
use self::ledger::Ledger;
use self::storm::Storm;
use crate::check;
use crate::client::{Caller, Policy, Target};
use crate::embedded::{self, Embedded};
use crate::provider::Provider;
use crate::server::StopSignal;
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
    /// Serve in peace: without the orders, payments and failures of the background
    #[arg(long)]
    no_trickle: bool,
}

/// The shop, to those who buy there.
struct Shop<'a> {
    target: &'a Arc<Target>,
    provider: &'a Provider,
    customers: &'a Customers,
}

/// What the storm, the server and the checks say.
struct Proof {
    storm: Storm,
    ledger: Ledger,
    takings: Takings,
    history: History,
    findings: Vec<store::Finding>,
}

/// Runs the command.
pub async fn run(args: Args) -> anyhow::Result<ExitCode> {
    folder::fresh(&args.data, args.listen)?;
    let mut signal = StopSignal::listen()?;
    let opened = tokio::select! {
        opened = opening::run(&args.data, args.listen.ip().is_loopback()) => opened?,
        () = signal.come() => bail!("interrupted"),
    };
    let options = embedded::Options {
        folder: args.data.clone(),
        listen: args.listen,
        api_key: Some(opened.api_key.clone()),
        payment_timeout: None,
        demo: people::told(args.listen),
    };
    let server = embedded::start(options).await.context("the demo's server does not start")?;
    let provider = match Provider::start(args.data.join("psp-sim"), &server.database).await {
        Ok(provider) => provider,
        Err(error) => {
            server.stop().await;
            return Err(error);
        }
    };
    println!("{} {}", terminal::heading("Mideng demo"), terminal::dim(&format!("a shop on {}", server.url)));
    let target = Arc::new(Target::new(&server.url, Some(&server.api_key))?);
    let shop = Shop { target: &target, provider: &provider, customers: &opened.customers };
    let proof = tokio::select! {
        proof = prove(&args, &shop, (&server.database, &opened.orders)) => proof,
        () = signal.come() => Err(anyhow!("interrupted")),
    };
    let ended = match proof {
        Ok(proof) => Ok(show(&args, &shop, (&server, &proof), &mut signal).await),
        Err(error) => Err(error),
    };
    server.stop().await;
    provider.stop().await;
    ended
}

/// The storm and its proof; then the months before, which are no part of it.
async fn prove(args: &Args, shop: &Shop<'_>, (database, before): (&Address, &[String])) -> anyhow::Result<Proof> {
    let Shop { target, provider, .. } = *shop;
    let storm = storm::run(target, args.shoppers).await?;
    let progress = terminal::spinner("counting orders".to_owned());
    let mut caller = Caller::new(target.clone(), Policy::default());
    let ledger = Ledger::read(&mut caller, &storm, before).await?;
    progress.finish_and_clear();
    let takings = cashier::run(target, &storm, provider).await?;
    let history = history::run(shop, (database, before)).await.context("the months before")?;
    let progress = terminal::spinner("checking invariants".to_owned());
    let findings = check::run_all(database).await?;
    progress.finish_and_clear();
    Ok(Proof { storm, ledger, takings, history, findings })
}

/// Tells what came of it, and serves until somebody has seen enough.
async fn show(args: &Args, shop: &Shop<'_>, (server, proof): (&Embedded, &Proof), signal: &mut StopSignal) -> ExitCode {
    summary::print(proof);
    println!("{}", proof.history.found.sheet(shop.customers.count()));
    if args.once {
        return if proof.is_clean() { ExitCode::SUCCESS } else { ExitCode::FAILURE };
    }
    let orders = tour::Orders { clicked: proof.storm.an_order(), unpaid: proof.takings.unpaid.as_deref() };
    let told = people::told(args.listen);
    tour::print(server, &shop.provider.url, (&orders, told.as_ref()));
    if args.no_trickle {
        signal.come().await;
    } else {
        tokio::select! {
            () = signal.come() => {}
            never = trickle::run(shop, &proof.history.standing) => match never {},
        }
    }
    ExitCode::SUCCESS
}

impl<'a> Shop<'a> {
    /// Hands of somebody, who comes back for so long when there is no answer.
    fn hands(&self, policy: Policy) -> Hands<'a> {
        Hands::new(self.target, &self.provider.desk, policy)
    }
}

impl Proof {
    fn is_clean(&self) -> bool {
        self.storm.different == 0
            && self.ledger.is_clean()
            && self.takings.is_clean()
            && self.findings.iter().all(|finding| finding.violations == 0)
    }
}
