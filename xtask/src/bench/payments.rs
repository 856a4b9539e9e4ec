//! Owns what paying costs: a callback beside an order, the same callback again beside the same order again, and how fast
//! messages go out to a provider that was away.

use anyhow::{Context, Result};
use serde::Deserialize;
use serde::de::DeserializeOwned;

use super::Bench;
use super::report::{Measured, count, median};
use crate::shell::Command;

/// The slowest of a hundred callbacks over the slowest of a hundred orders.
const CALLBACK_AT_MOST: f64 = 3.0;
const REPEATED_AT_MOST: f64 = 1.5;
const RELAY_AT_LEAST: f64 = 2_000.0;
/// Over the rate at which more arrives.
const DRAIN_AT_LEAST: f64 = 3.0;
const OUTAGE_SECONDS: u32 = 300;

#[derive(Deserialize)]
struct Callbacks {
    order_p99_us: f64,
    callback_p99_us: f64,
}

#[derive(Deserialize)]
struct Duplicates {
    orders_ms: Vec<f64>,
    callbacks_ms: Vec<f64>,
}

#[derive(Deserialize)]
struct Relay {
    messages: f64,
    seconds: f64,
}

#[derive(Deserialize)]
struct Outage {
    arrivals_per_second: f64,
    backlog: f64,
    messages: f64,
    seconds: f64,
}

/// How long callbacks wait, and orders at the same rate.
pub(super) fn callbacks(name: &str, bench: &Bench) -> Result<Measured> {
    let rounds: Vec<Vec<Callbacks>> = rounds(bench, bench.rounds, "callbacks --rate 500")?;
    let turns: Vec<Callbacks> = rounds.into_iter().flatten().collect();
    let ratios: Vec<f64> = turns.iter().map(|it| it.callback_p99_us / it.order_p99_us).collect();
    let of = |side: fn(&Callbacks) -> f64| median(&turns.iter().map(side).collect::<Vec<_>>());
    Ok(at_most(
        CALLBACK_AT_MOST,
        &ratios,
        Measured {
            name: name.to_owned(),
            one: format!("a callback to its answer, p99 at 500 a second: {:.0} µs", of(|it| it.callback_p99_us)),
            other: format!("an order at the same rate: {:.0} µs", of(|it| it.order_p99_us)),
            ..Measured::default()
        },
    ))
}

/// What repeated callbacks cost, and repeated orders.
pub(super) fn duplicates(name: &str, bench: &Bench) -> Result<Measured> {
    let rounds: Vec<Duplicates> = rounds(bench, bench.rounds, "duplicates")?;
    let ratios: Vec<f64> = rounds.iter().map(|it| median(&it.callbacks_ms) / median(&it.orders_ms)).collect();
    let of = |side: fn(&Duplicates) -> f64| median(&rounds.iter().map(side).collect::<Vec<_>>());
    Ok(at_most(
        REPEATED_AT_MOST,
        &ratios,
        Measured {
            name: name.to_owned(),
            one: format!("one callback 1,000 times at once: {:.1} ms", of(|it| median(&it.callbacks_ms))),
            other: format!("one order 1,000 times at once: {:.1} ms", of(|it| median(&it.orders_ms))),
            ..Measured::default()
        },
    ))
}

/// How many messages a second go out, the provider on the same cores.
pub(super) fn relay(name: &str, bench: &Bench) -> Result<Measured> {
    let rounds: Vec<Relay> = rounds(bench, bench.rounds, "relay")?;
    let speeds: Vec<f64> = rounds.iter().map(|it| it.messages / it.seconds).collect();
    let speed = median(&speeds);
    Ok(Measured {
        name: name.to_owned(),
        one: "charges to the sandbox, which is on the same cores and writes its own book".to_owned(),
        other: "from the first twentieth of 20,000 to the last".to_owned(),
        result: format!("{} a second", count(speed)),
        rounds: speeds.iter().map(|speed| count(*speed)).collect(),
        bound: format!("at least {} a second", count(RELAY_AT_LEAST)),
        holds: speed >= RELAY_AT_LEAST,
        ..Measured::default()
    })
}

/// How fast a backlog drains while more arrives: once, for it takes as long as it takes.
pub(super) fn outage(name: &str, bench: &Bench) -> Result<Measured> {
    let rounds: Vec<Outage> = rounds(bench, 1, &format!("outage --seconds {OUTAGE_SECONDS}"))?;
    let ratios: Vec<f64> = rounds.iter().map(|it| it.messages / it.seconds / it.arrivals_per_second).collect();
    let of = |side: fn(&Outage) -> f64| median(&rounds.iter().map(side).collect::<Vec<_>>());
    let ratio = median(&ratios);
    Ok(Measured {
        name: name.to_owned(),
        one: format!("{} messages left over by {OUTAGE_SECONDS} s without a provider", count(of(|it| it.backlog))),
        other: format!(
            "gone after {:.0} s, while {} a second arrive",
            of(|it| it.seconds),
            count(of(|it| it.arrivals_per_second))
        ),
        result: format!("{ratio:.2} × the arrivals"),
        rounds: ratios.iter().map(|ratio| format!("{ratio:.2}")).collect(),
        bound: format!("at least {DRAIN_AT_LEAST} ×"),
        holds: ratio >= DRAIN_AT_LEAST,
        ..Measured::default()
    })
}

fn rounds<T: DeserializeOwned>(bench: &Bench, count: u32, words: &str) -> Result<Vec<T>> {
    (1..=count)
        .map(|round| {
            let command = Command::of(&bench.binary).words(&format!("bench-payments {words}")).bare();
            let output = command.env("MIDENG_LOG", "warn").output_in(&bench.folder)?;
            println!("round {round}: {}", output.trim());
            serde_json::from_str(&output)
                .with_context(|| format!("reading the output of `mideng bench-payments {words}`"))
        })
        .collect()
}

fn at_most(bound: f64, ratios: &[f64], measured: Measured) -> Measured {
    let ratio = median(ratios);
    Measured {
        result: format!("{ratio:.2} ×"),
        rounds: ratios.iter().map(|ratio| format!("{ratio:.2}")).collect(),
        bound: format!("under {bound} ×"),
        holds: ratio < bound,
        ..measured
    }
}
