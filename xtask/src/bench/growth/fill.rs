//! Owns filling a shop with orders, by its database's own client, faster than anybody could order.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};

use crate::bench::Bench;
use crate::bench::server::{self, Server};
use crate::bench::servers::Ground;
use crate::clock::{Stopwatch, Took};
use crate::shell::Command;

const SPREAD: &str = include_str!("fill.sql");
/// Orders in one run of the script.
const STEP: u64 = 500_000;
/// The last of this many orders still has its answer.
const ANSWERED: u64 = 10;
/// When the first order was placed, in milliseconds since 1970.
pub(super) const BASE_MS: u64 = 1_735_689_600_000;

/// A shop that can be filled.
pub(in crate::bench) trait Shop {
    /// A server of ours on it, as it is.
    fn open(&self, bench: &Bench) -> Result<Server>;

    /// Has the database's own client run a script.
    fn run(&self, script: &Path) -> Result<()>;

    /// What draws the orders of a step.
    fn drawn(&self) -> &'static str;

    /// The name of the type of bytes.
    fn bytes(&self) -> &'static str;

    /// Leaves it as a database that came to its size in months.
    fn tidy_up(&self) -> Result<()>;
}

/// A shop in one file.
pub(super) struct InFile(PathBuf);

impl InFile {
    /// An empty one.
    pub(super) fn new(bench: &Bench, name: &str) -> Result<Self> {
        let folder = bench.folder.join(name);
        server::clear(&folder)?;
        Ok(Self(folder))
    }

    fn say(&self, words: &str) -> Result<()> {
        let command = Command::new("sqlite3 -batch -bail").path(&self.0.join("mideng.db")).text(words);
        let (text, succeeded) = command.captured_in(&self.0).context("the program of SQLite is needed: sqlite3")?;
        ensure!(succeeded, "`{words}`: {text}");
        Ok(())
    }
}

impl Drop for InFile {
    fn drop(&mut self) {
        let _gone = fs::remove_dir_all(&self.0);
    }
}

impl Shop for InFile {
    fn open(&self, bench: &Bench) -> Result<Server> {
        Server::start(bench, &self.0, "")
    }

    fn run(&self, script: &Path) -> Result<()> {
        self.say(&format!(".read '{}'", script.display()))
    }

    fn drawn(&self) -> &'static str {
        include_str!("drawn.sqlite.sql")
    }

    fn bytes(&self) -> &'static str {
        "blob"
    }

    fn tidy_up(&self) -> Result<()> {
        self.say("pragma wal_checkpoint(truncate)")
    }
}

impl Shop for Ground {
    fn open(&self, bench: &Bench) -> Result<Server> {
        self.node(bench, "node-1", "")
    }

    fn run(&self, script: &Path) -> Result<()> {
        let command = self.database.tool("psql", "-qX -v ON_ERROR_STOP=1 -f")?;
        let (text, succeeded) = command.path(script).text(&self.database.own_url()).captured_in(Path::new("/"))?;
        ensure!(succeeded, "filling: {text}");
        Ok(())
    }

    fn drawn(&self) -> &'static str {
        include_str!("drawn.postgres.sql")
    }

    fn bytes(&self) -> &'static str {
        "bytea"
    }

    /// The statistics are new then, and all of it is on the disk.
    fn tidy_up(&self) -> Result<()> {
        ["vacuum (analyze)", "checkpoint"].into_iter().try_for_each(|sql| say(self, sql).map(|_| ()))
    }
}

/// Adds the orders that are missing to so many, to a shop that a server has seen.
pub(in crate::bench) fn fill(shop: &impl Shop, bench: &Bench, stored: u64, wanted: u64) -> Result<()> {
    let file = bench.folder.join("fill.sql");
    let stopwatch = Stopwatch::start();
    let answered = wanted - wanted / ANSWERED;
    let mut first = stored;
    while first < wanted {
        let behind = (first + STEP).min(wanted);
        let values = [("base", BASE_MS), ("first", first), ("behind", behind), ("answered", answered)];
        let mut script = format!("{}{SPREAD}", shop.drawn()).replace("{bytes}", shop.bytes());
        for (name, value) in values {
            script = script.replace(&format!("{{{name}}}"), &value.to_string());
        }
        fs::write(&file, script).context("writing a script")?;
        shop.run(&file)?;
        first = behind;
        println!("{first} orders after {}", Took(stopwatch.elapsed()));
    }
    shop.tidy_up()?;
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
    let (text, succeeded) = command.text(sql).text(&ground.database.own_url()).captured_in(Path::new("/"))?;
    ensure!(succeeded, "`{sql}`: {text}");
    Ok(text)
}
