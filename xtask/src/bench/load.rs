//! Owns running `mideng bench` against a server and reading what it says.

use anyhow::{Context, Result, ensure};
use serde::Deserialize;

use super::Bench;
use super::server::{API_KEY, Server};
use crate::shell::Command;

#[derive(Clone, Copy)]
pub(super) struct Load {
    pub(super) connections: u32,
    pub(super) skus: u32,
    pub(super) seconds: u32,
    /// An empty request instead of orders.
    pub(super) empty: bool,
    /// So many a second, whatever the server does, instead of one behind the other.
    pub(super) rate: Option<u32>,
}

impl Default for Load {
    fn default() -> Self {
        Self { connections: 64, skus: 1_000, seconds: 10, empty: false, rate: None }
    }
}

/// What `mideng bench --json` prints, as far as it is needed here.
#[derive(Debug, Deserialize)]
pub(super) struct Figures {
    pub(super) orders_per_second: f64,
    pub(super) p50_us: f64,
    pub(super) p99_us: f64,
    pub(super) total_executed: u64,
    refused: u64,
    lost: u64,
    rows_equal: bool,
}

/// Loads the server. With `counted`, the rows in the database must be as many as were answered.
pub(super) fn run(bench: &Bench, server: &Server, load: Load, counted: bool) -> Result<Figures> {
    let Load { connections, skus, seconds, empty, rate } = load;
    let empty = if empty { "--route-empty" } else { "" };
    let rate = rate.map(|rate| format!("--rate {rate}")).unwrap_or_default();
    let url = server.url();
    let words = format!(
        "bench --url {url} --connections {connections} --duration {seconds} --skus {skus} --json {empty} {rate}"
    );
    let command = Command::of(&bench.binary).words(&words).bare().env("MIDENG_API_KEY", API_KEY);
    let (output, succeeded) = command.output_of_any_end_in(&bench.folder)?;
    let figures: Figures =
        serde_json::from_str(&output).with_context(|| format!("reading the output of `mideng {words}`"))?;
    ensure!(figures.lost == 0 && figures.refused == 0, "requests were lost or refused: {output}");
    ensure!(!counted || (succeeded && figures.rows_equal), "the database has not what was answered: {output}");
    Ok(figures)
}
