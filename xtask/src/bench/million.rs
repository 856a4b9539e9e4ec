//! Owns the database of a million orders: filled once through a running server, then kept, and copied
//! for each round.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};

use super::Bench;
use super::load::{self, Load};
use super::report::{Measured, count, median};
use super::server::{self, Server};

const ORDERS: u64 = 1_000_000;
const START_MS_MAX: f64 = 1_000.0;
/// A run of the filling; there are as many as it takes.
const FILL_SECONDS: u32 = 20;
const FILL_CONNECTIONS: u32 = 256;

/// The folder, filled if it is not yet.
pub(super) fn folder(bench: &Bench) -> Result<PathBuf> {
    let folder = bench.folder.join("million");
    let filled = folder.join("filled");
    if !filled.exists() {
        server::clear(&folder)?;
        let orders = fill(bench, &folder)?;
        fs::write(&filled, orders.to_string()).with_context(|| format!("writing {}", filled.display()))?;
    }
    Ok(folder)
}

/// A copy of the folder, for one round: what a round adds is not there in the next. The copy is down on the disk, so
/// that writing it does not run into the measurement, and in memory: what is measured is a server that has been up for
/// a while, not the first seconds on a cold disk.
pub(super) fn copy(bench: &Bench) -> Result<PathBuf> {
    let filled = folder(bench)?.join("mideng.db");
    let folder = bench.folder.join("million-round");
    server::clear(&folder)?;
    let file = folder.join("mideng.db");
    fs::create_dir_all(&folder).with_context(|| format!("making {}", folder.display()))?;
    fs::copy(&filled, &file).with_context(|| format!("copying {}", filled.display()))?;
    let mut database = fs::File::open(&file).with_context(|| format!("opening {}", file.display()))?;
    database.sync_all().with_context(|| format!("flushing {}", file.display()))?;
    std::io::copy(&mut database, &mut std::io::sink()).with_context(|| format!("reading {}", file.display()))?;
    Ok(folder)
}

fn fill(bench: &Bench, folder: &Path) -> Result<u64> {
    println!("filling {} with {ORDERS} orders; this is done once", folder.display());
    let server = Server::start(bench, folder, "")?;
    let mut orders = 0;
    while orders < ORDERS {
        let load = Load { connections: FILL_CONNECTIONS, seconds: FILL_SECONDS, ..Load::default() };
        let figures = load::run(bench, &server, load, true)?;
        ensure!(figures.total_executed > 0, "no order was placed");
        orders += figures.total_executed;
        println!("{orders} orders, {} a second", count(figures.orders_per_second));
    }
    server.stop()?;
    Ok(orders)
}

/// The time from the start of the process until `/readyz` says yes.
pub(super) fn start(name: &str, bench: &Bench) -> Result<Measured> {
    let folder = folder(bench)?;
    let times = (1..=bench.rounds)
        .map(|round| {
            let server = Server::start(bench, &folder, "")?;
            let milliseconds = server.ready_after().as_secs_f64() * 1e3;
            server.stop()?;
            println!("round {round}: ready after {milliseconds:.0} ms");
            Ok(milliseconds)
        })
        .collect::<Result<Vec<_>>>()?;
    let slowest = times.iter().copied().fold(0.0, f64::max);
    Ok(Measured {
        name: name.to_owned(),
        one: format!("ready after {:.0} ms", median(&times)),
        other: "from the start of the process until `/readyz` answers 200".to_owned(),
        result: format!("{slowest:.0} ms at the slowest"),
        rounds: times.iter().map(|time| format!("{time:.0}")).collect(),
        bound: "under 1 s".to_owned(),
        holds: slowest < START_MS_MAX,
        surroundings: String::new(),
    })
}
