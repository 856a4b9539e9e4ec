//! Owns `mideng conflicts`: which keys were used for two requests, by whom, and how often.

use serde_json::json;

use crate::settings::Database;
use crate::{admin, terminal};

/// What is asked for.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// Only of this key
    #[arg(long, value_name = "KEY")]
    key: Option<String>,
    /// How many lines at most
    #[arg(long, value_name = "N", default_value_t = 50, value_parser = clap::value_parser!(u32).range(1..=10_000))]
    limit: u32,
    /// Print one JSON object a line instead of a table
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    database: Database,
}

pub(crate) async fn run(args: Args) -> anyhow::Result<()> {
    let (store, tenant) = admin::open(&args.database).await?;
    let conflicts = store.conflicts(tenant, args.key.as_deref(), u64::from(args.limit)).await?;
    store.close().await;
    if args.json {
        for row in conflicts {
            let (first, last) = (terminal::moment(row.first_at), terminal::moment(row.last_at));
            println!(
                "{}",
                json!({"account": row.account, "key": row.key.trim_start(), "kind": row.kind, "times": row.times,
                    "first_at": first, "last_at": last})
            );
        }
        return Ok(());
    }
    let rows = conflicts.into_iter().map(|row| {
        let (first, last) = (terminal::moment(row.first_at), terminal::moment(row.last_at));
        [row.account, row.key.trim_start().to_owned(), row.kind, row.times.to_string(), first, last]
    });
    terminal::print_list(["account", "key", "kind", "times", "first", "last"], rows);
    Ok(())
}
