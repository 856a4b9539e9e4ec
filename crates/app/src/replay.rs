//! Owns `mideng replay`: real invoices become orders, each sent several times at once, and at the end the server's
//! orders and revenue are compared with the files. With `--pay` the orders are paid, too, and cancellations given back.
//!
//! Every request goes under a key that is derived from the invoice's number alone, so that a replay may be killed,
//! repeated, or run again a month later: it never makes a second order.

mod audit;
mod cancellation;
mod catalogue;
mod file;
mod invoice;
mod pay;
mod price;
mod report;
#[cfg(test)]
mod sample;
mod storm;

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use anyhow::bail;

use self::audit::Audit;
use self::invoice::Book;
use self::report::Report;
use crate::client::clock::now;
use crate::client::{Caller, Policy, Server, ServerArgs};
use crate::terminal;

/// Place the orders of real invoices, and prove that none is lost or made twice
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(flatten)]
    server: ServerArgs,
    /// Send each order so many times at once, over different connections
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u16).range(1..=64))]
    storm: u16,
    /// How long to keep trying while the server gives no final answer, as when it restarts
    #[arg(long, value_name = "SECONDS", default_value_t = 60, value_parser = clap::value_parser!(u64).range(1..))]
    patience: u64,
    /// Pay every order through a payment simulator, each callback repeated, and give back what the files' cancellations
    /// name. The simulator is one of the command's own; with --url it is the one of --psp-sim
    #[arg(long)]
    pay: bool,
    /// The root of a running `mideng psp-sim` whose book holds nothing else, and where the server of --url has an
    /// account named `sandbox`
    #[arg(long, value_name = "URL", requires_all = ["pay", "url"])]
    psp_sim: Option<String>,
    /// Print one JSON object instead of a table
    #[arg(long)]
    json: bool,
    /// Invoices as CSV with the columns `InvoiceNo`, `StockCode`, `Description`, `Quantity`, `UnitPrice`, `CustomerID`
    #[arg(required = true, value_name = "FILE.csv")]
    files: Vec<PathBuf>,
}

/// Runs the command. The exit code is 0 only if the server's orders equal the files' invoices.
pub async fn run(args: Args) -> anyhow::Result<ExitCode> {
    let begin = now();
    if args.pay && args.server.url.is_some() && args.psp_sim.is_none() {
        bail!("--pay on the server of --url needs --psp-sim, the simulator at which that server has its account");
    }
    let book = Book::read(&args.files)?;
    let server = Server::reach(&args.server).await?;
    let policy = Policy { patience: Duration::from_secs(args.patience), ..Policy::default() };
    let audit = tokio::select! {
        audit = args.replay(&book, &server, policy) => audit,
        _ = tokio::signal::ctrl_c() => bail!("interrupted; run the same command again and it goes on where it stopped"),
    };
    server.stop().await;
    let report = Report::new(&book, audit?, begin.elapsed());
    report.print(args.json);
    Ok(report.exit_code())
}

impl Args {
    async fn replay(&self, book: &Book, server: &Server, policy: Policy) -> anyhow::Result<Audit> {
        let copies = usize::from(self.storm);
        let mut caller = Caller::new(server.target.clone(), policy);
        let before = audit::orders(&mut caller, book).await?;
        catalogue::put(&server.target, policy, book, &before).await?;
        let storm = storm::send(book, &server.target, policy, copies).await?;
        let progress = terminal::spinner("counting the orders on the server".to_owned());
        let after = audit::orders(&mut caller, book).await?;
        progress.finish_and_clear();
        let mut audit = Audit::compare(book, &before, &after, storm);
        if self.pay {
            let paid = pay::run(book, &audit.storm, (server, self.psp_sim.as_deref()), (policy, copies)).await?;
            audit.problems.extend(paid.problems.iter().cloned());
            audit.paid = Some(paid);
        }
        Ok(audit)
    }
}
