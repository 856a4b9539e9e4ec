//! Owns what is measured of the search for orders: how much longer it takes among a million than among ten thousand.

use anyhow::Result;

use super::fill::{InFile, Shop, fill};
use super::lists::{self, Kind};
use crate::bench::Bench;
use crate::bench::report::Measured;
use crate::bench::servers::Ground;

const SIZES: [u64; 2] = [10_000, 1_000_000];
const AT_MOST: f64 = 3.0;

/// On PostgreSQL.
pub(in crate::bench) fn on_postgres(name: &str, bench: &Bench) -> Result<Measured> {
    measure(name, bench, &Ground::as_advised("small")?, &Ground::as_advised("grown")?)
}

/// On SQLite.
pub(in crate::bench) fn on_sqlite(name: &str, bench: &Bench) -> Result<Measured> {
    measure(name, bench, &InFile::new(bench, "small")?, &InFile::new(bench, "grown")?)
}

/// Both shops are asked in turns: a second here is not as long as one twenty minutes ago.
fn measure<S: Shop>(name: &str, bench: &Bench, small: &S, grown: &S) -> Result<Measured> {
    let shops = [small, grown];
    for (shop, size) in shops.into_iter().zip(SIZES) {
        shop.open(bench)?.stop()?;
        fill(shop, bench, 0, size)?;
    }
    let mut pages = [Vec::new(), Vec::new()];
    for _ in 1..=bench.rounds {
        for ((shop, size), pages) in shops.into_iter().zip(SIZES).zip(&mut pages) {
            let server = shop.open(bench)?;
            pages.push(lists::measure(&server, size, &Kind::SEARCHES)?);
            server.stop()?;
        }
    }
    let [few, many] = pages.map(|pages| lists::medians(&pages));
    Ok(lists::compared(name, (SIZES[0], &few), (SIZES[1], &many), AT_MOST))
}
