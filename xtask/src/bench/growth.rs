//! Owns what is measured as a shop on PostgreSQL grows to ten million orders: new orders beside an empty database, pages
//! of lists, and new orders while old answers are purged.

mod fill;
mod lists;
mod search;

use anyhow::{Result, ensure};

use super::Bench;
use super::load;
use super::report::{Measured, count};
use super::server::RETENTION;
use super::servers::{Ground, crowd};

pub(super) use fill::fill;
pub(super) use search::{on_postgres as search_on_postgres, on_sqlite as search_on_sqlite};

const SIZES: [u64; 3] = [100_000, 1_000_000, 10_000_000];
const ORDERS_AT_LEAST: f64 = 0.75;
const LISTS_AT_MOST: f64 = 2.0;
const PURGE_AT_LEAST: f64 = 0.75;
/// The answers of all orders that were filled in are older than this.
const PURGE_AFTER: &str = "25h";

/// Everything, size by size: ten million orders are filled in but once. Each line is kept as soon as it is there.
pub(super) fn measure(bench: &Bench, keep: &mut dyn FnMut(Measured) -> Result<()>) -> Result<()> {
    let (grown, empty) = (Ground::as_advised("grown")?, Ground::as_advised("empty")?);
    grown.node(bench, "node-1", "")?.stop()?;
    let mut stored = 0;
    for size in SIZES {
        fill::fill(&grown, bench, stored, size)?;
        stored = size;
        keep(orders(bench, &grown, &empty, size)?)?;
    }
    keep(pages(bench, &grown)?)?;
    keep(purge(bench, &grown)?)
}

/// New orders where many are stored, against an empty database.
fn orders(bench: &Bench, grown: &Ground, empty: &Ground, size: u64) -> Result<Measured> {
    let mut rounds = Vec::new();
    // A shop that came to this size in months is warm, and its log is not full of first changes behind a checkpoint.
    let server = grown.node(bench, "node-1", "")?;
    load::run(bench, &server, crowd(bench, 1_000), true)?;
    server.stop()?;
    for round in 1..=bench.rounds {
        let server = grown.node(bench, "node-1", "")?;
        let many = load::run(bench, &server, crowd(bench, 1_000), true)?.orders_per_second;
        server.stop()?;
        let server = empty.fresh(bench)?;
        let none = load::run(bench, &server, crowd(bench, 1_000), true)?.orders_per_second;
        server.stop()?;
        println!("round {round}, {size}: {} and {} orders/s, ratio {:.2}", count(many), count(none), many / none);
        rounds.push((many, none));
    }
    #[expect(clippy::cast_precision_loss, reason = "some millions")]
    let stored = count(size as f64);
    let sides = [format!("{stored} orders stored in PostgreSQL"), "none stored".to_owned()];
    Ok(Measured::ratio(&format!("growth-{}", name(size)), sides, &rounds, ORDERS_AT_LEAST))
}

/// How much longer a page takes where the most orders are stored than where few are, asked for in turns: a second here
/// is not as long as one twenty minutes ago.
fn pages(bench: &Bench, grown: &Ground) -> Result<Measured> {
    let small = Ground::as_advised("small")?;
    small.node(bench, "node-1", "")?.stop()?;
    fill::fill(&small, bench, 0, SIZES[0])?;
    let (mut few, mut many) = (Vec::new(), Vec::new());
    for _ in 1..=bench.rounds {
        for (ground, size, into) in [(&small, SIZES[0], &mut few), (grown, SIZES[SIZES.len() - 1], &mut many)] {
            let server = ground.node(bench, "node-1", "")?;
            into.push(lists::measure(&server, size, &lists::Kind::PAGES)?);
            server.stop()?;
        }
    }
    let (few, many) = (lists::medians(&few), lists::medians(&many));
    let (small, large) = (SIZES[0], SIZES[SIZES.len() - 1]);
    Ok(lists::compared("growth-lists", (small, &few), (large, &many), LISTS_AT_MOST))
}

/// New orders while a million old answers are forgotten, step by step, against the same when none is due.
fn purge(bench: &Bench, grown: &Ground) -> Result<Measured> {
    let mut rounds = Vec::new();
    for round in 1..=bench.rounds {
        let one = |flags: &str| {
            let server = grown.node(bench, "node-1", flags)?;
            let orders = load::run(bench, &server, crowd(bench, 1_000), true)?.orders_per_second;
            server.stop()?;
            anyhow::Ok(orders)
        };
        // Who is first alternates: the machine is not the same all the time.
        let first = if round % 2 == 0 { Some(one("")?) } else { None };
        let before = fill::answers(grown)?;
        let busy = one(&format!("{RETENTION} {PURGE_AFTER}"))?;
        let left = fill::answers(grown)?;
        let quiet = match first {
            Some(quiet) => quiet,
            None => one("")?,
        };
        println!(
            "round {round}: {} and {} orders/s, ratio {:.2}; of {before} old answers {left} are left",
            count(busy),
            count(quiet),
            busy / quiet
        );
        ensure!(left > 0 && left < before, "the purge was not there, or not all the time: {before}, {left}");
        rounds.push((busy, quiet));
    }
    let sides = ["while old answers are purged".to_owned(), "with none due".to_owned()];
    Ok(Measured::ratio("growth-purge", sides, &rounds, PURGE_AT_LEAST))
}

/// For names: `100k`, `1m`.
fn name(size: u64) -> String {
    if size < 1_000_000 { format!("{}k", size / 1_000) } else { format!("{}m", size / 1_000_000) }
}
