//! Owns where requests go and who sends them: a base URL, taken apart once, and the API key.

use anyhow::{Context as _, bail};
use http::{HeaderValue, Uri};

/// A server and the credential that it is spoken to with.
#[derive(Debug)]
pub struct Target {
    url: String,
    host: String,
    port: u16,
    /// What the `Host` header says.
    pub(super) authority: HeaderValue,
    /// What the `Authorization` header says, if anything.
    pub(super) authorization: Option<HeaderValue>,
}

impl Target {
    /// Reads a base URL such as `http://127.0.0.1:8080`.
    pub fn new(url: &str, api_key: Option<&str>) -> anyhow::Result<Self> {
        let uri: Uri = url.trim().parse().with_context(|| format!("--url {url:?} is not a URL"))?;
        match uri.scheme_str() {
            Some("http") => {}
            Some("https") => bail!(
                "--url {url:?}: this command speaks plain http:// only; run it beside the server, or through an SSH \
                 tunnel, and give the http:// address"
            ),
            _ => bail!("--url {url:?} must begin with http://, as in http://127.0.0.1:8080"),
        }
        let Some(authority) = uri.authority() else { bail!("--url {url:?} names no host") };
        if authority.as_str().contains('@') {
            bail!("--url {url:?} must not hold a name or password; the API key goes into --api-key");
        }
        if uri.path() != "/" || uri.query().is_some() {
            bail!("--url {url:?} must be the server's root, without a path: the command adds /api/v1/… itself");
        }
        let host = authority.host().trim_start_matches('[').trim_end_matches(']').to_owned();
        let port = authority.port_u16().unwrap_or(80);
        let url = format!("http://{authority}");
        let authority = HeaderValue::from_str(authority.as_str()).context("the host cannot stand in a header")?;
        Ok(Self { url, host, port, authority, authorization: api_key.map(bearer).transpose()? })
    }

    /// The base URL, without a slash at its end.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// What to connect to.
    pub(super) fn address(&self) -> (&str, u16) {
        (&self.host, self.port)
    }
}

fn bearer(api_key: &str) -> anyhow::Result<HeaderValue> {
    let mut value = HeaderValue::from_str(&format!("Bearer {}", api_key.trim()))
        .context("--api-key holds characters that cannot stand in a header")?;
    value.set_sensitive(true);
    Ok(value)
}

#[cfg(test)]
mod tests {
    use super::Target;

    #[test]
    fn urls_are_taken_apart() {
        for (url, address) in [
            ("http://127.0.0.1:8080", ("127.0.0.1", 8080)),
            ("http://shop.example/", ("shop.example", 80)),
            (" http://[::1]:9 ", ("::1", 9)),
        ] {
            assert_eq!(Target::new(url, None).expect("a good URL").address(), address, "{url}");
        }
    }

    #[test]
    fn what_cannot_work_is_refused_with_a_reason() {
        for (url, reason) in [
            ("https://127.0.0.1", "plain http:// only"),
            ("127.0.0.1:8080", "http://"),
            ("ftp://a", "must begin with http://"),
            ("http://a/api/v1", "without a path"),
            ("http://me:secret@a", "--api-key"),
            ("http://a b", "is not a URL"),
        ] {
            let error = Target::new(url, None).expect_err(url);
            assert!(format!("{error:#}").contains(reason), "{url}: {error:#}");
        }
        assert!(Target::new("http://a", Some("mk_\n")).is_ok(), "a line end behind the key is dropped");
        assert!(Target::new("http://a", Some("mk_\u{1}x")).is_err());
    }
}
