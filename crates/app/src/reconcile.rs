//! Owns `mideng reconcile`: a provider's statement of a day against our books, both ways. What the provider took or gave back
//! and we did not know goes through the rules; what differs behind that is put before a person. Works beside running servers.

mod apply;
mod books;
mod day;
mod line;
mod report;
mod statements;

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context as _, bail};
use clap::Args as ClapArgs;
use domain::TenantId;
use domain::channel::Account;
use jiff::civil::Date;
use store::{ChannelAccount, Store};

use crate::admin;
use crate::settings::Database;
use report::Report;
use statements::Statements;

/// Compare a provider's statement of a day with our books. Exit code 0 only if nothing differs.
#[derive(ClapArgs)]
pub(crate) struct Args {
    /// The account's name, from `mideng channel list`.
    #[arg(long, value_name = "NAME")]
    channel: String,
    /// Which day, YYYY-MM-DD: of China's calendar for Alipay and WeChat Pay, of UTC for the others.
    #[arg(long, value_name = "DATE")]
    date: Date,
    /// The provider's file of that day; without it, the provider is asked for it.
    #[arg(long, value_name = "FILE")]
    file: Option<PathBuf>,
    /// Print one JSON object.
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    database: Database,
}

/// Whose books are compared.
pub(crate) struct Side {
    store: Store,
    tenant: TenantId,
    account: Account,
}

/// `mideng reconcile`.
pub(crate) async fn run(args: Args) -> anyhow::Result<ExitCode> {
    let (store, tenant) = admin::open(&args.database).await?;
    let done = reconcile(&args, &store, tenant).await;
    store.close().await;
    let report = done?;
    if args.json {
        println!("{}", serde_json::to_string(&report).context("writing the report")?);
    } else {
        report.print();
    }
    Ok(if report.clean { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

async fn reconcile(args: &Args, store: &Store, tenant: TenantId) -> anyhow::Result<Report> {
    let accounts = store.channel_accounts().await?;
    let named = |row: &ChannelAccount| row.account.tenant == tenant && row.account.name == args.channel;
    let Some(ChannelAccount { account, settings, .. }) = accounts.into_iter().find(named) else {
        bail!("there is no channel {:?}; `mideng channel list` shows them all", args.channel);
    };
    let channel =
        channels::open(account.kind, &settings).with_context(|| format!("opening channel {}", account.name))?;
    let mut report = Report::new(&account, args.date);
    let when = day::period(account.kind, args.date)?;
    if when.end > api::now() {
        eprintln!("The provider's day is not over: what moves from now on is not looked at.");
    }
    let mut statements = Statements::new(channel);
    let statement = match &args.file {
        Some(file) => statements.read(file)?,
        None => statements.of(args.date).await?,
    };
    let side = Side { store: store.clone(), tenant, account };
    let engine = apply::Rules::start(&side).await?;
    let compared = line::compare_all(&side, &engine, &statement, &mut report).await;
    engine.stop().await;
    compared?;
    let missing = books::missing(&side, (args.date, &when), &statement, &mut statements).await?;
    if statement.is_absent && !missing.is_empty() {
        bail!(
            "the provider says that it has no statement of {}, and {} movements of that day are in our books: \
             if it is not made yet, run this again later; nobody was called",
            args.date,
            missing.len()
        );
    }
    report.differences.extend(missing);
    report.raise(&side).await?;
    Ok(report)
}
