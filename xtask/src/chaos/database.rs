//! Owns which databases can be hurt, and by what.

use std::fmt;

use super::plan::Fault;
use crate::services;

/// What the servers keep their data in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(super) enum Database {
    /// PostgreSQL, three servers
    Pg,
    /// MariaDB, three servers
    Maria,
    /// The embedded one, one server
    Sqlite,
}

impl Database {
    pub(super) const ALL: [Self; 3] = [Self::Sqlite, Self::Pg, Self::Maria];

    /// How many servers stand on it.
    pub(super) const fn nodes(self) -> usize {
        match self {
            Self::Sqlite => 1,
            Self::Pg | Self::Maria => 3,
        }
    }

    /// The server that runs beside ours, if one does.
    pub(super) const fn service(self) -> Option<services::Kind> {
        match self {
            Self::Sqlite => None,
            Self::Pg => Some(services::Kind::Postgres),
            Self::Maria => Some(services::Kind::Mariadb),
        }
    }

    /// What can be done to it. There is no wire to an embedded database, and nobody else to restart.
    pub(super) fn faults(self) -> Vec<Fault> {
        let remote = self.service().is_some();
        Fault::ALL.into_iter().filter(|fault| remote || !fault.needs_a_wire()).collect()
    }

    /// Its short name, as on the command line.
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Sqlite => "sqlite",
            Self::Pg => "pg",
            Self::Maria => "maria",
        }
    }
}

impl fmt::Display for Database {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(match self {
            Self::Sqlite => "SQLite",
            Self::Pg => "PostgreSQL",
            Self::Maria => "MariaDB",
        })
    }
}
