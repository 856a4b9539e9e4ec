//! Owns where a store keeps its records, for transactions that are not its own.

use std::sync::Arc;

use super::dialect::Backend;
use super::transaction::Transaction;
use crate::Answer;
use crate::protocol::{Error, Lease, Written};

/// The table of a store, as a transaction of a handler's own needs it: the answer is written in the transaction of the
/// effect, and both stand or neither.
///
/// ```no_run
/// # #[cfg(feature = "postgres")]
/// # async fn order(pool: &sqlx::PgPool, ledger: &idempotency::store::Ledger, lease: &idempotency::protocol::Lease,
/// #     answer: &idempotency::Answer) -> Result<(), Box<dyn std::error::Error>> {
/// use idempotency::protocol::Written;
///
/// let mut transaction = pool.begin().await?;
/// sqlx::query("INSERT INTO orders (id) VALUES (7)").execute(&mut *transaction).await?;
/// match ledger.complete(&mut *transaction, lease, answer).await? {
///     Written::Done => transaction.commit().await?,
///     Written::Lost => transaction.rollback().await?, // Somebody else does it, or did.
/// }
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct Ledger {
    pub(super) backend: Backend,
    pub(super) complete: Arc<str>,
    pub(super) answer_bytes_max: usize,
}

impl Ledger {
    pub(super) const fn new(backend: Backend, complete: Arc<str>, answer_bytes_max: usize) -> Self {
        Self { backend, complete, answer_bytes_max }
    }

    /// Writes the answer within a transaction, which is a `&mut` of sqlx's connection or transaction, or a
    /// `&sea_orm::DatabaseTransaction`.
    ///
    /// [`Written::Lost`] and every error mean that **the caller must roll back**. So does [`Error::Unavailable`], which a
    /// serializable or repeatable-read transaction of PostgreSQL gets where the lease was renewed while it ran: read
    /// committed is enough here. MariaDB from 11.6.2 on does the same (`innodb_snapshot_isolation` is on), and there repeatable
    /// read is what a transaction has that says nothing: let it say `READ COMMITTED`. From here to the end of the transaction nobody can renew, release or take over: they
    /// wait for it. Whether a commit whose reply was lost stands is told by
    /// [`Store::release`](crate::protocol::Store::release).
    pub async fn complete(&self, within: impl Transaction, lease: &Lease, answer: &Answer) -> Result<Written, Error> {
        within.complete(self, lease, answer).await
    }
}
