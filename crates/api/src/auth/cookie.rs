//! Owns the browser's cookie: its name, how it is read and written, and that a request which it came with was meant.
//!
//! A browser sends cookies by itself, also with requests that another site made it send. What changes something is taken only
//! where the browser says that the request is of this site's own pages (OWASP, Cross-Site Request Forgery Prevention: Fetch
//! Metadata, with the origin as what older browsers send).

use http::header::{COOKIE, HOST, ORIGIN};
use http::{HeaderMap, HeaderValue};

use crate::problem::Problem;

/// The prefix has the browser keep it for this host alone, over TLS or on this machine, for every path (RFC 6265bis, 4.1.3.2).
pub(crate) const NAME: &str = "__Host-mideng";
/// How long a browser keeps it at most, in seconds: a year. The session behind it ends by its own rules.
const MAX_AGE_S: u32 = 31_536_000;

/// What a browser keeps while it is at a login provider.
const KEPT: &str = "__Host-mideng-login";
/// How long it keeps that, in seconds.
const KEPT_S: u32 = 600;

/// What stands in the cookie.
pub(crate) fn of(headers: &HeaderMap) -> Result<Option<&str>, Problem> {
    found(headers, NAME)
}

/// What a browser kept that comes back from a login provider.
pub(crate) fn kept_of(headers: &HeaderMap) -> Result<Option<&str>, Problem> {
    found(headers, KEPT)
}

/// The header that has a browser keep it while it is away. It comes back by itself from another site, as `Lax` allows.
pub(crate) fn kept(value: &str) -> HeaderValue {
    let text = format!("{KEPT}={value}; Path=/; Max-Age={KEPT_S}; Secure; HttpOnly; SameSite=Lax");
    HeaderValue::try_from(text).unwrap_or_else(|_| kept_no_more())
}

/// The header that takes it from a browser: it serves once.
pub(crate) fn kept_no_more() -> HeaderValue {
    HeaderValue::from_static("__Host-mideng-login=; Path=/; Max-Age=0; Secure; HttpOnly; SameSite=Lax")
}

/// What stands in a cookie. Two of the name are none: one of them is not ours.
fn found<'a>(headers: &'a HeaderMap, wanted: &str) -> Result<Option<&'a str>, Problem> {
    let lines = headers.get_all(COOKIE).iter().filter_map(|line| line.to_str().ok());
    let pairs = lines.flat_map(|line| line.split(';')).filter_map(|pair| pair.trim().split_once('='));
    let mut ours = pairs.filter(|(name, _)| *name == wanted).map(|(_, value)| value);
    match (ours.next(), ours.next()) {
        (found, None) => Ok(found),
        (_, Some(_)) => Err(Problem::new("unauthorized", "the credential is not valid")),
    }
}

/// The header that gives it to a browser.
pub(crate) fn given(value: &str) -> HeaderValue {
    let text = format!("{NAME}={value}; Path=/; Max-Age={MAX_AGE_S}; Secure; HttpOnly; SameSite=Lax");
    HeaderValue::try_from(text).unwrap_or_else(|_| taken())
}

/// The header that takes it from a browser.
pub(crate) fn taken() -> HeaderValue {
    HeaderValue::from_static("__Host-mideng=; Path=/; Max-Age=0; Secure; HttpOnly; SameSite=Lax")
}

/// Refuses a request that the browser's own pages did not make.
pub(crate) fn is_meant(headers: &HeaderMap) -> Result<(), Problem> {
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    let is_own = match (text("sec-fetch-site"), text(ORIGIN.as_str())) {
        (Some(site), _) => site == "same-origin",
        (None, Some(origin)) => {
            let host = origin.split_once("://").map(|(_, host)| host);
            host.is_some() && host == text(HOST.as_str())
        }
        // No browser of the last years sends neither with what changes something.
        (None, None) => false,
    };
    if is_own {
        return Ok(());
    }
    Err(Problem::new(
        "cross_site",
        "the browser does not say that a page of this site made the request; it was not done",
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(lines: &[(&'static str, &'static str)]) -> HeaderMap {
        lines.iter().map(|(name, value)| (name.parse().expect("a name"), HeaderValue::from_static(value))).collect()
    }

    #[test]
    fn which_requests_are_meant() {
        let table: [(&[(&str, &str)], bool); 9] = [
            (&[("sec-fetch-site", "same-origin")], true),
            (&[("sec-fetch-site", "same-site")], false),
            (&[("sec-fetch-site", "cross-site")], false),
            (&[("sec-fetch-site", "none")], false),
            (&[("origin", "https://shop.example"), ("host", "shop.example")], true),
            (&[("origin", "https://evil.example"), ("host", "shop.example")], false),
            (&[("origin", "null"), ("host", "shop.example")], false),
            (&[("sec-fetch-site", "cross-site"), ("origin", "https://a.b"), ("host", "a.b")], false),
            (&[], false),
        ];
        for (lines, wanted) in table {
            let lines: Vec<(&'static str, &'static str)> = lines.to_vec();
            assert_eq!(is_meant(&headers(&lines)).is_ok(), wanted, "{lines:?}");
        }
    }

    #[test]
    fn the_cookie_is_found_among_others() {
        let of = |line: &'static str| of(&headers(&[("cookie", line)])).map(|found| found.map(str::to_owned));
        assert_eq!(of("a=1; __Host-mideng=ses_1.mc_2; b=3").ok(), Some(Some("ses_1.mc_2".to_owned())));
        assert_eq!(of("a=1; mideng=2; __Host-midengx=3").ok(), Some(None));
        assert!(of("__Host-mideng=1; __Host-mideng=2").is_err(), "one of them was put there by somebody else");
    }
}
