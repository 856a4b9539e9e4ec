//! Owns what a MySQL or MariaDB server must be, and which of its settings put acknowledged writes in danger.

use sqlx::{AssertSqlSafe, ConnectOptions as _, Connection as _, MySqlConnection, Row as _};

use super::MySql;
use crate::{Doing as _, Error};

/// The least that a server must take at once: a batch with its answers.
const PACKET_LEAST: i64 = 16 << 20;

impl MySql {
    /// What of the server's settings puts acknowledged writes in danger. Refused where Mideng cannot work at all.
    pub(crate) async fn warnings(&self) -> Result<Vec<String>, Error> {
        const DOING: &str = "looking at the server's settings";
        let mut connection = self.quiet().connect().await.doing("connecting to the database")?;
        let version: String = sqlx::query_scalar("select version()").fetch_one(&mut connection).await.doing(DOING)?;
        if let Some(least) = too_old(&version) {
            return Err(Error::Refused(format!("the server is {version}; Mideng needs {least} or newer")));
        }
        let mut warnings = Vec::new();
        let has_binlog = variable(&mut connection, "log_bin").await.doing(DOING)?.as_deref() == Some("ON");
        let format = variable(&mut connection, "binlog_format").await.doing(DOING)?;
        if has_binlog && format.as_deref() == Some("STATEMENT") {
            // READ COMMITTED does not go into such a log, and the server refuses every write (error 1665).
            let text =
                "the server's binlog_format is STATEMENT, which takes no write of Mideng's; set it to ROW or MIXED";
            return Err(Error::Refused(text.to_owned()));
        }
        for (name, is_good, danger) in DANGERS {
            if *name == "sync_binlog" && !has_binlog {
                continue;
            }
            let Some(value) = variable(&mut connection, name).await.doing(DOING)? else { continue };
            if !is_good(&value) {
                warnings.push(format!("the server's {name} is {value}: {danger}"));
            }
        }
        let _closed = connection.close().await;
        Ok(warnings)
    }
}

/// The oldest version that will do, where the server's is older still. TiDB says which MySQL it passes for.
fn too_old(version: &str) -> Option<&'static str> {
    let mut numbers = version.split(|letter: char| !letter.is_ascii_digit()).map(|digits| digits.parse().unwrap_or(0));
    let is = [(); 3].map(|()| numbers.next().unwrap_or(0));
    let (least, name) =
        if version.contains("MariaDB") { ([10, 11, 0], "MariaDB 10.11") } else { ([8, 0, 31], "MySQL 8.0.31") };
    (is < least && !version.contains("TiDB")).then_some(name)
}

/// A setting, whether its value is good, and what happens where it is not.
type Danger = (&'static str, fn(&str) -> bool, &'static str);

const DANGERS: &[Danger] = &[
    (
        "innodb_flush_log_at_trx_commit",
        |value| value == "1",
        "a crash of the machine loses acknowledged orders; set it to 1",
    ),
    (
        "sync_binlog",
        |value| value == "1",
        "a crash of the machine can take orders from replicas and backups; set it to 1",
    ),
    (
        "innodb_doublewrite",
        |value| value != "OFF" && value != "0",
        "a crash of the machine can leave half-written pages",
    ),
    (
        "max_allowed_packet",
        |value| value.parse::<i64>().is_ok_and(|bytes| bytes >= PACKET_LEAST),
        "large batches do not pass; set it to 16M or more",
    ),
];

async fn variable(connection: &mut MySqlConnection, name: &str) -> Result<Option<String>, sqlx::Error> {
    let sql = AssertSqlSafe(format!("show global variables like '{name}'"));
    let row = sqlx::raw_sql(sql).fetch_optional(connection).await?;
    row.map(|row| row.try_get(1)).transpose()
}

#[cfg(test)]
mod tests {
    use super::too_old;

    #[test]
    fn versions_as_servers_say_them() {
        for (version, least) in [
            ("10.11.19-MariaDB-0+deb12u1", None),
            ("11.8.2-MariaDB", None),
            ("10.6.18-MariaDB", Some("MariaDB 10.11")),
            ("5.5.5-10.4.1-MariaDB", Some("MariaDB 10.11")),
            ("8.0.31", None),
            ("8.4.0-log", None),
            ("8.0.30", Some("MySQL 8.0.31")),
            ("5.7.44-log", Some("MySQL 8.0.31")),
            ("8.0.11-TiDB-v7.5.1", None),
        ] {
            assert_eq!(too_old(version), least, "{version}");
        }
    }
}
