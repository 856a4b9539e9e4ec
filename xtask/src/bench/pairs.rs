//! Owns measuring two servers against each other: one side behind the other, so that whatever else the machine does
//! touches both, and the ratio of each pair by itself.

use anyhow::Result;

use super::Bench;
use super::load::{self, Load};
use super::million;
use super::report::{Measured, count, median};
use super::server::{Memory, Server};

/// The resident memory that a server on a million orders may take.
const MEMORY_MB_MAX: f64 = 150.0;

pub(super) struct Pair {
    pub(super) at_least: f64,
    pub(super) one: Side,
    pub(super) other: Side,
}

/// A server with its load.
#[derive(Clone, Copy)]
pub(super) struct Side {
    pub(super) label: &'static str,
    pub(super) flags: &'static str,
    pub(super) connections: u32,
    pub(super) skus: u32,
    pub(super) database: Database,
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Database {
    Empty,
    /// With the load's products only: a storage that forgets could not be asked for them.
    Products,
    Million,
}

/// What a run of one side showed.
struct Shown {
    orders_per_second: f64,
    memory: Memory,
}

impl Pair {
    pub(super) fn measure(&self, name: &str, bench: &Bench) -> Result<Vec<Measured>> {
        let rounds = (1..=bench.rounds)
            .map(|round| {
                let pair = (self.one.run(bench)?, self.other.run(bench)?);
                let (one, other) = (pair.0.orders_per_second, pair.1.orders_per_second);
                println!("round {round}: {} and {} orders/s, ratio {:.2}", count(one), count(other), one / other);
                Ok(pair)
            })
            .collect::<Result<Vec<_>>>()?;
        let mut measured = vec![self.ratio(name, &rounds)];
        if self.one.database == Database::Million {
            measured.push(memory(&rounds));
        }
        Ok(measured)
    }

    fn ratio(&self, name: &str, rounds: &[(Shown, Shown)]) -> Measured {
        let side = |label: &str, speeds: Vec<f64>| format!("{label}: {} orders/s", count(median(&speeds)));
        let ratios: Vec<_> =
            rounds.iter().map(|(one, other)| one.orders_per_second / other.orders_per_second).collect();
        Measured {
            name: name.to_owned(),
            one: side(self.one.label, rounds.iter().map(|(one, _)| one.orders_per_second).collect()),
            other: side(self.other.label, rounds.iter().map(|(_, other)| other.orders_per_second).collect()),
            result: format!("{:.2} ×", median(&ratios)),
            rounds: ratios.iter().map(|ratio| format!("{ratio:.2}")).collect(),
            bound: format!("at least {} ×", self.at_least),
            holds: median(&ratios) >= self.at_least,
            surroundings: String::new(),
        }
    }
}

/// Of the side on the million orders. The peak counts, since it is what a machine must have.
fn memory(rounds: &[(Shown, Shown)]) -> Measured {
    let peaks: Vec<_> = rounds.iter().map(|(one, _)| one.memory.peak_mb).collect();
    let ends: Vec<_> = rounds.iter().map(|(one, _)| one.memory.resident_mb).collect();
    let peak = peaks.iter().copied().fold(0.0, f64::max);
    Measured {
        name: "memory".to_owned(),
        one: format!("resident at the end of the load: {:.0} MB", median(&ends)),
        other: "the same runs on a million orders".to_owned(),
        result: format!("{peak:.0} MB at the peak"),
        rounds: peaks.iter().map(|peak| format!("{peak:.0}")).collect(),
        bound: format!("under {MEMORY_MB_MAX} MB"),
        holds: peak < MEMORY_MB_MAX,
        surroundings: String::new(),
    }
}

impl Side {
    fn run(&self, bench: &Bench) -> Result<Shown> {
        let server = match self.database {
            Database::Empty => Server::start_fresh(bench, self.flags)?,
            Database::Products => self.with_products(bench)?,
            Database::Million => Server::start(bench, &million::copy(bench)?, self.flags)?,
        };
        let load = Load { connections: self.connections, skus: self.skus, seconds: bench.seconds, ..Load::default() };
        // A storage that forgets has no rows that could be counted.
        let figures = load::run(bench, &server, load, self.database != Database::Products)?;
        let memory = server.memory()?;
        server.stop()?;
        Ok(Shown { orders_per_second: figures.orders_per_second, memory })
    }

    fn with_products(&self, bench: &Bench) -> Result<Server> {
        let server = Server::start_fresh(bench, "")?;
        load::run(bench, &server, Load { connections: 1, skus: self.skus, seconds: 1, ..Load::default() }, true)?;
        server.start_again(bench, self.flags)
    }
}
