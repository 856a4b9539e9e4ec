//! Owns which database a command of the command line works on.

use std::path::PathBuf;

use anyhow::bail;
use clap::Args;
use store::Address;

use super::address;

/// Which database a command works on.
#[derive(Args, Clone)]
pub(crate) struct Database {
    /// The database: sqlite:FILE, postgres://… or mysql://… [default: mideng.db in the data folder].
    #[arg(long, value_name = "URL", env = "MIDENG_DATABASE_URL", hide_env_values = true)]
    pub(crate) database_url: Option<String>,
    /// The folder of the embedded database.
    #[arg(long, value_name = "FOLDER", env = "MIDENG_DATA", default_value = "mideng-data")]
    pub(crate) data: PathBuf,
}

impl Database {
    /// Where it is.
    pub(crate) fn address(&self) -> anyhow::Result<Address> {
        address(self.database_url.as_deref(), &self.data)
    }

    /// The file of an embedded one; refused for a server's.
    pub(crate) fn file(&self, purpose: &str) -> anyhow::Result<PathBuf> {
        match self.address()? {
            Address::Sqlite(file) => Ok(file),
            address => {
                bail!("{address} is on a server: {purpose} it with the server's own tools, see docs/OPERATIONS.md")
            }
        }
    }
}
