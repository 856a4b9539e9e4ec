//! Owns `mideng bench-sessions`, hidden: what a session costs beside an API key, what log-ins and onlookers cost those who order, and how
//! soon a session that was ended is refused by every node.

mod crowd;
mod log_ins;
mod misses;
mod orders;
mod redis;
mod revoked;
mod watched;

use std::time::Duration;

use anyhow::ensure;
use serde_json::Value;

use self::crowd::Crowd;
use super::load::{self, Load, Plan};
use super::order::Sender;
use super::stock;
use crate::client::{Server, ServerArgs};

const SKUS: u32 = 1_000;

/// What is measured, and where. Prints one JSON object.
#[derive(clap::Args)]
pub(crate) struct Args {
    #[command(flatten)]
    server: ServerArgs,
    #[command(subcommand)]
    case: Case,
}

#[derive(clap::Subcommand)]
enum Case {
    /// How many orders a second by an API key, and by access tokens, in turns
    Orders {
        /// Connections; each has a person of its own
        #[arg(long, default_value_t = 64)]
        connections: usize,
        /// Seconds of each, behind one that does not count
        #[arg(long, default_value_t = 3)]
        seconds: u64,
        /// How often each of them
        #[arg(long, default_value_t = 8)]
        turns: usize,
    },
    /// How often Redis is asked for sessions that a server remembers, and for those that it does not
    Misses {
        /// Where the servers' Redis is
        #[arg(long)]
        redis_url: String,
        /// So many sessions
        #[arg(long, default_value_t = 64)]
        people: usize,
        /// How often each of them is forgotten
        #[arg(long, default_value_t = 20)]
        windows: u32,
    },
    /// How long orders wait while many log in at once, and while nobody does, in turns
    LogIns {
        /// So many
        #[arg(long, default_value_t = 200)]
        people: usize,
        /// Orders a second; a quarter of the full speed, if not given
        #[arg(long)]
        rate: Option<u32>,
        /// Seconds of each, behind one that does not count
        #[arg(long, default_value_t = 5)]
        seconds: u64,
        /// How often each of them
        #[arg(long, default_value_t = 4)]
        turns: usize,
    },
    /// How many orders a second while operators look on, and while nobody does, in turns
    Watched {
        /// So many overviews are open
        #[arg(long, default_value_t = 20)]
        tabs: usize,
        /// Seconds of each, behind one that does not count
        #[arg(long, default_value_t = 4)]
        seconds: u64,
        /// How often each of them
        #[arg(long, default_value_t = 8)]
        turns: usize,
    },
    /// How soon every other node refuses a session that was ended, while orders go on
    Revoked {
        /// The root of another node on the same database; may be given several times
        #[arg(long, required = true)]
        other: Vec<String>,
        /// Orders a second over all nodes
        #[arg(long, default_value_t = 600)]
        rate: u32,
        /// Seconds of it
        #[arg(long, default_value_t = 40)]
        seconds: u64,
    },
}

impl Args {
    /// Measures.
    pub(crate) async fn run(self) -> anyhow::Result<()> {
        let server = Server::reach(&self.server).await?;
        let target = server.target.clone();
        stock::prepare(&target, SKUS).await?;
        let figures = match self.case {
            Case::Orders { connections, seconds, turns } => {
                orders::measure(&Crowd::gather(&target, "buyer", connections).await?, seconds, turns).await
            }
            Case::Misses { redis_url, people, windows } => {
                let crowd = Crowd::gather(&target, "asker", people).await?;
                misses::measure(&crowd, &redis_url, windows).await
            }
            Case::LogIns { people, rate, seconds, turns } => {
                log_ins::measure(&target, people, (rate, seconds, turns)).await
            }
            Case::Watched { tabs, seconds, turns } => watched::measure(&target, (tabs, seconds, turns)).await,
            Case::Revoked { other, rate, seconds } => {
                revoked::measure((&target, self.server.api_key.as_deref()), &other, (rate, seconds)).await
            }
        };
        server.stop().await;
        println!("{}", figures?);
        Ok(())
    }
}

/// Orders by these for so long, closed loop or at a rate. All that were sent were placed.
async fn load(senders: Vec<Sender>, connections: usize, seconds: u64, rate: Option<u32>) -> anyhow::Result<Load> {
    let load = load::run(Plan {
        senders,
        connections,
        warm_up: Duration::from_secs(1),
        duration: Duration::from_secs(seconds),
        skus: SKUS,
        duplicates: 0.0,
        rate,
        route_empty: false,
        seed: getrandom::u64()?,
    })
    .await?;
    let total = &load.total;
    ensure!(total.executed == total.requests && load.unsent == 0, "not every order was placed: {total:?}");
    Ok(load)
}

/// What was placed, of what the server has more: both are the same number.
fn equal(placed: u64, rows: i64) -> anyhow::Result<Value> {
    ensure!(i128::from(placed) == i128::from(rows), "{placed} orders were answered, and {rows} are there");
    Ok(placed.into())
}
