//! Owns how long the slowest of a hundred orders wait on PostgreSQL at half of the speed, against an empty route.

use std::fs;

use anyhow::Result;

use super::load::{self, Figures, Load};
use super::report::{Measured, count, median};
use super::server::Server;
use super::servers::{Ground, crowd};
use super::{Bench, growth};

const AT_MOST: f64 = 10.0;
/// Orders that are there before a round, the same in each.
const STORED: u64 = 500_000;
/// How often the two sides of a round are measured, in turns.
const TURNS: u32 = 4;
/// Seconds at the rate of the turns before the first of them. The system writes what tables grew by when it is thirty
/// seconds old: by then that of the full speed is written, and what is written during the turns is their own.
const RUN_IN_SECONDS: u32 = 40;

/// Several times a round, one right behind the other, for a machine that others use as well is not the same ten seconds
/// later; and who is first alternates.
pub(super) fn p99(name: &str, bench: &Bench) -> Result<Measured> {
    // A new server makes a checkpoint of so much load each half minute, and behind each every page goes whole into the
    // log.
    let ground = Ground::as_advised("bench")?;
    let (mut turns, mut rates) = (Vec::new(), Vec::new());
    for round in 1..=bench.rounds {
        ground.fresh(bench)?.stop()?;
        growth::fill(&ground, bench, 0, STORED)?;
        let server = ground.node(bench, "node-1", "")?;
        let most = load::run(bench, &server, crowd(bench, 1_000), true)?.orders_per_second;
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a positive rate")]
        let rate = (most / 2.0) as u32;
        let paced = Load { rate: Some(rate), seconds: RUN_IN_SECONDS, ..crowd(bench, 1_000) };
        load::run(bench, &server, paced, true)?;
        let paced = Load { seconds: bench.seconds.div_ceil(TURNS).max(2), ..paced };
        for turn in 0..TURNS {
            let (order, empty) = pair(bench, &server, paced, turn % 2 == 0)?;
            println!("round {round}: at {rate} a second {order:.0} and {empty:.0} µs, ratio {:.2}", order / empty);
            turns.push((order, empty));
        }
        server.stop()?;
        rates.push(f64::from(rate));
    }
    let ratios: Vec<f64> = turns.iter().map(|(order, empty)| order / empty).collect();
    let of = |side: fn(&(f64, f64)) -> f64| median(&turns.iter().map(side).collect::<Vec<_>>());
    let (rate, order) = (count(median(&rates)), of(|turn| turn.0));
    Ok(Measured {
        name: name.to_owned(),
        one: format!("an order, p99 at {rate} a second, {}: {order:.0} µs", circumstances()),
        other: format!("an empty route at the same rate: {:.0} µs", of(|turn| turn.1)),
        result: format!("{:.2} ×", median(&ratios)),
        rounds: ratios.iter().map(|ratio| format!("{ratio:.2}")).collect(),
        bound: format!("under {AT_MOST} ×"),
        holds: median(&ratios) < AT_MOST,
        surroundings: String::new(),
    })
}

/// A turn: the slowest of orders, and of the empty route, in microseconds.
fn pair(bench: &Bench, server: &Server, paced: Load, orders_first: bool) -> Result<(f64, f64)> {
    let orders = || load::run(bench, server, paced, true);
    let empty = || load::run(bench, server, Load { empty: true, ..paced }, false);
    let (orders, empty) = if orders_first {
        let first = orders()?;
        (first, empty()?)
    } else {
        let first = empty()?;
        (orders()?, first)
    };
    let p99 = |Figures { p99_us, .. }| p99_us;
    Ok((p99(orders), p99(empty)))
}

/// What the slowest depend on, beside the machine: whether the system lets the lanes' thread run before others, and how
/// much it gathers before it writes.
fn circumstances() -> String {
    // A thread of its own, which ends with its priority.
    let may = std::thread::spawn(|| rustix::process::setpriority_process(None, -5).is_ok()).join();
    let lanes = if may.unwrap_or(false) { "lanes at nice -5" } else { "lanes as everybody" };
    let gathers = fs::read_to_string("/proc/sys/vm/dirty_background_bytes").unwrap_or_default();
    match gathers.trim() {
        "" | "0" => format!("{lanes}, the system's writing as installed"),
        bytes => format!("{lanes}, vm.dirty_background_bytes {bytes}"),
    }
}
