//! Owns a database behind a network, whichever it is: connections of our own, transactions on them, and time limits on
//! everything, since a server may be away in more ways than one.
//!
//! Batches never go through sqlx's pool: in 0.9 a future that is dropped while `pool.begin()` runs gives a connection
//! back inside an open transaction, and what is "committed" on it later is lost (transact-rs/sqlx#4385, #4393).

mod line;
mod transaction;

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use engine::Fault;

use super::Place;
use crate::Error;
use crate::found::{Found, Intent};
use crate::set::{Find, Rows, Value};

use line::Lines;
pub(crate) use transaction::{Batch, Reading};

/// How long a server may take for one statement. Its own limits are shorter, so that mostly it is the server that says
/// what was too slow; this is for a server, or a network, that says nothing.
pub(crate) const ANSWER_MAX: Duration = Duration::from_secs(7);
/// How long a server lets a node that starts wait for another.
pub(super) const TURN_WAIT: Duration = Duration::from_mins(1);
/// How long a list, or a transaction, waits for a connection.
pub(super) const ACQUIRED_WITHIN: Duration = Duration::from_secs(5);
/// How many lists are read at once; and beside them, one connection for administration.
pub(super) const LISTERS: u32 = 8;
/// How many locks are asked for at once.
pub(super) const LOCKERS: u32 = 4;
/// How long a connection that is given back to a pool may take to show that it is sound.
pub(super) const SOUND_WITHIN: Duration = Duration::from_secs(2);
/// How many batches are written at once, how many purges and counts, and how many objects are read.
const WRITERS: usize = 12;
const ASIDE: usize = 4;
const READERS: usize = 8;

/// What a connection is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mode {
    Write,
    Read,
}

/// What differs between the databases that are behind a network.
pub(crate) trait Remote: Clone + fmt::Debug + Send + Sync + 'static {
    /// A connection.
    type Connection: fmt::Debug + Send;

    /// Opens a connection and sets it up.
    fn connect(&self, mode: Mode) -> impl Future<Output = Result<Self::Connection, sqlx::Error>> + Send;

    /// Lets a connection plan its statements anew, where it keeps plans.
    const REPLAN: Option<&'static str>;

    /// Runs statements without parameters.
    fn run(
        connection: &mut Self::Connection,
        sql: &'static str,
    ) -> impl Future<Output = Result<(), sqlx::Error>> + Send;

    /// Finds rows; those that are to be changed are locked.
    fn find(
        connection: &mut Self::Connection,
        find: &'static Find,
        keys: Vec<Value>,
        intent: Intent,
    ) -> impl Future<Output = Result<Found, sqlx::Error>> + Send;

    /// Sets of rows, in order, in groups of those that go in one statement.
    fn together(sets: Vec<Rows>) -> Vec<Vec<Rows>>;

    /// Changes the rows of a group; gives how many of each set were touched.
    fn write(
        connection: &mut Self::Connection,
        group: Vec<Rows>,
    ) -> impl Future<Output = Result<Vec<u64>, sqlx::Error>> + Send;

    /// Opens a transaction.
    fn begin(mode: Mode) -> &'static str;

    /// What a server's error before COMMIT means: nothing was applied.
    fn fault(error: &sqlx::Error) -> Fault;

    /// Whether this, as the answer to COMMIT, says that nothing was applied.
    fn is_refusal(error: &sqlx::Error) -> bool;
}

/// An open database.
#[derive(Debug)]
pub(crate) struct Database<R: Remote> {
    pub(crate) remote: R,
    writers: Arc<Lines<R>>,
    aside: Arc<Lines<R>>,
    readers: Arc<Lines<R>>,
}

impl<R: Remote> Database<R> {
    /// Connects when it is asked.
    pub(crate) fn new(remote: &R) -> Self {
        let lines = |mode, most| Arc::new(Lines::new(remote.clone(), mode, most));
        Self {
            writers: lines(Mode::Write, WRITERS),
            aside: lines(Mode::Write, ASIDE),
            readers: lines(Mode::Read, READERS),
            remote: remote.clone(),
        }
    }

    /// Opens a transaction that writes: on a connection that only lanes have, or on another. The answers on a connection
    /// come through the runtime in which it was opened.
    pub(crate) async fn batch(&self, place: Place) -> Result<Batch<R>, Fault> {
        let lines = match place {
            Place::Here => &self.writers,
            Place::Aside => &self.aside,
        };
        Ok(Batch::new(lines.begin().await?))
    }

    /// Begins a read as of one moment.
    pub(crate) async fn read(&self) -> Result<Reading<R>, Fault> {
        Ok(Reading::new(self.readers.begin().await?))
    }

    /// Closes every connection.
    pub(crate) async fn close(&self) {
        self.readers.close().await;
        self.aside.close().await;
        self.writers.close().await;
    }
}

/// Why there is no answer.
enum Trouble {
    /// The server answered with an error; the connection can be used again.
    Refused(sqlx::Error),
    /// The connection broke, or no answer came in time.
    Lost(Fault),
}

impl Trouble {
    /// What it means of a statement before COMMIT.
    fn fault<R: Remote>(self) -> Fault {
        match self {
            Self::Refused(error) => R::fault(&error),
            Self::Lost(fault) => fault,
        }
    }
}

/// Waits for an answer, but not for ever. Boxed: what sqlx does in a statement is large, and would be in every caller.
fn in_time<T>(answer: impl Future<Output = Result<T, sqlx::Error>>) -> impl Future<Output = Result<T, Trouble>> {
    let answer = Box::pin(answer);
    async {
        match tokio::time::timeout(ANSWER_MAX, answer).await {
            Ok(Ok(answer)) => Ok(answer),
            Ok(Err(error)) => Err(trouble(error)),
            Err(_) => {
                let text = format!("no answer from the database within {} s", ANSWER_MAX.as_secs());
                Err(Trouble::Lost(Fault::Unreachable(text)))
            }
        }
    }
}

fn trouble(error: sqlx::Error) -> Trouble {
    if is_lost(&error) { Trouble::Lost(Fault::Unreachable(error.to_string())) } else { Trouble::Refused(error) }
}

/// What a node is told that waited for its turn in vain.
pub(super) fn no_turn() -> Error {
    Error::Refused("another node has been starting for a minute; look at its log".to_owned())
}

/// Whether no answer came, rather than one that is an error.
pub(super) const fn is_lost(error: &sqlx::Error) -> bool {
    use sqlx::Error::{Io, PoolClosed, PoolTimedOut, Protocol, Tls, WorkerCrashed};
    matches!(error, Io(_) | Tls(_) | Protocol(_) | WorkerCrashed | PoolClosed | PoolTimedOut)
}
