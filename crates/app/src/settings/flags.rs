//! Owns the flags of `mideng serve`.

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::{Args, ValueEnum};
use serde::{Deserialize, Serialize};

use super::Period;

/// The flags of `mideng serve`. Each is also a member of `mideng.yaml` and, in capitals with `MIDENG_` before it, a
/// variable of the environment.
#[derive(Args, Clone, Default, Serialize)]
pub(crate) struct Flags {
    /// The file of settings.
    #[arg(long, value_name = "FILE", default_value = "mideng.yaml")]
    #[serde(skip)]
    pub(super) config: PathBuf,
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
    /// Where locks and rate limits are kept: redis://…, rediss://…, redis+sentinel://… or redis+cluster://…
    /// [default: this process, or the database's rows for several nodes].
    #[arg(long, value_name = "URL")]
    #[serde(skip_serializing_if = "Option::is_none")]
    redis_url: Option<String>,
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
    /// How long a one-time token is good [default: 30m].
    #[arg(long, value_name = "PERIOD")]
    #[serde(skip_serializing_if = "Option::is_none")]
    token_validity: Option<Period>,
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
