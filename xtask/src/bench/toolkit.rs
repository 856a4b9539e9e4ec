//! Owns what is measured of the libraries by themselves: locks, limits and the layer for keys. The measuring is done by
//! their examples; a round is one run of one of them, in which both sides follow each other.

use std::fs;
use std::path::Path;

use anyhow::{Context as _, Result};
use serde_json::Value;

use super::Bench;
use super::report::{Measured, count, median};
use crate::services::{self, Single};
use crate::shell::{self, Command};

/// One comparison.
pub(super) struct Probe {
    /// Which program measures, and what it is told.
    program: &'static str,
    on_redis: bool,
    /// The labels of the two sides.
    sides: [fn(&Figures) -> String; 2],
    result: fn(&Figures) -> f64,
    bound: Bound,
}

enum Bound {
    /// So many times the other side.
    Times(f64),
    /// Percent that are lost, under so many.
    LostPercent(f64),
    /// Nanoseconds, under so many.
    Nanoseconds(f64),
}

/// What a run printed, or the median of several.
pub(super) struct Figures(Vec<Value>);

/// Two questions make a lock that is taken and given back.
pub(super) static REDIS_LOCK: Probe = Probe {
    program: "speed redis-lock",
    on_redis: true,
    sides: [
        |it| {
            let (alone, shared) = (count(it.of("alone")), count(it.of("shared")));
            format!("64 connections, lock and unlock: {alone} a second (over one connection for all: {shared})")
        },
        |it| format!("redis-benchmark, 64 connections, EVALSHA: {} a second", count(it.of("scripts"))),
    ],
    result: |it| it.of("alone") / (it.of("scripts") / 2.0),
    bound: Bound::Times(0.8),
};

pub(super) static STRIPED_LOCK: Probe = Probe {
    program: "speed striped-lock",
    on_redis: false,
    sides: [
        |it| format!("64 tasks, 16 keys, 1 ms of work: {} turns a second", count(it.of("striped"))),
        |it| format!("one mutex: {} turns a second", count(it.of("global"))),
    ],
    result: |it| it.of("striped") / it.of("global"),
    bound: Bound::Times(5.0),
};

pub(super) static GCRA: Probe = Probe {
    program: "speed gcra",
    on_redis: false,
    sides: [|_| "a check, 1,000 names".to_owned(), |it| format!("behind the trait: {:.0} ns", it.of("dynamic_ns"))],
    result: |it| it.of("direct_ns"),
    bound: Bound::Nanoseconds(300.0),
};

pub(super) static LAYER: Probe = Probe {
    program: "cost layer",
    on_redis: false,
    sides: [
        |it| format!("a new key for each request, kept in memory: {} requests a second", count(it.of("with"))),
        |it| format!("without the layer: {} requests a second", count(it.of("without"))),
    ],
    result: |it| (it.of("without") / it.of("with") - 1.0) * 100.0,
    bound: Bound::LostPercent(25.0),
};

pub(super) static REPLAY: Probe = Probe {
    program: "cost replay-sqlite",
    on_redis: false,
    sides: [
        |it| format!("kept answers: {} a second", count(it.of("with"))),
        |it| format!("a handler that reads one row by its key: {} a second", count(it.of("without"))),
    ],
    result: |it| it.of("with") / it.of("without"),
    bound: Bound::Times(0.7),
};

impl Probe {
    pub(super) fn measure(&self, name: &str, bench: &Bench) -> Result<Measured> {
        let examples = shell::dist_examples(&bench.root)?;
        let folder = services::folder("bench-redis")?;
        let redis = if self.on_redis { Some(Single::start(&folder)?) } else { None };
        if let Some(redis) = &redis {
            println!("on {}", redis.title);
        }
        let rounds = (1..=bench.rounds)
            .map(|round| {
                let figures = Figures(vec![self.run(&examples, redis.as_ref(), bench)?]);
                println!("round {round}: {}", self.bound.tell((self.result)(&figures)));
                Ok(figures)
            })
            .collect::<Result<Vec<_>>>()?;
        drop(redis);
        fs::remove_dir_all(&folder).with_context(|| format!("removing {}", folder.display()))?;
        let results: Vec<_> = rounds.iter().map(self.result).collect();
        let all = Figures(rounds.into_iter().flat_map(|round| round.0).collect());
        let result = median(&results);
        Ok(Measured {
            name: name.to_owned(),
            one: (self.sides[0])(&all),
            other: (self.sides[1])(&all),
            result: self.bound.tell(result),
            rounds: results.iter().map(|result| self.bound.number(*result)).collect(),
            bound: self.bound.to_text(),
            holds: self.bound.holds(result),
            surroundings: String::new(),
        })
    }

    fn run(&self, examples: &Path, redis: Option<&Single>, bench: &Bench) -> Result<Value> {
        let (program, words) = self.program.split_once(' ').context("a program and what it is told")?;
        let command = Command::of(&examples.join(program)).words(words);
        let command = redis.iter().fold(command, |command, redis| command.text(&redis.url));
        let output = command.output_in(&bench.folder)?;
        serde_json::from_str(&output).with_context(|| format!("reading the output of {}: {output}", self.program))
    }
}

impl Figures {
    fn of(&self, name: &str) -> f64 {
        let values: Vec<_> = self.0.iter().map(|round| round[name].as_f64().unwrap_or(f64::NAN)).collect();
        median(&values)
    }
}

impl Bound {
    fn holds(&self, result: f64) -> bool {
        match *self {
            Self::Times(least) => result >= least,
            Self::LostPercent(most) | Self::Nanoseconds(most) => result < most,
        }
    }

    fn number(&self, result: f64) -> String {
        match self {
            Self::Times(_) => format!("{result:.2}"),
            Self::LostPercent(_) | Self::Nanoseconds(_) => format!("{result:.0}"),
        }
    }

    fn tell(&self, result: f64) -> String {
        let unit = match self {
            Self::Times(_) => " ×",
            Self::LostPercent(_) => " % more time",
            Self::Nanoseconds(_) => " ns",
        };
        format!("{}{unit}", self.number(result))
    }

    fn to_text(&self) -> String {
        match self {
            Self::Times(least) => format!("at least {least} ×"),
            Self::LostPercent(most) => format!("under {most} %"),
            Self::Nanoseconds(most) => format!("under {most} ns"),
        }
    }
}
