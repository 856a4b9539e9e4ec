//! Owns one call and its answer: who is connected to, how long it may take, how much is read. It asks again never, goes
//! nowhere that an answer points to, and does not know what the call is for.

use std::error::Error as _;
use std::fmt;
use std::fmt::Write as _;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use reqwest::dns::Resolve;
use reqwest::header::{HeaderMap, HeaderValue, USER_AGENT};
use reqwest::{Method, Request, Response, StatusCode, Url, redirect, retry};
use rustls::ClientConfig;

use crate::names::Checked;
use crate::{Failure, Names, Policy, Refusal, SystemNames};

#[cfg(test)]
mod tests;

/// The most headers that an answer may have.
const HEADERS_MAX: usize = 64;
/// The most that is told of what a library says, in characters.
const WHY_CHARS_MAX: usize = 300;
/// What is reserved of an announced length before any of it has come.
const ROOM_BYTES_MAX: usize = 64 * 1024;

/// Calls what its policy allows, over connections that are kept.
#[derive(Clone)]
pub struct Client {
    http: reqwest::Client,
    policy: Arc<Policy>,
    limits: Limits,
}

/// How long a call may take, and how much is read.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// How long a connection may take, with its name and its TLS.
    pub connect_max: Duration,
    /// How long a call may take, with all of its answer.
    pub answer_max: Duration,
    /// The most that an answer's body may hold.
    pub answer_bytes_max: usize,
    /// How long an unused connection is kept.
    pub idle_max: Duration,
    /// How many unused connections are kept for each host.
    pub idle_connections_max: usize,
}

/// One call. It has no `Debug`: its parts may be secrets.
pub struct Call {
    /// As the other side understands it.
    pub method: Method,
    /// Who is called.
    pub url: Url,
    /// Sent as they are; a user agent comes by itself.
    pub headers: HeaderMap,
    /// Sent as it is.
    pub body: Vec<u8>,
}

/// What came back, whatever its status. Nothing of it is to be believed yet; and it may hold secrets, which `Debug` leaves out.
pub struct Answer {
    /// Whatever it says; a redirection is an answer like any other.
    pub status: StatusCode,
    /// As they came.
    pub headers: HeaderMap,
    /// As it came: compression is not undone.
    pub body: Vec<u8>,
}

impl fmt::Debug for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Answer").field("status", &self.status).field("bytes", &self.body.len()).finish_non_exhaustive()
    }
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            connect_max: Duration::from_secs(3),
            answer_max: Duration::from_secs(10),
            answer_bytes_max: 256 * 1024,
            idle_max: Duration::from_secs(30),
            idle_connections_max: 16,
        }
    }
}

impl Client {
    /// A client that asks this machine for names. `tls` says whose certificates are trusted.
    pub fn open(policy: Policy, limits: Limits, tls: ClientConfig) -> Result<Self, Failure> {
        Self::with_names(policy, limits, tls, Arc::new(SystemNames::default()))
    }

    /// The same with names from elsewhere.
    pub fn with_names(
        policy: Policy,
        limits: Limits,
        tls: ClientConfig,
        names: Arc<dyn Names>,
    ) -> Result<Self, Failure> {
        let policy = Arc::new(policy);
        let resolver = Checked { names, policy: Arc::clone(&policy) };
        Self::assemble(policy, limits, tls, resolver)
    }

    fn assemble(
        policy: Arc<Policy>,
        limits: Limits,
        tls: ClientConfig,
        resolver: impl Resolve + 'static,
    ) -> Result<Self, Failure> {
        let client = reqwest::Client::builder()
            .tls_backend_preconfigured(tls)
            .dns_resolver(resolver)
            // A proxy would look names up by itself, behind our back.
            .no_proxy()
            .redirect(redirect::Policy::none())
            .retry(retry::never())
            .referer(false)
            .http1_only()
            .http1_max_headers(HEADERS_MAX)
            // What another crate of the workspace switches on in the library stays off here: a short body would grow
            // behind the limit.
            .no_gzip()
            .no_brotli()
            .no_deflate()
            .no_zstd()
            .connect_timeout(limits.connect_max)
            .timeout(limits.answer_max)
            .pool_idle_timeout(limits.idle_max)
            .pool_max_idle_per_host(limits.idle_connections_max)
            .build();
        let unfit = |error| Failure::Unfit { host: "anybody".to_owned(), why: told(error) };
        Ok(Self { http: client.map_err(unfit)?, policy, limits })
    }

    /// Which addresses it calls.
    pub fn policy(&self) -> &Policy {
        &self.policy
    }

    /// Calls, and waits for the answer.
    pub async fn send(&self, call: Call) -> Result<Answer, Failure> {
        self.send_within(call, self.limits.answer_bytes_max).await
    }

    /// Calls, and waits for an answer whose body may hold so many bytes.
    pub async fn send_within(&self, call: Call, bytes_max: usize) -> Result<Answer, Failure> {
        self.policy.check(&call.url).map_err(Failure::Refused)?;
        let host = call.url.host_str().unwrap_or_default().to_owned();
        let mut request = Request::new(call.method, call.url);
        *request.headers_mut() = call.headers;
        request.headers_mut().entry(USER_AGENT).or_insert(HeaderValue::from_static("mideng"));
        *request.body_mut() = Some(call.body.into());
        let response = self.http.execute(request).await.map_err(|error| failed(&host, error))?;
        let admitted = self.admit_peer(&host, response.remote_addr());
        admitted.map_err(|refusal| Failure::Astray { host: host.clone(), refusal })?;
        let (status, headers) = (response.status(), response.headers().clone());
        let body = body(&host, response, bytes_max).await?;
        Ok(Answer { status, headers, body })
    }

    /// Looks at who answered, as the system says it: whatever a library made of the address before, nothing comes back
    /// from where we do not call.
    fn admit_peer(&self, host: &str, peer: Option<SocketAddr>) -> Result<(), Refusal> {
        peer.map_or(Err(Refusal::Unreadable), |peer| self.policy.admit(host, peer.ip()))
    }
}

async fn body(host: &str, mut response: Response, bytes_max: usize) -> Result<Vec<u8>, Failure> {
    let too_long = || Failure::TooLong { host: host.to_owned(), bytes_max };
    let announced = response.content_length().unwrap_or_default();
    let announced = usize::try_from(announced).ok().filter(|length| *length <= bytes_max).ok_or_else(too_long)?;
    let mut body = Vec::with_capacity(announced.min(ROOM_BYTES_MAX));
    while let Some(chunk) = response.chunk().await.map_err(|error| failed(host, error))? {
        if body.len() + chunk.len() > bytes_max {
            return Err(too_long());
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body)
}

fn failed(host: &str, error: reqwest::Error) -> Failure {
    if let Some(refusal) = refusal(&error) {
        return Failure::Refused(refusal.clone());
    }
    let host = host.to_owned();
    // Only where no connection stood is it certain that nothing was sent.
    match (error.is_builder(), error.is_connect(), error.is_timeout()) {
        (true, ..) => Failure::Unfit { host, why: told(error) },
        (_, true, _) => Failure::Unreachable { host, why: told(error) },
        (_, _, true) => Failure::Late { host },
        _ => Failure::Broken { host, why: told(error) },
    }
}

/// What our own looking at names said, from within the library's error.
fn refusal(error: &reqwest::Error) -> Option<&Refusal> {
    let mut source = error.source();
    while let Some(cause) = source {
        if let Some(refusal) = cause.downcast_ref() {
            return Some(refusal);
        }
        source = cause.source();
    }
    None
}

/// What a library says, without the address.
fn told(error: reqwest::Error) -> String {
    let error = error.without_url();
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        let _ = write!(text, ": {cause}");
        source = cause.source();
    }
    text.chars().map(|it| if it.is_control() { ' ' } else { it }).take(WHY_CHARS_MAX).collect()
}
