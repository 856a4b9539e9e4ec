//! Owns `mideng bench-payments`, hidden: what a callback costs beside an order, and how fast the outbox is emptied. Server,
//! provider and load are of one process; whatever that costs, both sides of a comparison pay it.

mod backlog;
mod callback;
mod pace;
mod till;

use serde_json::json;

use self::till::Till;

/// What is measured. Prints one JSON object.
#[derive(clap::Subcommand)]
pub(crate) enum Case {
    /// How long orders, and then callbacks, wait at the same rate
    Callbacks {
        /// So many a second
        #[arg(long, default_value_t = 500)]
        rate: u32,
        /// Seconds of each, behind one that does not count
        #[arg(long, default_value_t = 4)]
        seconds: u32,
        /// How often each of them
        #[arg(long, default_value_t = 5)]
        turns: u32,
    },
    /// How long it takes to answer one order, and one callback, again and again
    Duplicates {
        /// So many at once
        #[arg(long, default_value_t = 1_000)]
        count: usize,
        /// How often
        #[arg(long, default_value_t = 10)]
        rounds: usize,
    },
    /// How fast messages go out to a provider that was away while all of them were made
    Relay {
        /// How many
        #[arg(long, default_value_t = 20_000)]
        messages: usize,
    },
    /// How fast what was left to be done drains behind an outage, while more arrives
    Outage {
        /// Payments a second
        #[arg(long, default_value_t = 200)]
        rate: u32,
        /// How long the provider is away
        #[arg(long, default_value_t = 300)]
        seconds: u32,
    },
}

impl Case {
    /// Measures.
    pub(crate) async fn run(self) -> anyhow::Result<()> {
        let till = Till::open().await?;
        let figures = match self {
            Self::Callbacks { rate, seconds, turns } => callback::beside_orders(&till, rate, (seconds, turns)).await,
            Self::Duplicates { count, rounds } => callback::duplicates(&till, count, rounds).await,
            Self::Relay { messages } => backlog::drained(&till, messages).await,
            Self::Outage { rate, seconds } => backlog::outage(&till, rate, seconds).await,
        };
        till.close().await;
        println!("{}", json!(figures?));
        Ok(())
    }
}
