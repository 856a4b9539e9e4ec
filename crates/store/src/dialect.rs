//! Owns everything that differs between databases: types, SQL of the write path, and what an error means. SQLite
//! is the only one yet; PostgreSQL and MySQL get a file beside it.

mod sqlite;

pub(crate) use sqlite::*;
