//! Owns `mideng channel`: setting up accounts with payment providers, switching them, and putting them in order. Works
//! beside running servers, which see a change at the next payment.

use std::path::PathBuf;

use anyhow::{Context as _, bail};
use clap::{Args as ClapArgs, Subcommand};
use domain::ChannelAccountId;
use domain::channel::{Account, Conditions, Kind, Method};
use store::NewChannelAccount;

use crate::settings::Database;
use crate::{admin, terminal};

/// Set up accounts with payment providers.
#[derive(Subcommand)]
pub(crate) enum Channel {
    /// Add an account; prints the URL path of its callbacks.
    Add(Add),
    /// List every account, in the order in which they are tried.
    List {
        #[command(flatten)]
        database: Database,
    },
    /// Switch an account on: new payments may go there.
    On {
        /// Its name.
        name: String,
        #[command(flatten)]
        database: Database,
    },
    /// Switch an account off: no new payment goes there; what was begun goes on.
    Off {
        /// Its name.
        name: String,
        #[command(flatten)]
        database: Database,
    },
    /// Give an account another place in the order.
    Place {
        /// Its name.
        name: String,
        /// The smallest number is tried first.
        priority: i64,
        #[command(flatten)]
        database: Database,
    },
    /// Give an account other settings, such as a new key beside the old one.
    Settings {
        /// Its name.
        name: String,
        /// A file of settings, JSON.
        file: PathBuf,
        #[command(flatten)]
        database: Database,
    },
}

/// Add an account.
#[derive(ClapArgs)]
pub(crate) struct Add {
    /// Which provider: `sandbox`, `alipay`, `wechat_pay` or `stripe`.
    kind: String,
    /// A file of settings, JSON; secrets in it are named as `file:PATH` or `env:NAME`, and never written down.
    #[arg(long, value_name = "FILE")]
    settings: PathBuf,
    /// The tenant's name for it [default: the provider's].
    #[arg(long)]
    name: Option<String>,
    /// The smallest number is tried first.
    #[arg(long, default_value_t = 100)]
    priority: i64,
    /// Only for this currency.
    #[arg(long, value_name = "CODE")]
    currency: Option<String>,
    /// Only for this way of paying: page, qr or card.
    #[arg(long)]
    method: Option<String>,
    /// Only for so many minor units and more.
    #[arg(long, value_name = "MINOR")]
    amount_min: Option<i64>,
    /// Only for so many minor units and less.
    #[arg(long, value_name = "MINOR")]
    amount_max: Option<i64>,
    #[command(flatten)]
    database: Database,
}

impl Channel {
    pub(crate) async fn run(self) -> anyhow::Result<()> {
        match self {
            Self::Add(add) => add.run().await,
            Self::List { database } => list(&database).await,
            Self::On { name, database } => switch(&name, true, &database).await,
            Self::Off { name, database } => switch(&name, false, &database).await,
            Self::Place { name, priority, database } => place(&name, priority, &database).await,
            Self::Settings { name, file, database } => settings(&name, &file, &database).await,
        }
    }
}

impl Add {
    async fn run(self) -> anyhow::Result<()> {
        let kind = Kind::from_name(&self.kind).with_context(|| {
            let known: Vec<_> = Kind::ALL.into_iter().map(Kind::name).collect();
            format!("{:?} is no provider; it is one of {}", self.kind, known.join(", "))
        })?;
        let settings = read(kind, &self.settings)?;
        let method = self.method.as_deref().map(|name| Method::from_name(name).context("a method is page, qr or card"));
        let conditions = Conditions {
            currency: self.currency.as_deref().map(str::parse).transpose()?,
            method: method.transpose()?,
            amount_min: self.amount_min,
            amount_max: self.amount_max,
        };
        let name = self.name.unwrap_or(self.kind);
        if name.is_empty() || name.chars().count() > 64 || name.chars().any(char::is_control) || name == "any" {
            bail!("a channel's name has 1 to 64 characters, none of them a control character, and is not \"any\"");
        }
        let (store, tenant) = admin::open(&self.database).await?;
        let id = ChannelAccountId::new(api::id());
        let account = Account { tenant, id, kind, name, is_enabled: true, conditions };
        let new = NewChannelAccount { account: &account, settings: &settings, priority: self.priority };
        store.channel_account_create(&new, api::now()).await?;
        store.close().await;
        println!("{id}");
        eprintln!(
            "Channel {} is set up and switched on. Its callbacks go to /notify/{id} of the public URL.",
            account.name
        );
        Ok(())
    }
}

/// The settings' text, which must open: a key that is missing is told here, and not to the first payer.
fn read(kind: Kind, file: &PathBuf) -> anyhow::Result<String> {
    let text = std::fs::read_to_string(file).with_context(|| format!("reading {}", file.display()))?;
    if let Err(failure) = channels::open(kind, &text) {
        bail!("{}: {failure}", file.display());
    }
    Ok(text)
}

async fn list(database: &Database) -> anyhow::Result<()> {
    let (store, tenant) = admin::open(database).await?;
    let accounts = store.channel_accounts().await?;
    store.close().await;
    let rows = accounts.into_iter().filter(|row| row.account.tenant == tenant).map(|row| {
        let Conditions { currency, method, amount_min, amount_max } = row.account.conditions;
        let only = [
            currency.map(|currency| currency.to_string()),
            method.map(|method| method.to_string()),
            amount_min.map(|minor| format!("from {minor}")),
            amount_max.map(|minor| format!("to {minor}")),
        ];
        [
            row.priority.to_string(),
            row.account.name,
            row.account.kind.to_string(),
            if row.account.is_enabled { "on" } else { "off" }.to_owned(),
            only.into_iter().flatten().collect::<Vec<_>>().join(", "),
            format!("/notify/{}", row.account.id),
        ]
    });
    terminal::print_list(["order", "name", "provider", "", "only", "callbacks"], rows);
    Ok(())
}

async fn switch(name: &str, is_enabled: bool, database: &Database) -> anyhow::Result<()> {
    let (store, tenant) = admin::open(database).await?;
    let done = store.channel_account_switch(tenant, name, is_enabled, api::now()).await?;
    store.close().await;
    told(name, done)?;
    println!("Channel {name} is switched {}.", if is_enabled { "on" } else { "off" });
    Ok(())
}

async fn place(name: &str, priority: i64, database: &Database) -> anyhow::Result<()> {
    let (store, tenant) = admin::open(database).await?;
    let done = store.channel_account_place(tenant, name, priority, api::now()).await?;
    store.close().await;
    told(name, done)?;
    println!("Channel {name} stands at {priority}.");
    Ok(())
}

async fn settings(name: &str, file: &PathBuf, database: &Database) -> anyhow::Result<()> {
    let (store, tenant) = admin::open(database).await?;
    let accounts = store.channel_accounts().await?;
    let account = accounts.into_iter().find(|row| row.account.tenant == tenant && row.account.name == name);
    let Some(account) = account else { return told(name, false) };
    let kind = account.account.kind;
    let text = read(kind, file)?;
    if let Some(member) = channels::moved(kind, &account.settings, &text) {
        bail!(
            "{member} of the channel {name:?} does not change: its payments and refunds under way would be asked about \
             at another merchant. Add a new account with `mideng channel add`, and switch this one off."
        );
    }
    store.channel_account_settings(tenant, name, &text, api::now()).await?;
    store.close().await;
    println!("Channel {name} has its new settings; running servers take them over within a second.");
    Ok(())
}

fn told(name: &str, done: bool) -> anyhow::Result<()> {
    if done { Ok(()) } else { bail!("there is no channel {name:?}; `mideng channel list` shows them all") }
}
