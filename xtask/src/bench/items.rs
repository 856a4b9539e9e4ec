//! Owns the table of measurements: what is compared with what, and the bound.

use anyhow::Result;

use super::pairs::{Database, Pair, Side};
use super::report::Measured;
use super::servers::{self, Rival};
use super::toolkit::Probe;
use super::{Bench, floor, growth, million, payments, sessions, slowest, toolkit};
use crate::services::Kind;

/// One measurement.
pub(super) struct Item {
    pub(super) name: &'static str,
    pub(super) question: &'static str,
    how: How,
}

enum How {
    /// Orders per second of one side over those of another, at least so much.
    Pair(Pair),
    /// The same over those of a plain client of the same database.
    Rival(Rival),
    Growth,
    /// Of a library of ours, without a server.
    Probe(&'static Probe),
    /// One line that is measured in its own way.
    Line(fn(&str, &Bench) -> Result<Measured>),
}

/// What most sides are: 64 connections, a thousand products, an empty database, nothing set.
const USUAL: Side = Side { label: "as it is", flags: "", connections: 64, skus: 1_000, database: Database::Empty };

pub(super) const ITEMS: &[Item] = &[
    Item {
        name: "batches",
        question: "what do batches bring?",
        how: How::Pair(Pair {
            at_least: 4.0,
            one: USUAL,
            other: Side { label: "batches of one", flags: "--batch-commands-max 1", ..USUAL },
        }),
    },
    Item {
        name: "batches-slow-disk",
        question: "and where each commit takes 1 ms longer, as on a cloud disk?",
        how: How::Pair(Pair {
            at_least: 10.0,
            one: Side { label: "commits 1 ms slower", flags: "--commit-delay-us 1000", ..USUAL },
            other: Side {
                label: "the same in batches of one",
                flags: "--commit-delay-us 1000 --batch-commands-max 1",
                ..USUAL
            },
        }),
    },
    Item {
        name: "storage",
        question: "what does the database cost?",
        how: How::Pair(Pair {
            at_least: 0.4,
            one: USUAL,
            other: Side {
                label: "a storage that forgets",
                flags: "--storage discard",
                database: Database::Products,
                ..USUAL
            },
        }),
    },
    Item {
        name: "hot-product",
        question: "what if everybody wants the same product?",
        how: How::Pair(Pair {
            at_least: 0.9,
            one: Side { label: "one product", skus: 1, ..USUAL },
            other: Side { label: "a thousand products", ..USUAL },
        }),
    },
    Item {
        name: "million",
        question: "what if a million orders are stored already, and how much memory does that take?",
        how: How::Pair(Pair {
            at_least: 0.8,
            one: Side { label: "1,000,000 orders stored", database: Database::Million, ..USUAL },
            other: Side { label: "none stored", ..USUAL },
        }),
    },
    Item { name: "start", question: "how long is a start on a million orders?", how: How::Line(million::start) },
    Item {
        name: "alone",
        question: "how long does one client wait that sends one request at a time?",
        how: How::Line(floor::alone),
    },
    Item {
        name: "postgres",
        question: "what do batches bring on PostgreSQL, against its own pgbench?",
        how: How::Rival(Rival { kind: Kind::Postgres, products: 1_000, at_least: 3.5 }),
    },
    Item {
        name: "postgres-hot",
        question: "and where everybody wants the same product?",
        how: How::Rival(Rival { kind: Kind::Postgres, products: 1, at_least: 8.0 }),
    },
    Item {
        name: "postgres-p99",
        question: "how long do the slowest wait at half of the speed, against an empty route?",
        how: How::Line(slowest::p99),
    },
    Item {
        name: "nodes",
        question: "what do two nodes on one PostgreSQL cost, on the same cores?",
        how: How::Line(servers::nodes),
    },
    Item {
        name: "mariadb",
        question: "what do batches bring on MariaDB, against its own mariadb-slap?",
        how: How::Rival(Rival { kind: Kind::Mariadb, products: 1_000, at_least: 4.0 }),
    },
    Item {
        name: "growth",
        question: "what if ten million orders are stored in PostgreSQL, and while old answers are purged?",
        how: How::Growth,
    },
    Item {
        name: "search-postgres",
        question: "how much longer is an order looked for among a million than among ten thousand, on PostgreSQL?",
        how: How::Line(growth::search_on_postgres),
    },
    Item { name: "search-sqlite", question: "and on SQLite?", how: How::Line(growth::search_on_sqlite) },
    Item {
        name: "callbacks",
        question: "how long does a callback wait for its answer, beside an order?",
        how: How::Line(payments::callbacks),
    },
    Item {
        name: "callbacks-again",
        question: "what does a callback cost that comes a thousand times?",
        how: How::Line(payments::duplicates),
    },
    Item { name: "relay", question: "how fast do messages go out?", how: How::Line(payments::relay) },
    Item {
        name: "relay-outage",
        question: "and when the provider was away for five minutes?",
        how: How::Line(payments::outage),
    },
    Item {
        name: "sessions",
        question: "what do access tokens cost who orders, beside an API key?",
        how: How::Line(sessions::orders),
    },
    Item {
        name: "sessions-sqlite",
        question: "and on one node without Redis?",
        how: How::Line(sessions::orders_on_sqlite),
    },
    Item {
        name: "sessions-misses",
        question: "how often is Redis asked who somebody is?",
        how: How::Line(sessions::misses),
    },
    Item {
        name: "sessions-log-ins",
        question: "how long do orders wait while two hundred log in at once?",
        how: How::Line(sessions::log_ins),
    },
    Item {
        name: "sessions-revoked",
        question: "how soon do other nodes refuse a session that was ended?",
        how: How::Line(sessions::revoked),
    },
    Item {
        name: "console-watched",
        question: "what does it cost those who order that twenty operators look on?",
        how: How::Line(sessions::watched),
    },
    Item {
        name: "redis-lock",
        question: "what does a lock on Redis cost, beside Redis's own answers?",
        how: How::Probe(&toolkit::REDIS_LOCK),
    },
    Item {
        name: "striped-lock",
        question: "what does one lock for each of 16 keys bring, against one for all?",
        how: How::Probe(&toolkit::STRIPED_LOCK),
    },
    Item { name: "gcra", question: "what does a rate limit cost in the process?", how: How::Probe(&toolkit::GCRA) },
    Item {
        name: "layer",
        question: "what does the layer for keys cost a cheap handler, over HTTP?",
        how: How::Probe(&toolkit::LAYER),
    },
    Item {
        name: "replay-sqlite",
        question: "how fast are kept answers given again from SQLite, against reading one row?",
        how: How::Probe(&toolkit::REPLAY),
    },
];

impl Item {
    /// Whether the whole server has to be built for it.
    pub(super) const fn needs_server(&self) -> bool {
        !matches!(self.how, How::Probe(_))
    }

    /// Measures, and has each line kept.
    pub(super) fn measure(&self, bench: &Bench, keep: &mut dyn FnMut(Measured) -> Result<()>) -> Result<()> {
        match &self.how {
            How::Pair(pair) => pair.measure(self.name, bench)?.into_iter().try_for_each(keep),
            How::Rival(rival) => keep(rival.measure(self.name, bench)?),
            How::Growth => growth::measure(bench, keep),
            How::Probe(probe) => keep(probe.measure(self.name, bench)?),
            How::Line(measure) => keep(measure(self.name, bench)?),
        }
    }
}
