//! Owns what people cost: their orders beside those of an API key, what is asked of Redis for them, orders while many log in,
//! and how soon an ended session is over on every node. On PostgreSQL with Redis, as several nodes are run.

use std::path::PathBuf;

use anyhow::{Context, Result};
use serde::Deserialize;
use serde::de::DeserializeOwned;

use super::Bench;
use super::report::{Measured, count, median};
use super::server::{API_KEY, Server};
use super::servers::Ground;
use crate::services::{self, Single};
use crate::shell::Command;

/// Orders a second by tokens over those by a key: a tenth more time.
const ORDERS_AT_LEAST: f64 = 0.91;
const QUESTIONS_AT_MOST: f64 = 1.0;
const LOG_INS_AT_MOST: f64 = 2.0;
/// Orders a second while twenty look on, over those while nobody does.
const WATCHED_AT_LEAST: f64 = 0.95;
/// From the answer of the node that ended it, at the slowest.
const REVOKED_AT_MOST_MS: f64 = 1_000.0;
const NODES: usize = 3;

/// A database server, and a Redis that nobody else asks.
struct Place {
    ground: Ground,
    redis: Single,
    folder: PathBuf,
}

#[derive(Deserialize)]
struct Orders {
    turns: Vec<OrdersTurn>,
}

#[derive(Deserialize)]
struct OrdersTurn {
    key_per_second: f64,
    token_per_second: f64,
}

#[derive(Deserialize)]
struct Misses {
    requests: f64,
    forgotten: f64,
    late: f64,
    questions: f64,
    puts: f64,
}

#[derive(Deserialize)]
struct LogIns {
    rate: f64,
    turns: Vec<LogInsTurn>,
}

#[derive(Deserialize)]
struct LogInsTurn {
    alone_p99_us: f64,
    with_p99_us: f64,
    log_ins_seconds: f64,
}

#[derive(Deserialize)]
struct Watched {
    tabs: u32,
    turns: Vec<WatchedTurn>,
}

#[derive(Deserialize)]
struct WatchedTurn {
    watched_per_second: f64,
    alone_per_second: f64,
}

#[derive(Deserialize)]
struct Revoked {
    rate: f64,
    refusals: f64,
    p50_us: f64,
    p99_us: f64,
    max_us: f64,
}

/// Orders by access tokens beside orders by a key.
pub(super) fn orders(name: &str, bench: &Bench) -> Result<Measured> {
    Ok(told_of_orders(name, "PostgreSQL and Redis", &Place::new()?.rounds(bench, 1, &turns(bench))?))
}

/// The same where there is no Redis: whoever is forgotten is looked up in the database.
pub(super) fn orders_on_sqlite(name: &str, bench: &Bench) -> Result<Measured> {
    let rounds = (1..=bench.rounds).map(|round| {
        let server = Server::start_fresh(bench, "")?;
        let figures = ask(bench, &server, &turns(bench), round)?;
        server.stop()?;
        Ok(figures)
    });
    Ok(told_of_orders(name, "SQLite", &rounds.collect::<Result<Vec<_>>>()?))
}

impl Place {
    fn new() -> Result<Self> {
        let folder = services::folder("bench-redis")?;
        let redis = Single::start(&folder)?;
        let place = Self { ground: Ground::as_advised("bench")?, redis, folder };
        println!("with {}", place.redis.title);
        Ok(place)
    }

    /// One case, each round on an empty database with so many nodes.
    fn rounds<T: DeserializeOwned>(&self, bench: &Bench, nodes: usize, words: &str) -> Result<Vec<T>> {
        (1..=bench.rounds)
            .map(|round| {
                self.ground.database.empty()?;
                let flags = format!("--redis-url {}", self.redis.url);
                let nodes = (1..=nodes).map(|node| self.ground.node(bench, &format!("node-{node}"), &flags));
                let nodes = nodes.collect::<Result<Vec<_>>>()?;
                let others = nodes[1..].iter().map(|node| format!("--other {}", node.url())).collect::<Vec<_>>();
                let figures = ask(bench, &nodes[0], &format!("{words} {}", others.join(" ")), round)?;
                nodes.into_iter().try_for_each(Server::stop)?;
                Ok(figures)
            })
            .collect()
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let _gone = std::fs::remove_dir_all(&self.folder);
    }
}

/// Many short turns: the machine is another one ten seconds later.
fn turns(bench: &Bench) -> String {
    format!("orders --seconds 2 --turns {}", bench.seconds.max(2))
}

fn ask<T: DeserializeOwned>(bench: &Bench, server: &Server, words: &str, round: u32) -> Result<T> {
    let command = Command::of(&bench.binary).words(&format!("bench-sessions --url {} {words}", server.url())).bare();
    let output = command.env("MIDENG_API_KEY", API_KEY).output_in(&bench.folder)?;
    println!("round {round}: {}", output.trim());
    serde_json::from_str(&output).with_context(|| format!("reading the output of `mideng bench-sessions {words}`"))
}

fn told_of_orders(name: &str, on: &str, rounds: &[Orders]) -> Measured {
    let turns = || rounds.iter().flat_map(|round| &round.turns);
    let of = |side: fn(&OrdersTurn) -> f64| count(median(&turns().map(side).collect::<Vec<_>>()));
    let ratios: Vec<f64> = turns().map(|turn| turn.token_per_second / turn.key_per_second).collect();
    Measured {
        name: name.to_owned(),
        one: format!("64 people by their access tokens, on {on}: {} orders/s", of(|turn| turn.token_per_second)),
        other: format!("the same orders by an API key: {} orders/s", of(|turn| turn.key_per_second)),
        result: format!("{:.2} ×", median(&ratios)),
        rounds: ratios.iter().map(|ratio| format!("{ratio:.2}")).collect(),
        bound: format!("at least {ORDERS_AT_LEAST} ×"),
        holds: median(&ratios) >= ORDERS_AT_LEAST,
        surroundings: String::new(),
    }
}

/// How often Redis is asked. Each round holds for itself: a question too many is one.
pub(super) fn misses(name: &str, bench: &Bench) -> Result<Measured> {
    let place = Place::new()?;
    let rounds: Vec<Misses> = place.rounds(bench, 1, &format!("misses --redis-url {}", place.redis.url))?;
    let sum = |of: fn(&Misses) -> f64| rounds.iter().map(of).sum::<f64>();
    let each: Vec<f64> = rounds.iter().map(|round| round.questions / (round.forgotten + round.late)).collect();
    let most = each.iter().copied().fold(0.0, f64::max);
    Ok(Measured {
        name: name.to_owned(),
        one: format!(
            "{} requests, of them {} of sessions that were forgotten",
            count(sum(|it| it.requests)),
            count(sum(|it| it.forgotten + it.late))
        ),
        other: format!(
            "Redis was asked {} times, and given {} sessions that were read from the database",
            count(sum(|it| it.questions)),
            count(sum(|it| it.puts))
        ),
        result: format!("{most:.2} questions for each that was forgotten"),
        rounds: each.iter().map(|each| format!("{each:.2}")).collect(),
        bound: format!("at most {QUESTIONS_AT_MOST}"),
        holds: most <= QUESTIONS_AT_MOST,
        surroundings: String::new(),
    })
}

/// How long orders wait while many log in.
pub(super) fn log_ins(name: &str, bench: &Bench) -> Result<Measured> {
    let rounds: Vec<LogIns> = Place::new()?.rounds(bench, 1, "log-ins")?;
    let turns = || rounds.iter().flat_map(|round| &round.turns);
    let of = |side: fn(&LogInsTurn) -> f64| median(&turns().map(side).collect::<Vec<_>>());
    let ratios: Vec<f64> = turns().map(|turn| turn.with_p99_us / turn.alone_p99_us).collect();
    let rate = count(median(&rounds.iter().map(|round| round.rate).collect::<Vec<_>>()));
    Ok(Measured {
        name: name.to_owned(),
        one: format!(
            "an order, p99 at {rate} a second, a quarter of the speed, while 200 log in at once, for {:.1} s: {:.0} µs",
            of(|turn| turn.log_ins_seconds),
            of(|turn| turn.with_p99_us)
        ),
        other: format!("while nobody logs in: {:.0} µs", of(|turn| turn.alone_p99_us)),
        result: format!("{:.2} ×", median(&ratios)),
        rounds: ratios.iter().map(|ratio| format!("{ratio:.2}")).collect(),
        bound: format!("at most {LOG_INS_AT_MOST} ×"),
        holds: median(&ratios) <= LOG_INS_AT_MOST,
        surroundings: String::new(),
    })
}

/// What operators cost who look on.
pub(super) fn watched(name: &str, bench: &Bench) -> Result<Measured> {
    let words = format!("watched --turns {}", bench.seconds.max(2));
    let rounds = (1..=bench.rounds).map(|round| {
        let server = Server::start_fresh(bench, "")?;
        let figures: Watched = ask(bench, &server, &words, round)?;
        server.stop()?;
        Ok(figures)
    });
    let rounds: Vec<Watched> = rounds.collect::<Result<_>>()?;
    let turns = || rounds.iter().flat_map(|round| &round.turns);
    let of = |side: fn(&WatchedTurn) -> f64| count(median(&turns().map(side).collect::<Vec<_>>()));
    let ratios: Vec<f64> = turns().map(|turn| turn.watched_per_second / turn.alone_per_second).collect();
    let tabs = rounds.first().map_or(0, |round| round.tabs);
    Ok(Measured {
        name: name.to_owned(),
        one: format!("orders while {tabs} overviews are open, on SQLite: {} orders/s", of(|it| it.watched_per_second)),
        other: format!("while none is: {} orders/s", of(|it| it.alone_per_second)),
        result: format!("{:.2} ×", median(&ratios)),
        rounds: ratios.iter().map(|ratio| format!("{ratio:.2}")).collect(),
        bound: format!("at least {WATCHED_AT_LEAST} ×"),
        holds: median(&ratios) >= WATCHED_AT_LEAST,
        surroundings: String::new(),
    })
}

/// How soon an ended session is refused by other nodes. The slowest of all counts.
pub(super) fn revoked(name: &str, bench: &Bench) -> Result<Measured> {
    let rounds: Vec<Revoked> = Place::new()?.rounds(bench, NODES, "revoked")?;
    let of = |side: fn(&Revoked) -> f64| rounds.iter().map(side).collect::<Vec<_>>();
    let most = |side: fn(&Revoked) -> f64| of(side).into_iter().fold(0.0, f64::max) / 1_000.0;
    let slowest = most(|it| it.max_us);
    Ok(Measured {
        name: name.to_owned(),
        one: format!(
            "{} refusals by the two other nodes, p99 {:.1} ms, p50 {:.1} ms behind the answer of the first",
            count(of(|it| it.refusals).iter().sum()),
            most(|it| it.p99_us),
            median(&of(|it| it.p50_us)) / 1_000.0
        ),
        other: format!("while {} orders a second go to all three", count(median(&of(|it| it.rate)))),
        result: format!("{slowest:.1} ms at the slowest"),
        rounds: of(|it| it.max_us).iter().map(|max| format!("{:.1}", max / 1_000.0)).collect(),
        bound: format!("under {REVOKED_AT_MOST_MS} ms"),
        holds: slowest < REVOKED_AT_MOST_MS,
        surroundings: String::new(),
    })
}
