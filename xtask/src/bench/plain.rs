//! Owns the plain client: the same rows as Mideng's, one transaction an order, driven by the database's own tool.

use std::fs;

use anyhow::{Context, Result, ensure};

use super::Bench;
use crate::clock;
use crate::services::{Alone, Kind};

/// Connections, each with one order at a time. More make it slower.
const CLIENTS: u32 = 32;
/// Transactions of `mariadb-slap`, which counts them instead of seconds; about so many a second are expected.
const GUESS_PER_SECOND: u32 = 500;

const POSTGRES: &str = include_str!("plain/postgres.sql");
const MARIADB: &str = include_str!("plain/mariadb.sql");

/// Orders a second over so many products. The orders are counted in the table.
pub(super) fn run(bench: &Bench, database: &Alone, products: u32) -> Result<f64> {
    let before = database.count("orders")?;
    let seconds = match database.kind() {
        Kind::Postgres => pgbench(bench, database, products)?,
        Kind::Mariadb => slap(bench, database, products)?,
    };
    let orders = database.count("orders")? - before;
    ensure!(orders > 0, "the plain client placed no order");
    #[expect(clippy::cast_precision_loss, reason = "counts of some thousands")]
    Ok(orders as f64 / seconds)
}

fn pgbench(bench: &Bench, database: &Alone, products: u32) -> Result<f64> {
    let file = bench.folder.join("plain.sql");
    // Products are counted from nought.
    fs::write(&file, POSTGRES.replace("random(1, :products)", "random(0, :products - 1)"))
        .context("writing a script")?;
    let seconds = bench.seconds;
    // Behind those of any run before.
    let tick = clock::unix_ms();
    let words = format!("-n -M prepared -c {CLIENTS} -j 2 -T {seconds} -D products={products} -D tick={tick} -f");
    let (text, succeeded) =
        database.tool("pgbench", &words)?.path(&file).text(&database.own_url()).captured_in(&bench.folder)?;
    ensure!(succeeded && text.contains("number of failed transactions: 0 "), "pgbench: {text}");
    Ok(f64::from(seconds))
}

fn slap(bench: &Bench, database: &Alone, products: u32) -> Result<f64> {
    let file = bench.folder.join("plain.sql");
    let script: String = MARIADB.lines().filter(|line| !line.starts_with("--")).collect::<Vec<_>>().join("\n");
    fs::write(&file, script.replace("{products}", &products.to_string())).context("writing a script")?;
    let statements = script.matches(';').count() + 1;
    let queries = u64::from(GUESS_PER_SECOND * bench.seconds) * statements as u64;
    let words = format!(
        "--create-schema=mideng --concurrency={CLIENTS} --number-of-queries={queries} --delimiter=; --no-drop --csv"
    );
    let command = database.tool("mariadb-slap", &words)?.option("--query=", &file);
    let (text, succeeded) = command.captured_in(&bench.folder)?;
    ensure!(succeeded, "mariadb-slap: {text}");
    let seconds = text.lines().find_map(|line| line.split(',').nth(2)?.parse().ok());
    seconds.with_context(|| format!("mariadb-slap said no time: {text}"))
}
