//! Owns sending one request and saying what is known when no answer comes: nothing was sent, or nobody knows. It does
//! not know what is asked, and asks again never.

use std::error::Error as _;
use std::fmt::Write as _;
use std::sync::Arc;
use std::time::Duration;

use reqwest::header::{HeaderMap, HeaderName, HeaderValue, USER_AGENT};
use reqwest::{Client, Method, Url, redirect, retry};
use rustls::{ClientConfig, RootCertStore};

use crate::{ANSWER_MAX, Failure};

#[cfg(test)]
mod tests;

/// How long a connection may take, with its name and its TLS.
const CONNECT_MAX: Duration = Duration::from_secs(3);
/// How long an unused connection is kept.
const IDLE_MAX: Duration = Duration::from_secs(30);
/// How many unused connections are kept.
const IDLE_CONNECTIONS_MAX: usize = 64;
/// The most an answer may hold.
const ANSWER_BYTES_MAX: usize = 1024 * 1024;
/// The most a statement may hold.
pub(crate) const STATEMENT_BYTES_MAX: usize = 64 * 1024 * 1024;

/// Sends requests to one provider, over connections that are kept.
pub(crate) struct Ask(Client);

/// One request.
pub(crate) struct Question {
    pub(crate) method: Method,
    pub(crate) url: Url,
    pub(crate) headers: Vec<(&'static str, String)>,
    pub(crate) body: Vec<u8>,
}

/// What came back, whatever its status; its signature is not looked at yet.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    headers: HeaderMap,
    pub(crate) body: Vec<u8>,
}

impl Ask {
    /// Opens a client with the system's certificates. A system without any can still be asked over plain HTTP.
    pub(crate) fn open() -> Result<Self, Failure> {
        Self::patient(ANSWER_MAX)
    }

    /// As [`Ask::open`], and waits so long for an answer.
    fn patient(answer_max: Duration) -> Result<Self, Failure> {
        let mut roots = RootCertStore::empty();
        roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let broken = |error: &dyn std::error::Error| Failure::Misconfigured(format!("no TLS client: {error}"));
        let versions = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions();
        let tls = versions.map_err(|error| broken(&error))?.with_root_certificates(roots).with_no_client_auth();
        let client = Client::builder()
            .tls_backend_preconfigured(tls)
            .no_proxy()
            .redirect(redirect::Policy::none())
            .retry(retry::never())
            .connect_timeout(CONNECT_MAX)
            .timeout(answer_max)
            .pool_idle_timeout(IDLE_MAX)
            .pool_max_idle_per_host(IDLE_CONNECTIONS_MAX)
            .build();
        client.map(Self).map_err(|error| broken(&error))
    }

    /// Sends, and waits for the answer.
    pub(crate) async fn send(&self, question: Question) -> Result<Answer, Failure> {
        self.send_within(question, ANSWER_BYTES_MAX).await
    }

    /// Sends, and waits for an answer that may be long.
    pub(crate) async fn send_within(&self, question: Question, bytes_max: usize) -> Result<Answer, Failure> {
        let mut headers = HeaderMap::new();
        headers.insert(USER_AGENT, HeaderValue::from_static("mideng"));
        for (name, value) in question.headers {
            let mut value = HeaderValue::try_from(value)
                .map_err(|_| Failure::Misconfigured(format!("the header {name} cannot hold its value")))?;
            // Keeps credentials out of every Debug and of HTTP/2's tables.
            value.set_sensitive(true);
            headers.insert(HeaderName::from_static(name), value);
        }
        let request = self.0.request(question.method, question.url).headers(headers).body(question.body);
        let mut response = request.send().await.map_err(classified)?;
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        let too_long = || Failure::Unknown(format!("the answer is longer than {bytes_max} bytes"));
        if response.content_length().is_some_and(|length| length > bytes_max as u64) {
            return Err(too_long());
        }
        let mut body = Vec::new();
        while let Some(chunk) = response.chunk().await.map_err(classified)? {
            if body.len() + chunk.len() > bytes_max {
                return Err(too_long());
            }
            body.extend_from_slice(&chunk);
        }
        Ok(Answer { status, headers, body })
    }
}

impl Answer {
    /// A header's value, where it comes once and is text.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        let mut values = self.headers.get_all(name).iter();
        match (values.next(), values.next()) {
            (Some(value), None) => value.to_str().ok(),
            _ => None,
        }
    }

    /// The body as text.
    pub(crate) fn text(&self) -> Result<&str, Failure> {
        std::str::from_utf8(&self.body).map_err(|_| Failure::Unknown("the answer is no text".to_owned()))
    }

    /// How long the other side wants to be left alone, where it said so in seconds; a date is not looked at.
    pub(crate) fn retry_after(&self) -> Option<Duration> {
        self.header("retry-after")?.trim().parse().ok().map(Duration::from_secs)
    }

    /// For an answer that says nothing of what was done.
    pub(crate) fn unknown(&self, what: &str) -> Failure {
        Failure::Unknown(format!("{what}, with status {}", self.status))
    }
}

impl Question {
    /// The path with the query, as the server sees it and as signatures cover it.
    pub(crate) fn target(&self) -> String {
        target(&self.url)
    }
}

/// The path with the query of an address.
pub(crate) fn target(url: &Url) -> String {
    let mut target = url.path().to_owned();
    if let Some(query) = url.query() {
        target.push('?');
        target.push_str(query);
    }
    target
}

/// An address behind the gateway; `path` is escaped already and begins with a slash.
pub(crate) fn behind(gateway: &Url, path: &str) -> Result<Url, Failure> {
    let text = format!("{}{path}", gateway.as_str().trim_end_matches('/'));
    Url::parse(&text).map_err(|_| Failure::Misconfigured("the request has no address".to_owned()))
}

/// Only where no connection stood is it certain that nothing was sent. A request that cannot even be put together is not
/// mended by waiting. The address is left out: it may be signed.
fn classified(error: reqwest::Error) -> Failure {
    let error = error.without_url();
    let (unfit, nothing_sent) = (error.is_builder(), error.is_connect());
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        let _ = write!(text, ": {cause}");
        source = cause.source();
    }
    match (unfit, nothing_sent) {
        (true, _) => Failure::Misconfigured(text),
        (false, true) => Failure::NotSent(text),
        (false, false) => Failure::Unknown(text),
    }
}
