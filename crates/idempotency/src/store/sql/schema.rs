//! Owns the table. Names are bytes in every database, so that none merges two that look alike.

use super::super::stored::broken;
use super::dialect::Backend;
use crate::protocol::Error;

/// With what is put behind it, an index's name still fits every database.
const TABLE_LENGTH_MAX: usize = 48;

/// A table's name goes into the text of statements.
pub(super) fn check_name(table: &str) -> Result<(), Error> {
    let letters = table.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
    let begins = table.bytes().next().is_some_and(|byte| !byte.is_ascii_digit());
    if letters && begins && table.len() <= TABLE_LENGTH_MAX {
        return Ok(());
    }
    Err(broken(&format!("{table:?} is no name of a table: {TABLE_LENGTH_MAX} letters, digits and underscores at most")))
}

/// What makes the table, and nothing where it is there. Each statement may be run again.
pub(super) fn statements(backend: Backend, table: &str) -> Vec<String> {
    // As long as a name may be; a number in InnoDB's index has room for both.
    let (name, digest, headers, body) = match backend {
        Backend::Sqlite => ("BLOB", "BLOB", "BLOB", "BLOB"),
        Backend::Postgres => ("BYTEA", "BYTEA", "BYTEA", "BYTEA"),
        Backend::Mysql => ("VARBINARY(255)", "BINARY(32)", "MEDIUMBLOB", "LONGBLOB"),
    };
    let (index_within, end) = match backend {
        Backend::Mysql => (format!(", INDEX {table}_by_end (state, until_us)"), " ENGINE = InnoDB"),
        Backend::Sqlite | Backend::Postgres => (String::new(), ""),
    };
    let create = format!(
        "CREATE TABLE IF NOT EXISTS {table} (scope {name} NOT NULL, key_text {name} NOT NULL, state BIGINT NOT NULL, \
         fence BIGINT NOT NULL, guarantee BIGINT NOT NULL, fingerprint_version BIGINT NOT NULL, \
         fingerprint {digest} NOT NULL, until_us BIGINT NOT NULL, status BIGINT, headers {headers}, body {body}, \
         PRIMARY KEY (scope, key_text), CHECK (state BETWEEN 0 AND 3), CHECK (guarantee IN (0, 1)), \
         CHECK (state <> 2 OR (status IS NOT NULL AND headers IS NOT NULL AND body IS NOT NULL)){index_within}){end}"
    );
    let index = format!("CREATE INDEX IF NOT EXISTS {table}_by_end ON {table} (state, until_us)");
    match backend {
        Backend::Mysql => vec![create],
        Backend::Sqlite | Backend::Postgres => vec![create, index],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_cannot_carry_a_statement() {
        for good in ["idempotency_keys", "_k", "Keys2"] {
            assert!(check_name(good).is_ok(), "{good}");
        }
        for bad in ["", "2keys", "a b", "a;drop table b", "a.b", "\"a\"", "ключи", &"k".repeat(49)] {
            assert!(matches!(check_name(bad), Err(Error::Broken(_))), "{bad}");
        }
    }
}
