//! Owns filling PostgreSQL with orders, by its own client, faster than anybody could order.

use std::fs;

use anyhow::{Context, Result, ensure};

use crate::bench::Bench;
use crate::bench::servers::Ground;
use crate::clock::{Stopwatch, Took};

const SCRIPT: &str = include_str!("fill.sql");
/// Orders in one run of the script.
const STEP: u64 = 500_000;
/// The last of this many orders still has its answer.
const ANSWERED: u64 = 10;

/// Adds the orders that are missing to so many. The statistics are new then, and all of it is on the disk: what is
/// measured is a shop that came to this size in months.
pub(in crate::bench) fn fill(ground: &Ground, bench: &Bench, stored: u64, wanted: u64) -> Result<()> {
    let file = bench.folder.join("fill.sql");
    fs::write(&file, SCRIPT).context("writing a script")?;
    let stopwatch = Stopwatch::start();
    let answered = wanted - wanted / ANSWERED;
    let mut first = stored;
    while first < wanted {
        let behind = (first + STEP).min(wanted);
        let words = format!("-qX -v ON_ERROR_STOP=1 -v first={first} -v behind={behind} -v answered={answered} -f");
        let command = ground.database.tool("psql", &words)?.path(&file).text(&ground.database.own_url());
        let (text, succeeded) = command.captured_in(&bench.folder)?;
        ensure!(succeeded, "filling: {text}");
        first = behind;
        println!("{first} orders after {}", Took(stopwatch.elapsed()));
    }
    for sql in ["vacuum (analyze)", "checkpoint"] {
        say(ground, sql)?;
    }
    println!("tidied up after {}", Took(stopwatch.elapsed()));
    Ok(())
}

/// How many answers of orders that were filled in are still there.
pub(super) fn answers(ground: &Ground) -> Result<u64> {
    let text = say(ground, "select count(*) from key_records where completed_at < 1767225600000")?;
    text.trim().parse().with_context(|| format!("counting answers: {text}"))
}

fn say(ground: &Ground, sql: &str) -> Result<String> {
    let command = ground.database.tool("psql", "-qAtX -v ON_ERROR_STOP=1 -c")?;
    let (text, succeeded) =
        command.text(sql).text(&ground.database.own_url()).captured_in(std::path::Path::new("/"))?;
    ensure!(succeeded, "`{sql}`: {text}");
    Ok(text)
}
