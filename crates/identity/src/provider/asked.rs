//! Owns the limits of one question to a provider: how long it takes, and what a library that panics may take with it. It does
//! not know what is asked.

use std::future::Future;
use std::time::Duration;

use tokio::task::JoinSet;
use tokio::time::timeout;

use super::Refused;

/// Runs it in a task of its own, which ends with this future. A library that panics over an odd answer ends its task and not
/// the caller's.
pub(super) async fn within<T: Send + 'static>(
    limit: Duration,
    work: impl Future<Output = Result<T, Refused>> + Send + 'static,
) -> Result<T, Refused> {
    let mut task = JoinSet::new();
    task.spawn(work);
    match timeout(limit, task.join_next()).await {
        Ok(Some(Ok(outcome))) => outcome,
        Ok(Some(Err(_)) | None) => Err(Refused::invalid("it cannot be read at all")),
        Err(_) => Err(Refused::away("it did not answer in time")),
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;

    const LIMIT: Duration = Duration::from_secs(5);

    #[tokio::test(start_paused = true)]
    async fn what_takes_too_long_is_given_up_and_ended() {
        let alive = Arc::new(());
        let held = Arc::clone(&alive);
        let never = async move {
            std::future::pending::<()>().await;
            drop(held);
            Ok(())
        };
        assert!(matches!(within(LIMIT, never).await, Err(Refused::Away(_))));
        while Arc::strong_count(&alive) > 1 {
            tokio::task::yield_now().await;
        }
    }

    #[tokio::test]
    async fn a_panic_is_an_answer_that_cannot_be_used() {
        let panics = async { if LIMIT.is_zero() { Ok(()) } else { panic!("as a library may") } };
        assert!(matches!(within(LIMIT, panics).await, Err(Refused::Invalid(_))));
        assert_eq!(within(LIMIT, async { Ok(1) }).await, Ok(1));
    }
}
