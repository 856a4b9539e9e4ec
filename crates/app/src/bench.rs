//! Owns `mideng bench`: loads a server with orders, measures what a client sees, and counts the business rows
//! afterwards, because a benchmark that counts only answers measures a promise.

mod cpu;
mod figures;
mod load;
mod order;
mod pace;
pub(crate) mod payments;
pub(crate) mod sessions;
mod stock;
mod worker;

use std::process::ExitCode;
use std::time::Duration;

use anyhow::{bail, ensure};

use self::figures::Figures;
use self::load::Plan;
use self::order::{Buyer, Sender};
use crate::client::{Server, ServerArgs};

/// Load a server with orders and measure it
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(flatten)]
    server: ServerArgs,
    /// Connections, each with one request at a time
    #[arg(long, short, value_name = "C", default_value_t = 64, value_parser = clap::value_parser!(u16).range(1..=4096))]
    connections: u16,
    /// Seconds to measure, behind a warm-up of one or two
    #[arg(long, short, value_name = "S", default_value_t = 10, value_parser = clap::value_parser!(u64).range(1..=1200))]
    duration: u64,
    /// Products that the orders are spread over; 1 is a flash sale
    #[arg(long, value_name = "N", default_value_t = 1_000, value_parser = clap::value_parser!(u32).range(1..=100_000))]
    skus: u32,
    /// The share of requests that repeat an earlier one with its key, from 0 to 1
    #[arg(long, value_name = "SHARE", default_value_t = 0.0, value_parser = share)]
    duplicates: f64,
    /// Send so many requests a second whatever the server does, and count latencies from when each was due
    #[arg(long, value_name = "R", value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    rate: Option<u32>,
    /// Print one JSON object instead of a table
    #[arg(long)]
    json: bool,
    /// Load GET /livez in the same loop instead, to see what an empty round trip costs
    #[arg(long, hide = true)]
    route_empty: bool,
}

/// Runs the command. The exit code is 0 only if the server has as many new orders as it answered.
pub async fn run(args: Args) -> anyhow::Result<ExitCode> {
    let server = Server::reach(&args.server).await?;
    let figures = tokio::select! {
        figures = measure(&args, &server) => figures,
        _ = tokio::signal::ctrl_c() => bail!("interrupted"),
    };
    server.stop().await;
    let figures = figures?;
    figures.print(args.json);
    Ok(if figures.is_good() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

async fn measure(args: &Args, server: &Server) -> anyhow::Result<Figures> {
    let plan = Plan::new(args, server)?;
    if args.route_empty {
        let load = load::run(plan).await?;
        return Ok(Figures::new(args, &load, None));
    }
    stock::prepare(&server.target, args.skus).await?;
    let before = stock::reserved(&server.target, args.skus).await?;
    let load = load::run(plan).await?;
    ensure!(load.total.requests > 0, "no request was sent; --duration and --rate are too small together");
    let after = stock::reserved(&server.target, args.skus).await?;
    Ok(Figures::new(args, &load, Some(after - before)))
}

impl Plan {
    fn new(args: &Args, server: &Server) -> anyhow::Result<Self> {
        Ok(Self {
            senders: vec![Sender { target: server.target.clone(), buyer: Buyer::Many }],
            connections: usize::from(args.connections),
            warm_up: Duration::from_secs(if args.duration < 5 { 1 } else { 2 }),
            duration: Duration::from_secs(args.duration),
            skus: args.skus,
            duplicates: args.duplicates,
            rate: args.rate,
            route_empty: args.route_empty,
            seed: getrandom::u64()?,
        })
    }
}

fn share(text: &str) -> Result<f64, String> {
    match text.parse() {
        Ok(share) if (0.0..=1.0).contains(&share) => Ok(share),
        _ => Err("a share is a number from 0 to 1, such as 0.25".to_owned()),
    }
}
