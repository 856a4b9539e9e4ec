//! Owns `mideng psp-sim`: a payment provider that exists only here, as a process of its own.

use std::net::SocketAddr;
use std::path::PathBuf;

use anyhow::Context as _;
use clap::Args as ClapArgs;
use psp_sim::{Options, Running};

use crate::server::StopSignal;

/// Run a payment provider that exists only here. It speaks the protocols of Alipay, WeChat Pay, Stripe and the sandbox,
/// keeps its own book, and fails on request.
#[derive(ClapArgs)]
pub(crate) struct Args {
    /// Where to listen.
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:8090")]
    listen: SocketAddr,
    /// The folder of its book, its keys, and of the settings that a merchant uses: FOLDER/merchant.
    #[arg(long, value_name = "FOLDER", default_value = "psp-sim-data")]
    folder: PathBuf,
    /// How many times faster than the real providers it repeats callbacks.
    #[arg(long, value_name = "N", default_value_t = 1.0)]
    time_scale: f64,
    /// Pays each charge by itself after so many milliseconds.
    #[arg(long, value_name = "MS")]
    auto_pay_ms: Option<u64>,
}

/// `mideng psp-sim`.
pub(crate) async fn run(args: Args) -> anyhow::Result<()> {
    let mut stop = StopSignal::listen()?;
    let options = Options {
        listen: args.listen,
        folder: args.folder.clone(),
        time_scale: args.time_scale,
        auto_pay_ms: args.auto_pay_ms,
    };
    let running = Running::start(options).await.context("starting the simulator")?;
    println!("The payment simulator listens on http://{}", running.address);
    println!("  merchant's settings  {}", args.folder.join("merchant").display());
    stop.come().await;
    running.stop().await;
    Ok(())
}
