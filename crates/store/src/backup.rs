//! Owns copying the whole database out and back in, while a server goes on.

use std::path::Path;

use sqlx::{AssertSqlSafe, Row as _};

use crate::{Doing, Error, Store, dialect};

impl Store {
    /// Writes a whole copy, as of one moment, to a file that must not exist yet.
    pub async fn backup(&self, to: &Path) -> Result<(), Error> {
        if to.exists() {
            return Err(Error::Refused(format!("{} exists already; name a new file", to.display())));
        }
        // VACUUM INTO reads one snapshot and writes only the new file: any connection may do it.
        let mut connection = self.writer.acquire().await.doing("opening a connection for the backup")?;
        sqlx::query(dialect::BACKUP)
            .bind(to.display().to_string())
            .execute(&mut *connection)
            .await
            .doing("writing the backup")?;
        Ok(())
    }

    /// Says what is damaged; empty where nothing is.
    pub async fn damage(&self) -> Result<Vec<String>, Error> {
        let rows = sqlx::query(dialect::INTEGRITY).fetch_all(&self.writer).await.doing("checking the file")?;
        Ok(rows.iter().map(|row| row.get::<String, _>(0)).filter(|text| text != "ok").collect())
    }

    /// Replaces every row by those of `source`, a database of the same schema, in one transaction: readers and a
    /// running server see the old content or the new, never a mixture.
    pub async fn restore(&self, source: &Path) -> Result<u64, Error> {
        let mut connection = self.writer.acquire().await.doing("opening a connection for the restore")?;
        sqlx::query("attach database ?1 as source")
            .bind(source.display().to_string())
            .execute(&mut *connection)
            .await
            .doing("opening the backup")?;
        let restored = replace_rows(&mut connection).await;
        sqlx::query("detach database source").execute(&mut *connection).await.doing("closing the backup")?;
        restored
    }
}

async fn replace_rows(connection: &mut dialect::Connection) -> Result<u64, Error> {
    let tables: Vec<(String, String)> = sqlx::query_as(
        "select t.name, group_concat('\"' || c.name || '\"') from sqlite_schema t, pragma_table_info(t.name) c \
         where t.type = 'table' and t.name not like 'sqlite%' and t.name <> 'seaql_migrations' group by t.name",
    )
    .fetch_all(&mut *connection)
    .await
    .doing("listing the tables")?;
    let mut transaction =
        sqlx::Connection::begin_with(connection, dialect::BEGIN).await.doing("locking the database")?;
    let mut rows = 0;
    for (table, columns) in tables {
        // The names come from our own schema, not from outside.
        let delete = AssertSqlSafe(format!("delete from main.\"{table}\""));
        let insert =
            AssertSqlSafe(format!("insert into main.\"{table}\" ({columns}) select {columns} from source.\"{table}\""));
        sqlx::query(delete).execute(&mut *transaction).await.doing("emptying a table")?;
        rows += sqlx::query(insert).execute(&mut *transaction).await.doing("copying a table")?.rows_affected();
    }
    transaction.commit().await.doing("committing the restored rows")?;
    Ok(rows)
}
