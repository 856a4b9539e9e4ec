//! Owns how long a question through a pool may take: lists, credentials, and what the workers look for.

use std::time::Duration;

use engine::Fault;

use crate::{Doing as _, Error};

/// As long as the server may be silent in a batch; it has time-outs of its own for statements, which are shorter.
const ANSWER_MAX: Duration = Duration::from_secs(7);

/// Waits for an answer, but not for ever: a way on which nothing passes any more tells nobody.
pub(crate) async fn soon<T, E>(doing: &'static str, asked: impl Future<Output = Result<T, E>>) -> Result<T, Error>
where
    E: std::error::Error + Send + Sync + 'static,
{
    let late = |_| Fault::Unreachable(format!("no answer from the database within {} s", ANSWER_MAX.as_secs()));
    tokio::time::timeout(ANSWER_MAX, asked).await.map_err(late).doing(doing)?.doing(doing)
}
