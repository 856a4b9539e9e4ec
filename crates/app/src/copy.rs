//! Owns `mideng copy`: a shop moves from one database into another, checked on both sides.

use std::process::ExitCode;

use anyhow::{Context as _, bail};
use store::{Address, Copy, Light, Store};

use crate::server::folder;
use crate::{check, terminal};

/// Copy a shop into another database, as from SQLite to PostgreSQL. Broken off, it goes on where it stopped.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// Where the shop is: sqlite:FILE, postgres://… or mysql://…
    #[arg(long, value_name = "URL")]
    from: String,
    /// Where it goes: an empty database
    #[arg(long, value_name = "URL")]
    to: String,
}

/// `mideng copy`.
pub(crate) async fn run(args: Args) -> anyhow::Result<ExitCode> {
    // Read here and not as a flag: what is wrong with a flag is told with its value, and this one has a password in it.
    let from: Address = args.from.parse().context("--from")?;
    let to: Address = args.to.parse().context("--to")?;
    // A server on either side would write what the copy does not see.
    let _from = from.file().map(folder::Lock::take).transpose()?;
    let _to = to.file().map(folder::Lock::take).transpose()?;
    let source = Store::open_existing(&from).await.with_context(|| format!("opening {from}"))?;
    sound(&from, "the source is not sound; nothing was copied").await?;
    let target = Store::open(&to).await.with_context(|| format!("opening {to}"))?;
    let _alone = target.alone().await?;
    target.migrate().await?;
    let counts = copy(&source, &target).await?;
    source.close().await;
    // No server runs on it until this is known.
    sound(&to, "the copy is not sound").await?;
    target.copy_done().await?;
    target.close().await;
    terminal::print_list(
        ["table", "rows"],
        counts.into_iter().map(|(table, rows)| [table.to_owned(), rows.to_string()]),
    );
    println!("{from} is copied to {to}; every invariant holds on both sides.");
    Ok(ExitCode::SUCCESS)
}

async fn copy(source: &Store, target: &Store) -> anyhow::Result<Vec<(&'static str, u64)>> {
    let mut copy = Copy::begin(source, target).await?;
    let bar = terminal::bar(usize::try_from(copy.rows).unwrap_or(usize::MAX), "rows");
    bar.set_position(copy.there);
    while let Some((table, rows)) = copy.step().await.context("the copy was broken off; the same command goes on")? {
        bar.set_message(table);
        bar.inc(rows);
    }
    bar.finish_and_clear();
    Ok(copy.finish().await?)
}

/// Checks every invariant.
async fn sound(address: &Address, otherwise: &str) -> anyhow::Result<()> {
    let findings = check::run_at_rest(address).await?;
    let broken: Vec<&str> =
        findings.iter().filter(|finding| finding.light() == Light::Red).map(|finding| finding.id).collect();
    if !broken.is_empty() {
        bail!("{otherwise}: {address} breaks {}; see `mideng check --database-url …`", broken.join(", "));
    }
    Ok(())
}
