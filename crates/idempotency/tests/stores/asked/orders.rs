//! Owns where the orders of the asked service stand: in the database of its store, written in one transaction with their
//! answers, or in a journal that knows nothing of the store, as a provider's book does.

use std::collections::hash_map::RandomState;
use std::fs::{File, OpenOptions};
use std::hash::BuildHasher as _;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use async_trait::async_trait;
use axum::response::{IntoResponse as _, Response};
use idempotency::Answer;
use idempotency::layer::{Claim, Numbers, Resolution, Resolver};
use idempotency::protocol::Doubt;
use serde_json::json;
use sqlx::{MySqlPool, PgPool, SqlitePool};
use tokio::time::sleep;

/// What the number of an order in the journal is derived for.
const ORDER: &str = "order";

/// Where orders stand.
#[derive(Clone)]
pub enum Orders {
    Journal(Journal),
    Sqlite(SqlitePool),
    Postgres(PgPool),
    MariaDb(MySqlPool),
}

/// A file with a line for each order: under which number it was asked for, and what it is called.
#[derive(Clone)]
pub struct Journal {
    path: PathBuf,
}

/// A database's way through one order: its row, its answer, its commit.
macro_rules! placed {
    ($pool:expr, $claim:expr, $response:expr, $insert:expr, $pause:expr) => {{
        let mut transaction = $pool.begin().await?;
        if let Some((statement, name)) = $insert {
            sqlx::query(statement).bind(name).execute(&mut *transaction).await?;
        }
        sleep($pause).await;
        let response = match $claim {
            Some(claim) => match claim.complete(&mut transaction, $response).await {
                Ok(completed) => completed.into_response(),
                Err(lost) => return Ok(lost.into_response()),
            },
            None => $response,
        };
        transaction.commit().await?;
        Ok(response)
    }};
}

impl Orders {
    /// A name that no order had before.
    pub fn name() -> String {
        format!("ord-{:016x}", RandomState::new().hash_one(0))
    }

    /// Makes the table, where there is one.
    pub async fn migrate(&self) -> sqlx::Result<()> {
        let table = "CREATE TABLE IF NOT EXISTS orders (name VARCHAR(40) NOT NULL PRIMARY KEY)";
        match self {
            Self::Journal(_) => Ok(()),
            Self::Sqlite(pool) => sqlx::query(table).execute(pool).await.map(drop),
            Self::Postgres(pool) => sqlx::query(table).execute(pool).await.map(drop),
            Self::MariaDb(pool) => sqlx::query(table).execute(pool).await.map(drop),
        }
    }

    /// Writes the order of this name, or none, and the answer with it, after a pause.
    pub async fn place(
        &self,
        claim: Option<Claim>,
        order: Option<&str>,
        response: Response,
        pause: Duration,
    ) -> sqlx::Result<Response> {
        let question = order.map(|name| ("INSERT INTO orders VALUES (?)", name));
        let numbered = order.map(|name| ("INSERT INTO orders VALUES ($1)", name));
        match self {
            Self::Journal(journal) => {
                let number = claim.map_or_else(|| "-".to_owned(), |claim| claim.derive(ORDER));
                order.map_or(Ok(()), |name| journal.append(&number, name))?;
                sleep(pause).await;
                Ok(response)
            }
            Self::Sqlite(pool) => placed!(pool, claim, response, question, pause),
            Self::Postgres(pool) => placed!(pool, claim, response, numbered, pause),
            Self::MariaDb(pool) => placed!(pool, claim, response, question, pause),
        }
    }

    /// How many there are.
    pub async fn count(&self) -> sqlx::Result<i64> {
        let count = "SELECT count(*) FROM orders";
        match self {
            Self::Journal(journal) => Ok(i64::try_from(journal.text()?.lines().count()).expect("a small file")),
            Self::Sqlite(pool) => sqlx::query_scalar(count).fetch_one(pool).await,
            Self::Postgres(pool) => sqlx::query_scalar(count).fetch_one(pool).await,
            Self::MariaDb(pool) => sqlx::query_scalar(count).fetch_one(pool).await,
        }
    }
}

impl Journal {
    pub fn open(folder: &Path) -> std::io::Result<Self> {
        let path = folder.join("orders.txt");
        OpenOptions::new().create(true).append(true).open(&path)?;
        Ok(Self { path })
    }

    /// One write, which a killed process has done or not.
    fn append(&self, number: &str, name: &str) -> std::io::Result<()> {
        let mut file: File = OpenOptions::new().append(true).open(&self.path)?;
        file.write_all(format!("{number} {name}\n").as_bytes())
    }

    fn text(&self) -> std::io::Result<String> {
        std::fs::read_to_string(&self.path)
    }
}

/// The journal says what became of a request whose executor is gone.
#[async_trait]
impl Resolver for Journal {
    async fn resolve(&self, _: &Doubt, numbers: &Numbers) -> Resolution {
        let Ok(text) = self.text() else { return Resolution::StillUnknown };
        let number = numbers.derive(ORDER);
        let found = text.lines().find_map(|line| line.split_once(' ').filter(|(known, _)| *known == number));
        found.map_or(Resolution::NotExecuted, |(_, name)| {
            let headers = [("content-type", "application/json".to_owned()), ("location", format!("/orders/{name}"))];
            let headers = headers.map(|(header, value)| (header.to_owned(), value)).to_vec();
            Resolution::Executed(Answer { status: 201, headers, body: json!({"order_no": name}).to_string().into() })
        })
    }
}
