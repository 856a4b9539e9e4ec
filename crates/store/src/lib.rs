//! The truth in SQL: schema, queries, transactions. The only crate that names SeaORM, sqlx and rusqlite. It knows no HTTP and
//! no rule of the trade.

mod accounts;
mod actors;
mod address;
mod api_keys;
mod archive;
mod audit;
mod chain;
mod changes;
mod channels;
mod check;
mod commit;
mod connect;
mod copy;
mod dialect;
mod entity;
mod factors;
mod found;
mod guests;
mod hash;
mod health;
mod installation;
mod leases;
mod load;
mod movements;
mod outage;
mod outbox;
mod people;
mod policies;
mod rates;
mod read;
mod reviews;
mod rows;
mod schema;
mod secret;
mod sessions;
mod set;
mod sightings;
mod signing;
mod soon;
mod strays;
mod sweep;

pub use domain::api_key::SECRET_PREFIX;
use domain::{OrderNo, TenantId};
use thiserror::Error;

pub use accounts::Account;
pub use actors::Actors;
pub use address::{Address, BadUrl};
pub use api_keys::{Credential, ListedApiKey, NewApiKey};
pub use audit::AuditFilter;
pub use channels::{ChannelAccount, NewChannelAccount};
pub use check::{Finding, Inspector, Light};
pub use commit::Transaction;
pub use connect::Store;
pub use copy::Copy;
pub use dialect::Alone;
pub use factors::{SecondFactor, Used};
pub use health::ChannelHealth;
pub use movements::{Moved, MovementKey, MovementPage};
pub use outbox::{Due, Illegible, Later, Lease};
pub use people::Known;
pub use rates::{COUNTED_MAX, Ended};
pub use read::{
    AccountName, Cursor, HistoryRow, KeyRow, ListedRefund, OrderFilter, Page, PaymentFilter, Senders, StockMovement,
};
pub use reviews::ReviewRow;
pub use sessions::{NewSession, Opened, Refreshed, Renewed, SessionRecord};
pub use sightings::{REPLAYED, Sighting, SightingRow};
pub use signing::SigningKey;
pub use sweep::OrdersDue;

/// What went wrong with a read or with administration. The write path has [`engine::Fault`].
#[derive(Debug, Error)]
pub enum Error {
    /// The database did not answer as it should. `doing` says at what.
    #[error("the database failed while {doing}")]
    Database {
        /// What was being done.
        doing: &'static str,
        /// The library's error.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// A row that this version cannot read: written by a newer version, or damaged.
    #[error("the row {row} of {table} has a {column} that this version cannot read: {value:?}")]
    Unreadable {
        /// The table.
        table: &'static str,
        /// The row's key.
        row: String,
        /// The column.
        column: &'static str,
        /// What stands there.
        value: String,
    },
    /// What was asked of administration cannot be done; the text says why and what to do.
    #[error("{0}")]
    Refused(String),
}

impl Error {
    pub(crate) fn database(doing: &'static str) -> impl FnOnce(Box<dyn std::error::Error + Send + Sync>) -> Self {
        move |source| Self::Database { doing, source }
    }
}

/// Adds what was being done to an error of a library.
pub(crate) trait Doing<T> {
    fn doing(self, doing: &'static str) -> Result<T, Error>;
}

impl<T, E: std::error::Error + Send + Sync + 'static> Doing<T> for Result<T, E> {
    fn doing(self, doing: &'static str) -> Result<T, Error> {
        self.map_err(|error| Error::database(doing)(Box::new(error)))
    }
}

/// An order's primary key.
pub(crate) type OrderKey = (TenantId, OrderNo);
