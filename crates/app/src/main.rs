//! The `mideng` binary: the only wiring place, and the only reader of configuration.

mod admin;
mod archive;
mod bench;
mod channel;
mod check;
mod cli;
mod client;
mod conflicts;
mod conform;
mod copy;
mod demo;
mod embedded;
mod floor;
mod logging;
mod payments;
mod policy;
mod provider;
mod psp_sim;
mod reconcile;
mod replay;
mod review;
mod secret;
mod server;
mod settings;
mod signing_key;
mod terminal;
mod workers;

use std::process::ExitCode;

use clap::Parser as _;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    let cli = cli::Cli::parse();
    logging::start(&cli);
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => {
            eprintln!("mideng: the runtime could not be started: {error}");
            return ExitCode::FAILURE;
        }
    };
    match runtime.block_on(cli.run()) {
        Ok(code) => code,
        Err(error) => {
            // The whole chain on one line: what failed, and why.
            eprintln!("mideng: {error:#}");
            ExitCode::FAILURE
        }
    }
}
