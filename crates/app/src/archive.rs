//! Owns `mideng archive`: closed orders move, with their history, out of the way of those that still change.

use std::time::Duration;

use anyhow::Context as _;
use domain::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;

use crate::settings::Database;
use crate::terminal;

/// Move closed orders with their history into the archive, while servers go on. Reads find them as before.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// Orders that were closed or completed before this day and not touched since, as in 2026-01-31 (UTC)
    #[arg(long, value_name = "DATE")]
    before: Date,
    /// The most orders in one transaction
    #[arg(long, value_name = "N", default_value_t = 200, value_parser = clap::value_parser!(u64).range(1..=5_000))]
    step: u64,
    #[command(flatten)]
    database: Database,
}

/// `mideng archive`. Between two steps it rests as long as one took, so that servers have at least half of the disk.
pub(crate) async fn run(args: Args) -> anyhow::Result<()> {
    let midnight = args.before.to_zoned(TimeZone::UTC).context("that day is out of range")?;
    let before = Timestamp(midnight.timestamp().as_millisecond());
    let store = store::Store::open_existing(&args.database.address()?).await?;
    let bar = terminal::spinner("archiving".to_owned());
    let (mut moved, mut most) = (0, args.step);
    loop {
        let began = api::now();
        let step = match store.orders_archive(before, most).await {
            Ok(0) => break,
            Ok(step) => step,
            // Orders of many lines: fewer of them at once.
            Err(error) if error.is_too_much() && most > 1 => {
                most /= 2;
                continue;
            }
            Err(error) => return Err(error.into()),
        };
        moved += step;
        bar.set_message(format!("{} orders", terminal::thousands(moved)));
        let took = u64::try_from(api::now().0 - began.0).unwrap_or(0);
        tokio::time::sleep(Duration::from_millis(took)).await;
    }
    bar.finish_and_clear();
    store.close().await;
    println!("{} orders closed before {} are in the archive.", terminal::thousands(moved), args.before);
    Ok(())
}
