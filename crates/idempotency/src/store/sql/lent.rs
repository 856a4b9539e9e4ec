//! Owns a connection for the time of one call: it goes back to the pool only when every answer is there.

use std::ops::{Deref, DerefMut};

use sqlx::pool::PoolConnection;

use super::dialect::Dialect;

/// A connection of the pool's. Dropped while a statement is on its way, as by a caller that waits no longer, it is closed:
/// nobody else is to wait for an answer that is not theirs.
pub(super) struct Lent<D: Dialect> {
    connection: PoolConnection<D>,
    answered: bool,
}

impl<D: Dialect> Lent<D> {
    pub(super) const fn new(connection: PoolConnection<D>) -> Self {
        Self { connection, answered: true }
    }

    /// A statement is on its way.
    pub(super) const fn sends(&mut self) {
        self.answered = false;
    }

    /// The answer is there, whatever it is.
    pub(super) const fn answered(&mut self) {
        self.answered = true;
    }
}

impl<D: Dialect> Deref for Lent<D> {
    type Target = D::Connection;

    fn deref(&self) -> &Self::Target {
        &self.connection
    }
}

impl<D: Dialect> DerefMut for Lent<D> {
    fn deref_mut(&mut self) -> &mut Self::Target {
        &mut self.connection
    }
}

impl<D: Dialect> Drop for Lent<D> {
    fn drop(&mut self) {
        if !self.answered && D::CLOSED_IF_UNANSWERED {
            self.connection.close_on_drop();
        }
    }
}
