//! Owns opening a database: its address, its connections, and bringing its schema up to date.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use sea_orm::{DatabaseConnection, SqlxSqliteConnector};
use sea_orm_migration::MigratorTrait;

use crate::checkpoint::Log;
use crate::dialect::{self, Mode, Pool};
use crate::sessions::{Readers, Writer};
use crate::{Doing, Error, schema};

/// How many lists are read at once.
const LISTERS: u32 = 4;

/// A database address that is not understood.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the database address {0:?} is not understood; this version opens sqlite:FOLDER/mideng.db")]
pub struct BadUrl(String);

/// An open database: a connection on which batches are written, some on which objects are read, and, for lists and
/// administration, one that writes and some that read through sqlx.
#[derive(Clone)]
pub struct Store {
    pub(crate) writer: Arc<Writer>,
    pub(crate) readers: Arc<Readers>,
    pub(crate) administrator: Pool,
    pub(crate) lister: Pool,
    pub(crate) log: Arc<Log>,
}

/// The file that a `sqlite:` address names.
pub fn database_file(url: &str) -> Result<PathBuf, BadUrl> {
    let path = url.strip_prefix("sqlite:").map(|path| path.strip_prefix("//").unwrap_or(path));
    match path {
        Some(path) if !path.is_empty() && !path.contains('?') => Ok(PathBuf::from(path)),
        _ => Err(BadUrl(url.to_owned())),
    }
}

impl Store {
    /// Opens the database file, making it where there is none. The schema is left as it is.
    pub async fn open(file: &Path) -> Result<Self, Error> {
        let administrator = sqlx::pool::PoolOptions::<dialect::Db>::new()
            .max_connections(1)
            .idle_timeout(None)
            .max_lifetime(None)
            .connect_with(dialect::options(file, Mode::Write))
            .await
            .doing("opening the database")?;
        let lister = sqlx::pool::PoolOptions::<dialect::Db>::new()
            .max_connections(LISTERS)
            .connect_lazy_with(dialect::options(file, Mode::Read));
        let log = Log::open(file).doing("opening the database")?;
        Ok(Self {
            writer: Writer::open(file).doing("opening the database")?.into(),
            readers: Readers::new(file).into(),
            administrator,
            lister,
            log: log.into(),
        })
    }

    /// Opens a database that must exist and be up to date, for commands that only look.
    pub async fn open_existing(file: &Path) -> Result<Self, Error> {
        if !file.is_file() {
            return Err(Error::Refused(format!("there is no database at {}", file.display())));
        }
        let store = Self::open(file).await?;
        match store.pending_migrations().await? {
            0 => Ok(store),
            pending => Err(Error::Refused(format!(
                "the database {} lacks {pending} migrations; run `mideng migrate` first",
                file.display()
            ))),
        }
    }

    /// Brings the schema up to date; gives how many migrations were applied.
    pub async fn migrate(&self) -> Result<usize, Error> {
        let pending = self.pending_migrations().await?;
        schema::Migrator::up(&self.orm_writer(), None).await.doing("migrating the schema")?;
        Ok(pending)
    }

    /// How many migrations are not applied yet. Refused where some are applied that this version does not know.
    pub async fn pending_migrations(&self) -> Result<usize, Error> {
        let orm = self.orm_writer();
        let applied = schema::Migrator::get_migration_models(&orm).await;
        let applied = applied.doing("reading the list of migrations")?;
        let known: Vec<String> =
            schema::Migrator::migrations().iter().map(|migration| migration.name().to_owned()).collect();
        match applied.iter().find(|migration| !known.contains(&migration.version)) {
            None => Ok(known.len() - applied.len()),
            Some(unknown) => Err(Error::Refused(format!(
                "a newer version of Mideng wrote the database: this one does not know its migration {}",
                unknown.version
            ))),
        }
    }

    /// Closes every connection; the last one folds the write-ahead log into the file.
    pub async fn close(&self) {
        self.lister.close().await;
        self.administrator.close().await;
        self.readers.close().await;
        self.log.close().await;
        self.writer.close().await;
    }

    /// The reading connections, for queries through entities.
    pub(crate) fn orm(&self) -> DatabaseConnection {
        SqlxSqliteConnector::from_sqlx_sqlite_pool(self.lister.clone())
    }

    /// The writing connection, for administration.
    pub(crate) fn orm_writer(&self) -> DatabaseConnection {
        SqlxSqliteConnector::from_sqlx_sqlite_pool(self.administrator.clone())
    }
}

#[cfg(test)]
mod tests;
