//! Owns asking Redis itself how often it was asked.

use std::time::Duration;

use anyhow::{Context as _, bail, ensure};
use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::TcpStream;

const ANSWER_WITHIN: Duration = Duration::from_secs(5);
const ANSWER_MAX: usize = 1 << 20;

/// What it was asked since it began.
pub(super) struct Commands {
    /// Questions for an entry of a cache, each a way there and back.
    pub(super) questions: u64,
    /// Entries that were put.
    pub(super) puts: u64,
}

impl Commands {
    /// Of the Redis at this address: `redis://user:password@host:port`.
    pub(super) async fn of(url: &str) -> anyhow::Result<Self> {
        let told = tokio::time::timeout(ANSWER_WITHIN, info(url)).await.context("Redis does not answer")??;
        let calls = |command: &str| -> u64 {
            let line = told.lines().find_map(|line| line.strip_prefix(&format!("cmdstat_{command}:calls=")));
            line.and_then(|line| line.split(',').next()?.parse().ok()).unwrap_or_default()
        };
        // The script that puts an entry looks at the one before it: a question, but no way of its own.
        let (gets, puts) = (calls("get"), calls("set"));
        Ok(Self { questions: gets.saturating_sub(puts), puts })
    }

    /// What came since then.
    pub(super) const fn since(&self, before: &Self) -> Self {
        Self { questions: self.questions - before.questions, puts: self.puts - before.puts }
    }
}

async fn info(url: &str) -> anyhow::Result<String> {
    let address = url.strip_prefix("redis://").and_then(|rest| rest.split_once('@'));
    let (account, place) = address.context("the address has an account, and no TLS")?;
    let (user, password) = account.split_once(':').context("the account has a password")?;
    let mut stream = BufReader::new(TcpStream::connect(place).await.context("connecting to Redis")?);
    stream.write_all(format!("AUTH {user} {password}\r\nINFO commandstats\r\n").as_bytes()).await?;
    let mut line = String::new();
    stream.read_line(&mut line).await?;
    ensure!(line.starts_with("+OK"), "Redis does not let us in");
    line.clear();
    stream.read_line(&mut line).await?;
    let length = line.strip_prefix('$').and_then(|length| length.trim().parse::<usize>().ok());
    let Some(length) = length.filter(|length| *length <= ANSWER_MAX) else { bail!("Redis answers {line:?}") };
    let mut told = vec![0; length];
    stream.read_exact(&mut told).await?;
    String::from_utf8(told).context("Redis answers with no text")
}
