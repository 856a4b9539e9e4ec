//! Owns the wait of a client that is alone, against the least it could be: the same statements, and an empty round
//! trip.

use anyhow::{Context, Result};
use serde::Deserialize;

use super::Bench;
use super::load::{self, Load};
use super::report::{Measured, median};
use super::server::{self, Server};
use crate::shell::Command;

const AT_MOST: f64 = 1.5;

/// What `mideng bench-floor --json` prints: how long the statements of one order take alone.
#[derive(Deserialize)]
struct Statements {
    p50_us: f64,
}

/// One round, each in µs.
struct Round {
    order: f64,
    empty: f64,
    statements: f64,
}

pub(super) fn alone(name: &str, bench: &Bench) -> Result<Measured> {
    let rounds = (1..=bench.rounds)
        .map(|number| {
            let round = measure(bench)?;
            let Round { order, empty, statements } = round;
            let ratio = round.ratio();
            println!(
                "round {number}: {order:.0} µs; statements {statements:.0} µs, empty {empty:.0} µs; ratio {ratio:.2}"
            );
            Ok(round)
        })
        .collect::<Result<Vec<_>>>()?;
    let of = |value: fn(&Round) -> f64| median(&rounds.iter().map(value).collect::<Vec<_>>());
    let ratio = of(Round::ratio);
    Ok(Measured {
        name: name.to_owned(),
        one: format!("an order, p50: {:.0} µs", of(|round| round.order)),
        other: format!(
            "its statements: {:.0} µs, and an empty round trip: {:.0} µs",
            of(|round| round.statements),
            of(|round| round.empty)
        ),
        result: format!("{ratio:.2} ×"),
        rounds: rounds.iter().map(|round| format!("{:.2}", round.ratio())).collect(),
        bound: format!("at most {AT_MOST} ×"),
        holds: ratio <= AT_MOST,
        surroundings: String::new(),
    })
}

impl Round {
    fn ratio(&self) -> f64 {
        self.order / (self.statements + self.empty)
    }
}

fn measure(bench: &Bench) -> Result<Round> {
    let server = Server::start_fresh(bench, "")?;
    let load = Load { connections: 1, seconds: bench.seconds, ..Load::default() };
    let order = load::run(bench, &server, load, true)?.p50_us;
    let empty = load::run(bench, &server, Load { empty: true, ..load }, false)?.p50_us;
    server.stop()?;
    let folder = bench.folder.join("floor");
    server::clear(&folder)?;
    let words = format!("bench-floor --json --duration {} --data", bench.seconds);
    let output = Command::of(&bench.binary).words(&words).path(&folder).bare().output_in(&bench.folder)?;
    let statements: Statements = serde_json::from_str(&output).context("reading the output of `mideng bench-floor`")?;
    Ok(Round { order, empty, statements: statements.p50_us })
}
