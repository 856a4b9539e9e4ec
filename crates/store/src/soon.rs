//! Owns how long a question outside of a batch may take: lists, credentials, and what starts and workers look for.

use std::time::Duration;

use engine::Fault;

use crate::dialect::ANSWER_MAX;
use crate::{Doing as _, Error};

/// Waits for an answer as long as in a batch, but not for ever: a way on which nothing passes any more tells nobody.
pub(crate) fn soon<T, E>(
    doing: &'static str,
    asked: impl Future<Output = Result<T, E>>,
) -> impl Future<Output = Result<T, Error>>
where
    E: std::error::Error + Send + Sync + 'static,
{
    within(ANSWER_MAX, doing, asked)
}

/// The same for a question that the server itself may have to wait with.
pub(crate) fn within<T, E>(
    most: Duration,
    doing: &'static str,
    asked: impl Future<Output = Result<T, E>>,
) -> impl Future<Output = Result<T, Error>>
where
    E: std::error::Error + Send + Sync + 'static,
{
    bounded(most, doing, async move { asked.await.doing(doing) })
}

/// The same for several questions. Boxed: what sqlx does in a statement is large, and would be in every caller.
pub(crate) fn bounded<T>(
    most: Duration,
    doing: &'static str,
    asked: impl Future<Output = Result<T, Error>>,
) -> impl Future<Output = Result<T, Error>> {
    let asked = Box::pin(asked);
    async move {
        let late = |_| Fault::Unreachable(format!("no answer from the database within {} s", most.as_secs()));
        tokio::time::timeout(most, asked).await.map_err(late).doing(doing)?
    }
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
