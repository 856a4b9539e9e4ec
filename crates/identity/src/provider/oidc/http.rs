//! Owns the questions to a provider over HTTP: which addresses are asked at all, and for how much. It does not know what they
//! are about.

use std::future::Future;
use std::pin::Pin;
use std::time::Duration;

use openidconnect::{AsyncHttpClient, HttpRequest, HttpResponse};
use outbound::{Call, Client, Failure, Http as Plain, Limits, Network, Policy, Ports, Url};

use crate::provider::{Refused, tls};

/// For one answer.
const LIMITS: Limits = Limits {
    connect_max: Duration::from_secs(3),
    answer_max: Duration::from_secs(5),
    answer_bytes_max: 256 * 1024,
    idle_max: Duration::from_secs(30),
    idle_connections_max: 16,
};

/// Asks one provider: where the settings say that it is, and where it says that the rest of it is.
pub(super) struct Http {
    /// The place in the settings, which may be in a private network.
    issuer: Client,
    /// Whatever else it names. It could name what only we can reach: that must be public, or in the settings.
    elsewhere: Client,
}

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
pub(super) enum HttpError {
    /// It may come another time.
    #[error("{0}")]
    Away(String),
    /// It will not.
    #[error("{0}")]
    Unfit(String),
    /// It will not before somebody changes the settings.
    #[error("{0}")]
    Closed(String),
}

impl Http {
    /// `networks` are open to all that the provider names.
    pub(super) fn open(issuer: &Url, networks: &[Network], authority: Option<&[u8]>) -> Result<Self, Refused> {
        let configured = Policy::configured(issuer);
        let unfit = |refusal| Refused::misconfigured(format!("its issuer is not called: {refusal}"));
        configured.check(issuer).map_err(unfit)?;
        let named = Policy::strangers().with_http(Plain::Here).with_ports(Ports::Web);
        let client = |policy: Policy| {
            let policy = policy.with_networks(networks.iter().copied());
            let client = Client::open(policy, LIMITS, tls::client(authority)?);
            client.map_err(|failure| Refused::misconfigured(failure.to_string()))
        };
        Ok(Self { issuer: client(configured)?, elsewhere: client(named)? })
    }

    async fn send(&self, request: HttpRequest) -> Result<HttpResponse, HttpError> {
        let (parts, body) = request.into_parts();
        let url = Url::parse(&parts.uri.to_string()).map_err(|_| unfit("an address of its is none"))?;
        let is_issuer = self.issuer.policy().check(&url).is_ok();
        let client = if is_issuer { &self.issuer } else { &self.elsewhere };
        let answer = client.send(Call { method: parts.method, url, headers: parts.headers, body }).await;
        let answer = answer.map_err(|failure| match failure {
            Failure::Refused(refusal) if is_issuer => HttpError::Closed(refusal.to_string()),
            Failure::Refused(refusal) => HttpError::Unfit(format!("it names an address that is not asked: {refusal}")),
            failure @ (Failure::TooLong { .. } | Failure::Unfit { .. }) => HttpError::Unfit(failure.to_string()),
            failure => HttpError::Away(failure.to_string()),
        })?;
        if answer.status.is_server_error() {
            return Err(HttpError::Away(format!("it answers with status {}", answer.status.as_u16())));
        }
        let mut response = HttpResponse::new(answer.body);
        *response.status_mut() = answer.status;
        *response.headers_mut() = answer.headers;
        Ok(response)
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
            HttpError::Closed(why) => Self::misconfigured(why),
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

fn unfit(why: &str) -> HttpError {
    HttpError::Unfit(why.to_owned())
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
