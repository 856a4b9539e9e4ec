//! Owns opening a database, and bringing its schema up to date.

use std::path::Path;
use std::time::Duration;

use sea_orm::{DatabaseConnection, DbBackend, Statement, Value};
use sea_orm_migration::MigratorTrait;

use crate::dialect::{ANSWER_MAX, Alone, Database, Turn};
use crate::soon::{bounded, soon};
use crate::{Address, Doing, Error, schema};

/// How long is waited for a server that is told that nothing more is asked.
const FAREWELL_MAX: Duration = Duration::from_secs(2);

/// An open database, with connections for lists and for administration at hand.
#[derive(Clone)]
pub struct Store {
    pub(crate) database: Database,
    pub(crate) lister: DatabaseConnection,
    pub(crate) administrator: DatabaseConnection,
    /// For leases, of which a storm may want many: what else is administered does not wait behind them.
    pub(crate) lockers: DatabaseConnection,
}

impl Store {
    /// Opens a database; an embedded one is made where there is none. The schema is left as it is.
    pub async fn open(address: impl Into<Address>) -> Result<Self, Error> {
        Ok(Self::of(Database::open(&address.into()).await?))
    }

    /// One on an open database.
    pub(crate) fn of(database: Database) -> Self {
        let (lister, administrator, lockers) = (database.lister(), database.administrator(), database.lockers());
        Self { database, lister, administrator, lockers }
    }

    /// Opens a database that must exist and be up to date, for commands that only look.
    pub async fn open_existing(address: impl Into<Address>) -> Result<Self, Error> {
        let address = address.into();
        if address.file().is_some_and(|file| !file.is_file()) {
            return Err(Error::Refused(format!("there is no database at {address}")));
        }
        let store = Self::open(&address).await?;
        let refused = match store.pending_migrations().await {
            Ok(0) => return Ok(store),
            Ok(pending) => {
                Error::Refused(format!("the database {address} lacks {pending} migrations; run `mideng migrate` first"))
            }
            Err(error) => error,
        };
        // Dropped, its connections would end by and by, and the last one locks an embedded database while it does.
        store.close().await;
        Err(refused)
    }

    /// Waits until no other node starts on the database, and keeps them from it until it is dropped: two that bring one
    /// schema up to date, or make its first account, would be in each other's way.
    pub async fn alone(&self) -> Result<Alone, Error> {
        self.database.alone().await
    }

    /// What of the server's settings puts acknowledged writes in danger, each with what to do.
    pub async fn warnings(&self) -> Result<Vec<String>, Error> {
        bounded(ANSWER_MAX, "looking at the server's settings", self.database.warnings()).await
    }

    /// Brings the schema up to date; gives how many migrations were applied.
    pub async fn migrate(&self) -> Result<usize, Error> {
        let pending = self.pending_migrations().await?;
        // That may take its time, so it is not asked for where there is nothing to do.
        if pending > 0 {
            schema::Migrator::up(&self.administrator, None).await.doing("migrating the schema")?;
        }
        Ok(pending)
    }

    /// How many migrations are not applied yet. Refused where some are applied that this version does not know.
    pub async fn pending_migrations(&self) -> Result<usize, Error> {
        let applied = schema::Migrator::get_migration_models(&self.administrator);
        let applied = soon("reading the list of migrations", applied).await?;
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

    /// False once the disk failed in a way that nobody may write behind: somebody should look, and start anew.
    pub fn is_trusted(&self) -> bool {
        self.database.is_trusted()
    }

    /// Does what a database needs about once a second and does not do by itself: an embedded one folds what was committed
    /// into its file, PostgreSQL learns of new tables' statistics. Costs next to nothing where there is nothing to do.
    pub async fn tend(&self) -> Result<(), Error> {
        self.database.tend(&self.administrator).await.doing("tending the database")
    }

    /// Writes a whole copy, as of one moment, to a file that must not exist yet.
    pub async fn backup(&self, to: &Path) -> Result<(), Error> {
        self.database.backup(to).await
    }

    /// Says what is damaged; empty where nothing is.
    pub async fn damage(&self) -> Result<Vec<String>, Error> {
        self.database.damage().await
    }

    /// Replaces every row by those of `source`, a database of the same schema, in one transaction: readers and a
    /// running server see the old content or the new, never a mixture.
    pub async fn restore(&self, source: &Path) -> Result<u64, Error> {
        self.database.restore(source).await
    }

    /// Closes every connection.
    pub async fn close(&self) {
        let aside = async {
            tokio::join!(self.lister.close_by_ref(), self.lockers.close_by_ref(), self.administrator.close_by_ref())
        };
        // A server that has fallen silent takes no leave. Whatever it says, nothing more is asked through them.
        let _closed = tokio::time::timeout(FAREWELL_MAX, aside).await;
        self.database.close().await;
    }

    /// A statement of administration: each `{}` is a value, marked as the database marks them, and in no log.
    pub(crate) fn bound(&self, sql: &str, values: &[&str]) -> Statement {
        let backend = self.administrator.get_database_backend();
        let mark = |at: usize| match backend {
            DbBackend::Postgres => format!("${at}"),
            _ => "?".to_owned(),
        };
        let parts =
            sql.split("{}").enumerate().map(|(at, part)| if at == 0 { part.to_owned() } else { mark(at) + part });
        let text: String = parts.collect();
        Statement::from_sql_and_values(backend, text, values.iter().map(|value| Value::from(*value)))
    }

    /// Waits for the turn to write through [`Self::administrator`].
    pub(crate) async fn turn(&self) -> Result<Turn, Error> {
        self.database.turn().await.doing("waiting for the turn to write")
    }
}
