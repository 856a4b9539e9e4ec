//! Owns sending one request to one server, and what came of it.

use std::net::SocketAddr;
use std::time::Duration;

use anyhow::{Result, bail};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use ureq::http::HeaderMap;
use ureq::{Agent, Body, Timeout};

use super::wish::Wish;

/// Good for these servers only: each has data of its own and listens to this machine.
pub(super) const API_KEY: &str = "mk_chaos-on-this-machine-only";
/// Longer than the servers are told to wait for an answer.
pub(super) const TIMEOUT: Duration = Duration::from_secs(5);

/// What is stored under a key: this must be the same every time.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(super) struct Answer {
    pub(super) status: u16,
    pub(super) content_type: Option<String>,
    pub(super) etag: Option<String>,
    pub(super) location: Option<String>,
    pub(super) body: String,
}

/// What came of one try.
#[derive(Clone, Debug)]
pub(super) enum Outcome {
    Answered {
        answer: Answer,
        /// `executed` or `replayed`, where the server says so.
        idempotency: Option<String>,
        retry_after: Option<Duration>,
    },
    /// None came; whether the request was applied is not known.
    Silence(String),
}

/// Connections to all servers.
pub(super) struct Http {
    agent: Agent,
    nodes: Vec<SocketAddr>,
}

#[derive(Deserialize)]
struct Problem {
    code: String,
}

impl Http {
    pub(super) fn new(nodes: &[SocketAddr]) -> Self {
        let config = Agent::config_builder()
            .http_status_as_error(false)
            .max_redirects(0)
            .proxy(None)
            .max_idle_connections_per_host(4)
            .build();
        Self { agent: Agent::new_with_config(config), nodes: nodes.to_vec() }
    }

    pub(super) const fn nodes(&self) -> usize {
        self.nodes.len()
    }

    /// Sends a wish; who waits longer than this goes away.
    pub(super) fn send(&self, node: usize, wish: &Wish, timeout: Duration) -> Outcome {
        let request = self.agent.post(self.url(node, &wish.path)).config().timeout_global(Some(timeout)).build();
        let mut request = request
            .header("Authorization", format!("Bearer {API_KEY}"))
            .header("Idempotency-Key", &wish.key)
            .header("Content-Type", "application/json");
        if let Some(version) = &wish.if_match {
            request = request.header("If-Match", version);
        }
        read(request.send(&wish.body))
    }

    /// Puts a product, before anything goes wrong.
    pub(super) fn put(&self, path: &str, body: &str) -> Result<()> {
        let request = self.agent.put(self.url(0, path)).config().timeout_global(Some(TIMEOUT)).build();
        let request = request.header("Authorization", format!("Bearer {API_KEY}"));
        match read(request.header("Content-Type", "application/json").send(body)) {
            Outcome::Answered { answer, .. } if answer.status < 300 => Ok(()),
            outcome => bail!("PUT {path}: {}", outcome.class()),
        }
    }

    /// Reads what is at a path.
    pub(super) fn get<T: DeserializeOwned>(&self, node: usize, path: &str) -> Result<T> {
        match self.look(node, path, TIMEOUT) {
            Outcome::Answered { answer, .. } if answer.status == 200 => Ok(serde_json::from_str(&answer.body)?),
            outcome => bail!("GET {path} from node {node}: {}", outcome.class()),
        }
    }

    /// The same, whatever it is.
    pub(super) fn look(&self, node: usize, path: &str, timeout: Duration) -> Outcome {
        let request = self.agent.get(self.url(node, path)).config().timeout_global(Some(timeout)).build();
        read(request.header("Authorization", format!("Bearer {API_KEY}")).call())
    }

    fn url(&self, node: usize, path: &str) -> String {
        format!("http://{}{path}", self.nodes[node])
    }
}

fn read(result: Result<ureq::http::Response<Body>, ureq::Error>) -> Outcome {
    let whole = result.and_then(|mut response| {
        let body = response.body_mut().read_to_string()?;
        Ok((response.status().as_u16(), response.headers().clone(), body))
    });
    match whole {
        Err(error) => Outcome::Silence(reason(&error)),
        Ok((status, headers, body)) => {
            let [content_type, etag, location, idempotency, retry_after] =
                ["content-type", "etag", "location", "idempotency-status", "retry-after"]
                    .map(|name| header(&headers, name));
            let retry_after = retry_after.and_then(|seconds| Some(Duration::from_secs(seconds.parse().ok()?)));
            Outcome::Answered {
                answer: Answer { status, content_type, etag, location, body },
                idempotency,
                retry_after,
            }
        }
    }
}

fn header(headers: &HeaderMap, name: &str) -> Option<String> {
    headers.get(name)?.to_str().ok().map(str::to_owned)
}

/// A short name, to count by.
fn reason(error: &ureq::Error) -> String {
    match error {
        ureq::Error::Timeout(Timeout::Connect) => "no connection in time".to_owned(),
        ureq::Error::Timeout(_) => "timed out".to_owned(),
        ureq::Error::Io(error) => error.kind().to_string(),
        ureq::Error::ConnectionFailed => "connection failed".to_owned(),
        error => error.to_string(),
    }
}

impl Answer {
    /// The code of a problem.
    pub(super) fn code(&self) -> Option<String> {
        if self.status < 400 {
            return None;
        }
        serde_json::from_str::<Problem>(&self.body).ok().map(|problem| problem.code)
    }

    /// The same key goes again on 408, 409 `request_in_flight`, 429 and 5xx. Everything else is an answer.
    pub(super) fn is_final(&self) -> bool {
        match self.status {
            408 | 429 => false,
            409 => self.code().as_deref() != Some("request_in_flight"),
            status => status < 500,
        }
    }

    /// For people and for counting: `503 outcome_pending`.
    pub(super) fn class(&self) -> String {
        self.code().map_or_else(|| self.status.to_string(), |code| format!("{} {code}", self.status))
    }
}

impl Outcome {
    /// For people and for counting.
    pub(super) fn class(&self) -> String {
        match self {
            Self::Answered { answer, .. } => answer.class(),
            Self::Silence(reason) => format!("no answer: {reason}"),
        }
    }
}
