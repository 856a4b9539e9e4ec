//! Owns how often Redis is asked who somebody is: once where the server has forgotten, and not at all where it has not.

use std::sync::Arc;
use std::time::Duration;

use anyhow::ensure;
use futures_util::future::try_join_all;
use serde_json::{Value, json};

use super::Crowd;
use super::redis::Commands;
use crate::client::clock::now;
use crate::client::{Connection, Request, Target};

const TIMEOUT: Duration = Duration::from_secs(10);
/// Behind the last request the server forgets within half a second.
const PAUSE: Duration = Duration::from_millis(600);
/// So long each of them asks in one go.
const ASKING: Duration = Duration::from_millis(250);
/// Where the machine made that longer, the server may have forgotten within it.
const LATE: Duration = Duration::from_millis(480);

#[derive(Default)]
struct Asked {
    requests: u64,
    /// Each begins with a session that is forgotten.
    windows: u64,
    /// Where it may have been forgotten once more.
    late: u64,
}

/// Everybody asks who they are as fast as they can, pauses until they are forgotten, and asks again.
pub(super) async fn measure(crowd: &Crowd, redis_url: &str, windows: u32) -> anyhow::Result<Value> {
    let people: Vec<Arc<Target>> = crowd.by_token()?.into_iter().map(|sender| sender.target).collect();
    // What the log-ins brought with them is over.
    tokio::time::sleep(PAUSE).await;
    let before = Commands::of(redis_url).await?;
    let asked = try_join_all(people.iter().map(|person| ask(person, windows))).await?;
    let commands = Commands::of(redis_url).await?.since(&before);
    let sum = |of: fn(&Asked) -> u64| asked.iter().map(of).sum::<u64>();
    Ok(json!({
        "requests": sum(|it| it.requests), "forgotten": sum(|it| it.windows), "late": sum(|it| it.late),
        "questions": commands.questions, "puts": commands.puts,
    }))
}

async fn ask(person: &Arc<Target>, windows: u32) -> anyhow::Result<Asked> {
    let mut connection = Connection::new(person.clone());
    let mut asked = Asked::default();
    for _ in 0..windows {
        tokio::time::sleep(PAUSE).await;
        let begin = now();
        while begin.elapsed() < ASKING {
            let answer = connection.send(&Request::get("/api/v1/me"), TIMEOUT).await?;
            ensure!(answer.status.is_success(), "{answer}");
            asked.requests += 1;
        }
        asked.windows += 1;
        asked.late += u64::from(begin.elapsed() >= LATE);
    }
    Ok(asked)
}
