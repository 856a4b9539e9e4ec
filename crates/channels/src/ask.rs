//! Owns sending one request and saying what is known when no answer comes: nothing was sent, or nobody knows. It does
//! not know what is asked, and asks again never.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use outbound::header::{HeaderMap, HeaderName, HeaderValue};
use outbound::{Call, Client, Http, Limits, Method, Policy, Ports, Refusal, Url};
use rustls::{ClientConfig, RootCertStore};

use crate::{ANSWER_MAX, Failure};

#[cfg(test)]
mod tests;

/// For one request.
const LIMITS: Limits = Limits {
    connect_max: Duration::from_secs(3),
    answer_max: ANSWER_MAX,
    answer_bytes_max: 1024 * 1024,
    idle_max: Duration::from_secs(30),
    idle_connections_max: 64,
};
/// The most a statement may hold.
pub(crate) const STATEMENT_BYTES_MAX: usize = 64 * 1024 * 1024;
/// The ports at which a file may be. Alipay's bills come over http.
const PORTS_OF_FILES: [u16; 3] = [80, 443, 8443];

/// Sends requests to one provider, over connections that are kept.
pub(crate) struct Ask {
    /// The place in the account's settings, which may be in a private network.
    gateway: Client,
    /// Wherever an answer says that a file is: somebody else's word, and so only what is public.
    elsewhere: Client,
}

/// One request.
pub(crate) struct Question {
    pub(crate) method: Method,
    pub(crate) url: Url,
    pub(crate) headers: Vec<(&'static str, String)>,
    pub(crate) body: Vec<u8>,
}

/// What came back, whatever its status; its signature is not looked at yet.
pub(crate) struct Answer {
    pub(crate) status: u16,
    headers: HeaderMap,
    pub(crate) body: Vec<u8>,
}

/// Without what stands in it, which is somebody's payment.
impl fmt::Debug for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "an answer {} of {} bytes", self.status, self.body.len())
    }
}

impl Ask {
    /// Opens a client with the system's certificates. A system without any can still be asked over plain HTTP.
    pub(crate) fn open(gateway: &Url) -> Result<Self, Failure> {
        Self::patient(gateway, ANSWER_MAX)
    }

    /// As [`Ask::open`], and waits so long for an answer.
    fn patient(gateway: &Url, answer_max: Duration) -> Result<Self, Failure> {
        let mut roots = RootCertStore::empty();
        roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let broken = |error: &dyn std::error::Error| Failure::Misconfigured(format!("no TLS client: {error}"));
        let versions = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions();
        let tls = versions.map_err(|error| broken(&error))?.with_root_certificates(roots).with_no_client_auth();
        let configured = Policy::configured(gateway);
        configured.check(gateway).map_err(|refusal| Failure::Misconfigured(format!("gateway: {refusal}")))?;
        let public = Policy::strangers().with_http(Http::Called).with_ports(Ports::Only(PORTS_OF_FILES.into()));
        let limits = Limits { answer_max, ..LIMITS };
        let client = |policy| Client::open(policy, limits, tls.clone()).map_err(|failure| broken(&failure));
        Ok(Self { gateway: client(configured)?, elsewhere: client(public)? })
    }

    /// Sends to the gateway, and waits for the answer.
    pub(crate) async fn send(&self, question: Question) -> Result<Answer, Failure> {
        self.send_within(question, LIMITS.answer_bytes_max).await
    }

    /// Sends to the gateway, and waits for an answer that may be long.
    pub(crate) async fn send_within(&self, question: Question, bytes_max: usize) -> Result<Answer, Failure> {
        sent(&self.gateway, question, bytes_max).await
    }

    /// Fetches a file from where an answer said that it is.
    pub(crate) async fn fetch(&self, question: Question) -> Result<Answer, Failure> {
        let is_gateway = self.gateway.policy().check(&question.url).is_ok();
        if !is_gateway {
            let unusable = |refusal| Failure::Unknown(format!("the bill has no usable address: {refusal}"));
            self.elsewhere.policy().check(&question.url).map_err(unusable)?;
        }
        let client = if is_gateway { &self.gateway } else { &self.elsewhere };
        sent(client, question, STATEMENT_BYTES_MAX).await
    }
}

async fn sent(client: &Client, question: Question, bytes_max: usize) -> Result<Answer, Failure> {
    let mut headers = HeaderMap::new();
    for (name, value) in question.headers {
        let mut value = HeaderValue::try_from(value)
            .map_err(|_| Failure::Misconfigured(format!("the header {name} cannot hold its value")))?;
        // Keeps credentials out of every Debug and of HTTP/2's tables.
        value.set_sensitive(true);
        headers.insert(HeaderName::from_static(name), value);
    }
    let call = Call { method: question.method, url: question.url, headers, body: question.body };
    let answer = client.send_within(call, bytes_max).await.map_err(|failure| classified(&failure))?;
    Ok(Answer { status: answer.status.as_u16(), headers: answer.headers, body: answer.body })
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

/// Only where no connection stood is it certain that nothing was sent. What a name leads to may be mended by waiting, an
/// address or a request that cannot be put together is not.
fn classified(failure: &outbound::Failure) -> Failure {
    let text = failure.to_string();
    match failure {
        outbound::Failure::Refused(Refusal::Closed { .. } | Refusal::NoMachine { .. })
        | outbound::Failure::Unreachable { .. } => Failure::NotSent(text),
        outbound::Failure::Refused(_) | outbound::Failure::Unfit { .. } => Failure::Misconfigured(text),
        outbound::Failure::Late { .. }
        | outbound::Failure::Broken { .. }
        | outbound::Failure::TooLong { .. }
        | outbound::Failure::Astray { .. } => Failure::Unknown(text),
    }
}
