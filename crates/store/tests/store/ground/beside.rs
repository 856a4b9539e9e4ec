//! Owns a connection behind the store's back, the same to ask on each database: rows as lines of text.

use std::path::Path;
use std::time::Duration;

use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{
    AssertSqlSafe, ColumnIndex, ConnectOptions as _, Connection as _, Decode, MySqlConnection, PgConnection, Row,
    SqliteConnection, Type,
};

use super::Kind;

/// A connection that belongs to nobody.
pub enum Beside {
    Sqlite(SqliteConnection),
    Postgres(PgConnection),
    MariaDb(MySqlConnection),
}

/// Does the same with whichever connection it is.
macro_rules! with {
    ($beside:expr, $connection:ident => $work:expr) => {
        match $beside {
            Beside::Sqlite($connection) => $work,
            Beside::Postgres($connection) => $work,
            Beside::MariaDb($connection) => $work,
        }
    };
}

impl Beside {
    pub(super) async fn sqlite(file: &Path) -> Self {
        let options = SqliteConnectOptions::new().filename(file).busy_timeout(Duration::ZERO);
        Self::Sqlite(options.connect().await.expect("the file can be opened"))
    }

    pub(super) async fn server(kind: Kind, url: &str) -> Self {
        match kind {
            Kind::Sqlite => panic!("SQLite has no server"),
            Kind::Postgres => Self::Postgres(PgConnection::connect(url).await.expect("PostgreSQL answers")),
            Kind::MariaDb => Self::MariaDb(MySqlConnection::connect(url).await.expect("MariaDB answers")),
        }
    }

    /// Runs statements; gives how many rows were touched.
    pub async fn run(&mut self, sql: &str) -> Result<u64, sqlx::Error> {
        let sql = sqlx::raw_sql(AssertSqlSafe(sql.to_owned()));
        with!(self, connection => sql.execute(connection).await.map(|done| done.rows_affected()))
    }

    /// Rows, cell behind cell: numbers and texts as they are, bytes in hexadecimal, nothing as a dash.
    pub async fn cells(&mut self, sql: &str) -> Vec<Vec<String>> {
        let text = sqlx::raw_sql(AssertSqlSafe(sql.to_owned()));
        let rows: Result<Vec<Vec<String>>, sqlx::Error> = with!(self, connection => {
            text.fetch_all(connection).await.map(|rows| rows.iter().map(cells).collect())
        });
        rows.unwrap_or_else(|error| panic!("{sql}: {error}"))
    }

    /// The same, a line for each row.
    pub async fn lines(&mut self, sql: &str) -> Vec<String> {
        self.cells(sql).await.iter().map(|row| row.join("|")).collect()
    }

    /// One number.
    pub async fn number(&mut self, sql: &str) -> i64 {
        let lines = self.lines(sql).await;
        lines.first().and_then(|line| line.parse().ok()).unwrap_or_else(|| panic!("{sql}: {lines:?} is no number"))
    }

    /// Says goodbye; on SQLite, what was written is in the file behind it.
    pub async fn close(self) {
        with!(self, connection => connection.close().await.expect("the connection is good"));
    }
}

fn cells<R>(row: &R) -> Vec<String>
where
    R: Row,
    usize: ColumnIndex<R>,
    for<'r> i64: Decode<'r, R::Database> + Type<R::Database>,
    for<'r> i32: Decode<'r, R::Database> + Type<R::Database>,
    for<'r> String: Decode<'r, R::Database> + Type<R::Database>,
    for<'r> Vec<u8>: Decode<'r, R::Database> + Type<R::Database>,
{
    let shown = |value: Option<String>| value.unwrap_or_else(|| "-".to_owned());
    let cell = |at: usize| {
        row.try_get(at)
            .map(|number: Option<i64>| shown(number.map(|number| number.to_string())))
            .or_else(|_| row.try_get(at).map(|number: Option<i32>| shown(number.map(|number| number.to_string()))))
            .or_else(|_| row.try_get(at).map(shown))
            .or_else(|_| row.try_get(at).map(|bytes: Option<Vec<u8>>| shown(bytes.map(|bytes| hex(&bytes)))))
            // What is left comes from the server's own tables, and as text.
            .or_else(|_| row.try_get_unchecked(at).map(shown))
    };
    (0..row.len()).map(|at| cell(at).expect("a number, a text or bytes")).collect()
}

/// Bytes as a dump spells them.
pub fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    bytes.iter().fold(String::new(), |mut text, byte| {
        write!(text, "{byte:02x}").expect("a string takes everything");
        text
    })
}
