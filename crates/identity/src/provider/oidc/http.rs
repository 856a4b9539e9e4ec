//! Owns the questions to a provider over HTTP: which addresses are asked at all, how long, and how much is listened to. It
//! does not know what they are about.

use std::future::Future;
use std::pin::Pin;
use std::time::Duration;

use openidconnect::{AsyncHttpClient, HttpRequest, HttpResponse};
use reqwest::{Client, Request, Url, redirect, retry};

use crate::provider::{Refused, tls};

/// How long a connection may take, with its name and its TLS.
const CONNECT_MAX: Duration = Duration::from_secs(3);
/// How long one answer may take.
const ANSWER_MAX: Duration = Duration::from_secs(5);
/// How long an unused connection is kept.
const IDLE_MAX: Duration = Duration::from_secs(30);
/// The most an answer may hold.
const ANSWER_BYTES_MAX: usize = 256 * 1024;

/// Asks one provider. No redirection is followed: an answer comes from where it was asked for.
pub(super) struct Http(Client);

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
pub(super) enum HttpError {
    /// It may come another time.
    #[error("{0}")]
    Away(String),
    /// It will not.
    #[error("{0}")]
    Unfit(&'static str),
}

impl Http {
    pub(super) fn open(authority: Option<&[u8]>) -> Result<Self, Refused> {
        let client = Client::builder()
            .tls_backend_preconfigured(tls::client(authority)?)
            .no_proxy()
            .redirect(redirect::Policy::none())
            .retry(retry::never())
            .connect_timeout(CONNECT_MAX)
            .timeout(ANSWER_MAX)
            .pool_idle_timeout(IDLE_MAX)
            .build();
        client.map(Self).map_err(|error| Refused::misconfigured(format!("no HTTP client: {error}")))
    }

    async fn send(&self, request: HttpRequest) -> Result<HttpResponse, HttpError> {
        let request = Request::try_from(request).map_err(|_| HttpError::Unfit("an address of its is none"))?;
        // Its own words name further addresses: each is looked at.
        if !is_private(request.url()) {
            return Err(HttpError::Unfit("an address of its is not https"));
        }
        let mut response = self.0.execute(request).await.map_err(away)?;
        if response.status().is_server_error() {
            return Err(HttpError::Away(format!("it answers with status {}", response.status().as_u16())));
        }
        let mut body = Vec::new();
        while let Some(chunk) = response.chunk().await.map_err(away)? {
            if body.len() + chunk.len() > ANSWER_BYTES_MAX {
                return Err(HttpError::Unfit("an answer is too long"));
            }
            body.extend_from_slice(&chunk);
        }
        let mut answer = HttpResponse::new(body);
        *answer.status_mut() = response.status();
        *answer.headers_mut() = response.headers().clone();
        Ok(answer)
    }
}

impl<'c> AsyncHttpClient<'c> for Http {
    type Error = HttpError;
    type Future = Pin<Box<dyn Future<Output = Result<HttpResponse, HttpError>> + Send + 'c>>;

    fn call(&'c self, request: HttpRequest) -> Self::Future {
        Box::pin(self.send(request))
    }
}

impl From<HttpError> for Refused {
    fn from(error: HttpError) -> Self {
        match error {
            HttpError::Away(why) => Self::away(why),
            HttpError::Unfit(why) => Self::invalid(why),
        }
    }
}

/// Whether what goes there can be read by nobody on the way.
pub(super) fn is_private(url: &Url) -> bool {
    let here = || url.host_str().is_some_and(tls::is_loopback);
    url.username().is_empty()
        && url.password().is_none()
        && (url.scheme() == "https" || url.scheme() == "http" && here())
}

/// The address is left out: what it holds is for its own host.
fn away(error: reqwest::Error) -> HttpError {
    let error = error.without_url();
    HttpError::Away(match (error.is_timeout(), error.is_connect()) {
        (true, _) => "it did not answer in time".to_owned(),
        (false, true) => "it cannot be reached, or shows a certificate that is not trusted".to_owned(),
        (false, false) => format!("its answer broke off: {error}"),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_nobody_on_the_way_can_read_is_asked() {
        for (url, expected) in [
            ("https://login.example.test", true),
            ("https://login.example.test:8443/realm", true),
            ("http://127.0.0.1:8080", true),
            ("http://localhost", true),
            ("http://[::1]:8080", true),
            ("http://login.example.test", false),
            ("http://localhost.example.test", false),
            ("http://127.0.0.1@login.example.test", false),
            ("https://name:word@login.example.test", false),
            ("http://10.0.0.1", false),
            ("file:///etc/passwd", false),
            ("ldaps://login.example.test", false),
        ] {
            assert_eq!(is_private(&Url::parse(url).unwrap()), expected, "{url}");
        }
    }
}
