//! Owns the settings: flags over environment over `mideng.yaml` over defaults, read once, checked at the start.

mod period;

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context as _, bail};
use clap::{Args, ValueEnum};
use figment::Figment;
use figment::providers::{Env, Format as _, Serialized, Yaml};
use serde::{Deserialize, Serialize};
use store::Address;

pub(crate) use period::Period;

/// Providers redeliver callbacks for a day and more; a key must outlive that.
const KEY_RETENTION_LEAST_S: u64 = 25 * 60 * 60;

/// An account's callbacks go to a path of 38 characters behind it; Alipay takes 256 in all, WeChat Pay 255.
const PUBLIC_URL_MAX: usize = 200;

/// The flags of `mideng serve`. Each is also a member of `mideng.yaml` and, in capitals with `MIDENG_` before it, a
/// variable of the environment.
#[derive(Args, Clone, Debug, Default, Serialize)]
pub(crate) struct Flags {
    /// The file of settings.
    #[arg(long, value_name = "FILE", default_value = "mideng.yaml")]
    #[serde(skip)]
    config: PathBuf,
    /// Where to listen [default: 127.0.0.1:8080].
    #[arg(long, value_name = "ADDRESS")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) listen: Option<SocketAddr>,
    /// Where the metrics are served as well, without a key.
    #[arg(long, value_name = "ADDRESS")]
    #[serde(skip_serializing_if = "Option::is_none")]
    metrics_listen: Option<SocketAddr>,
    /// The folder of the embedded database [default: ./mideng-data].
    #[arg(long, value_name = "FOLDER")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) data: Option<PathBuf>,
    /// The database: sqlite:FILE, postgres://… or mysql://… [default: mideng.db in the data folder].
    #[arg(long, value_name = "URL")]
    #[serde(skip_serializing_if = "Option::is_none")]
    database_url: Option<String>,
    /// How long a start waits for a database that does not answer [default: 30s].
    #[arg(long, value_name = "PERIOD")]
    #[serde(skip_serializing_if = "Option::is_none")]
    database_wait: Option<Period>,
    /// The URL under which payment providers reach this server [default: the address where it listens].
    #[arg(long, value_name = "URL")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) public_url: Option<String>,
    /// How long an order may wait for payment [default: 30m].
    #[arg(long, value_name = "PERIOD")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) payment_timeout: Option<Period>,
    /// After how long without a word a shipped order counts as received [default: 15d].
    #[arg(long, value_name = "PERIOD")]
    #[serde(skip_serializing_if = "Option::is_none")]
    receive_after: Option<Period>,
    /// How long an issued order number is good [default: 24h].
    #[arg(long, value_name = "PERIOD")]
    #[serde(skip_serializing_if = "Option::is_none")]
    order_number_validity: Option<Period>,
    /// How long a key's answer is kept, at least 25h [default: 7d].
    #[arg(long, value_name = "PERIOD")]
    #[serde(skip_serializing_if = "Option::is_none")]
    key_retention: Option<Period>,
    /// How long a request waits for its answer before it is told to ask again [default: 10s].
    #[arg(long, value_name = "PERIOD")]
    #[serde(skip_serializing_if = "Option::is_none")]
    answer_wait: Option<Period>,
    /// The longest body in bytes [default: 1048576].
    #[arg(long, value_name = "BYTES")]
    #[serde(skip_serializing_if = "Option::is_none")]
    body_bytes_max: Option<usize>,
    /// How many requests are worked on at once [default: 4096].
    #[arg(long, value_name = "N")]
    #[serde(skip_serializing_if = "Option::is_none")]
    concurrent_requests_max: Option<usize>,
    /// How many commands of one tenant may wait [default: 8192].
    #[arg(long, value_name = "N")]
    #[serde(skip_serializing_if = "Option::is_none")]
    queue_commands_max: Option<usize>,
    /// The most commands in one transaction [default: 512].
    #[arg(long, value_name = "N")]
    #[serde(skip_serializing_if = "Option::is_none")]
    batch_commands_max: Option<usize>,
    /// How many transactions a node works on at once; an embedded database has one [default: 1].
    #[arg(long, value_name = "N")]
    #[serde(skip_serializing_if = "Option::is_none")]
    lanes: Option<usize>,
    /// The log's form: text or json [default: text].
    #[arg(long, value_name = "FORM")]
    #[serde(skip)]
    pub(crate) log: Option<LogForm>,
    /// For measurements: each commit made so much slower.
    #[arg(long, hide = true)]
    #[serde(skip_serializing_if = "Option::is_none")]
    commit_delay_us: Option<u64>,
    /// For tests: die at the so-many-th commit or call to a provider, counted before and behind each.
    #[arg(long, hide = true)]
    #[serde(skip_serializing_if = "Option::is_none")]
    crash_at: Option<u64>,
    /// For measurements: what to commit to.
    #[arg(long, hide = true)]
    #[serde(skip_serializing_if = "Option::is_none")]
    storage: Option<StorageKind>,
}

/// How log lines look.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum LogForm {
    /// For people.
    Text,
    /// For programs.
    Json,
}

/// What the engine commits to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ValueEnum)]
#[serde(rename_all = "snake_case")]
pub(crate) enum StorageKind {
    /// The database.
    Database,
    /// Nothing: everything is accepted and forgotten. Only for measurements.
    Discard,
}

/// The settings of a server, complete and checked.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Settings {
    pub(crate) listen: SocketAddr,
    pub(crate) metrics_listen: Option<SocketAddr>,
    pub(crate) data: PathBuf,
    pub(crate) database_url: Option<String>,
    pub(crate) database_wait: Period,
    pub(crate) bootstrap_api_key: Option<String>,
    pub(crate) public_url: Option<String>,
    pub(crate) payment_timeout: Period,
    pub(crate) receive_after: Period,
    pub(crate) order_number_validity: Period,
    pub(crate) key_retention: Period,
    pub(crate) answer_wait: Period,
    pub(crate) body_bytes_max: usize,
    pub(crate) concurrent_requests_max: usize,
    pub(crate) queue_commands_max: usize,
    pub(crate) batch_commands_max: usize,
    pub(crate) lanes: usize,
    pub(crate) commit_delay_us: u64,
    pub(crate) crash_at: u64,
    pub(crate) storage: StorageKind,
}

impl Default for Settings {
    fn default() -> Self {
        let (api, engine) = (api::Settings::default(), engine::Options::default());
        Self {
            listen: SocketAddr::from(([127, 0, 0, 1], 8080)),
            metrics_listen: None,
            data: PathBuf::from("mideng-data"),
            database_url: None,
            database_wait: Period(Duration::from_secs(30)),
            bootstrap_api_key: None,
            public_url: None,
            payment_timeout: Period(api.payment_timeout),
            receive_after: Period::days(15),
            order_number_validity: Period(api.order_number_validity),
            key_retention: Period::days(7),
            answer_wait: Period(api.answer_wait),
            body_bytes_max: api.body_bytes_max,
            concurrent_requests_max: api.concurrent_requests_max,
            queue_commands_max: engine.queue_commands_max,
            batch_commands_max: engine.batch_commands_max,
            lanes: engine.lanes,
            commit_delay_us: 0,
            crash_at: 0,
            storage: StorageKind::Database,
        }
    }
}

impl Flags {
    /// Reads every source, later ones over earlier ones, and checks the result.
    pub(crate) fn settings(&self) -> anyhow::Result<Settings> {
        let mut sources = Figment::from(Serialized::defaults(Settings::default()));
        if self.config.is_file() {
            sources = sources.merge(Yaml::file(&self.config));
        } else if self.config != Path::new("mideng.yaml") {
            bail!("the settings file {} does not exist", self.config.display());
        }
        let settings: Settings = sources
            .merge(Env::prefixed("MIDENG_").ignore(&["log", "api_key"]))
            .merge(Serialized::defaults(self))
            .extract()
            .context("a setting is wrong")?;
        settings.check()?;
        Ok(settings)
    }
}

impl Settings {
    fn check(&self) -> anyhow::Result<()> {
        if self.key_retention.0.as_secs() < KEY_RETENTION_LEAST_S {
            bail!(
                "key_retention is {}; it must be at least 25h, because providers redeliver for a day",
                self.key_retention
            );
        }
        for (name, period) in [
            ("payment_timeout", self.payment_timeout),
            ("receive_after", self.receive_after),
            ("order_number_validity", self.order_number_validity),
            ("answer_wait", self.answer_wait),
        ] {
            if period.0.is_zero() {
                bail!("{name} is zero; give a period such as 30m");
            }
        }
        for (name, number) in [
            ("body_bytes_max", self.body_bytes_max),
            ("concurrent_requests_max", self.concurrent_requests_max),
            ("queue_commands_max", self.queue_commands_max),
            ("batch_commands_max", self.batch_commands_max),
            ("lanes", self.lanes),
        ] {
            if number == 0 {
                bail!("{name} is 0; it must be at least 1");
            }
        }
        if let Some(url) = &self.public_url
            && !(url.starts_with("https://") || url.starts_with("http://"))
        {
            bail!("public_url is {url:?}; give a URL such as https://pay.example.com");
        }
        if self.public_url.as_ref().is_some_and(|url| url.len() > PUBLIC_URL_MAX) {
            bail!("public_url is longer than {PUBLIC_URL_MAX} characters; providers take no URL of callbacks as long");
        }
        if let Some(key) = &self.bootstrap_api_key {
            crate::secret::check(key)?;
        }
        self.address().map(|_| ())
    }

    /// Where the database is.
    pub(crate) fn address(&self) -> anyhow::Result<Address> {
        address(self.database_url.as_deref(), &self.data)
    }
}

/// The database that is named, or else the embedded one in the data folder.
fn address(url: Option<&str>, data: &Path) -> anyhow::Result<Address> {
    match url {
        Some(url) => Ok(url.parse()?),
        None => Ok(Address::Sqlite(data.join("mideng.db"))),
    }
}

/// Which database a command works on.
#[derive(Args, Clone, Debug)]
pub(crate) struct Database {
    /// The database: sqlite:FILE, postgres://… or mysql://… [default: mideng.db in the data folder].
    #[arg(long, value_name = "URL", env = "MIDENG_DATABASE_URL")]
    pub(crate) database_url: Option<String>,
    /// The folder of the embedded database.
    #[arg(long, value_name = "FOLDER", env = "MIDENG_DATA", default_value = "mideng-data")]
    pub(crate) data: PathBuf,
}

impl Database {
    /// Where it is.
    pub(crate) fn address(&self) -> anyhow::Result<Address> {
        address(self.database_url.as_deref(), &self.data)
    }

    /// The file of an embedded one; refused for a server's.
    pub(crate) fn file(&self, purpose: &str) -> anyhow::Result<PathBuf> {
        match self.address()? {
            Address::Sqlite(file) => Ok(file),
            address => {
                bail!("{address} is on a server: {purpose} it with the server's own tools, see docs/OPERATIONS.md")
            }
        }
    }
}
