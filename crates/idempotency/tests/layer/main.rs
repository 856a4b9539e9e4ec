//! The layer against the rows H, B, R, C and F of what any holder of a key must do, over a store that can be made to fail.

mod basics;
mod concurrency;
mod doubt;
mod failure;
mod faulty;
mod fingerprint;
mod harness;
mod header;
mod outage;
#[cfg(feature = "postgres")]
mod postgres;
mod setup;
#[cfg(feature = "sqlite")]
mod sqlite;
mod sweeper;
mod transactional;
