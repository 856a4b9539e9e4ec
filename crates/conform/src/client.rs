//! Owns the client: one connection for each request, and nothing that a client does behind its user's back, such as
//! retries, redirects, cookies, proxies and decompression.

use std::time::Duration;

use bytes::{Bytes, BytesMut};
use http::{HeaderName, HeaderValue};
use tokio::time::Instant;

use crate::answer::Answer;
use crate::call::Call;
use crate::{Error, raw};

/// So much of an answer is read.
pub(crate) const ANSWER_BYTES_MAX: usize = 16 << 20;

/// Why there is no answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Lost {
    /// Nobody listens.
    NotThere,
    /// None came in time.
    TimedOut,
    /// The connection broke.
    Cut,
    /// It is too long to read.
    TooLong,
    /// No client can send this.
    Unsendable,
}

pub(crate) struct Client {
    http1: reqwest::Client,
    http2: reqwest::Client,
    timeout: Duration,
}

impl Lost {
    /// For people.
    pub(crate) const fn shown(self) -> &'static str {
        match self {
            Self::NotThere => "no connection",
            Self::TimedOut => "no answer in time",
            Self::Cut => "a connection that broke without an answer",
            Self::TooLong => "an answer over 16 MiB",
            Self::Unsendable => "a request that cannot be sent so",
        }
    }
}

impl Client {
    pub(crate) fn new(timeout: Duration) -> Result<Self, Error> {
        // The client must know how to speak TLS, also where it never does. Somebody may have said so already.
        let _known = rustls::crypto::ring::default_provider().install_default();
        let builder = || {
            reqwest::Client::builder()
                .timeout(timeout)
                .pool_max_idle_per_host(0)
                .redirect(reqwest::redirect::Policy::none())
                .retry(reqwest::retry::never())
                .no_proxy()
        };
        let http1 = builder().http1_only().build().map_err(Error::Client)?;
        let http2 = builder().http2_prior_knowledge().build().map_err(Error::Client)?;
        Ok(Self { http1, http2, timeout })
    }

    /// Sends a request to the service at this address, as it is.
    pub(crate) async fn send(&self, url: &str, call: &Call) -> Result<Answer, Lost> {
        if call.is_raw {
            return raw::exchange(url, call, self.timeout).await;
        }
        let client = if call.is_http2 { &self.http2 } else { &self.http1 };
        let method = call.method.parse().map_err(|_| Lost::Unsendable)?;
        let mut request = client.request(method, format!("{url}{}", call.target)).body(call.body.clone());
        for (name, value) in &call.headers {
            let name = HeaderName::try_from(name).map_err(|_| Lost::Unsendable)?;
            let value = HeaderValue::from_bytes(value).map_err(|_| Lost::Unsendable)?;
            request = request.header(name, value);
        }
        let mut response = request.send().await.map_err(|error| lost(&error))?;
        let mut body = BytesMut::new();
        while let Some(piece) = response.chunk().await.map_err(|error| lost(&error))? {
            body.extend_from_slice(&piece);
            if body.len() > ANSWER_BYTES_MAX {
                return Err(Lost::TooLong);
            }
        }
        let body: Bytes = body.freeze();
        let status = response.status().as_u16();
        Ok(Answer { status, headers: response.headers().clone(), body, done_at: Instant::now() })
    }
}

fn lost(error: &reqwest::Error) -> Lost {
    match () {
        () if error.is_timeout() => Lost::TimedOut,
        () if error.is_connect() => Lost::NotThere,
        () if error.is_builder() => Lost::Unsendable,
        () => Lost::Cut,
    }
}
