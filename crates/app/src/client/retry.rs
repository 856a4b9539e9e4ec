//! Owns when a request is sent again: the rules that the API's README gives to every client.

use std::time::Duration;

use http::StatusCode;
use rand::RngExt as _;
use rand::rngs::StdRng;
use thiserror::Error;

use super::clock::now;
use super::{Answer, Connection, Request};

/// The first pause; it doubles with each try.
const PAUSE_MIN: Duration = Duration::from_millis(20);
/// The longest pause that the client takes by itself.
const PAUSE_MAX: Duration = Duration::from_secs(1);

/// How long a client tries.
#[derive(Clone, Copy, Debug)]
pub struct Policy {
    /// How long one try may take. The server answers a duplicate of a running request after 10 s at most.
    pub timeout: Duration,
    /// How long all tries of one request may take together.
    pub patience: Duration,
}

/// A final answer.
#[derive(Debug)]
pub struct Settled {
    /// The answer.
    pub answer: Answer,
    /// How many times the request was sent again to get it.
    pub retries: u32,
}

/// No final answer came in time. Whether the request was applied is not known; the same key tells later.
#[derive(Debug, Error)]
#[error("no final answer from {url} within {} s; the last try: {last}", .patience.as_secs())]
pub struct GaveUp {
    url: String,
    patience: Duration,
    last: String,
}

impl Default for Policy {
    fn default() -> Self {
        Self { timeout: Duration::from_secs(15), patience: Duration::from_mins(1) }
    }
}

impl Policy {
    /// Sends a request until its answer is final: the same request, under the same key.
    pub async fn settle(
        &self,
        connection: &mut Connection,
        request: &Request,
        random: &mut StdRng,
    ) -> Result<Settled, GaveUp> {
        let deadline = now() + self.patience;
        let mut retries = 0;
        loop {
            let (last, asked) = match connection.send(request, self.timeout).await {
                Ok(answer) if is_final(&answer) => return Ok(Settled { answer, retries }),
                Ok(answer) => (answer.to_string(), answer.retry_after()),
                Err(error) => (error.to_string(), None),
            };
            let pause = pause(retries, random).max(asked.unwrap_or_default());
            if now() + pause >= deadline {
                return Err(GaveUp { url: connection.target().url().to_owned(), patience: self.patience, last });
            }
            tokio::time::sleep(pause).await;
            retries += 1;
        }
    }
}

/// The same key goes again on 408, 409 `request_in_flight`, 429 and 5xx. Everything else is an answer.
fn is_final(answer: &Answer) -> bool {
    match answer.status {
        StatusCode::REQUEST_TIMEOUT | StatusCode::TOO_MANY_REQUESTS => false,
        StatusCode::CONFLICT => answer.code() != "request_in_flight",
        status => !status.is_server_error(),
    }
}

/// Half of the pause is drawn, so that clients that failed together do not come back together.
fn pause(retries: u32, random: &mut StdRng) -> Duration {
    let full = PAUSE_MIN.saturating_mul(1 << retries.min(10)).min(PAUSE_MAX);
    full.mul_f64(random.random_range(0.5..=1.0))
}

#[cfg(test)]
mod tests;
