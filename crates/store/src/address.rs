//! Owns where a database is, as people write it down, and what of it may be shown.

use std::fmt;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use sqlx::mysql::MySqlConnectOptions;
use sqlx::postgres::PgConnectOptions;

/// A database address that is not understood. It may hold a password, so it is not shown.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "the database address is not understood ({0}); \
     write sqlite:FOLDER/mideng.db, postgres://USER:PASSWORD@HOST/DATABASE or mysql://USER:PASSWORD@HOST/DATABASE"
)]
pub struct BadUrl(String);

/// Where a database is.
#[derive(Clone)]
pub enum Address {
    /// A file, embedded into the server.
    Sqlite(PathBuf),
    /// A PostgreSQL server and its database.
    Postgres(Box<PgConnectOptions>),
    /// A MySQL or MariaDB server and its database.
    MySql(Box<MySqlConnectOptions>),
}

impl Address {
    /// The file of an embedded database.
    pub fn file(&self) -> Option<&Path> {
        if let Self::Sqlite(file) = self { Some(file) } else { None }
    }
}

impl FromStr for Address {
    type Err = BadUrl;

    fn from_str(url: &str) -> Result<Self, BadUrl> {
        let bad = |why: &str| BadUrl(why.to_owned());
        let (scheme, rest) = url.split_once(':').ok_or_else(|| bad("it has no scheme"))?;
        match scheme {
            "sqlite" => match rest.strip_prefix("//").unwrap_or(rest) {
                "" => Err(bad("it names no file")),
                path if path.contains('?') => Err(bad("the file's name has a question mark in it")),
                path => Ok(Self::Sqlite(PathBuf::from(path))),
            },
            "postgres" | "postgresql" => {
                let options: PgConnectOptions = url.parse().map_err(|error: sqlx::Error| bad(&reason(&error)))?;
                options.get_database().ok_or_else(|| bad("it names no database"))?;
                Ok(Self::Postgres(Box::new(options)))
            }
            "mysql" | "mariadb" => {
                let options: MySqlConnectOptions = url.parse().map_err(|error: sqlx::Error| bad(&reason(&error)))?;
                options.get_database().ok_or_else(|| bad("it names no database"))?;
                Ok(Self::MySql(Box::new(options)))
            }
            other => Err(bad(&format!("{other} is no database that this version knows"))),
        }
    }
}

/// What a driver says of an address, without what it quotes of it: a password with a `?` in it is read as an option.
fn reason(error: &sqlx::Error) -> String {
    let text = error.to_string();
    let parts = text.split('"').enumerate().map(|(at, part)| if at % 2 == 1 { "…" } else { part });
    parts.collect::<Vec<_>>().join("\"")
}

impl From<&Path> for Address {
    fn from(file: &Path) -> Self {
        Self::Sqlite(file.to_owned())
    }
}

impl From<&PathBuf> for Address {
    fn from(file: &PathBuf) -> Self {
        Self::Sqlite(file.clone())
    }
}

impl From<&Self> for Address {
    fn from(address: &Self) -> Self {
        address.clone()
    }
}

/// The same: the drivers' own options would tell the password.
impl fmt::Debug for Address {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, out)
    }
}

/// Without what is secret in it.
impl fmt::Display for Address {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Sqlite(file) => file.display().fmt(out),
            Self::Postgres(options) => {
                let (host, port) = (options.get_host(), options.get_port());
                write!(out, "postgres://{host}:{port}/{}", options.get_database().unwrap_or_default())
            }
            Self::MySql(options) => {
                let (host, port) = (options.get_host(), options.get_port());
                write!(out, "mysql://{host}:{port}/{}", options.get_database().unwrap_or_default())
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_shown_without_what_is_secret() {
        for (url, shown) in [
            ("sqlite:shop/mideng.db", "shop/mideng.db"),
            ("sqlite:///var/shop.db", "/var/shop.db"),
            ("postgres://me:secret@db.example/shop?sslmode=disable", "postgres://db.example:5432/shop"),
            ("postgresql://db:6543/shop", "postgres://db:6543/shop"),
            ("mysql://me:secret@db/shop", "mysql://db:3306/shop"),
            ("mariadb://me:secret@db:3307/shop", "mysql://db:3307/shop"),
        ] {
            let address: Address = url.parse().expect("a good address");
            assert_eq!(address.to_string(), shown);
            assert_eq!(format!("{:?}", Some(&address)), format!("Some({shown})"));
        }
    }

    #[test]
    fn a_bad_address_says_why_and_keeps_its_password() {
        for (url, why) in [
            ("shop.db", "it has no scheme"),
            ("sqlite:", "it names no file"),
            ("sqlite:a.db?mode=ro", "question mark"),
            ("postgres://me:secret@db", "it names no database"),
            ("mysql://me:secret@db", "it names no database"),
            ("oracle://me:secret@db/shop", "oracle is no database"),
            ("mysql://db/shop?ssl-mode=secret", "ssl_mode"),
            ("postgres://db/shop?sslmode=secret", "ssl_mode"),
        ] {
            let error = url.parse::<Address>().expect_err("a bad address").to_string();
            assert!(error.contains(why), "{error}");
            assert!(!error.contains("secret"), "{error}");
        }
    }
}
