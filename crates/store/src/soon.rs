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

#[cfg(test)]
mod tests {
    use std::future::pending;

    use tokio::time::Instant;

    use super::*;

    /// Virtual time: what never answers is given up as an outage, which who asks may try again.
    #[tokio::test(start_paused = true)]
    async fn what_never_answers_is_given_up() {
        let begun = Instant::now();
        let given_up = soon("asking", pending::<Result<(), sqlx::Error>>()).await;
        assert!(given_up.is_err_and(|error| error.is_outage()));
        assert_eq!(begun.elapsed(), ANSWER_MAX);
    }
}
