//! Owns what differs in the text of SQL, and in the codes of errors.

use sqlx::error::DatabaseError;

use super::super::fault::Meaning;

/// A kind of database.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Backend {
    /// One file.
    Sqlite,
    /// PostgreSQL, and what speaks its protocol.
    Postgres,
    /// MySQL and MariaDB.
    Mysql,
}

impl Backend {
    /// The database's clock, in microseconds. Each is the start of the statement, so that an index can be walked with it,
    /// and each is of UTC: a session's time zone has an hour twice a year that it calls by one name.
    pub(in super::super) const fn now(self) -> &'static str {
        match self {
            Self::Sqlite => "CAST(unixepoch('subsec') * 1000000 AS INTEGER)",
            Self::Postgres => "CAST(EXTRACT(EPOCH FROM statement_timestamp()) * 1000000 AS BIGINT)",
            Self::Mysql => "TIMESTAMPDIFF(MICROSECOND, '1970-01-01', UTC_TIMESTAMP(6))",
        }
    }

    /// The greater of two.
    pub(in super::super) const fn greatest(self) -> &'static str {
        match self {
            Self::Sqlite => "MAX",
            Self::Postgres | Self::Mysql => "GREATEST",
        }
    }

    /// A statement with `?`, as this database marks its values.
    pub(in super::super) fn marked(self, sql: &str) -> String {
        if self != Self::Postgres {
            return sql.to_owned();
        }
        let number = |(at, part): (usize, &str)| if at == 0 { part.to_owned() } else { format!("${at}{part}") };
        sql.split('?').enumerate().map(number).collect()
    }

    /// What an error says of the statement.
    pub(in super::super) fn meaning(self, error: &sqlx::Error) -> Meaning {
        use sqlx::Error::{BeginFailed, Io, PoolClosed, PoolTimedOut, Protocol, Tls, WorkerCrashed};
        match error {
            sqlx::Error::Database(error) => match self {
                Self::Sqlite => sqlite(error.code().as_deref()),
                Self::Postgres => postgres(error.code().as_deref()),
                Self::Mysql => mysql(error.as_ref()),
            },
            PoolClosed | PoolTimedOut | BeginFailed => Meaning::NotWritten,
            Io(_) | Tls(_) | Protocol(_) | WorkerCrashed => Meaning::Lost,
            _ => Meaning::Broken,
        }
    }
}

/// <https://www.sqlite.org/rescode.html>; the lower byte is the kind.
fn sqlite(code: Option<&str>) -> Meaning {
    const BUSY: u32 = 5;
    const LOCKED: u32 = 6;
    const READONLY: u32 = 8;
    const INTERRUPT: u32 = 9;
    const IOERR: u32 = 10;
    const FULL: u32 = 13;
    const CANTOPEN: u32 = 14;
    match code.and_then(|code| code.parse::<u32>().ok()).map(|code| code & 0xff) {
        Some(BUSY | LOCKED | READONLY | INTERRUPT | FULL | CANTOPEN) => Meaning::NotWritten,
        // The disk failed, maybe behind the commit.
        Some(IOERR) => Meaning::Lost,
        _ => Meaning::Broken,
    }
}

/// <https://www.postgresql.org/docs/current/errcodes-appendix.html>
fn postgres(code: Option<&str>) -> Meaning {
    let Some(code) = code else { return Meaning::Broken };
    match code {
        // Serialization failure and deadlock; and a duplicate, where two nodes make the table at the same time: that a key
        // is there is no error.
        "40001" | "40P01" | "23505" | "42P07" => Meaning::Again,
        // Statement completion unknown, and shutdowns: the answer may have been on its way.
        "40003" | "57P01" | "57P02" => Meaning::Lost,
        // Lock not available, query cancelled, cannot connect now, read-only transaction (a replica that was not told).
        "55P03" | "57014" | "57P03" | "57P05" | "25006" => Meaning::NotWritten,
        // Insufficient resources.
        _ if code.starts_with("53") => Meaning::NotWritten,
        // Connections, and errors of the system, as of its disk.
        _ if code.starts_with("08") || code.starts_with("58") => Meaning::Lost,
        _ => Meaning::Broken,
    }
}

/// <https://dev.mysql.com/doc/mysql-errors/8.4/en/server-error-reference.html> and
/// <https://mariadb.com/docs/server/reference/error-codes/mariadb-error-code-reference>
#[cfg(feature = "mysql")]
fn mysql(error: &dyn DatabaseError) -> Meaning {
    let Some(error) = error.try_downcast_ref::<sqlx::mysql::MySqlDatabaseError>() else { return Meaning::Broken };
    match error.number() {
        // Deadlock; and MariaDB's "record has changed since last read".
        1_213 | 1_020 => Meaning::Again,
        // Server shutdown, connection killed.
        1_053 | 1_927 | 3_169 => Meaning::Lost,
        // Out of connections, of memory, of disk; lock wait, interrupted, statement took too long; read only, or not up.
        1_040 | 1_041 | 1_021 | 1_114 | 1_203 | 1_205 | 1_317 | 1_969 | 3_024 | 1_290 | 1_836 | 1_792 => {
            Meaning::NotWritten
        }
        _ => Meaning::Broken,
    }
}

#[cfg(not(feature = "mysql"))]
fn mysql(_error: &dyn DatabaseError) -> Meaning {
    Meaning::Broken
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_numbered_where_they_must_be() {
        assert_eq!(Backend::Postgres.marked("a = ? AND b = ?"), "a = $1 AND b = $2");
        assert_eq!(Backend::Mysql.marked("a = ? AND b = ?"), "a = ? AND b = ?");
    }

    #[test]
    fn what_codes_say() {
        assert_eq!(sqlite(Some("517")), Meaning::NotWritten, "a snapshot that is busy");
        assert_eq!(sqlite(Some("1034")), Meaning::Lost, "a failed fsync");
        assert_eq!(sqlite(Some("1")), Meaning::Broken);
        assert_eq!(postgres(Some("40001")), Meaning::Again);
        assert_eq!(postgres(None), Meaning::Broken);
        assert_eq!(postgres(Some("53300")), Meaning::NotWritten);
        assert_eq!(postgres(Some("57P01")), Meaning::Lost);
        assert_eq!(postgres(Some("42P01")), Meaning::Broken, "no table");
    }

    #[test]
    fn what_is_lost_on_the_way_is_not_known() {
        let reset = || sqlx::Error::Io(std::io::ErrorKind::ConnectionReset.into());
        for backend in [Backend::Sqlite, Backend::Postgres, Backend::Mysql] {
            assert_eq!(backend.meaning(&reset()), Meaning::Lost);
            assert_eq!(backend.meaning(&sqlx::Error::PoolTimedOut), Meaning::NotWritten);
            assert_eq!(backend.meaning(&sqlx::Error::RowNotFound), Meaning::Broken);
        }
    }
}
