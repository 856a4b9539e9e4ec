//! Owns the settings: flags over environment over `mideng.yaml` over defaults, read once, checked at the start.

mod database;
mod flags;
pub(crate) mod known;
mod period;
mod providers;

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context as _, bail};
use figment::Figment;
use figment::providers::{Env, Format as _, Serialized, Yaml};
use http::{HeaderValue, Uri};
use serde::{Deserialize, Serialize};
use store::Address;

pub(crate) use database::Database;
pub(crate) use flags::{Flags, LogForm, StorageKind};
pub(crate) use period::Period;

/// Providers redeliver callbacks for a day and more; a key must outlive that.
const KEY_RETENTION_LEAST_S: u64 = 25 * 60 * 60;

/// Nodes' clocks need not agree to the second.
const TOKEN_MARGIN: Duration = Duration::from_hours(1);
/// Requests without a key are known by what they ask for within a day, of which this is a small part.
const ANSWER_WAIT_MAX: Duration = Duration::from_hours(1);

/// An account's callbacks go to a path of 38 characters behind it; Alipay takes 256 in all, WeChat Pay 255.
const PUBLIC_URL_MAX: usize = 200;

/// The settings of a server, complete and checked.
#[derive(Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Settings {
    pub(crate) listen: SocketAddr,
    pub(crate) metrics_listen: Option<SocketAddr>,
    pub(crate) data: PathBuf,
    pub(crate) database_url: Option<String>,
    pub(crate) database_wait: Period,
    pub(crate) bootstrap_api_key: Option<String>,
    pub(crate) public_url: Option<String>,
    pub(crate) redis_url: Option<String>,
    /// Only in the file: a list has no flag.
    pub(crate) cors_origins: Vec<String>,
    /// Only in the file: a list has no flag.
    pub(crate) trusted_proxies: Vec<String>,
    pub(crate) logins_per_address: u32,
    /// Only in the file: a list has no flag.
    pub(crate) limits: Vec<LimitSetting>,
    /// Only in the file: a list has no flag.
    pub(crate) login_providers: Vec<providers::ProviderSetting>,
    pub(crate) payment_timeout: Period,
    pub(crate) receive_after: Period,
    pub(crate) order_number_validity: Period,
    pub(crate) token_validity: Period,
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
    /// What a demo tells its visitors; nobody can ask for it.
    #[serde(skip)]
    pub(crate) demo: Option<console::Demo>,
}

/// One rule of `limits`.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct LimitSetting {
    /// `address`, `credential`, `tenant` or `everyone`.
    pub(crate) by: String,
    /// What the fields call it; `by` where it is missing.
    #[serde(default)]
    pub(crate) name: Option<String>,
    /// Only this method and route, such as `POST /api/v1/orders`.
    #[serde(default)]
    pub(crate) route: Option<String>,
    /// So many …
    pub(crate) count: u32,
    /// … in this time.
    pub(crate) per: Period,
    /// So many at once; `count` where it is missing.
    #[serde(default)]
    pub(crate) burst: Option<u32>,
    /// What happens while nobody can count: `open` lets all pass, `closed` none.
    #[serde(default = "open")]
    pub(crate) when_away: String,
}

/// An origin as a browser sends it: a scheme, a host, and a port where it is not the usual one.
fn origin(text: &str) -> anyhow::Result<HeaderValue> {
    let uri = text.parse::<Uri>().ok().filter(|uri| uri.path() == "/" && uri.query().is_none() && !text.ends_with('/'));
    let host = uri.as_ref().and_then(|uri| {
        let secure = uri.scheme_str() == Some("https") || uri.scheme_str() == Some("http");
        uri.host().filter(|host| secure && *text == text.to_lowercase() && !host.contains('*'))
    });
    match (host, HeaderValue::from_str(text)) {
        (Some(_), Ok(value)) => Ok(value),
        _ => bail!(
            "cors_origins: {text:?} is no origin; write each site in full, such as https://shop.example, without a path"
        ),
    }
}

fn open() -> String {
    "open".to_owned()
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
            redis_url: None,
            cors_origins: Vec::new(),
            trusted_proxies: Vec::new(),
            logins_per_address: 60,
            limits: Vec::new(),
            login_providers: Vec::new(),
            payment_timeout: Period(api.payment_timeout),
            receive_after: Period::days(15),
            order_number_validity: Period(api.order_number_validity),
            token_validity: Period(api.token_validity),
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
            demo: None,
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
    /// The other sites whose pages may ask, as browsers name them.
    pub(crate) fn origins(&self) -> anyhow::Result<Vec<HeaderValue>> {
        self.cors_origins.iter().map(|text| origin(text)).collect()
    }

    /// Those who stand before the server, and say for whom they ask.
    pub(crate) fn proxies(&self) -> anyhow::Result<api::Proxies> {
        let networks = self.trusted_proxies.iter().map(|text| text.parse().context("trusted_proxies"));
        networks.collect::<anyhow::Result<_>>().map(api::Proxies::new)
    }

    /// Those who know people by themselves. Their secrets are read now, and kept nowhere else.
    pub(crate) fn login_providers(&self) -> anyhow::Result<Vec<people::Provider>> {
        providers::open(&self.login_providers, self.public_url.as_deref())
    }

    fn check(&self) -> anyhow::Result<()> {
        self.origins()?;
        self.proxies()?;
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
            ("token_validity", self.token_validity),
            ("answer_wait", self.answer_wait),
        ] {
            if period.0.is_zero() {
                bail!("{name} is zero; give a period such as 30m");
            }
        }
        if self.answer_wait.0 > ANSWER_WAIT_MAX {
            bail!(
                "answer_wait is {}; it may be at most 1h: nobody waits longer, and requests without a key count on it",
                self.answer_wait
            );
        }
        if self.token_validity.0 + TOKEN_MARGIN > self.key_retention.0 {
            bail!(
                "token_validity is {} and key_retention {}; a token that was used is known by the record of its request, \
                 so it must end an hour before that",
                self.token_validity,
                self.key_retention
            );
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
        self.refuse_known()?;
        self.login_providers()?;
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
