//! Owns the stores of keys that come with the crate, and what they have in common. Each is an implementation of
//! [`protocol::Store`](crate::protocol::Store).

#[cfg(any(feature = "sql", feature = "redis"))]
mod claims;
mod kept;
mod limits;
pub mod memory;
#[cfg(feature = "redis")]
pub mod redis;
#[cfg(feature = "sql")]
pub mod sql;
#[cfg(any(feature = "sql", feature = "redis"))]
mod stored;

#[cfg(feature = "redis")]
pub use self::redis::Redis;
pub use limits::{ANSWER_BYTES_MAX, HEADER_BYTES_MAX};
pub use memory::Memory;
#[cfg(feature = "mysql")]
pub use sql::Mysql;
#[cfg(feature = "postgres")]
pub use sql::Postgres;
#[cfg(feature = "sqlite")]
pub use sql::Sqlite;
#[cfg(feature = "sql")]
pub use sql::{Ledger, Transaction};
