//! Owns `mideng signing-key`: the keys that sign access tokens.

use anyhow::bail;
use people::{ACCESS_TOKEN_FOR, ROTATED_IN};

use crate::settings::Database;
use crate::{admin, terminal};

/// Look after the keys that sign access tokens.
#[derive(clap::Subcommand)]
pub(crate) enum Command {
    /// Make a new key. It signs in two minutes, when every node has it; those before it verify until their last token is over
    Rotate {
        #[command(flatten)]
        database: Database,
    },
    /// List every key
    List {
        #[command(flatten)]
        database: Database,
    },
    /// Take nothing more that a key has signed: it leaked. Make a new one first, and wait until it signs
    Retire {
        /// The key's name, from `list`; it may begin with a hyphen
        #[arg(allow_hyphen_values = true)]
        kid: String,
        #[command(flatten)]
        database: Database,
    },
}

impl Command {
    pub(crate) async fn run(self) -> anyhow::Result<()> {
        match self {
            Self::Rotate { database } => rotate(&database).await,
            Self::List { database } => list(&database).await,
            Self::Retire { kid, database } => retire(&kid, &database).await,
        }
    }
}

async fn rotate(database: &Database) -> anyhow::Result<()> {
    let (store, _) = admin::open(database).await?;
    let key = people::new_key(api::now());
    store.signing_key_add(&key).await?;
    store.close().await;
    let (minutes, lasts) = (ROTATED_IN.as_secs() / 60, ACCESS_TOKEN_FOR.as_secs() / 60);
    println!("The key {} signs from {} on, in {minutes} minutes.", key.kid, terminal::moment(key.signs_from.0));
    println!("What the key before it signs by then lasts {lasts} minutes more. Nobody has to log in again.");
    Ok(())
}

async fn list(database: &Database) -> anyhow::Result<()> {
    let (store, _) = admin::open(database).await?;
    let keys = store.signing_keys().await?;
    store.close().await;
    let rows = keys.into_iter().map(|key| {
        [
            key.kid,
            terminal::moment(key.created_at.0),
            terminal::moment(key.signs_from.0),
            key.verifies_until.map(|until| terminal::moment(until.0)).unwrap_or_default(),
        ]
    });
    terminal::print_list(["key", "made", "signs from", "retired"], rows);
    Ok(())
}

async fn retire(kid: &str, database: &Database) -> anyhow::Result<()> {
    let (store, _) = admin::open(database).await?;
    let (keys, now) = (store.signing_keys().await?, api::now());
    if !people::others_sign(&keys, kid, now) {
        bail!(
            "no other key would sign then, and nobody could log in; run `mideng signing-key rotate`, and retire this one when \
             the new one signs, in two minutes"
        );
    }
    let retired = store.signing_key_retire(kid, now).await?;
    store.close().await;
    if !retired {
        bail!("there is no key {kid:?}; `mideng signing-key list` shows them all");
    }
    println!("The key {kid} is retired: nodes refuse what it signed within half a minute.");
    Ok(())
}
