//! Owns the connections to a server: who has one, which are free, and that none goes back inside a transaction.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use engine::Fault;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::{ACQUIRED_WITHIN, Mode, Remote, Trouble, in_time};

/// After so many transactions a connection plans its statements anew.
const REPLAN_EVERY: u64 = 1_024;

/// Connections of one kind, opened when they are needed.
#[derive(Debug)]
pub(super) struct Lines<R: Remote> {
    remote: R,
    mode: Mode,
    free: Mutex<Vec<Used<R>>>,
    permits: Arc<Semaphore>,
    most: usize,
}

/// A connection, and how many transactions it has had.
#[derive(Debug)]
pub(super) struct Used<R: Remote> {
    pub(super) connection: R::Connection,
    transactions: u64,
}

/// A connection in an open transaction. Dropped, the transaction is rolled back; and where a statement was still on its
/// way, the connection is closed instead.
#[derive(Debug)]
pub(super) struct Line<R: Remote> {
    lines: Arc<Lines<R>>,
    /// None while a statement is on its way, and behind one whose answer is not known.
    connection: Option<Used<R>>,
    permit: Option<OwnedSemaphorePermit>,
}

impl<R: Remote> Lines<R> {
    pub(super) fn new(remote: R, mode: Mode, most: usize) -> Self {
        Self { remote, mode, free: Mutex::default(), permits: Arc::new(Semaphore::new(most)), most }
    }

    /// Opens a transaction, once fewer than all connections are in use.
    pub(super) async fn begin(self: &Arc<Self>) -> Result<Line<R>, Fault> {
        let closed = |_| Fault::Fatal("the database is closed".to_owned());
        let permit = tokio::time::timeout(ACQUIRED_WITHIN, self.permits.clone().acquire_owned()).await;
        let late = |_| Fault::Unreachable(format!("no connection was free within {} s", ACQUIRED_WITHIN.as_secs()));
        let permit = permit.map_err(late)?.map_err(closed)?;
        let idle = self.free().pop();
        let connection = match idle {
            None => self.open().await?,
            Some(mut used) => {
                if used.begin(self.mode).await.is_err() {
                    // It broke while nobody looked, as when the server was started anew; so did the others.
                    self.free().clear();
                    used = self.open().await?;
                }
                used
            }
        };
        Ok(Line { lines: self.clone(), connection: Some(connection), permit: Some(permit) })
    }

    /// A new connection in a transaction.
    async fn open(&self) -> Result<Used<R>, Fault> {
        let connection = in_time(self.remote.connect(self.mode)).await.map_err(Trouble::fault::<R>)?;
        let mut used = Used { connection, transactions: 0 };
        used.begin(self.mode).await.map_err(Trouble::fault::<R>)?;
        Ok(used)
    }

    /// Waits for all who have one.
    pub(super) async fn close(&self) {
        let everybody = u32::try_from(self.most).unwrap_or(u32::MAX);
        let _all = self.permits.acquire_many(everybody).await;
        self.permits.close();
        self.free().clear();
    }

    fn free(&self) -> MutexGuard<'_, Vec<Used<R>>> {
        self.free.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<R: Remote> Used<R> {
    async fn begin(&mut self, mode: Mode) -> Result<(), Trouble> {
        self.transactions += 1;
        // Often at first, while tables grow by whole factors, and now and then for ever.
        let due = self.transactions.is_power_of_two() || self.transactions.is_multiple_of(REPLAN_EVERY);
        if let Some(replan) = R::REPLAN.filter(|_| due) {
            in_time(R::run(&mut self.connection, replan)).await?;
        }
        in_time(R::run(&mut self.connection, R::begin(mode))).await
    }
}

impl<R: Remote> Line<R> {
    /// Lends the connection for one statement.
    pub(super) fn lend(&mut self) -> Result<Used<R>, Fault> {
        self.connection.take().ok_or_else(|| Fault::Retry("the transaction was broken off".to_owned()))
    }

    /// Takes the connection back, unless it is not known what the server is at.
    pub(super) fn settle<T>(&mut self, used: Used<R>, answer: Result<T, Trouble>) -> Result<T, Fault> {
        if matches!(answer, Ok(_) | Err(Trouble::Refused(_))) {
            self.connection = Some(used);
        }
        answer.map_err(Trouble::fault::<R>)
    }

    /// The transaction is over, and the connection is free.
    pub(super) fn end(mut self, used: Used<R>) {
        self.lines.free().push(used);
        self.permit.take();
    }
}

impl<R: Remote> Drop for Line<R> {
    fn drop(&mut self) {
        let (Some(mut used), Some(permit)) = (self.connection.take(), self.permit.take()) else { return };
        // Outside of a runtime, as at the end of a test, there is nobody to say it to the server; closing does.
        let Ok(runtime) = tokio::runtime::Handle::try_current() else { return };
        let lines = self.lines.clone();
        runtime.spawn(async move {
            if in_time(R::run(&mut used.connection, "rollback")).await.is_ok() {
                lines.free().push(used);
            }
            drop(permit);
        });
    }
}
