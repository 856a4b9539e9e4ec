//! Owns the server's own short transactions beside the batches: purges, and counts. None of them is business data.

use engine::Fault;

use crate::Store;
use crate::dialect::{Batch, Place};
use crate::set::Rows;

impl Store {
    /// Waits for its turn, and opens a transaction.
    pub(crate) async fn changes(&self) -> Result<Batch, Fault> {
        self.database.begin(Place::Aside).await
    }
}

impl Batch {
    /// Writes the rows; gives how many were there to be touched.
    pub(crate) async fn write_all(&mut self, mut changes: Vec<Rows>) -> Result<u64, Fault> {
        changes.retain(|rows| rows.len() > 0);
        Ok(self.write(changes).await?.into_iter().sum())
    }
}
