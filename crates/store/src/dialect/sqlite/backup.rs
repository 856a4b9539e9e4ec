//! Owns copying the whole database out and back in, while a server goes on.

use std::path::Path;

use sqlx::{AssertSqlSafe, ConnectOptions as _, Connection as _, Row as _};

use super::Database;
use crate::{Doing, Error};

impl Database {
    /// Writes a whole copy, as of one moment, to a file that must not exist yet.
    pub(crate) async fn backup(&self, to: &Path) -> Result<(), Error> {
        if to.exists() {
            return Err(Error::Refused(format!("{} exists already; name a new file", to.display())));
        }
        // It reads one snapshot and writes only the new file. The writing connection stays free for commits.
        let options = self.administrator.connect_options();
        let mut connection = options.connect().await.doing("opening a connection for the backup")?;
        let written = sqlx::query(super::BACKUP).bind(name(to)?).execute(&mut connection).await;
        if written.is_err() {
            // Half a copy is none, and would stand in the way of the next try. It may never have been begun.
            let _gone = std::fs::remove_file(to);
        }
        written.doing("writing the backup")?;
        connection.close().await.doing("closing the connection of the backup")
    }

    /// Says what is damaged; empty where nothing is.
    pub(crate) async fn damage(&self) -> Result<Vec<String>, Error> {
        let rows = sqlx::query(super::INTEGRITY).fetch_all(&self.administrator).await.doing("checking the file")?;
        Ok(rows.iter().flat_map(|row| findings(&row.get::<String, _>(0))).collect())
    }

    /// Replaces every row by those of `source`, a database of the same schema, in one transaction: readers and a
    /// running server see the old content or the new, never a mixture.
    pub(crate) async fn restore(&self, source: &Path) -> Result<u64, Error> {
        if !source.is_file() {
            return Err(Error::Refused(format!("there is no file {}", source.display())));
        }
        let _turn = self.turn().await.doing("waiting for the turn to restore")?;
        let mut connection = self.administrator.acquire().await.doing("opening a connection for the restore")?;
        sqlx::query(super::ATTACH)
            .bind(name(source)?)
            .execute(&mut *connection)
            .await
            .map_err(|error| foreign(source, &error))?;
        let restored = match same_schema(&mut connection, source).await {
            Ok(()) => replace_rows(&mut connection).await,
            Err(error) => Err(error),
        };
        sqlx::query(super::DETACH).execute(&mut *connection).await.doing("closing the backup")?;
        restored
    }
}

/// A file's name as SQL takes it.
fn name(file: &Path) -> Result<&str, Error> {
    file.to_str().ok_or_else(|| Error::Refused(format!("the name {} is not UTF-8", file.display())))
}

fn foreign(source: &Path, error: &sqlx::Error) -> Error {
    Error::Refused(format!("{} is not a backup of Mideng: {error}", source.display()))
}

/// Refuses a file that another version wrote: its rows may mean something else.
async fn same_schema(connection: &mut sqlx::SqliteConnection, source: &Path) -> Result<(), Error> {
    let ours: Vec<String> = sqlx::query_scalar(super::MIGRATIONS_OURS)
        .fetch_all(&mut *connection)
        .await
        .doing("reading the list of migrations")?;
    let theirs: Vec<String> = sqlx::query_scalar(super::MIGRATIONS_OF_SOURCE)
        .fetch_all(&mut *connection)
        .await
        .map_err(|error| foreign(source, &error))?;
    if ours == theirs {
        return Ok(());
    }
    let advice = if ours.starts_with(&theirs) {
        "an older version wrote it; migrate a copy of it first"
    } else {
        "a newer version wrote it; restore it with that one"
    };
    Err(Error::Refused(format!("{} has another schema than the database: {advice}", source.display())))
}

async fn replace_rows(connection: &mut sqlx::SqliteConnection) -> Result<u64, Error> {
    let tables: Vec<(String, String)> =
        sqlx::query_as(super::TABLES).fetch_all(&mut *connection).await.doing("listing the tables")?;
    let mut transaction = connection.begin_with(super::BEGIN).await.doing("locking the database")?;
    let mut rows = 0;
    for (table, columns) in tables {
        // The names come from our own schema, not from outside.
        let delete = AssertSqlSafe(format!("delete from main.\"{table}\""));
        let insert =
            AssertSqlSafe(format!("insert into main.\"{table}\" ({columns}) select {columns} from source.\"{table}\""));
        sqlx::query(delete).execute(&mut *transaction).await.doing("emptying a table")?;
        rows += sqlx::query(insert).execute(&mut *transaction).await.doing("copying a table")?.rows_affected();
    }
    for sql in super::COUNTERS_RAISE {
        sqlx::query(*sql).execute(&mut *transaction).await.doing("raising the counters")?;
    }
    transaction.commit().await.doing("committing the restored rows")?;
    Ok(rows)
}

/// What a row of the check tells, a line for each finding. The first row may hold several, behind a title.
fn findings(row: &str) -> Vec<String> {
    let is_finding = |line: &&str| !line.is_empty() && *line != "ok" && !line.starts_with("*** in database");
    row.lines().map(str::trim).filter(is_finding).map(str::to_owned).collect()
}

#[cfg(test)]
mod tests {
    use super::findings;

    #[test]
    fn each_finding_is_one_line() {
        for (row, expected) in [
            ("ok", vec![]),
            ("row 1 missing from index a", vec!["row 1 missing from index a"]),
            (
                "*** in database main ***\nTree 59 page 59: btreeInitPage() returns error code 11\nTree 60 page 60: more\n",
                vec!["Tree 59 page 59: btreeInitPage() returns error code 11", "Tree 60 page 60: more"],
            ),
        ] {
            assert_eq!(findings(row), expected, "{row}");
        }
    }
}
