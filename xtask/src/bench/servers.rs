//! Owns what is measured on a database server: against a plain client, on one hot product, and by two nodes.

use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Result, ensure};

use super::load::{self, Load};
use super::report::{Measured, count};
use super::server::Server;
use super::{Bench, plain};
use crate::clock::{self, Stopwatch};
use crate::services::{self, Alone, Kind};

/// Connections over which a server is loaded: a crowd, which batches share.
const CROWD: u32 = 256;
const NODES_AT_LEAST: f64 = 0.9;
const START_MAX: Duration = Duration::from_mins(1);

/// A new PostgreSQL makes the files of its log as it goes, 16 MiB of noughts each, and whoever commits then waits for the
/// disk; one that has been up for a while writes over old ones. What is measured is the latter, on both sides.
const RUN_IN: [&str; 4] = [
    "alter system set min_wal_size = '1GB'",
    "select pg_reload_conf()",
    "do $$ begin for i in 1..64 loop
        perform pg_logical_emit_message(false, 'mideng', 'running in'); perform pg_switch_wal();
     end loop; end $$",
    "checkpoint",
];

/// What docs/OPERATIONS.md says of memory and log: with the 128 MB of a new server, the index of keys of a large shop is
/// read from outside of them, page by page, and whoever reads one has to write another out.
const ADVISED: [&str; 3] =
    ["alter system set shared_buffers = '2GB'", "alter system set max_wal_size = '4GB'", "checkpoint"];

/// Against a plain client.
pub(super) struct Rival {
    pub(super) kind: Kind,
    pub(super) products: u32,
    pub(super) at_least: f64,
}

/// A database server in a folder of its own.
pub(super) struct Ground {
    pub(super) database: Alone,
    folder: PathBuf,
}

impl Ground {
    pub(super) fn new(kind: Kind) -> Result<Self> {
        Self::named("bench", kind)
    }

    /// One of several at the same time.
    pub(super) fn named(name: &str, kind: Kind) -> Result<Self> {
        let folder = services::folder(name)?;
        let database = Alone::start(kind, &folder, &folder.join("log"))?;
        if kind == Kind::Postgres {
            for sql in RUN_IN {
                database.ask(sql)?;
            }
        }
        println!("on {}", database.title());
        Ok(Self { database, folder })
    }

    /// A PostgreSQL with the settings that a large shop is advised to have.
    pub(super) fn as_advised(name: &str) -> Result<Self> {
        let mut ground = Self::named(name, Kind::Postgres)?;
        for sql in ADVISED {
            ground.database.ask(sql)?;
        }
        ground.database.kill();
        ground.database.start_again()?;
        // Its port is open before it has read what it wrote last.
        let stopwatch = Stopwatch::start();
        while let Err(error) = ground.database.ask("select 1") {
            ensure!(stopwatch.elapsed() < START_MAX, "it does not start: {error}");
            clock::pause(Duration::from_millis(100));
        }
        Ok(ground)
    }

    /// A server of ours on an empty database.
    pub(super) fn fresh(&self, bench: &Bench) -> Result<Server> {
        self.database.empty()?;
        self.node(bench, "node-1", "")
    }

    /// A server of ours on the database as it is.
    pub(super) fn node(&self, bench: &Bench, name: &str, flags: &str) -> Result<Server> {
        let flags = format!("--database-url {} {flags}", self.database.own_url());
        Server::start(bench, &bench.folder.join(name), &flags)
    }
}

impl Drop for Ground {
    fn drop(&mut self) {
        self.database.kill();
        let _gone = std::fs::remove_dir_all(&self.folder);
    }
}

impl Rival {
    pub(super) fn measure(&self, name: &str, bench: &Bench) -> Result<Measured> {
        let ground = Ground::new(self.kind)?;
        let mut rounds = Vec::new();
        for round in 1..=bench.rounds {
            let server = ground.fresh(bench)?;
            let ours = load::run(bench, &server, crowd(bench, self.products), true)?.orders_per_second;
            server.stop()?;
            let server = ground.fresh(bench)?;
            load::run(bench, &server, Load { connections: 1, seconds: 1, ..crowd(bench, self.products) }, true)?;
            server.stop()?;
            let plain = plain::run(bench, &ground.database, self.products)?;
            println!("round {round}: {} and {} orders/s, ratio {:.2}", count(ours), count(plain), ours / plain);
            rounds.push((ours, plain));
        }
        let products = match self.products {
            1 => "one product".to_owned(),
            products => format!("{} products", count(f64::from(products))),
        };
        let sides = [format!("over HTTP, {products}"), "one transaction an order, 32 connections".to_owned()];
        Ok(Measured::ratio(name, sides, &rounds, self.at_least))
    }
}

/// Two nodes on one database, together, against one alone.
pub(super) fn nodes(name: &str, bench: &Bench) -> Result<Measured> {
    let ground = Ground::new(Kind::Postgres)?;
    let mut rounds = Vec::new();
    for round in 1..=bench.rounds {
        let first = ground.fresh(bench)?;
        let second = ground.node(bench, "node-2", "")?;
        let half = Load { connections: CROWD / 2, ..crowd(bench, 1_000) };
        // The products first, so that neither waits for the other's.
        let first_steps = Load { connections: 1, seconds: 1, ..half };
        load::run(bench, &first, first_steps, true)?;
        let before = ground.database.count("orders")?;
        let (one, two) = std::thread::scope(|scope| {
            let one = scope.spawn(|| load::run(bench, &first, half, false));
            let two = load::run(bench, &second, half, false);
            let one = one.join().map_err(|_| anyhow::anyhow!("a load panicked"))?;
            anyhow::Ok((one?, two?))
        })?;
        first.stop()?;
        second.stop()?;
        let (told, there) = (one.total_executed + two.total_executed, ground.database.count("orders")? - before);
        ensure!(told == there, "the two nodes told of {told} orders, and {there} are there");
        let both = one.orders_per_second + two.orders_per_second;
        let server = ground.fresh(bench)?;
        load::run(bench, &server, first_steps, true)?;
        let alone = load::run(bench, &server, crowd(bench, 1_000), true)?.orders_per_second;
        server.stop()?;
        println!("round {round}: {} and {} orders/s, ratio {:.2}", count(both), count(alone), both / alone);
        rounds.push((both, alone));
    }
    let sides = ["two nodes, 128 connections each".to_owned(), "one node, 256 connections".to_owned()];
    Ok(Measured::ratio(name, sides, &rounds, NODES_AT_LEAST))
}

pub(super) fn crowd(bench: &Bench, skus: u32) -> Load {
    Load { connections: CROWD, skus, seconds: bench.seconds, ..Load::default() }
}
