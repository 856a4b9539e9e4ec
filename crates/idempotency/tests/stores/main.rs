//! The stores against real databases: the contract of any store, and what only a database can do.

mod asked;
mod contract;
mod ground;
mod outages;
mod redis;
mod sqlite;
mod tables;
mod transactions;
