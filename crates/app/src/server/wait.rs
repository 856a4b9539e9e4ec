//! Owns waiting, while a server starts, for a database that is not there yet or goes away again. Servers and their database are
//! often started together, and a way to it may break at any moment: a start that ends is one that somebody has to repeat.

use std::time::Duration;

use tokio::time::Instant;

/// Between two tries.
const PAUSE: Duration = Duration::from_millis(500);

/// How long one start waits, all in all.
pub(super) struct Wait {
    begun: Instant,
    most: Duration,
}

impl Wait {
    /// From now on.
    pub(super) fn new(most: Duration) -> Self {
        Self { begun: Instant::now(), most }
    }

    /// Does something with the database, again for as long as it fails with an outage and time is left. It is to be
    /// harmless when done twice.
    pub(super) async fn out<T>(&self, work: impl AsyncFn() -> anyhow::Result<T>) -> anyhow::Result<T> {
        let mut told = false;
        loop {
            let error = match work().await {
                Err(error) if self.begun.elapsed() < self.most && is_outage(&error) => error,
                other => return other,
            };
            if !told {
                let seconds = self.most.as_secs();
                tracing::warn!(
                    error = format!("{error:#}"),
                    "the database does not answer; it is tried for {seconds} s"
                );
                told = true;
            }
            tokio::time::sleep(PAUSE).await;
        }
    }
}

fn is_outage(error: &anyhow::Error) -> bool {
    error.downcast_ref::<store::Error>().is_some_and(store::Error::is_outage)
}
