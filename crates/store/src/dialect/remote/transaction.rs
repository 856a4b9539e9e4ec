//! Owns a transaction on a server: statement by statement, and the honest word on how its COMMIT went.

use engine::Fault;

use super::line::Line;
use super::{Remote, Trouble, in_time};
use crate::found::{Found, Intent, Tables};
use crate::set::{Find, Rows, Value};

/// An open transaction that writes; dropped, it is rolled back.
#[derive(Debug)]
pub(crate) struct Batch<R: Remote> {
    line: Line<R>,
}

/// A read as of one moment.
#[derive(Debug)]
pub(crate) struct Reading<R: Remote> {
    line: Line<R>,
}

impl<R: Remote> Batch<R> {
    pub(super) const fn new(line: Line<R>) -> Self {
        Self { line }
    }

    /// Changes the rows, set behind set; gives how many of each set were touched.
    pub(crate) async fn write(&mut self, sets: Vec<Rows>) -> Result<Vec<u64>, Fault> {
        let mut touched = Vec::with_capacity(sets.len());
        for group in R::together(sets) {
            let mut used = self.line.lend()?;
            let of_group = in_time(R::write(&mut used.connection, group)).await;
            touched.extend(self.line.settle(used, of_group)?);
        }
        Ok(touched)
    }

    /// Makes all of it durable, or none of it.
    pub(crate) async fn commit(mut self) -> Result<(), Fault> {
        let mut used = self.line.lend()?;
        match in_time(R::run(&mut used.connection, "commit")).await {
            Ok(()) => {
                self.line.end(used);
                Ok(())
            }
            Err(Trouble::Refused(error)) if R::is_refusal(&error) => Err(R::fault(&error)),
            // A connection that broke, or was broken, may have done so behind it.
            Err(trouble) => Err(Fault::Unknown(trouble.fault::<R>().to_string())),
        }
    }
}

impl<R: Remote> Tables for Batch<R> {
    async fn find(&mut self, find: &'static Find, keys: Vec<Value>, intent: Intent) -> Result<Found, Fault> {
        found(&mut self.line, find, keys, intent).await
    }
}

impl<R: Remote> Reading<R> {
    pub(super) const fn new(line: Line<R>) -> Self {
        Self { line }
    }
}

impl<R: Remote> Tables for Reading<R> {
    async fn find(&mut self, find: &'static Find, keys: Vec<Value>, _intent: Intent) -> Result<Found, Fault> {
        found(&mut self.line, find, keys, Intent::Read).await
    }
}

async fn found<R: Remote>(
    line: &mut Line<R>,
    find: &'static Find,
    keys: Vec<Value>,
    intent: Intent,
) -> Result<Found, Fault> {
    let mut used = line.lend()?;
    let found = in_time(R::find(&mut used.connection, find, keys, intent)).await;
    line.settle(used, found)
}
