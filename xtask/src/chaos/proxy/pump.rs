//! Owns moving bytes in one direction, and what the weather does to them.

use std::io::{Read as _, Write as _};
use std::net::{Shutdown, TcpStream};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use super::commit::Commits;
use super::{Pair, Shared, Weather};
use crate::clock;

const PIECE_BYTES: usize = 16 * 1_024;

/// What becomes of a piece with a COMMIT in it.
#[derive(PartialEq, Eq)]
enum Fate {
    Passes,
    Lost,
    Late(Duration),
}

/// From the server to the database.
pub(super) fn requests(shared: &Shared, pair: &Pair) {
    let mut commits = Commits::default();
    pump(&pair.client, &pair.database, |piece| {
        let weather = shared.weather_for(piece);
        let fate = if commits.are_in(piece) { shared.fate(weather, pair) } else { Fate::Passes };
        match fate {
            Fate::Passes => (&pair.database).write_all(piece).is_ok(),
            Fate::Lost => false,
            Fate::Late(pause) => {
                let _cut = pair.client.shutdown(Shutdown::Both);
                clock::pause(pause);
                let _sent = (&pair.database).write_all(piece);
                // The database must not see the end of the connection before it has read what came last.
                clock::pause(pause);
                false
            }
        }
    });
    pair.close();
}

/// From the database to the server.
pub(super) fn answers(shared: &Shared, pair: &Pair) {
    pump(&pair.database, &pair.client, |piece| {
        if pair.drops_reply.load(Ordering::SeqCst) {
            shared.hits.replies_dropped.fetch_add(1, Ordering::Relaxed);
            return false;
        }
        shared.weather_for(piece);
        // Where the client is cut off, the rest of what it sent still goes its way.
        (&pair.client).write_all(piece).is_ok() || pair.is_cut_late()
    });
    pair.close();
}

/// Reads until the end, or until `pass` has enough.
fn pump(mut from: &TcpStream, to: &TcpStream, mut pass: impl FnMut(&[u8]) -> bool) {
    let mut buffer = vec![0; PIECE_BYTES];
    loop {
        match from.read(&mut buffer) {
            Ok(0) | Err(_) => break,
            Ok(length) if !pass(&buffer[..length]) => break,
            Ok(_) => {}
        }
    }
    let _ended = to.shutdown(Shutdown::Write);
}

impl Shared {
    /// Holds a piece back as the weather has it; gives the weather in which it goes on.
    fn weather_for(&self, piece: &[u8]) -> Weather {
        if *super::locked(&self.weather) == Weather::Silent {
            self.hits.held.fetch_add(1, Ordering::Relaxed);
        }
        let weather = self.wait_while_silent();
        let pause = match weather {
            Weather::Delayed(pause) => pause,
            Weather::Throttled(bytes) => {
                let length = u32::try_from(piece.len()).unwrap_or(u32::MAX);
                Duration::from_secs_f64(f64::from(length) / f64::from(bytes.max(1)))
            }
            _ => return weather,
        };
        self.hits.delayed.fetch_add(1, Ordering::Relaxed);
        clock::pause(pause);
        weather
    }

    fn fate(&self, weather: Weather, pair: &Pair) -> Fate {
        self.hits.commits.fetch_add(1, Ordering::Relaxed);
        match weather {
            Weather::CommitCut if every_second(&self.hits.commits_cut, &self.turn) => Fate::Lost,
            Weather::CommitLate(pause) if every_second(&self.hits.commits_late, &self.turn) => {
                pair.is_late.store(true, Ordering::SeqCst);
                Fate::Late(pause)
            }
            Weather::ReplyDropped => {
                // Counted where the reply is dropped.
                if self.turn.fetch_add(1, Ordering::Relaxed).is_multiple_of(2) {
                    pair.drops_reply.store(true, Ordering::SeqCst);
                }
                Fate::Passes
            }
            _ => Fate::Passes,
        }
    }
}

impl Pair {
    fn is_cut_late(&self) -> bool {
        self.is_late.load(Ordering::SeqCst)
    }
}

/// True every second time, which is counted.
fn every_second(hits: &AtomicU64, turn: &AtomicU64) -> bool {
    let hit = turn.fetch_add(1, Ordering::Relaxed).is_multiple_of(2);
    hits.fetch_add(u64::from(hit), Ordering::Relaxed);
    hit
}
