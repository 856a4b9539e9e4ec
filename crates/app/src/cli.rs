//! Owns the command line: the commands and where each of them leads.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{CommandFactory as _, Parser, Subcommand};

use crate::{
    admin, archive, bench, channel, check, conflicts, conform, copy, demo, floor, policy, psp_sim, reconcile, replay,
    review, server, settings, signing_key,
};

/// Orders in which no retry creates a second one.
#[derive(Parser)]
#[command(name = "mideng", version, about, max_term_width = 100)]
pub(crate) struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Run the server.
    Serve(Box<settings::Flags>),
    /// Show it: a server, a storm of duplicated orders, and what became of them.
    Demo(demo::Args),
    /// Send real invoices as orders and compare what the server made of them.
    Replay(replay::Args),
    /// Check every invariant of a database.
    Check(check::Args),
    /// Measure orders per second and latencies.
    Bench(bench::Args),
    /// Bring a database's schema up to date.
    Migrate(settings::Database),
    /// Write a copy of the database, while the server goes on.
    Backup {
        /// A file that does not exist yet.
        file: PathBuf,
        #[command(flatten)]
        database: settings::Database,
    },
    /// Put the rows of a backup in place of the database's, in one transaction.
    Restore {
        /// A file that `mideng backup` wrote.
        file: PathBuf,
        #[command(flatten)]
        database: settings::Database,
    },
    /// Move closed orders into the archive, while servers go on.
    Archive(archive::Args),
    /// Copy a shop into another database.
    Copy(copy::Args),
    /// Make, list and revoke API keys.
    #[command(subcommand)]
    ApiKey(admin::ApiKey),
    /// Look after the keys that sign access tokens
    #[command(subcommand)]
    SigningKey(signing_key::Command),
    /// Set up accounts with payment providers, switch them, put them in order.
    #[command(subcommand)]
    Channel(channel::Channel),
    /// Show and change what a shop asks of a checkout.
    #[command(subcommand)]
    Policy(policy::Command),
    /// Compare a provider's statement of a day with our books, both ways.
    Reconcile(reconcile::Args),
    /// Show what a person has to look at, and close it.
    #[command(subcommand)]
    Review(review::Review),
    /// Run a payment provider that exists only here, for trying out and for tests.
    PspSim(psp_sim::Args),
    /// List the keys that were used for two requests, and other conflicts, the latest first.
    Conflicts(conflicts::Args),
    /// Ask any service what a holder of idempotency keys must do.
    Conform(conform::Args),
    /// Print the completions of a shell.
    Completions {
        /// Which shell.
        shell: clap_complete::Shell,
    },
    /// Measure the statements of one order, without a server.
    #[command(hide = true)]
    BenchFloor(floor::Args),
    /// Measure payments beside orders.
    #[command(subcommand, hide = true)]
    BenchPayments(bench::payments::Case),
    /// Measure sessions beside API keys.
    #[command(hide = true)]
    BenchSessions(bench::sessions::Args),
    /// Print the OpenAPI document.
    #[command(hide = true)]
    Openapi,
}

impl Cli {
    /// True for the commands whose output is for people, where a log would be in the way.
    pub(crate) const fn is_quiet(&self) -> bool {
        !matches!(self.command, Command::Serve(_) | Command::PspSim(_))
    }

    /// How log lines look.
    pub(crate) fn log_form(&self) -> settings::LogForm {
        match &self.command {
            Command::Serve(flags) => flags.log.unwrap_or(settings::LogForm::Text),
            _ => settings::LogForm::Text,
        }
    }

    pub(crate) async fn run(self) -> anyhow::Result<ExitCode> {
        match self.command {
            Command::Serve(flags) => server::run(*flags).await?,
            Command::Demo(args) => return demo::run(args).await,
            Command::Replay(args) => return replay::run(args).await,
            Command::Check(args) => return check::run(args).await,
            Command::Bench(args) => return bench::run(args).await,
            Command::BenchFloor(args) => return floor::run(args).await,
            Command::BenchPayments(case) => case.run().await?,
            Command::BenchSessions(args) => args.run().await?,
            Command::Migrate(database) => admin::migrate(&database).await?,
            Command::Backup { file, database } => admin::backup(&file, &database).await?,
            Command::Restore { file, database } => admin::restore(&file, &database).await?,
            Command::Archive(args) => archive::run(args).await?,
            Command::Copy(args) => return copy::run(args).await,
            Command::ApiKey(command) => command.run().await?,
            Command::SigningKey(command) => command.run().await?,
            Command::Channel(command) => command.run().await?,
            Command::Policy(command) => command.run().await?,
            Command::Review(command) => command.run().await?,
            Command::Reconcile(args) => return reconcile::run(args).await,
            Command::PspSim(args) => psp_sim::run(args).await?,
            Command::Conflicts(args) => conflicts::run(args).await?,
            Command::Conform(args) => return conform::run(args).await,
            Command::Completions { shell } => {
                clap_complete::generate(shell, &mut Self::command(), "mideng", &mut std::io::stdout());
            }
            Command::Openapi => print!("{}", api::openapi::text()),
        }
        Ok(ExitCode::SUCCESS)
    }
}
