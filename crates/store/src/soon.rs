//! Owns how long a question through a pool may take: lists, credentials, and what the workers look for.

use engine::Fault;

use crate::dialect::ANSWER_MAX;
use crate::{Doing as _, Error};

/// Waits for an answer as long as in a batch, but not for ever: a way on which nothing passes any more tells nobody.
pub(crate) async fn soon<T, E>(doing: &'static str, asked: impl Future<Output = Result<T, E>>) -> Result<T, Error>
where
    E: std::error::Error + Send + Sync + 'static,
{
    let late = |_| Fault::Unreachable(format!("no answer from the database within {} s", ANSWER_MAX.as_secs()));
    tokio::time::timeout(ANSWER_MAX, asked).await.map_err(late).doing(doing)?.doing(doing)
}
