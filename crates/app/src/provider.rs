//! Owns a payment provider inside this process, with a merchant's account at it, for the commands that bring their own
//! server. It knows neither orders nor payments.

mod desk;

use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use anyhow::{Context as _, bail};
use domain::ChannelAccountId;
use domain::channel::{Account, Conditions, Kind};
use psp_sim::Running;
use serde::Deserialize;
use store::{Address, NewChannelAccount, Store};

use crate::client::clock::now;
use crate::client::{Connection, Policy, Request, Target};

pub(crate) use self::desk::{Desk, Sums};

/// The name of the account, which is what a payment asks for.
pub(crate) const CHANNEL: &str = "sandbox";
/// A callback that was not taken comes again soon.
const TIME_SCALE: f64 = 30.0;
/// A server reads its accounts anew each second.
const KNOWN_WITHIN: Duration = Duration::from_secs(15);
const PAUSE: Duration = Duration::from_millis(50);

/// A provider that runs.
pub(crate) struct Provider {
    /// Where it listens: its pages, and its desk under `/sim`.
    pub(crate) url: String,
    /// The merchant's account at it, as our database knows it.
    pub(crate) account: ChannelAccountId,
    pub(crate) desk: Desk,
    folder: PathBuf,
    /// None while it is away.
    running: Mutex<Option<Running>>,
}

/// The merchant's side of the account.
#[derive(Deserialize)]
struct Settings {
    account: String,
    secrets: Vec<String>,
}

impl Provider {
    /// Starts one on a free port, which pays each charge by itself, and sets up an account at it.
    pub(crate) async fn start(folder: PathBuf, database: &Address) -> anyhow::Result<Self> {
        let running = run(&folder, SocketAddr::from((Ipv4Addr::LOCALHOST, 0)), Some(0)).await?;
        let url = format!("http://{}", running.address);
        let settings = merchant(&folder, "sandbox.json")?;
        let account = set_up(database, (CHANNEL, 100), &settings).await;
        let account = account.context("setting up the account with the payment simulator")?;
        Ok(Self { desk: Desk::at(&url)?, url, account, folder, running: Mutex::new(Some(running)) })
    }

    /// Sets up a second account of the merchant at it, which comes behind the first.
    pub(crate) async fn second_account(&self, name: &str, database: &Address) -> anyhow::Result<()> {
        let settings = merchant(&self.folder, "sandbox.json")?;
        set_up(database, (name, 200), &settings)
            .await
            .with_context(|| format!("setting up the account {name}"))
            .map(drop)
    }

    /// Ends it.
    pub(crate) async fn stop(self) {
        self.leave().await;
    }

    /// From now on nobody answers.
    pub(crate) async fn leave(&self) {
        let running = self.running.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(running) = running {
            running.stop().await;
        }
    }

    /// Is where it was again, with its book.
    pub(crate) async fn come_back(&self) -> anyhow::Result<()> {
        let address = self.url.trim_start_matches("http://").parse().context("the simulator's address")?;
        let running = run(&self.folder, address, None).await?;
        *self.running.lock().unwrap_or_else(PoisonError::into_inner) = Some(running);
        Ok(())
    }

    /// What both sides sign with, and the name of the account there.
    pub(crate) fn secret(&self) -> anyhow::Result<(String, String)> {
        let settings: Settings = serde_json::from_str(&merchant(&self.folder, "sandbox.json")?)?;
        let first = settings.secrets.first().and_then(|secret| secret.strip_prefix("file:"));
        let file = first.context("the sandbox's settings name no file with a secret")?;
        let secret = std::fs::read_to_string(file).with_context(|| format!("reading {file}"))?;
        Ok((secret.trim().to_owned(), settings.account))
    }
}

/// Waits until the server knows the account. `payment` begins a payment there; it may be sent again afterwards.
pub(crate) async fn known(server: &Arc<Target>, payment: &Request) -> anyhow::Result<()> {
    let mut connection = Connection::new(server.clone());
    let deadline = now() + KNOWN_WITHIN;
    loop {
        let answer = connection.send(payment, Policy::default().timeout).await;
        if answer.is_ok_and(|answer| answer.code() != "channel_unavailable") {
            return Ok(());
        }
        if now() > deadline {
            bail!("the server does not know the account within {} s", KNOWN_WITHIN.as_secs());
        }
        tokio::time::sleep(PAUSE).await;
    }
}

async fn run(folder: &Path, listen: SocketAddr, auto_pay_ms: Option<u64>) -> anyhow::Result<Running> {
    let options = psp_sim::Options { listen, folder: folder.to_owned(), time_scale: TIME_SCALE, auto_pay_ms };
    Running::start(options).await.context("the payment simulator does not start")
}

fn merchant(folder: &Path, name: &str) -> anyhow::Result<String> {
    let path = folder.join("merchant").join(name);
    std::fs::read_to_string(&path).with_context(|| format!("reading {}", path.display()))
}

async fn set_up(database: &Address, (name, priority): (&str, i64), settings: &str) -> anyhow::Result<ChannelAccountId> {
    let store = Store::open_existing(database).await?;
    let tenant = store.tenant("default").await?.context("the database has no tenant")?;
    let account = Account {
        tenant,
        id: ChannelAccountId::new(api::id()),
        kind: Kind::Sandbox,
        name: name.to_owned(),
        is_enabled: true,
        conditions: Conditions { currency: None, method: None, amount_min: None, amount_max: None },
    };
    let new = NewChannelAccount { account: &account, settings, priority };
    let made = store.channel_account_create(&new, api::now()).await;
    store.close().await;
    made?;
    Ok(account.id)
}
