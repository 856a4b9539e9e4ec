//! Owns how a schema looks in each database: types, collations, and indexes that not all of them have.

use sea_orm::sea_query::{Alias, ColumnDef, TableCreateStatement};
use sea_orm::{ConnectionTrait, DbBackend, DbErr, Statement};

use super::{postgres, sqlite};

/// Which database a schema is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Flavour {
    Sqlite,
    Postgres,
    MariaDb,
    MySql,
}

/// An index that is not the same everywhere: its table, its name, and how it is made.
pub(crate) type OwnIndex = (&'static str, &'static str, &'static str);

/// The sweeper's index, with only the orders that can expire, and the purge's, with only the answers that are there.
const PARTIAL_INDEXES: &[OwnIndex] = &[
    (
        "orders",
        "orders_pending_expires_at",
        "create index orders_pending_expires_at on orders (expires_at) where status = 'pending_payment'",
    ),
    (
        "key_records",
        "key_records_completed_at",
        "create index key_records_completed_at on key_records (completed_at) where completed_at is not null",
    ),
];

/// MySQL and MariaDB have no index over a part of the rows.
const WHOLE_INDEXES: &[OwnIndex] = &[
    ("orders", "orders_status_expires_at", "create index orders_status_expires_at on orders (status, expires_at)"),
    ("key_records", "key_records_completed_at", "create index key_records_completed_at on key_records (completed_at)"),
];

impl Flavour {
    /// What this connection leads to.
    pub(crate) async fn of(connection: &impl ConnectionTrait) -> Result<Self, DbErr> {
        Ok(match connection.get_database_backend() {
            DbBackend::Postgres => Self::Postgres,
            DbBackend::MySql => {
                let question = Statement::from_string(DbBackend::MySql, "select version()");
                let row = connection.query_one_raw(question).await?;
                let version: String = row.map(|row| row.try_get_by_index(0)).transpose()?.unwrap_or_default();
                if version.contains("MariaDB") { Self::MariaDb } else { Self::MySql }
            }
            _ => Self::Sqlite,
        })
    }

    /// Whether a change of the schema that is broken off leaves nothing behind. Where it does, the next try finds what is
    /// there already.
    pub(crate) const fn takes_schema_back(self) -> bool {
        matches!(self, Self::Sqlite | Self::Postgres)
    }

    /// Makes a text compare byte by byte: keys and SKUs that differ only by case or by blanks are two.
    pub(crate) fn text(self, column: &mut ColumnDef) {
        if self == Self::Postgres {
            column.extra(postgres::BINARY_COLLATION);
        }
    }

    /// A text without a length.
    pub(crate) fn long_text(self, column: &mut ColumnDef) {
        match self {
            Self::Sqlite | Self::Postgres => column.text(),
            Self::MariaDb | Self::MySql => column.custom(Alias::new("mediumtext")),
        };
    }

    /// Bytes, of at most this length where there is one.
    pub(crate) fn bytes(self, column: &mut ColumnDef, length_max: Option<u32>) {
        match (self, length_max) {
            (Self::Sqlite | Self::Postgres, _) => column.blob(),
            (Self::MariaDb | Self::MySql, Some(length_max)) => column.var_binary(length_max),
            (Self::MariaDb | Self::MySql, None) => column.custom(Alias::new("mediumblob")),
        };
    }

    /// What stands behind a table.
    pub(crate) fn table(self, table: &mut TableCreateStatement, clustered: bool) {
        match self {
            Self::Sqlite if clustered => table.extra(sqlite::CLUSTERED_TABLE),
            Self::Sqlite | Self::Postgres => table,
            // NO PAD: blanks at the end of a key count.
            Self::MariaDb => table.extra("engine=InnoDB default charset=utf8mb4 collate=utf8mb4_nopad_bin"),
            Self::MySql => table.extra("engine=InnoDB default charset=utf8mb4 collate=utf8mb4_0900_bin"),
        };
    }

    /// The statement that gives a text more room; none where a text has as much as it takes.
    pub(crate) fn widened(
        self,
        (table, column): (&'static str, &'static str),
        length_max: u32,
        or_null: bool,
    ) -> Option<String> {
        match self {
            Self::Sqlite => None,
            Self::Postgres => {
                let collation = postgres::BINARY_COLLATION;
                Some(format!("alter table {table} alter column {column} type varchar({length_max}) {collation}"))
            }
            Self::MariaDb | Self::MySql => {
                let null = if or_null { "null" } else { "not null" };
                Some(format!("alter table {table} modify column {column} varchar({length_max}) {null}"))
            }
        }
    }

    /// The indexes that are not the same everywhere.
    pub(crate) const fn indexes(self) -> &'static [OwnIndex] {
        match self {
            Self::Sqlite | Self::Postgres => PARTIAL_INDEXES,
            Self::MariaDb | Self::MySql => WHOLE_INDEXES,
        }
    }
}
