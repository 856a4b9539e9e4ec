//! Owns `mideng review`: the human queue on the command line.

use anyhow::bail;
use clap::Subcommand;
use domain::ReviewId;

use crate::settings::Database;
use crate::{admin, terminal};

/// How many are shown.
const SHOWN: u64 = 200;

/// Show what a person has to look at, and close it.
#[derive(Subcommand)]
pub(crate) enum Review {
    /// List what is to be looked at, the latest first.
    List {
        /// Also what was looked at.
        #[arg(long)]
        all: bool,
        #[command(flatten)]
        database: Database,
    },
    /// Close one, with what was done about it: a note for people, it moves no money. A refund that failed is sent once more
    /// with `POST /api/v1/refunds/{refund_id}/retry`, and of what the provider gave no word it is asked again with
    /// `POST /api/v1/payments/{payment_id}/query`.
    Resolve {
        /// Its id, from `list`.
        id: ReviewId,
        /// What was done, in words.
        resolution: String,
        #[command(flatten)]
        database: Database,
    },
}

impl Review {
    pub(crate) async fn run(self) -> anyhow::Result<()> {
        match self {
            Self::List { all, database } => list(all, &database).await,
            Self::Resolve { id, resolution, database } => resolve(id, &resolution, &database).await,
        }
    }
}

async fn list(all: bool, database: &Database) -> anyhow::Result<()> {
    let (store, tenant) = admin::open(database).await?;
    let reviews = store.reviews(tenant, all, SHOWN).await?;
    store.close().await;
    let rows = reviews.into_iter().map(|review| {
        let resolution = review.resolved.map(|(_, resolution)| resolution).unwrap_or_default();
        [review.id, terminal::moment(review.raised_at.0), review.kind, review.subject, review.detail, resolution]
    });
    terminal::print_list(["id", "raised", "why", "about", "found", "done"], rows);
    Ok(())
}

async fn resolve(id: ReviewId, resolution: &str, database: &Database) -> anyhow::Result<()> {
    if resolution.is_empty() || resolution.chars().count() > 500 {
        bail!("say in 1 to 500 characters what was done");
    }
    let (store, tenant) = admin::open(database).await?;
    let done = store.review_resolve(tenant, id, resolution, api::now()).await?;
    store.close().await;
    if !done {
        bail!("there is no review {id}; `mideng review list` shows them all");
    }
    println!("Review {id} is closed. That moved no money, and nothing else was changed.");
    Ok(())
}
